// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/money"
	"github.com/cartage-dev/cartage/core/shop"
	"github.com/cartage-dev/cartage/ports/store"
)

var ledgerCases = []verdict{
	{"nobody owns anything at first", func(t *testing.T, s store.Store) {
		p := points{t, s.Ledger}
		p.owns("alpha", "ann", 0, 0)
		p.do("alpha", func(b store.Book) error {
			if _, found, err := b.Action("A"); found || err != nil {
				t.Errorf("Action = %t, %v", found, err)
			}
			if sale, err := b.Sale("o1"); err != nil || !cmp.Equal(sale, loyalty.Sale{Order: "o1"}) {
				t.Errorf("Sale = %+v, %v", sale, err)
			}
			return nil
		})
		if shops, err := s.Ledger.Shops(t.Context()); len(shops) > 0 || err != nil {
			t.Errorf("Shops = %v, %v", shops, err)
		}
	}},
	{"an entry moves points, and the journal tells of it", movesPoints},
	{"what was written is read in the same step", readsItsWrites},
	{"an action is kept whole", keepsActions},
	{"a sale is kept whole", keepsSales},
	{"an error keeps nothing", errorKeepsNothing},
	{"a key is booked once", bookedOnce},
	{"what has been booked is known by its key", booked},
	{"points that are kept elsewhere", keptElsewhere},
	{"nobody is overdrawn", nobodyOverdrawn},
	{"shops do not see each other", shopsApart},
	{"a customer's own history", history},
	{"holds that run out", runningOut},
	{"what is held, in pages", heldInPages},
	{"what a customer holds", heldByOne},
	{"time does not go back", timeGoesOn},
	{"a walk sees everything, and everything agrees", walkAgrees},
	{"a walk ends at the visitor's error", walkEnds},
	{"one of many gets the last points", lastPoints},
	{"nothing booked at once is lost", bookedAtOnce},
	{"too late to book", func(t *testing.T, s store.Store) {
		p := points{t, s.Ledger}
		err := s.Ledger.Do(over(t), store.Stamp{Shop: "alpha"}, func(b store.Book) error { return b.Write(p.earn("e1", "ann", 5)) })
		refused(t, "Do", err, fault.Unavailable, "")
		p.owns("alpha", "ann", 0, 0)
		_, err = s.Ledger.Balance(over(t), "alpha", "ann")
		refused(t, "Balance", err, fault.Unavailable, "")
	}},
}

func movesPoints(t *testing.T, s store.Store) {
	p := points{t, s.Ledger}
	p.write("alpha", p.earn("e1", "ann", 500))
	p.owns("alpha", "ann", 500, 0)
	records := p.journal("alpha", "ann")
	if len(records) != 1 {
		t.Fatalf("%d records", len(records))
	}
	r := records[0]
	if r.Sequence != 1 || r.Entry.Key != "e1" || r.RequestID != "request-1" || r.Host == "" || r.At.IsZero() || r.At.Location() != time.UTC {
		t.Errorf("record %+v", r)
	}
	moved := r.Entry.Transfers
	if len(moved) != 1 || moved[0].Points != 500 || moved[0].From.Name != loyalty.AccountIssued || moved[0].To.Name != loyalty.AccountAvailable {
		t.Fatalf("transfers %+v", moved)
	}
	if who := moved[0].To.Customer; who == "" || who == "ann" {
		t.Errorf("the journal calls the customer %q; it must not say who it is", who)
	}
	if sealed := r.Seal("alpha", loyalty.Hash{}); sealed.Hash != r.Hash {
		t.Error("the hash is not the record's")
	}
}

func readsItsWrites(t *testing.T, s store.Store) {
	p := points{t, s.Ledger}
	p.do("alpha", func(b store.Book) error {
		if err := b.Write(p.earn("e1", "ann", 7)); err != nil {
			return err
		}
		a := held("A", 5, noon)
		if err := b.Write(store.Change{Action: &a, Sale: &loyalty.Sale{Order: "o1", Placed: true}}); err != nil {
			return err
		}
		balance, err := b.Balance("ann")
		if err != nil || balance.Available != 7 {
			t.Errorf("Balance = %+v, %v", balance, err)
		}
		if got, found, err := b.Action("A"); !found || err != nil || got.State != loyalty.Held {
			t.Errorf("Action = %+v, %t, %v", got, found, err)
		}
		if got, err := b.Sale("o1"); !got.Placed || err != nil {
			t.Errorf("Sale = %+v, %v", got, err)
		}
		return nil
	})
}

