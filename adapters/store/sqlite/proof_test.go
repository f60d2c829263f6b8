// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/money"
	"github.com/cartage-dev/cartage/core/shop"
	"github.com/cartage-dev/cartage/ports/store"
)

// full asks for the proofs at the size of the goals (reliability R3, R5, R7, R21).
var full = flag.Bool("full", false, "prove at full size; takes minutes")

// size is a proof's: with the race detector, by itself, and by the flag.
func size(watched, short, long int) int {
	switch {
	case *full:
		return long
	case raced:
		return watched
	}
	return short
}

// quickDir is a folder in memory where there is one, for what need not outlive the test.
func quickDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "cartage")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// decision is what is done inside a book.
type decision func(store.Book) error

var (
	proofRules = loyalty.DefaultRules()
	proofEarn  = loyalty.EarnRule{Points: 1, Per: money.Of(100, "GBP")}
)

// keepOutcome writes what a transition made.
func keepOutcome(b store.Book, o loyalty.Outcome) error {
	return b.Write(store.Change{Action: &o.Action, Entry: o.Entry})
}

// acting finds an action, or one as it was shown, and lets it act.
func acting(id loyalty.ActionID, c loyalty.CustomerID, cost loyalty.Points, act func(loyalty.Action, loyalty.Balance, time.Time) (loyalty.Outcome, error)) decision {
	return func(b store.Book) error {
		a, found, err := b.Action(id)
		if err != nil {
			return err
		}
		if !found {
			a = loyalty.Action{ID: id, Customer: c, Points: cost, IssuedAt: b.Now().Add(-time.Minute)}
		}
		balance, err := b.Balance(a.Customer)
		if err != nil {
			return err
		}
		o, err := act(a, balance, b.Now())
		if err != nil {
			return err
		}
		return keepOutcome(b, o)
	}
}

func performing(id loyalty.ActionID, c loyalty.CustomerID, cost loyalty.Points) decision {
	return acting(id, c, cost, func(a loyalty.Action, b loyalty.Balance, now time.Time) (loyalty.Outcome, error) {
		return a.Perform(b, proofRules, now)
	})
}

func confirming(id loyalty.ActionID, c loyalty.CustomerID, cost loyalty.Points) decision {
	return acting(id, c, cost, func(a loyalty.Action, _ loyalty.Balance, _ time.Time) (loyalty.Outcome, error) {
		return a.Confirm(proofRules), nil
	})
}

func reverting(id loyalty.ActionID, c loyalty.CustomerID, cost loyalty.Points) decision {
	return acting(id, c, cost, func(a loyalty.Action, _ loyalty.Balance, now time.Time) (loyalty.Outcome, error) {
		return a.Revert(now)
	})
}

func expiring(id loyalty.ActionID) decision {
	return acting(id, "", 0, func(a loyalty.Action, _ loyalty.Balance, now time.Time) (loyalty.Outcome, error) {
		return a.Expire(loyalty.NoOrder, proofRules, now), nil
	})
}

// selling places an order that is paid with actions, and earns.
func selling(order loyalty.OrderID, c loyalty.CustomerID, total int64, cost loyalty.Points, ids ...loyalty.ActionID) decision {
	return func(b store.Book) error {
		sale, err := b.Sale(order)
		if err != nil || sale.Placed {
			return err
		}
		sale = sale.Place(c, money.Of(total, "GBP"))
		for _, id := range ids {
			captures := acting(id, c, cost, func(a loyalty.Action, balance loyalty.Balance, _ time.Time) (loyalty.Outcome, error) {
				return a.Capture(order, balance), nil
			})
			if err := captures(b); err != nil {
				return err
			}
			sale = sale.With(id)
		}
		sale, earned := sale.Earn(proofEarn)
		return b.Write(store.Change{Sale: &sale, Entry: earned})
	}
}

// refunding gives back a part of what an order was paid with, and takes back what it earned.
func refunding(order loyalty.OrderID, refund loyalty.RefundID, amount int64) decision {
	return func(b store.Book) error {
		sale, err := b.Sale(order)
		if err != nil {
			return err
		}
		sale = sale.Refund(loyalty.Refund{ID: refund, Amount: money.Of(amount, "GBP")})
		for _, id := range sale.Actions {
			a, _, err := b.Action(id)
			if err != nil {
				return err
			}
			if err := keepOutcome(b, a.Return(order, refund, sale.Due(a.Points))); err != nil {
				return err
			}
		}
		balance, err := b.Balance(sale.Customer)
		if err != nil {
			return err
		}
		sale, clawed := sale.Claw(refund, balance)
		return b.Write(store.Change{Sale: &sale, Entry: clawed})
	}
}

