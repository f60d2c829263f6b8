// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
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
	{"nobody is overdrawn", nobodyOverdrawn},
	{"shops do not see each other", shopsApart},
	{"a customer's own history", history},
	{"holds that run out", runningOut},
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

// points asks a ledger and expects no error.
type points struct {
	t *testing.T
	l store.Ledger
}

func (p points) do(s shop.ID, fn func(store.Book) error) {
	p.t.Helper()
	if err := p.l.Do(p.t.Context(), store.Stamp{Shop: s, RequestID: "request-1"}, fn); err != nil {
		p.t.Errorf("Do = %v", err)
	}
}

func (p points) write(s shop.ID, changes ...store.Change) {
	p.t.Helper()
	p.do(s, func(b store.Book) error {
		for _, c := range changes {
			if err := b.Write(c); err != nil {
				return err
			}
		}
		return nil
	})
}

func (p points) owns(s shop.ID, c loyalty.CustomerID, available, held loyalty.Points) {
	p.t.Helper()
	want := loyalty.Balance{Available: available, Held: held}
	if got, err := p.l.Balance(p.t.Context(), s, c); got != want || err != nil {
		p.t.Errorf("Balance of %s at %s = %+v, %v; want %+v", c, s, got, err, want)
	}
	p.do(s, func(b store.Book) error {
		if got, err := b.Balance(c); got != want || err != nil {
			p.t.Errorf("Balance of %s in the book of %s = %+v, %v; want %+v", c, s, got, err, want)
		}
		return nil
	})
}

func (p points) earn(key string, c loyalty.CustomerID, n loyalty.Points) store.Change {
	return store.Change{Entry: &loyalty.Entry{Key: key, Transfers: []loyalty.Transfer{
		{From: loyalty.Account{Name: loyalty.AccountIssued}, To: loyalty.Account{Name: loyalty.AccountAvailable, Customer: c}, Points: n},
	}}}
}

// journal is all of a customer's.
func (p points) journal(s shop.ID, c loyalty.CustomerID) []loyalty.Record {
	p.t.Helper()
	records, err := p.l.History(p.t.Context(), s, c, 0, 1000)
	if err != nil {
		p.t.Errorf("History = %v", err)
	}
	return records
}

