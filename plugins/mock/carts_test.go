// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cartage-dev/cartage/plugins/sdk"
)

func TestPutMakesWhatWasAsked(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		currency sdk.Currency
		want     sdk.Totals
	}{
		{"pounds", "GBP", sdk.Totals{Subtotal: sdk.Of(3300, "GBP"), Discount: sdk.Zero("GBP"), Shipping: amount(395, "GBP"), Total: sdk.Of(3695, "GBP")}},
		{"dollars", "USD", sdk.Totals{Subtotal: sdk.Of(4300, "USD"), Discount: sdk.Zero("USD"), Shipping: amount(495, "USD"), Total: sdk.Of(4795, "USD")}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := start(t, nil)
			c := call("k1")
			c.Currency = tt.currency
			answer := m.put(c, bag(sdk.Item{SKU: "item_1_sku", Quantity: 1}, sdk.Item{SKU: "item_2_sku", Quantity: 2}))
			if diff := cmp.Diff(tt.want, answer.Cart.Totals); diff != "" {
				t.Errorf("totals (-want +got):\n%s", diff)
			}
			if len(answer.Problems) != 0 || len(answer.Cart.Lines) != 2 || answer.Cart.Lines[1].Quantity != 2 {
				t.Errorf("got %+v", answer)
			}
			if !answer.Pages.NeedLink || answer.Pages.Cart == nil || answer.Pages.Checkout.Method != sdk.GET {
				t.Errorf("pages are %+v", answer.Pages)
			}
			again, err := m.carts.Get(within(t), c, answer.Cart.ID)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(answer.Cart, again); diff != "" {
				t.Errorf("Get shows another cart (-put +get):\n%s", diff)
			}
		})
	}
}

func amount(minor int64, c sdk.Currency) *sdk.Amount {
	a := sdk.Of(minor, c)
	return &a
}

func TestPutSaysWhatCannotBeHad(t *testing.T) {
	t.Parallel()
	m := start(t, nil)
	asked := []sdk.Item{
		{SKU: "sold_out_sku", Quantity: 1}, {SKU: "no_such_sku", Quantity: 2}, {SKU: "last_three_sku", Quantity: 5},
		{SKU: "retired_sku", Quantity: 4}, {SKU: "item_1_sku", Quantity: 9_999},
	}
	want := []sdk.Problem{
		{SKU: "sold_out_sku", Reason: sdk.OutOfStock, Asked: 1},
		{SKU: "no_such_sku", Reason: sdk.UnknownSKU, Asked: 2},
		{SKU: "last_three_sku", Reason: sdk.QuantityReduced, Asked: 5, Got: 3},
		{SKU: "retired_sku", Reason: sdk.NotForSale, Asked: 4},
	}
	t.Run("what is left is in the cart", func(t *testing.T) {
		t.Parallel()
		answer := m.put(call("lenient"), bag(asked...))
		if diff := cmp.Diff(want, answer.Problems); diff != "" {
			t.Errorf("problems (-want +got):\n%s", diff)
		}
		held := map[string]int64{}
		for _, l := range answer.Cart.Lines {
			held[l.SKU] = l.Quantity
		}
		if diff := cmp.Diff(map[string]int64{"last_three_sku": 3, "item_1_sku": 9_999}, held); diff != "" {
			t.Errorf("lines (-want +got):\n%s", diff)
		}
	})
	t.Run("all or nothing makes nothing", func(t *testing.T) {
		t.Parallel()
		old := m.put(call("old"), bag(sdk.Item{SKU: "item_1_sku", Quantity: 1}))
		req := bag(asked...)
		req.AllOrNothing, req.Supersedes = true, old.Cart.ID
		answer := m.put(call("strict"), req)
		if answer.Cart.ID != "" || answer.Pages != nil || len(answer.Cart.Lines) != 0 {
			t.Errorf("got a cart: %+v", answer)
		}
		if diff := cmp.Diff(want, answer.Problems); diff != "" {
			t.Errorf("problems (-want +got):\n%s", diff)
		}
		if page := m.get(old.Pages.Checkout.URL); page.status != http.StatusOK {
			t.Errorf("the cart of before answers %d, want it untouched", page.status)
		}
	})
}

func TestSameKeyIsOneCart(t *testing.T) {
	t.Parallel()
	m := start(t, map[string]any{"data_dir": t.TempDir()})
	req := bag(sdk.Item{SKU: "item_1_sku", Quantity: 1})
	answers := make([]sdk.PutAnswer, 16)
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() { answers[i], _ = m.carts.Put(within(t), call("storm"), req) })
	}
	all.Wait()
	for _, a := range answers {
		if diff := cmp.Diff(answers[0], a); diff != "" || a.Cart.ID == "" {
			t.Errorf("answers differ:\n%s", diff)
		}
	}
	if other := m.put(call("other"), req); other.Cart.ID == answers[0].Cart.ID {
		t.Error("another key got the same cart")
	}
	elsewhere := call("storm")
	elsewhere.Shop = "second"
	if other := m.put(elsewhere, req); other.Cart.ID == answers[0].Cart.ID {
		t.Error("another shop got the same cart")
	}
	_, err := m.carts.Put(within(t), call("storm"), bag(sdk.Item{SKU: "item_1_sku", Quantity: 2}))
	if got := kindOf(err); got != "conflict key_reused" {
		t.Errorf("the key for another cart: got %s", got)
	}
	if a, b := m.put(call(""), req), m.put(call(""), req); a.Cart.ID == b.Cart.ID {
		t.Error("two calls without a key got one cart")
	}
}

