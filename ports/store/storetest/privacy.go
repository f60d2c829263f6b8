// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"testing"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/ports/store"
)

var privacyCases = []verdict{
	{"a customer is forgotten, and the books still agree", func(t *testing.T, s store.Store) {
		p := points{t, s.Ledger}
		p.life("alpha", "ann")
		p.life("alpha", "bob")
		p.life("beta", "ann")
		if n, err := s.Privacy.Forget(t.Context(), "alpha", "ann"); n != 1 || err != nil {
			t.Errorf("Forget = %d, %v; want 1", n, err)
		}
		p.owns("alpha", "ann", 0, 0)
		p.owns("alpha", "bob", 2000, 1000)
		p.owns("beta", "ann", 2000, 1000)
		if records := p.journal("alpha", "ann"); records != nil {
			t.Errorf("the history of somebody forgotten: %v", records)
		}
		if a := p.audit("alpha"); a.records != 12 || a.customers != 2 {
			t.Errorf("the walk showed %d records and %d customers", a.records, a.customers)
		}
		if n, err := s.Privacy.Forget(t.Context(), "alpha", "ann"); n != 0 || err != nil {
			t.Errorf("Forget again = %d, %v; want 0", n, err)
		}
	}},
	{"what somebody forgotten held can still end", func(t *testing.T, s store.Store) {
		p := points{t, s.Ledger}
		p.life("alpha", "ann")
		if _, err := s.Privacy.Forget(t.Context(), "alpha", "ann"); err != nil {
			t.Errorf("Forget = %v", err)
		}
		p.do("alpha", func(b store.Book) error {
			a, _, err := b.Action("ann-0")
			if err != nil {
				return err
			}
			o := a.Capture("last", loyalty.Balance{})
			return b.Write(store.Change{Action: &o.Action, Entry: o.Entry})
		})
		if a := p.audit("alpha"); a.records != 7 || a.customers != 1 {
			t.Errorf("the walk showed %d records and %d customers", a.records, a.customers)
		}
	}},
	{"whoever comes again is another", func(t *testing.T, s store.Store) {
		p := points{t, s.Ledger}
		p.write("alpha", p.earn("e1", "ann", 5))
		if _, err := s.Privacy.Forget(t.Context(), "alpha", "ann"); err != nil {
			t.Errorf("Forget = %v", err)
		}
		p.write("alpha", p.earn("e2", "ann", 7))
		p.owns("alpha", "ann", 7, 0)
		if got := p.keys("alpha", "ann"); got != "e2" {
			t.Errorf("ann's history: %s", got)
		}
		p.audit("alpha")
	}},
	{"a movement that waits keeps whose it is", func(t *testing.T, s store.Store) {
		m := mover{t, s}
		points{t, s.Ledger}.write("alpha", points{t, s.Ledger}.earn("e1", "ann", 5))
		taking, giving := m.begin(movement("alpha", "taking")), as(movement("alpha", "giving"), store.Giving)
		m.write("alpha", giving)
		if n, err := s.Privacy.Forget(t.Context(), "alpha", "ann"); n != 1 || err != nil {
			t.Errorf("Forget = %d, %v; want 1", n, err)
		}
		m.hands(due, giving, taking)
		m.fine(s.Movements.Settle(t.Context(), giving, due))
		m.write("alpha", as(taking, store.Returning))
		m.fine(s.Movements.Settle(t.Context(), as(taking, store.Returning), due))
		if got := m.begin(taking); got.State != store.Returned || got.Customer != "" {
			t.Errorf("what was given back is %+v", got)
		}
	}},
	{"a whole shop is forgotten", func(t *testing.T, s store.Store) {
		p := points{t, s.Ledger}
		p.life("alpha", "ann")
		p.life("alpha", "bob")
		p.life("beta", "ann")
		if n, err := s.Privacy.Forget(t.Context(), "alpha", ""); n != 2 || err != nil {
			t.Errorf("Forget = %d, %v; want 2", n, err)
		}
		p.owns("alpha", "bob", 0, 0)
		p.owns("beta", "ann", 2000, 1000)
		p.audit("alpha")
	}},
	{"too late to forget", func(t *testing.T, s store.Store) {
		p := points{t, s.Ledger}
		p.write("alpha", p.earn("e1", "ann", 5))
		n, err := s.Privacy.Forget(over(t), "alpha", "ann")
		refused(t, "Forget", err, fault.Unavailable, "")
		if n != 0 {
			t.Errorf("%d were forgotten beside the error", n)
		}
		p.owns("alpha", "ann", 5, 0)
	}},
}
