// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/money"
	"github.com/cartage-dev/cartage/core/shop"
	"github.com/cartage-dev/cartage/ports/store"
)

var offerVersions = []loyalty.Offer{
	{ID: "fiver", Kind: loyalty.FlatDiscount, Cost: 1000, Amounts: map[money.Currency]money.Amount{"GBP": money.Of(400, "GBP"), "JPY": money.Of(700, "JPY")}},
	{ID: "fiver", Kind: loyalty.FlatDiscount, Cost: 1100, Amounts: map[money.Currency]money.Amount{"GBP": money.Of(400, "GBP")}},
	{ID: "tenth", Kind: loyalty.PercentDiscount, Cost: 500, BasisPoints: 1000},
	{ID: "mug", Kind: loyalty.AddVariant, Cost: 600, Variant: "40112233"},
	{ID: "everybody", Kind: loyalty.PercentDiscount, BasisPoints: 500},
}

var offerCases = []verdict{
	{"every version is kept, and found by its ref", func(t *testing.T, s store.Store) {
		for range 2 { // the second time changes nothing
			if err := s.Offers.Keep(t.Context(), "alpha", offerVersions); err != nil {
				t.Fatalf("Keep = %v", err)
			}
		}
		if err := s.Offers.Keep(t.Context(), "alpha", offerVersions[:1]); err != nil { // and takes none away
			t.Fatalf("Keep = %v", err)
		}
		for _, want := range offerVersions {
			got, err := s.Offers.Find(t.Context(), "alpha", want.Ref())
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Errorf("Find = %v (-want +got):\n%s", err, diff)
			}
		}
	}},
	{"what a shop never had is not found", func(t *testing.T, s store.Store) {
		if err := s.Offers.Keep(t.Context(), "alpha", offerVersions[:1]); err != nil {
			t.Fatalf("Keep = %v", err)
		}
		for _, tt := range []struct {
			shop    shop.ID
			version loyalty.Offer
		}{{"alpha", offerVersions[1]}, {"beta", offerVersions[0]}} {
			got, err := s.Offers.Find(t.Context(), tt.shop, tt.version.Ref())
			refused(t, "Find", err, fault.NotFound, "unknown_offer")
			if !cmp.Equal(got, loyalty.Offer{}) {
				t.Errorf("Find gave %+v beside its error", got)
			}
		}
	}},
	{"too late to keep or find offers", func(t *testing.T, s store.Store) {
		refused(t, "Keep", s.Offers.Keep(over(t), "alpha", offerVersions), fault.Unavailable, "")
		_, err := s.Offers.Find(over(t), "alpha", offerVersions[0].Ref())
		refused(t, "Find", err, fault.Unavailable, "")
	}},
}
