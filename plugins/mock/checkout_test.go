// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cartage-dev/cartage/plugins/sdk"
)

// ann is a buyer whose address is complete.
func ann() sdk.Buyer {
	return sdk.Buyer{Email: "ann@example.com", Address: sdk.Address{
		FirstName: "Ann", LastName: "Jansen", Company: "Jansen & Daughters", Line1: "12 St James's Square", City: "London",
		PostalCode: "sw1y 4jh", Country: "GB", Phone: "+44 20 7946 0000",
	}}
}

// in is a buyer of whom no more is known than the country.
func in(country string) sdk.Buyer { return sdk.Buyer{Address: sdk.Address{Country: country}} }

func (m *tried) deliver(key string, id sdk.CartID, b sdk.Buyer, chosen ...sdk.OptionID) sdk.Quote {
	m.t.Helper()
	quote, err := m.checkout.Deliver(within(m.t), call(key), id, sdk.Delivery{Buyer: b, Options: chosen})
	if err != nil {
		m.t.Fatalf("deliver: %v", err)
	}
	return quote
}

func TestDeliverOffersByCountry(t *testing.T) {
	t.Parallel()
	m := start(t, nil)
	small := m.put(call("k1"), bag(sdk.Item{SKU: "item_1_sku", Quantity: 1})).Cart.ID
	large := m.put(call("k2"), bag(sdk.Item{SKU: "item_1_sku", Quantity: 4})).Cart.ID
	gift := m.put(call("k3"), bag(sdk.Item{SKU: "gift_card", Quantity: 1})).Cart.ID
	offer := func(id sdk.OptionID, name string, price int64, least, most int) sdk.Option {
		return sdk.Option{ID: id, Name: name, Price: sdk.Of(price, "GBP"), MinDays: least, MaxDays: most}
	}
	fast, far := offer(express, "Express", 695, 1, 1), offer(international, "International", 1295, 5, 10)
	tests := []struct {
		name  string
		cart  sdk.CartID
		buyer sdk.Buyer
		needs bool
		want  []sdk.Option
	}{
		{"at home", small, in("GB"), true, []sdk.Option{offer(standard, "Standard", 395, 2, 4), fast}},
		{"at home, free", large, in("GB"), true, []sdk.Option{offer(standard, "Standard", 0, 2, 4), fast}},
		{"across the sea", small, in("US"), true, []sdk.Option{offer(standard, "Standard", 395, 2, 4), fast}},
		{"abroad", large, in("DK"), true, []sdk.Option{far}},
		{"where nothing is sent", small, in("NO"), true, nil},
		{"nobody knows where", small, sdk.Buyer{Email: "ann@example.com"}, true, nil},
		{"a wallet's part of a postcode", small, sdk.Buyer{Address: sdk.Address{Country: "GB", PostalCode: "SW1Y"}}, true, []sdk.Option{offer(standard, "Standard", 395, 2, 4), fast}},
		{"nothing to send", gift, ann(), false, nil},
	}
	for _, tt := range tests { // one after another: each says all anew
		quote := m.deliver(tt.name, tt.cart, tt.buyer)
		if diff := cmp.Diff(tt.want, quote.Options); quote.NeedsDelivery != tt.needs || len(quote.Chosen) != 0 || diff != "" {
			t.Errorf("%s: needs delivery %v, chosen %v, options (-want +got):\n%s", tt.name, quote.NeedsDelivery, quote.Chosen, diff)
		}
	}
	if got := m.deliver("known", small, in("DK")).Cart.Totals.Shipping.Minor; got != 395 {
		t.Errorf("before anything is chosen delivery is %d, want that of the standard", got)
	}
}

func TestDeliverKeepsWhatIsChosen(t *testing.T) {
	t.Parallel()
	m := start(t, map[string]any{"data_dir": t.TempDir()})
	id := m.put(call("k1"), bag(sdk.Item{SKU: "item_1_sku", Quantity: 1})).Cart.ID
	total := func() int64 {
		c, err := m.carts.Get(within(t), call(""), id)
		if err != nil {
			t.Fatal(err)
		}
		return c.Totals.Total.Minor
	}
	quote := m.deliver("a", id, ann(), express)
	if !slices.Equal(quote.Chosen, []sdk.OptionID{express}) || quote.Cart.Totals.Total.Minor != 2095 || total() != 2095 {
		t.Errorf("express: %+v, and Get says %d", quote, total())
	}
	m.change(call("b"), id, set(sdk.Item{SKU: "item_1_sku", Quantity: 4}))
	if got := total(); got != 6295 {
		t.Errorf("four of it, by express: %d", got)
	}
	m.deliver("c", id, ann(), standard)
	if got := total(); got != 5600 {
		t.Errorf("four of it, by standard delivery, which is free: %d", got)
	}
	if late := m.deliver("a", id, ann(), express); len(late.Chosen) != 1 || late.Chosen[0] != standard || total() != 5600 {
		t.Errorf("a late repetition chose %v", late.Chosen)
	}
	for _, tt := range []struct {
		name   string
		buyer  sdk.Buyer
		chosen []sdk.OptionID
		want   string
	}{
		{"no such way", ann(), []sdk.OptionID{"balloon"}, "not_found unknown_option"},
		{"a way to elsewhere", ann(), []sdk.OptionID{international}, "not_found unknown_option"},
		{"two ways", ann(), []sdk.OptionID{standard, express}, "invalid invalid_options"},
		{"no way known of this country", in("ZZ"), nil, "invalid invalid_address"},
	} {
		_, err := m.checkout.Deliver(within(t), call(tt.name), id, sdk.Delivery{Buyer: tt.buyer, Options: tt.chosen})
		if kindOf(err) != tt.want || total() != 5600 {
			t.Errorf("%s: %s, and then the total is %d", tt.name, kindOf(err), total())
		}
	}
	if quote := m.deliver("d", id, ann()); len(quote.Chosen) != 0 || quote.Cart.Totals.Total.Minor != 5600 {
		t.Errorf("nothing chosen any more: %+v", quote)
	}
}