func TestSupersededCartIsDead(t *testing.T) {
	t.Parallel()
	m := start(t, nil)
	req := bag(sdk.Item{SKU: "item_1_sku", Quantity: 1})
	old := m.put(call("k1"), req)
	next := bag(sdk.Item{SKU: "item_2_sku", Quantity: 3})
	next.Supersedes = old.Cart.ID
	foreign := call("k2")
	foreign.Shop = "second"
	m.put(foreign, next)
	if page := m.get(old.Pages.Cart.URL); page.status != http.StatusOK {
		t.Errorf("another shop gave the cart up: %d", page.status)
	}
	renewed := m.put(call("k2"), next)
	if late := m.put(call("k1"), req); late.Cart.ID != old.Cart.ID {
		t.Error("a late repetition got another cart")
	}
	for _, dead := range []string{old.Pages.Cart.URL, old.Pages.Checkout.URL} {
		if page := m.get(dead); page.status != http.StatusNotFound {
			t.Errorf("the old page answers %d, want 404", page.status)
		}
	}
	if page := m.post(old.Pages.Checkout.URL, rightForm()); page.status != http.StatusNotFound {
		t.Errorf("the old cart could be ordered: %d", page.status)
	}
	if _, err := m.carts.Get(within(t), call(""), old.Cart.ID); kindOf(err) != "not_found unknown_cart" {
		t.Errorf("Get of the old cart: %s", kindOf(err))
	}
	if page := m.get(renewed.Pages.Checkout.URL); page.status != http.StatusOK || !strings.Contains(page.body, `data-sku="item_2_sku" data-quantity="3"`) {
		t.Errorf("the new page answers %d", page.status)
	}
	gone := bag(sdk.Item{SKU: "item_1_sku", Quantity: 2})
	gone.Supersedes = "0123456789abcdef0123456789abcdef"
	m.put(call("k3"), gone)
}

func TestOrderedCartIsNotSuperseded(t *testing.T) {
	t.Parallel()
	m := start(t, nil)
	old := m.put(call("k1"), bag(sdk.Item{SKU: "item_1_sku", Quantity: 1}))
	if page := m.post(old.Pages.Checkout.URL, rightForm()); page.status != http.StatusSeeOther {
		t.Fatalf("order: %d", page.status)
	}
	next := bag(sdk.Item{SKU: "item_2_sku", Quantity: 3})
	next.Supersedes = old.Cart.ID
	if _, err := m.carts.Put(within(t), call("k2"), next); kindOf(err) != "conflict reference_completed" {
		t.Errorf("got %s, want a conflict", kindOf(err))
	}
}

func TestPutRefuses(t *testing.T) {
	t.Parallel()
	m := start(t, map[string]any{"currencies": []string{"GBP"}})
	one := sdk.Item{SKU: "item_1_sku", Quantity: 1}
	tests := []struct {
		name     string
		currency sdk.Currency
		items    []sdk.Item
		want     string
	}{
		{"currency switched off", "USD", []sdk.Item{one}, "invalid invalid_currency"},
		{"currency never sold in", "JPY", []sdk.Item{one}, "invalid invalid_currency"},
		{"no items", "GBP", nil, "invalid invalid_items"},
		{"too many units", "GBP", []sdk.Item{{SKU: "item_1_sku", Quantity: 10_000}}, "invalid invalid_items"},
		{"a sku twice", "GBP", []sdk.Item{one, one}, "invalid invalid_items"},
		{"too many lines", "GBP", make([]sdk.Item, linesMax+1), "invalid invalid_items"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.name == "too many lines" {
				for i := range tt.items {
					tt.items[i] = sdk.Item{SKU: strings.Repeat("x", i+1), Quantity: 1}
				}
			}
			c := call("refused")
			c.Currency = tt.currency
			if _, err := m.carts.Put(within(t), c, sdk.PutCart{Items: tt.items}); kindOf(err) != tt.want {
				t.Errorf("got %s, want %s", kindOf(err), tt.want)
			}
		})
	}
}

func TestTotalsAddUp(t *testing.T) {
	t.Parallel()
	var skus []string
	for _, part := range catalogue {
		for _, p := range part.Products {
			skus = append(skus, p.SKU)
		}
	}
	kept := &state{shelf: newMemory()}
	rapid.Check(t, func(t *rapid.T) {
		currency := rapid.SampledFrom(soldIn()).Draw(t, "currency")
		var items []sdk.Item
		for _, sku := range rapid.SliceOfNDistinct(rapid.SampledFrom(skus), 1, len(skus), rapid.ID).Draw(t, "skus") {
			items = append(items, sdk.Item{SKU: sku, Quantity: rapid.Int64Range(1, quantityMax).Draw(t, "quantity")})
		}
		lines, problems, err := kept.fit("", items, currency)
		if err != nil {
			t.Fatal(err)
		}
		c := keptCart{Currency: currency, Lines: lines}.describe("c")
		var goods, units, short int64
		for _, l := range c.Lines {
			if l.Total.Minor != l.UnitPrice.Minor*l.Quantity || l.Total.Minor <= 0 {
				t.Errorf("line %+v does not add up", l)
			}
			goods += l.Total.Minor
			units += l.Quantity
		}
		for _, p := range problems {
			short += p.Asked - p.Got
		}
		for _, i := range items {
			units -= i.Quantity
		}
		if units != -short {
			t.Errorf("%d units are neither in the cart nor explained", -units-short)
		}
		if c.Totals.Subtotal.Minor != goods || c.Totals.Total.Minor != goods+c.Totals.Shipping.Minor-c.Totals.Discount.Minor {
			t.Errorf("totals %+v do not add up to %d", c.Totals, goods)
		}
	})
}
