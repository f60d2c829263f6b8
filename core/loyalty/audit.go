// SPDX-License-Identifier: Apache-2.0

package loyalty

import (
	"fmt"
	"strings"
	"time"

	"github.com/cartage-dev/cartage/core/shop"
)

// Audit reckons a shop's book again from its journal, and compares: first Record for each
// record, in order, then Head, then whatever is said to follow from the journal, in any order,
// then Close. It remembers a little of each customer, action and order.
type Audit struct {
	shop     shop.ID
	sequence int64
	at       time.Time
	hash     Hash
	balances map[CustomerID]Balance
	accounts map[AccountName]Points
	actions  map[string]*audited // by id
	earned   map[string]Points   // by order
	found    []Discrepancy
}

// audited is what the journal says of one action.
type audited struct {
	holds         int
	held          Points // now
	burnt, repaid Points
}

// DiscrepanciesMax bounds what an Audit tells of one book.
const DiscrepanciesMax = 100

// Discrepancy is one thing that does not agree.
type Discrepancy struct {
	Sequence int64 // of the record; 0 when it is about what follows from all of them
	What     string
}

// NewAudit is the audit of a shop's book.
func NewAudit(s shop.ID) *Audit {
	return &Audit{shop: s, balances: map[CustomerID]Balance{}, accounts: map[AccountName]Points{}, actions: map[string]*audited{}, earned: map[string]Points{}}
}

func (a *Audit) find(sequence int64, format string, args ...any) {
	if len(a.found) < DiscrepanciesMax {
		a.found = append(a.found, Discrepancy{sequence, fmt.Sprintf(format, args...)})
	}
}

// Record reckons with one record.
func (a *Audit) Record(r Record) {
	if r.Sequence != a.sequence+1 {
		a.find(r.Sequence, "it follows on record %d", a.sequence)
	}
	if r.At.Before(a.at) {
		a.find(r.Sequence, "it is older than the record before it")
	}
	if sealed := r.Seal(a.shop, a.hash); sealed.Hash != r.Hash {
		a.find(r.Sequence, "its hash does not follow from what it says and from the record before it")
	}
	a.sequence, a.at, a.hash = r.Sequence, r.At, r.Hash // and from here on as it is, so that one change is one discrepancy
	var moved Points
	for _, t := range r.Entry.Transfers {
		if t.Points <= 0 {
			a.find(r.Sequence, "a transfer moves nothing")
		}
		moved += t.Points
		a.move(r.Sequence, t.From, -t.Points)
		a.move(r.Sequence, t.To, t.Points)
	}
	a.attribute(r, moved)
}

func (a *Audit) move(sequence int64, to Account, points Points) {
	if !to.OfCustomer() {
		a.accounts[to.Name] += points
		return
	}
	b := a.balances[to.Customer]
	b.move(to.Customer, to, points)
	if b.Available < 0 || b.Held < 0 {
		a.find(sequence, "it leaves customer %s with less than nothing", to.Customer)
	}
	a.balances[to.Customer] = b
}

// attribute says to which action or order a record belongs, by its key.
func (a *Audit) attribute(r Record, moved Points) {
	what, rest, _ := strings.Cut(r.Entry.Key, ":")
	id, _, _ := strings.Cut(rest, ":")
	switch what {
	case "hold":
		a.of(id).holds++
		a.of(id).held += moved
	case "free":
		a.of(id).held -= moved
	case "capt":
		a.of(id).held -= moved
		a.of(id).burnt += moved
	case "late":
		a.of(id).burnt += moved
	case "rfnd":
		a.of(rest[strings.LastIndexByte(rest, ':')+1:]).repaid += moved
	case "earn":
		a.earned[rest] += moved
	}
}

func (a *Audit) of(id string) *audited {
	if a.actions[id] == nil {
		a.actions[id] = &audited{}
	}
	return a.actions[id]
}

// Head holds the journal's end to what the ledger believes it to be.
func (a *Audit) Head(sequence int64, hash Hash) {
	if sequence != a.sequence || hash != a.hash {
		a.find(0, "the journal ends at record %d, and the ledger believes that it ends at %d, or in another way", a.sequence, sequence)
	}
}

// Customer holds a balance to the journal.
func (a *Audit) Customer(c CustomerID, b Balance) {
	if want := a.balances[c]; want != b {
		a.find(0, "customer %s owns %d and %d held; by the journal it is %d and %d", c, b.Available, b.Held, want.Available, want.Held)
	}
	delete(a.balances, c)
}

// Account holds the sum of one of the shop's own accounts to the journal.
func (a *Audit) Account(name AccountName, sum Points) {
	if want := a.accounts[name]; want != sum {
		a.find(0, "account %s stands at %d; by the journal it is %d", name, sum, want)
	}
	delete(a.accounts, name)
}

// Action holds an action's state to the journal.
func (a *Audit) Action(x Action) {
	j := a.of(string(x.ID))
	held, burnt, repaid := Points(0), Points(0), Points(0)
	if x.State == Held {
		held = x.Points
	}
	for _, c := range x.Captures {
		burnt += c.Points()
		repaid += c.Returned
	}
	if held != j.held || burnt != j.burnt || repaid != j.repaid || x.Points > 0 && x.Generation != j.holds {
		a.find(0, "action %s is %s with %d captured and %d given back; by the journal %d are held, %d captured and %d given back", x.ID, x.State, burnt, repaid, j.held, j.burnt, j.repaid)
	}
	delete(a.actions, string(x.ID))
}

// Sale holds what an order earned to the journal.
func (a *Audit) Sale(s Sale) {
	if want := a.earned[string(s.Order)]; want != s.Earned {
		a.find(0, "order %s earned %d; by the journal it is %d", s.Order, s.Earned, want)
	}
	delete(a.earned, string(s.Order))
}

// Close says what of the journal nothing was shown for, and returns everything found.
func (a *Audit) Close() []Discrepancy {
	for c, b := range a.balances {
		if b != (Balance{}) {
			a.find(0, "customer %s is missing, and owns %d and %d held by the journal", c, b.Available, b.Held)
		}
	}
	for name, sum := range a.accounts {
		if sum != 0 {
			a.find(0, "account %s is missing, and stands at %d by the journal", name, sum)
		}
	}
	for id := range a.actions {
		a.find(0, "action %s is missing, and has been booked", id)
	}
	for order, points := range a.earned {
		a.find(0, "order %s is missing, and earned %d", order, points)
	}
	return a.found
}

// Records is how many records the audit has seen, and the hash of the last.
func (a *Audit) Records() (n int64, last Hash) { return a.sequence, a.hash }