func TestDeliverRefusesAddresses(t *testing.T) {
	t.Parallel()
	m := start(t, nil)
	id := m.put(call("k1"), bag(sdk.Item{SKU: "item_1_sku", Quantity: 1})).Cart.ID
	but := func(change func(*sdk.Buyer)) sdk.Buyer {
		b := ann()
		change(&b)
		return b
	}
	tests := []struct {
		name   string
		buyer  sdk.Buyer
		chosen []sdk.OptionID
		want   []string
	}{
		{"no such country", in("ZZ"), nil, []string{"address.country"}},
		{"a country in words", in("Great Britain"), nil, []string{"address.country"}},
		{"a country in small letters", in("gb"), nil, []string{"address.country"}},
		{"a long line", but(func(b *sdk.Buyer) { b.Address.Line2 = strings.Repeat("a", 121) }), nil, []string{"address.line2"}},
		{"no email address", but(func(b *sdk.Buyer) { b.Email = "ann at home" }), nil, []string{"email"}},
		{"control characters", but(func(b *sdk.Buyer) { b.Address.City = "Lon\x00don" }), nil, []string{"address.city"}},
		{"too little to choose", in("GB"), []sdk.OptionID{standard}, []string{"address.last_name", "address.line1", "address.city", "address.postal_code"}},
		{"nothing to choose by", sdk.Buyer{}, []sdk.OptionID{standard}, []string{"address.last_name", "address.line1", "address.city", "address.postal_code", "address.country"}},
		{"another country's postcode", but(func(b *sdk.Buyer) { b.Address.PostalCode = "10115" }), []sdk.OptionID{standard}, []string{"address.postal_code"}},
		{"without email", but(func(b *sdk.Buyer) { b.Email = "" }), []sdk.OptionID{standard}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := m.checkout.Deliver(within(t), call(tt.name), id, sdk.Delivery{Buyer: tt.buyer, Options: tt.chosen})
			var fields []string
			if f, ok := errors.AsType[*sdk.Fault](err); ok {
				for _, field := range f.Fields {
					fields = append(fields, field.Path)
				}
			}
			if diff := cmp.Diff(tt.want, fields); diff != "" || err != nil && kindOf(err) != "invalid invalid_address" {
				t.Errorf("got %v; fields (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestHandOffRefusesWaysBack(t *testing.T) {
	t.Parallel()
	shop := opened(t, "")
	port := checkout{shop.kept, shop.publicURL}
	id := shop.mustPut(t, "k1", sdk.Item{SKU: "item_1_sku", Quantity: 1})
	const good = "https://channel.example/thanks?a=1&b=2#top"
	for _, bad := range []string{
		"javascript:alert(1)", "data:text/html,x", "//channel.example", "/thanks", "thanks", "https://", "https:channel.example", "ftp://channel.example",
		"https://ann:secret@channel.example", " https://channel.example", "https://channel.example/\x00", "https://channel.example/" + strings.Repeat("a", addressMax),
	} {
		for path, req := range map[string]sdk.HandOff{"success_url": {SuccessURL: bad, CancelURL: good}, "cancel_url": {SuccessURL: good, CancelURL: bad}} {
			_, err := port.HandOff(within(t), call(""), id, req)
			f, ok := errors.AsType[*sdk.Fault](err)
			if !ok || f.Kind != sdk.Invalid || len(f.Fields) != 1 || f.Fields[0].Path != path {
				t.Errorf("%q as %s: got %v", bad, path, err)
			}
		}
	}
	pages, err := port.HandOff(within(t), call(""), id, sdk.HandOff{SuccessURL: good, CancelURL: "http://localhost:3000"})
	if want := (sdk.Pages{Checkout: sdk.WebRequest{URL: "http://shop.example/checkout/" + string(id), Method: sdk.GET}, NeedLink: true}); err != nil || !cmp.Equal(want, pages) {
		t.Errorf("got %+v, %v", pages, err)
	}
}