func (p points) keys(s shop.ID, c loyalty.CustomerID) string {
	var keys []string
	for _, r := range p.journal(s, c) {
		keys = append(keys, r.Entry.Key)
	}
	return strings.Join(keys, " ")
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
	ordered.State, ordered.Unconfirmed, ordered.Generation = loyalty.Refunded, false, 3
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
		Order: "o1", Placed: true, Customer: "ann", Total: money.Of(2599, "GBP"), Cancelled: true, Earned: 25, Clawed: 5,
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

func shopsApart(t *testing.T, s store.Store) {
	p := points{t, s.Ledger}
	a := held("A", 5, noon)
	p.write("alpha", p.earn("e1", "ann", 5), store.Change{Action: &a, Sale: &loyalty.Sale{Order: "o1", Placed: true, Customer: "ann"}})
	p.owns("beta", "ann", 0, 0)
	p.do("beta", func(b store.Book) error {
		_, found, err := b.Action("A")
		sale, saleErr := b.Sale("o1")
		if found || sale.Placed || err != nil || saleErr != nil {
			t.Errorf("another shop's: action %t, sale %t, %v, %v", found, sale.Placed, err, saleErr)
		}
		return nil
	})
	if records := p.journal("beta", "ann"); records != nil {
		t.Errorf("another shop's journal: %v", records)
	}
	p.write("beta", p.earn("e1", "ann", 1))
	if shops, err := s.Ledger.Shops(t.Context()); err != nil || !cmp.Equal(shops, map[shop.ID]int64{"alpha": 1, "beta": 1}) {
		t.Errorf("Shops = %v, %v", shops, err)
	}
}

func history(t *testing.T, s store.Store) {
	p := points{t, s.Ledger}
	for i := range 6 {
		p.write("alpha", p.earn(fmt.Sprint("e", i), []loyalty.CustomerID{"ann", "bob"}[i%2], 1))
	}
	gift := loyalty.Entry{Key: "gift", Transfers: []loyalty.Transfer{
		{From: loyalty.Account{Name: loyalty.AccountAvailable, Customer: "ann"}, To: loyalty.Account{Name: loyalty.AccountAvailable, Customer: "bob"}, Points: 2},
	}}
	p.write("alpha", store.Change{Entry: &gift})
	if got := p.keys("alpha", "ann"); got != "e0 e2 e4 gift" {
		t.Errorf("ann's history: %s", got)
	}
	if got := p.keys("alpha", "bob"); got != "e1 e3 e5 gift" {
		t.Errorf("bob's history: %s", got)
	}
	p.owns("alpha", "ann", 1, 0)
	p.owns("alpha", "bob", 5, 0)
	page, err := s.Ledger.History(t.Context(), "alpha", "ann", 1, 2)
	if err != nil || len(page) != 2 || page[0].Entry.Key != "e2" || page[1].Entry.Key != "e4" {
		t.Errorf("a page of two after the first = %v, %v", page, err)
	}
	if records := p.journal("alpha", "nobody"); records != nil {
		t.Errorf("nobody's history: %v", records)
	}
}

func runningOut(t *testing.T, s store.Store) {
	p := points{t, s.Ledger}
	for i, id := range []loyalty.ActionID{"C", "A", "B"} {
		a := held(id, 1, noon.Add(time.Duration(3-i)*time.Minute))
		p.write([]shop.ID{"alpha", "beta"}[i%2], store.Change{Action: &a})
	}
	free := held("D", 1, noon)
	free.State = loyalty.Released
	p.write("alpha", store.Change{Action: &free})
	look := func(then time.Time, limit int) string {
		holds, err := s.Ledger.RunningOut(t.Context(), then, limit)
		if err != nil {
			t.Errorf("RunningOut = %v", err)
		}
		var all []string
		for _, h := range holds {
			all = append(all, fmt.Sprint(h.Shop, " ", h.Action.ID, " ", h.Action.Customer))
		}
		return strings.Join(all, ", ")
	}
	for _, tt := range []struct {
		after time.Duration
		limit int
		want  string
	}{
		{61*time.Minute - 1, 9, ""}, {61 * time.Minute, 9, "alpha B ann"}, {24 * time.Hour, 9, "alpha B ann, beta A ann, alpha C ann"}, {24 * time.Hour, 2, "alpha B ann, beta A ann"},
	} {
		if got := look(noon.Add(tt.after), tt.limit); got != tt.want {
			t.Errorf("after %s, up to %d: %q, want %q", tt.after, tt.limit, got, tt.want)
		}
	}
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

// audit walks a shop's book with the auditor.
func (p points) audit(s shop.ID) *auditor {
	p.t.Helper()
	a := &auditor{Audit: loyalty.NewAudit(s)}
	if err := p.l.Walk(p.t.Context(), s, a); err != nil {
		p.t.Errorf("Walk = %v", err)
	}
	for _, d := range a.Close() {
		p.t.Errorf("record %d: %s", d.Sequence, d.What)
	}
	return a
}

// auditor is an audit as a visitor, which counts.
type auditor struct {
	*loyalty.Audit
	records, heads, customers, accounts, actions, sales int
	end                                                 error
}

func (a *auditor) Record(r loyalty.Record) error { a.records++; a.Audit.Record(r); return a.end }
func (a *auditor) Head(sequence int64, hash loyalty.Hash) error {
	a.heads++
	a.Audit.Head(sequence, hash)
	return nil
}

func (a *auditor) Customer(c loyalty.CustomerID, b loyalty.Balance) error {
	a.customers++
	a.Audit.Customer(c, b)
	return nil
}

func (a *auditor) Account(name loyalty.AccountName, sum loyalty.Points) error {
	a.accounts++
	a.Audit.Account(name, sum)
	return nil
}
func (a *auditor) Action(x loyalty.Action) error { a.actions++; a.Audit.Action(x); return nil }
func (a *auditor) Sale(s loyalty.Sale) error     { a.sales++; a.Audit.Sale(s); return nil }

// life is a customer who earns, holds, and orders with two of three offers.
func (p points) life(s shop.ID, c loyalty.CustomerID) {
	p.t.Helper()
	rules := loyalty.DefaultRules()
	p.do(s, func(b store.Book) error {
		sale := loyalty.Sale{Order: loyalty.OrderID("first of " + c)}.Place(c, money.Of(500_000, "GBP"))
		sale, entry := sale.Earn(loyalty.EarnRule{Points: 1, Per: money.Of(100, "GBP")})
		return b.Write(store.Change{Sale: &sale, Entry: entry})
	})
	for i := range 3 {
		id := loyalty.ActionID(fmt.Sprint(c, "-", i))
		p.do(s, func(b store.Book) error {
			balance, err := b.Balance(c)
			if err != nil {
				return err
			}
			o, err := loyalty.Action{ID: id, Customer: c, Points: 1000, IssuedAt: b.Now()}.Perform(balance, rules, b.Now())
			if err != nil {
				return err
			}
			return b.Write(store.Change{Action: &o.Action, Entry: o.Entry})
		})
		if i == 0 {
			continue
		}
		p.do(s, func(b store.Book) error {
			a, _, err := b.Action(id)
			if err != nil {
				return err
			}
			balance, err := b.Balance(c)
			if err != nil {
				return err
			}
			o := a.Capture(loyalty.OrderID("order of "+id), balance)
			return b.Write(store.Change{Action: &o.Action, Entry: o.Entry})
		})
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