// asked is what a keeper of points elsewhere is asked to take for an offer.
func asked(id loyalty.ActionID, c loyalty.CustomerID, cost loyalty.Points) store.Movement {
	return store.Movement{Shop: "alpha", Key: "hold:" + string(id), Keeper: "club", Customer: c, Points: -cost, At: noon, DueAt: noon.Add(time.Minute)}
}

// taking holds points that a keeper has taken.
func taking(id loyalty.ActionID, c loyalty.CustomerID, cost loyalty.Points) decision {
	return func(b store.Book) error {
		tapped := loyalty.Action{ID: id, Customer: c, Keeper: "club", Points: cost, IssuedAt: noon}
		o, err := tapped.Perform(loyalty.Balance{Available: cost}, proofRules, noon)
		if err != nil {
			return err
		}
		done := asked(id, c, cost)
		done.State = store.Taken
		return b.Write(store.Change{Action: &o.Action, Entry: o.Entry, Movements: []store.Movement{done}})
	}
}

// given is what the keeper is asked to give when the offer is taken back.
func given(id loyalty.ActionID, c loyalty.CustomerID, cost loyalty.Points) store.Movement {
	m := asked(id, c, -cost)
	m.Key, m.State = "free:"+string(id), store.Giving
	return m
}

func giving(id loyalty.ActionID, c loyalty.CustomerID, cost loyalty.Points) decision {
	return func(b store.Book) error {
		a, _, err := b.Action(id)
		if err != nil {
			return err
		}
		o, err := a.Revert(b.Now())
		if err != nil {
			return err
		}
		return b.Write(store.Change{Action: &o.Action, Entry: o.Entry, Movements: []store.Movement{given(id, c, cost)}})
	}
}

// inspector audits what Walk shows, and keeps all of it.
type inspector struct {
	audit   *loyalty.Audit
	keys    map[string]bool // of the journal
	records int
	headed  bool
	shown   strings.Builder // a line for each thing
}

func newInspector(s shop.ID) *inspector {
	return &inspector{audit: loyalty.NewAudit(s), keys: map[string]bool{}}
}

func (v *inspector) saw(what string, shown ...any) {
	fmt.Fprintf(&v.shown, "%s %+v\n", what, shown)
}

func (v *inspector) Record(r loyalty.Record) error {
	v.keys[r.Entry.Key] = true
	v.records++
	v.saw("record", r)
	v.audit.Record(r)
	return nil
}

func (v *inspector) Head(sequence int64, hash loyalty.Hash) error {
	v.headed = true
	v.saw("head", sequence, hash)
	v.audit.Head(sequence, hash)
	return nil
}

func (v *inspector) Customer(c loyalty.CustomerID, b loyalty.Balance) error {
	v.saw("customer", c, b)
	v.audit.Customer(c, b)
	return nil
}

func (v *inspector) Account(a loyalty.AccountName, sum loyalty.Points) error {
	v.saw("account", a, sum)
	v.audit.Account(a, sum)
	return nil
}

func (v *inspector) Action(a loyalty.Action) error {
	v.saw("action", a)
	v.audit.Action(a)
	return nil
}

func (v *inspector) Sale(s loyalty.Sale) error {
	v.saw("sale", s)
	v.audit.Sale(s)
	return nil
}

// inspectLedger walks a shop's book, and says what the audit found.
func inspectLedger(t *testing.T, l store.Ledger, s shop.ID) (*inspector, []loyalty.Discrepancy, error) {
	v := newInspector(s)
	if err := l.Walk(t.Context(), s, v); err != nil {
		return v, nil, err
	}
	if !v.headed {
		v.audit.Head(0, loyalty.Hash{}) // the ledger believes nothing at all
	}
	return v, v.audit.Close(), nil
}

// wantSound wants a book without discrepancies.
func wantSound(t *testing.T, l store.Ledger, s shop.ID) *inspector {
	t.Helper()
	v, found, err := inspectLedger(t, l, s)
	if err != nil || len(found) > 0 {
		t.Errorf("audit of %s = %v, %v", s, found, err)
	}
	return v
}
