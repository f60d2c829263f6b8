// SPDX-License-Identifier: Apache-2.0

package loyalty_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/money"
)

func TestCheckOffer(t *testing.T) {
	t.Parallel()
	tenth := loyalty.Offer{ID: "tenth", Kind: loyalty.PercentDiscount, Cost: 500, BasisPoints: 1000}
	mug := loyalty.Offer{ID: "mug", Kind: loyalty.AddVariant, Cost: 600, Variant: "40112233"}
	with := func(o loyalty.Offer, change func(*loyalty.Offer)) loyalty.Offer { change(&o); return o }
	for _, tt := range []struct {
		name  string
		offer loyalty.Offer
		want  []string // paths
	}{
		{"money off", fiver, nil},
		{"a part off", tenth, nil},
		{"a gift", mug, nil},
		{"for everybody", with(tenth, func(o *loyalty.Offer) { o.Cost = 0 }), nil},
		{"nothing", loyalty.Offer{}, []string{"id", "kind"}},
		{"no id", with(fiver, func(o *loyalty.Offer) { o.ID = "" }), []string{"id"}},
		{"an id with a space", with(fiver, func(o *loyalty.Offer) { o.ID = "five off" }), []string{"id"}},
		{"an id too long", with(fiver, func(o *loyalty.Offer) { o.ID = strings.Repeat("a", 65) }), []string{"id"}},
		{"points as a gift", with(fiver, func(o *loyalty.Offer) { o.Cost = -1 }), []string{"cost"}},
		{"no amount", with(fiver, func(o *loyalty.Offer) { o.Amounts = nil }), []string{"kind"}},
		{"two gifts at once", with(fiver, func(o *loyalty.Offer) { o.Variant = "1" }), []string{"kind"}},
		{"an amount of nothing", with(fiver, func(o *loyalty.Offer) { o.Amounts = map[money.Currency]money.Amount{"USD": money.Zero("USD")} }), []string{"amounts.USD"}},
		{"an amount in another currency", with(fiver, func(o *loyalty.Offer) { o.Amounts = map[money.Currency]money.Amount{"USD": money.Of(5, "GBP")} }), []string{"amounts.USD"}},
		{"more than all", with(tenth, func(o *loyalty.Offer) { o.BasisPoints = 10_001 }), []string{"basis_points"}},
		{"less than none", with(tenth, func(o *loyalty.Offer) { o.BasisPoints = -1 }), []string{"basis_points"}},
		{"a variant of two lines", with(mug, func(o *loyalty.Offer) { o.Variant = "1\n2" }), []string{"variant"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var paths []string
			err := tt.offer.Check()
			if f, ok := errors.AsType[*fault.Error](err); ok && f.Code == "invalid_offer" {
				for _, field := range f.Fields {
					paths = append(paths, field.Path)
				}
			}
			if (err == nil) != (tt.want == nil) || !slices.Equal(paths, tt.want) {
				t.Errorf("got %v at %v, want %v", err, paths, tt.want)
			}
		})
	}
}

// TestRef holds versions to their contents: a change of any part is another version.
func TestRef(t *testing.T) {
	t.Parallel()
	refs := map[loyalty.OfferRef]string{fiver.Ref(): "as it is"}
	for name, change := range map[string]func(*loyalty.Offer){
		"id": func(o *loyalty.Offer) { o.ID = "five" }, "kind": func(o *loyalty.Offer) { o.Kind = loyalty.AddVariant }, "cost": func(o *loyalty.Offer) { o.Cost++ },
		"percent": func(o *loyalty.Offer) { o.BasisPoints++ }, "variant": func(o *loyalty.Offer) { o.Variant = "1" },
		"amount": func(o *loyalty.Offer) {
			o.Amounts = map[money.Currency]money.Amount{"USD": money.Of(501, "USD"), "GBP": money.Of(400, "GBP")}
		},
		"currency": func(o *loyalty.Offer) { o.Amounts = map[money.Currency]money.Amount{"USD": money.Of(500, "USD")} },
	} {
		o := fiver
		change(&o)
		if before, same := refs[o.Ref()]; same {
			t.Errorf("with another %s it is the version that is %s", name, before)
		}
		refs[o.Ref()] = name
	}
	if copied := (loyalty.Offer{ID: "fiver", Kind: loyalty.FlatDiscount, Cost: 1000, Amounts: map[money.Currency]money.Amount{"GBP": money.Of(400, "GBP"), "USD": money.Of(500, "USD")}}); copied.Ref() != fiver.Ref() {
		t.Error("the same offer is another version")
	}
	if got := fiver.Ref().String(); len(got) != 10 {
		t.Errorf("got %s", got)
	}
}