// held is an action of ann's.
func held(id loyalty.ActionID, n loyalty.Points, at time.Time) loyalty.Action {
	return loyalty.Action{ID: id, State: loyalty.Held, Customer: "ann", Points: n, IssuedAt: at.Add(-time.Hour), HeldAt: at, ExpiresAt: at.Add(time.Hour), Unconfirmed: true, Generation: 1}
}

func keepsActions(t *testing.T, s store.Store) {
	p := points{t, s.Ledger}
	nobodys := loyalty.Action{ID: "N", State: loyalty.Voided, IssuedAt: noon}
	ordered := held("A", 1000, noon)
	ordered.State, ordered.Unconfirmed, ordered.Generation, ordered.Keeper = loyalty.Refunded, false, 3, "club"
	ordered.Captures = []loyalty.Capture{{Order: "z", Held: 1000, Returned: 300}, {Order: "a", Available: 400, Shortfall: 600}}
	for _, want := range []loyalty.Action{nobodys, held("A", 1000, noon), ordered} {
		p.write("alpha", store.Change{Action: &want})
		p.do("alpha", func(b store.Book) error {
			got, found, err := b.Action(want.ID)
			if diff := cmp.Diff(want, got); !found || err != nil || diff != "" {
				t.Errorf("Action = %t, %v (-want +got):\n%s", found, err, diff)
			}
			return nil
		})
	}
}

func keepsSales(t *testing.T, s store.Store) {
	p := points{t, s.Ledger}
	early := loyalty.Sale{Order: "o1", Refunds: []loyalty.Refund{{ID: "z", Amount: money.Of(100, "GBP")}}}
	whole := loyalty.Sale{
		Order: "o1", Placed: true, Customer: "ann", Keeper: "club", Total: money.Of(2599, "GBP"), Actions: []loyalty.ActionID{"B", "A"}, Cancelled: true, Earned: 25, Clawed: 5,
		Refunds: []loyalty.Refund{{ID: "z", Amount: money.Of(100, "GBP")}, {ID: "a", Amount: money.Of(7, "EUR")}},
	}
	for _, want := range []loyalty.Sale{early, whole} {
		p.write("alpha", store.Change{Sale: &want})
		p.do("alpha", func(b store.Book) error {
			got, err := b.Sale("o1")
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Errorf("Sale = %v (-want +got):\n%s", err, diff)
			}
			return nil
		})
	}
}

func errorKeepsNothing(t *testing.T, s store.Store) {
	p := points{t, s.Ledger}
	refusal := errors.New("refused")
	a := held("A", 5, noon)
	err := s.Ledger.Do(t.Context(), store.Stamp{Shop: "alpha"}, func(b store.Book) error {
		if err := b.Write(store.Change{Action: &a, Sale: &loyalty.Sale{Order: "o1", Placed: true}, Entry: p.earn("e1", "ann", 500).Entry}); err != nil {
			return err
		}
		return refusal
	})
	if !errors.Is(err, refusal) || errors.Unwrap(err) != nil {
		t.Errorf("Do = %v, want the very error", err)
	}
	p.owns("alpha", "ann", 0, 0)
	p.write("alpha", p.earn("e1", "ann", 1)) // the key is free
	p.do("alpha", func(b store.Book) error {
		if _, found, _ := b.Action("A"); found {
			t.Error("the action is kept")
		}
		if sale, _ := b.Sale("o1"); sale.Placed {
			t.Error("the sale is kept")
		}
		return nil
	})
	if records := p.journal("alpha", "ann"); len(records) != 1 || records[0].Sequence != 1 {
		t.Errorf("journal %+v", records)
	}
}

func bookedOnce(t *testing.T, s store.Store) {
	p := points{t, s.Ledger}
	p.write("alpha", p.earn("e1", "ann", 5))
	err := s.Ledger.Do(t.Context(), store.Stamp{Shop: "alpha"}, func(b store.Book) error {
		if err := b.Write(p.earn("e2", "ann", 1)); err != nil {
			return err
		}
		return b.Write(p.earn("e1", "ann", 5))
	})
	refused(t, "the same key again", err, fault.Conflict, "already_booked")
	p.owns("alpha", "ann", 5, 0)
	p.write("beta", p.earn("e1", "ann", 3)) // another shop's key
	p.owns("beta", "ann", 3, 0)
}

