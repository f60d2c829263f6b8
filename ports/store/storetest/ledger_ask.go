// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/money"
	"github.com/cartage-dev/cartage/core/shop"
	"github.com/cartage-dev/cartage/ports/store"
)

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