func TestGift(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		offer    loyalty.Offer
		currency money.Currency
		want     string
		made     bool
	}{
		{fiver, "USD", "flat 5.00", true},
		{fiver, "JPY", "", false},
		{loyalty.Offer{Kind: loyalty.PercentDiscount, BasisPoints: 1250}, "JPY", "percent 1250", true},
		{loyalty.Offer{Kind: loyalty.AddVariant, Variant: "40"}, "JPY", "variant 40", true},
		{loyalty.Offer{}, "USD", "", false},
	} {
		if got, made := tt.offer.Gift(tt.currency); made != tt.made || made && got != tt.want {
			t.Errorf("%s in %s: got %q, %t, want %q, %t", tt.offer.Kind, tt.currency, got, made, tt.want, tt.made)
		}
	}
}

func TestEarned(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		rule  loyalty.EarnRule
		spent money.Amount
		want  loyalty.Points
	}{
		{"a point for each pound", loyalty.EarnRule{Points: 1, Per: money.Of(100, "GBP")}, money.Of(1999, "GBP"), 19},
		{"five points for two pounds", loyalty.EarnRule{Points: 5, Per: money.Of(200, "GBP")}, money.Of(1999, "GBP"), 49},
		{"nothing spent", loyalty.EarnRule{Points: 1, Per: money.Of(100, "GBP")}, money.Zero("GBP"), 0},
		{"money back", loyalty.EarnRule{Points: 1, Per: money.Of(100, "GBP")}, money.Of(-500, "GBP"), 0},
		{"another currency", loyalty.EarnRule{Points: 1, Per: money.Of(100, "GBP")}, money.Of(1999, "EUR"), 0},
		{"no rule", loyalty.EarnRule{}, money.Of(1999, "GBP"), 0},
		{"more than anybody may own", loyalty.EarnRule{Points: loyalty.PointsMax, Per: money.Of(1, "GBP")}, money.Of(1<<62, "GBP"), loyalty.PointsMax},
	} {
		if got := tt.rule.Earned(tt.spent); got != tt.want {
			t.Errorf("%s: got %d, want %d", tt.name, got, tt.want)
		}
	}
	for _, bad := range []loyalty.EarnRule{{Points: 1}, {Points: -1, Per: money.Of(100, "GBP")}, {Points: 1, Per: money.Of(0, "GBP")}, {Points: 1, Per: money.Of(1, "XXX")}} {
		if fault.From(bad.Check()).Code != "invalid_earn_rule" {
			t.Errorf("%+v is accepted", bad)
		}
	}
	if err := (loyalty.EarnRule{}).Check(); err != nil {
		t.Errorf("no rule: %v", err)
	}
}

func TestImpossibleEntries(t *testing.T) {
	t.Parallel()
	available, held := loyalty.Account{Name: loyalty.AccountAvailable, Customer: "c"}, loyalty.Account{Name: loyalty.AccountHeld, Customer: "c"}
	issued := loyalty.Account{Name: loyalty.AccountIssued}
	for name, transfer := range map[string]loyalty.Transfer{
		"more than there is": {available, held, 11}, "of nothing": {available, held, 0}, "the other way round": {held, available, -1},
		"to itself": {available, available, 1}, "more than may be": {issued, available, loyalty.PointsMax},
	} {
		if _, err := (loyalty.Entry{Transfers: []loyalty.Transfer{transfer}}).Apply("c", loyalty.Balance{Available: 10}); fault.From(err).Code != "overdrawn" {
			t.Errorf("%s: got %v, want overdrawn", name, err)
		}
	}
	if b, err := (loyalty.Entry{Transfers: []loyalty.Transfer{{issued, loyalty.Account{Name: loyalty.AccountAvailable, Customer: "d"}, 5}}}).Apply("c", loyalty.Balance{}); err != nil || b != (loyalty.Balance{}) {
		t.Errorf("another customer's entry: got %+v, %v", b, err)
	}
}
