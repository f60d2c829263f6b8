// SPDX-License-Identifier: Apache-2.0

package shop_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/money"
	"github.com/cartage-dev/cartage/core/shop"
)

var sellsIn = shop.Shop{ID: "demo", Currencies: []money.Currency{"GBP", "JPY"}}

func TestAccepts(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, code string
		shop       shop.Shop
		want       money.Currency // empty when it is refused
	}{
		{"first", "GBP", sellsIn, "GBP"},
		{"second", "JPY", sellsIn, "JPY"},
		{"not sold in", "EUR", sellsIn, ""},
		{"lower case", "gbp", sellsIn, ""},
		{"white space", " GBP", sellsIn, ""},
		{"no currency", "", sellsIn, ""},
		{"unknown", "XXX", sellsIn, ""},
		{"enabled, and unknown to ISO", "XXX", shop.Shop{Currencies: []money.Currency{"XXX"}}, ""},
		{"a shop that sells in nothing", "GBP", shop.Shop{}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := tt.shop.Accepts(tt.code)
			if got != tt.want || (err == nil) != (tt.want != "") {
				t.Fatalf("Accepts(%q) = %q, %v; want %q", tt.code, got, err, tt.want)
			}
			if err == nil {
				return
			}
			f, ok := errors.AsType[*fault.Error](err)
			if !ok || f.Kind != fault.Invalid || f.Code != "invalid_currency" || f.Source != fault.Caller || len(f.Fields) != 1 || f.Fields[0].Path != "currency" {
				t.Errorf("Accepts(%q) = %v, want invalid_currency that names its field", tt.code, err)
			}
		})
	}
}

// FuzzAccepts: whatever is accepted is one of the shop's own, letter by letter.
func FuzzAccepts(f *testing.F) {
	for _, code := range []string{"GBP", "JPY", "EUR", "gbp", "", "GBP\x00"} {
		f.Add(code)
	}
	f.Fuzz(func(t *testing.T, code string) {
		got, err := sellsIn.Accepts(code)
		if own := slices.Contains(sellsIn.Currencies, money.Currency(code)); own != (err == nil) || own && string(got) != code {
			t.Errorf("Accepts(%q) = %q, %v", code, got, err)
		}
	})
}
