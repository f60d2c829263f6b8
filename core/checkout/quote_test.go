// SPDX-License-Identifier: Apache-2.0

package checkout_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/checkout"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/money"
)

func quote(chosen []checkout.OptionID, options ...checkout.Option) checkout.Quote {
	return checkout.Quote{Cart: cart.Cart{ID: "c", Currency: "GBP"}, NeedsDelivery: true, Options: options, Chosen: chosen}
}

func option(id checkout.OptionID, group string) checkout.Option {
	return checkout.Option{ID: id, Group: group, Name: "Standard", Price: money.Of(395, "GBP"), MinDays: 2, MaxDays: 4}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	with := func(change func(*checkout.Option)) checkout.Quote {
		o := option("a", "")
		change(&o)
		return quote(nil, o)
	}
	for _, tt := range []struct {
		name  string
		quote checkout.Quote
		good  bool
	}{
		{"nothing offered", quote(nil), true},
		{"one chosen", quote([]checkout.OptionID{"a"}, option("a", ""), option("b", "")), true},
		{"one chosen of each group", quote([]checkout.OptionID{"a", "b"}, option("a", "1"), option("b", "2")), true},
		{"nobody knows how long", with(func(o *checkout.Option) { o.MinDays, o.MaxDays = 2, 0 }), true},
		{"free", with(func(o *checkout.Option) { o.Price = money.Zero("GBP") }), true},
		{"no id", with(func(o *checkout.Option) { o.ID = "" }), false},
		{"an id twice", quote(nil, option("a", "1"), option("a", "2")), false},
		{"another currency", with(func(o *checkout.Option) { o.Price = money.Of(1, "EUR") }), false},
		{"money back", with(func(o *checkout.Option) { o.Price = money.Of(-1, "GBP") }), false},
		{"in the past", with(func(o *checkout.Option) { o.MinDays, o.MaxDays = -2, -1 }), false},
		{"sooner than the soonest", with(func(o *checkout.Option) { o.MinDays, o.MaxDays = 3, 2 }), false},
		{"chosen, not offered", quote([]checkout.OptionID{"b"}, option("a", "")), false},
		{"two of one group", quote([]checkout.OptionID{"a", "b"}, option("a", ""), option("b", "")), false},
		{"one twice", quote([]checkout.OptionID{"a", "a"}, option("a", "")), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := tt.quote.Check()
			if f, is := errors.AsType[*fault.Error](err); tt.good != (err == nil) || is && (f.Kind != fault.Internal || f.Code != "bad_backend_answer" || f.Source != fault.Backend) {
				t.Errorf("got %v, want a good quote: %t", err, tt.good)
			}
		})
	}
}

func TestSettled(t *testing.T) {
	t.Parallel()
	nothingToSend := quote(nil)
	nothingToSend.NeedsDelivery = false
	for _, tt := range []struct {
		name  string
		quote checkout.Quote
		want  bool
	}{
		{"nothing to send", nothingToSend, true},
		{"nothing is sent there", quote(nil), false},
		{"nothing chosen", quote(nil, option("a", "")), false},
		{"one chosen", quote([]checkout.OptionID{"b"}, option("a", ""), option("b", "")), true},
		{"one group of two", quote([]checkout.OptionID{"a"}, option("a", "1"), option("b", "2")), false},
		{"both groups", quote([]checkout.OptionID{"a", "b"}, option("a", "1"), option("b", "2")), true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := tt.quote.Settled(); got != tt.want {
				t.Errorf("got %t, want %t", got, tt.want)
			}
		})
	}
}

func TestBuyerPrintsNothing(t *testing.T) {
	t.Parallel()
	if got := fmt.Sprintf("%+v", checkout.Buyer{Email: "ann@example.com"}); got != "[redacted]" {
		t.Errorf("got %s, want [redacted]", got)
	}
}