func nobodyOverdrawn(t *testing.T, s store.Store) {
	p := points{t, s.Ledger}
	p.write("alpha", p.earn("e1", "ann", 5))
	available, heldPoints := loyalty.Account{Name: loyalty.AccountAvailable, Customer: "ann"}, loyalty.Account{Name: loyalty.AccountHeld, Customer: "ann"}
	for name, transfer := range map[string]loyalty.Transfer{
		"more than there is": {From: available, To: heldPoints, Points: 6}, "what is not held": {From: heldPoints, To: available, Points: 1},
	} {
		err := s.Ledger.Do(t.Context(), store.Stamp{Shop: "alpha"}, func(b store.Book) error {
			return b.Write(store.Change{Entry: &loyalty.Entry{Key: name, Transfers: []loyalty.Transfer{transfer}}})
		})
		refused(t, name, err, fault.Internal, "overdrawn")
	}
	p.owns("alpha", "ann", 5, 0)
}

func timeGoesOn(t *testing.T, s store.Store) {
	p := points{t, s.Ledger}
	var last time.Time
	for i := range 20 {
		p.do("alpha", func(b store.Book) error {
			if b.Now().Before(last) {
				t.Errorf("it is %s, after %s", b.Now(), last)
			}
			last = b.Now()
			return b.Write(p.earn(fmt.Sprint("e", i), "ann", 1))
		})
	}
	records := p.journal("alpha", "ann")
	if !slices.IsSortedFunc(records, func(a, b loyalty.Record) int { return a.At.Compare(b.At) }) || !records[len(records)-1].At.Equal(last) {
		t.Errorf("the journal's times: %v", records)
	}
}

func walkAgrees(t *testing.T, s store.Store) {
	p := points{t, s.Ledger}
	for _, c := range []loyalty.CustomerID{"ann", "bob"} {
		p.life("alpha", c)
		p.life("beta", c)
	}
	p.owns("alpha", "ann", 2000, 1000)
	a := p.audit("alpha")
	if a.records != 12 || a.heads != 1 || a.customers != 2 || a.accounts != 2 || a.actions != 6 || a.sales != 2 {
		t.Errorf("the walk showed %d records, %d heads, %d customers, %d accounts, %d actions, %d sales", a.records, a.heads, a.customers, a.accounts, a.actions, a.sales)
	}
}

func walkEnds(t *testing.T, s store.Store) {
	p := points{t, s.Ledger}
	p.life("alpha", "ann")
	end := errors.New("enough")
	a := &auditor{Audit: loyalty.NewAudit("alpha"), end: end}
	if err := s.Ledger.Walk(t.Context(), "alpha", a); !errors.Is(err, end) || a.records != 1 || a.heads != 0 {
		t.Errorf("Walk = %v after %d records", err, a.records)
	}
}

// lastPoints lets a crowd ask for points that suffice for three.
func lastPoints(t *testing.T, s store.Store) {
	p := points{t, s.Ledger}
	p.write("alpha", p.earn("e1", "ann", 3999))
	rules := loyalty.DefaultRules()
	var mu sync.Mutex
	var got int
	together(crowd, func(i int) {
		err := s.Ledger.Do(t.Context(), store.Stamp{Shop: "alpha"}, func(b store.Book) error {
			balance, err := b.Balance("ann")
			if err != nil {
				return err
			}
			o, err := loyalty.Action{ID: loyalty.ActionID(fmt.Sprint(i)), Customer: "ann", Points: 1000, IssuedAt: b.Now()}.Perform(balance, rules, b.Now())
			if err != nil {
				return err
			}
			return b.Write(store.Change{Action: &o.Action, Entry: o.Entry})
		})
		if err != nil {
			refused(t, "Do", err, fault.Conflict, "insufficient_points")
			return
		}
		mu.Lock()
		got++
		mu.Unlock()
	})
	if got != 3 {
		t.Errorf("%d of %d got points that suffice for 3", got, crowd)
	}
	p.owns("alpha", "ann", 999, 3000)
	p.audit("alpha")
}

func bookedAtOnce(t *testing.T, s store.Store) {
	p := points{t, s.Ledger}
	const each = 8
	together(crowd, func(i int) {
		for n := range each {
			err := s.Ledger.Do(context.WithoutCancel(t.Context()), store.Stamp{Shop: []shop.ID{"alpha", "beta"}[i%2]}, func(b store.Book) error {
				return b.Write(p.earn(fmt.Sprint(i, "-", n), loyalty.CustomerID([]string{"ann", "bob"}[n%2]), 1))
			})
			if err != nil {
				t.Errorf("Do = %v", err)
			}
		}
	})
	for _, s := range []shop.ID{"alpha", "beta"} {
		p.owns(s, "ann", crowd*each/4, 0)
		p.owns(s, "bob", crowd*each/4, 0)
		if a := p.audit(s); a.records != crowd*each/2 {
			t.Errorf("%d records", a.records)
		}
	}
}
