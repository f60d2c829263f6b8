// SPDX-License-Identifier: Apache-2.0

package loyalty

import (
	"github.com/cartage-dev/cartage/core/fault"
)

// AccountName says what an account is for. The words are stored.
type AccountName string

// The accounts: those of each customer, of which the first two never fall below zero, and those of the shop.
const (
	AccountAvailable AccountName = "available" // a customer's, to spend
	AccountHeld      AccountName = "held"      // a customer's, promised to an order under way
	AccountElsewhere AccountName = "elsewhere" // a customer's at a Keeper, which knows what there is to spend
	AccountIssued    AccountName = "issued"    // where points come from
	AccountRedeemed  AccountName = "redeemed"  // where points go that were spent
	AccountLapsed    AccountName = "lapsed"    // where points go that grew too old
	AccountShortfall AccountName = "shortfall" // discount that was given without points: the merchant's cost
	AccountAdjust    AccountName = "adjust"    // corrections by hand
)

// Account is one account of a shop's ledger. Customer is empty for the shop's own.
type Account struct {
	Name     AccountName
	Customer CustomerID
}

// OfCustomer reports whether the account belongs to a customer.
func (a Account) OfCustomer() bool {
	return a.Name == AccountAvailable || a.Name == AccountHeld || a.Name == AccountElsewhere
}

// Keeper names the system where a shop's customers have their points to spend; empty is this ledger. Points go back to
// where they came from, whatever the shop has moved to since.
type Keeper string

// purse is the account that a customer's points are spent from.
func (k Keeper) purse(c CustomerID) Account {
	if k != "" {
		return Account{Name: AccountElsewhere, Customer: c}
	}
	return Account{Name: AccountAvailable, Customer: c}
}

// Transfer moves points, more than none, from one account to another.
type Transfer struct {
	From, To Account
	Points   Points
}

// Entry is what the journal writes down of one event: it balances by being made
// of transfers. Key is unique in a shop's ledger, so that the same event twice is
// written once.
type Entry struct {
	Key       string
	Transfers []Transfer
}

// Elsewhere is what the entry moves at a Keeper: the points that a customer is given there, or
// that are taken when they are below zero. It is zero for an entry that moves none.
func (e Entry) Elsewhere() (c CustomerID, points Points) {
	for _, t := range e.Transfers {
		if t.From.Name == AccountElsewhere {
			c, points = t.From.Customer, points-t.Points
		}
		if t.To.Name == AccountElsewhere {
			c, points = t.To.Customer, points+t.Points
		}
	}
	return c, points
}

// Balance is what a customer owns.
type Balance struct{ Available, Held Points }

// Apply is b after what the entry moves from and to customer's accounts. An entry that would
// leave less than nothing, or more than PointsMax, is Internal (overdrawn): whoever made it had
// to look at the balance first.
func (e Entry) Apply(customer CustomerID, b Balance) (Balance, error) {
	for _, t := range e.Transfers {
		if t.Points <= 0 || t.From == t.To {
			return Balance{}, fault.New(fault.Internal, "overdrawn", "a transfer moves nothing")
		}
		b.move(customer, t.From, -t.Points)
		b.move(customer, t.To, t.Points)
	}
	if b.Available < 0 || b.Held < 0 || b.Available+b.Held > PointsMax {
		return Balance{}, fault.New(fault.Internal, "overdrawn", "an entry leaves an impossible balance")
	}
	return b, nil
}

func (b *Balance) move(customer CustomerID, a Account, points Points) {
	switch {
	case !a.OfCustomer() || a.Customer != customer:
	case a.Name == AccountAvailable:
		b.Available += points
	case a.Name == AccountHeld:
		b.Held += points
	}
}

// entry is an Entry without the transfers of nothing, or nil when none is left.
func entry(key string, transfers ...Transfer) *Entry {
	e := &Entry{Key: key}
	for _, t := range transfers {
		if t.Points > 0 {
			e.Transfers = append(e.Transfers, t)
		}
	}
	if e.Transfers == nil {
		return nil
	}
	return e
}
