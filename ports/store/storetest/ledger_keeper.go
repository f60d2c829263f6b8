// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/money"
	"github.com/cartage-dev/cartage/ports/store"
)

func booked(t *testing.T, s store.Store) {
	p := points{t, s.Ledger}
	p.write("alpha", p.earn("e1", "ann", 1))
	p.write("beta", p.earn("another shop's", "ann", 1))
	refusal := errors.New("refused")
	err := s.Ledger.Do(t.Context(), store.Stamp{Shop: "alpha"}, func(b store.Book) error {
		if err := b.Write(p.earn("not kept", "ann", 1)); err != nil {
			return err
		}
		return refusal
	})
	if !errors.Is(err, refusal) {
		t.Errorf("Do = %v, want the closure's error", err)
	}
	p.do("alpha", func(b store.Book) error {
		look := func(key string, want bool) {
			e, got, err := b.Booked(key)
			if got != want || err != nil {
				t.Errorf("Booked %s = %t, %v; want %t", key, got, err, want)
			}
			if got && (e.Key != key || len(e.Transfers) != 1 || e.Transfers[0].Points != 1) {
				t.Errorf("Booked %s = %+v", key, e)
			}
		}
		look("e1", true)
		look("another shop's", false)
		look("not kept", false)
		look("e2", false)
		err := b.Write(p.earn("e2", "ann", 1))
		look("e2", true)
		return err
	})
}

// keptElsewhere lets a customer hold points of a keeper's, take them back and earn there.
func keptElsewhere(t *testing.T, s store.Store) {
	p := points{t, s.Ledger}
	p.write("beta", p.earn("e1", "ann", 500))
	p.do("beta", func(b store.Book) error {
		shown := loyalty.Action{ID: "A", Customer: "ann", Keeper: "club", Points: 300, IssuedAt: b.Now()}
		o, err := shown.Perform(loyalty.Balance{Available: 300}, loyalty.DefaultRules(), b.Now())
		if err != nil {
			return err
		}
		return b.Write(store.Change{Action: &o.Action, Entry: o.Entry})
	})
	p.owns("beta", "ann", 500, 300)
	p.do("beta", func(b store.Book) error {
		a, _, err := b.Action("A")
		if err != nil || a.Keeper != "club" {
			t.Errorf("Action = %+v, %v", a, err)
		}
		o, err := a.Revert(b.Now())
		if err != nil {
			return err
		}
		return b.Write(store.Change{Action: &o.Action, Entry: o.Entry})
	})
	p.owns("beta", "ann", 500, 0)
	for order, c := range map[loyalty.OrderID]loyalty.CustomerID{"o1": "ann", "o2": "bob"} {
		sale, earned := loyalty.Sale{Order: order, Keeper: "club"}.Place(c, money.Of(700, "GBP")).Earn(loyalty.EarnRule{Points: 1, Per: money.Of(100, "GBP")})
		p.write("beta", store.Change{Sale: &sale, Entry: earned})
		p.do("beta", func(b store.Book) error {
			got, err := b.Sale(order)
			if diff := cmp.Diff(sale, got); err != nil || diff != "" {
				t.Errorf("Sale = %v (-want +got):\n%s", err, diff)
			}
			return nil
		})
	}
	p.owns("beta", "ann", 500, 0)
	p.owns("beta", "bob", 0, 0)
	if got := p.keys("beta", "ann"); got != "e1 hold:A free:A earn:o1" {
		t.Errorf("ann's history: %s", got)
	}
	records := p.journal("beta", "bob")
	if len(records) != 1 || records[0].Entry.Key != "earn:o2" || records[0].Entry.Transfers[0].To.Name != loyalty.AccountElsewhere {
		t.Errorf("the history of bob, who has points elsewhere alone: %+v", records)
	}
	p.audit("beta")
}
