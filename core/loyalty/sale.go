// SPDX-License-Identifier: Apache-2.0

package loyalty

import (
	"slices"

	"github.com/cartage-dev/cartage/core/money"
)

// Sale is an order as far as points are concerned. Refunds may be heard of before
// the order is, and in any order: what is due of them is a function of their sum.
type Sale struct {
	Order    OrderID
	Placed   bool // the order itself has been heard of
	Customer CustomerID
	Keeper   Keeper       // of what it earned
	Total    money.Amount // what was paid
	Actions  []ActionID   // it was paid with
	Refunds  []Refund
	// Cancelled orders give back everything.
	Cancelled bool
	Earned    Points // by the order
	Clawed    Points // of those, taken back by refunds
}

// Refund is money given back.
type Refund struct {
	ID     RefundID
	Amount money.Amount
}

// Place hears of the order. Heard of again it changes nothing.
func (s Sale) Place(customer CustomerID, total money.Amount) Sale {
	if !s.Placed {
		s.Placed, s.Customer, s.Total = true, customer, total
	}
	return s
}

// With says that the order was paid with an action. The same one again changes nothing.
func (s Sale) With(id ActionID) Sale {
	if !slices.Contains(s.Actions, id) {
		s.Actions = append(slices.Clip(s.Actions), id)
	}
	return s
}

// Refund hears of a refund. The same refund again changes nothing.
func (s Sale) Refund(r Refund) Sale {
	if !slices.ContainsFunc(s.Refunds, func(known Refund) bool { return known.ID == r.ID }) {
		s.Refunds = append(slices.Clip(s.Refunds), r)
	}
	return s
}

// Cancel hears that the whole order was taken back.
func (s Sale) Cancel() Sale {
	s.Cancelled = true
	return s
}

// Due is how many of so many points refunds have taken back so far: their part of the
// total, rounded down, and all of them after a cancellation. It is nothing before the
// order is heard of. Refunds in another currency than the order's count for nothing.
func (s Sale) Due(points Points) Points {
	if !s.Placed {
		return 0
	}
	var given int64
	for _, r := range s.Refunds {
		if r.Amount.Currency == s.Total.Currency && r.Amount.Minor > 0 {
			given = min(given+min(r.Amount.Minor, s.Total.Minor), s.Total.Minor)
		}
	}
	switch {
	case s.Cancelled, s.Total.Minor <= 0 && len(s.Refunds) > 0, given == s.Total.Minor && given > 0:
		return points
	case given == 0:
		return 0
	}
	return proRata(points, given, s.Total.Minor)
}

// Earn books what the order earns its customer, once. An order without a customer earns nothing.
func (s Sale) Earn(r EarnRule) (Sale, *Entry) {
	if !s.Placed || s.Customer == "" || s.Earned > 0 {
		return s, nil
	}
	s.Earned = r.Earned(s.Total)
	return s, entry("earn:"+string(s.Order), Transfer{Account{Name: AccountIssued}, s.Keeper.purse(s.Customer), s.Earned})
}

// Claw takes back what the order earned and refunds have made undue; refund is the one
// that made it so. What the customer has spent meanwhile is the merchant's cost.
func (s Sale) Claw(refund RefundID, b Balance) (Sale, *Entry) {
	due := s.Due(s.Earned)
	if due <= s.Clawed {
		return s, nil
	}
	back := due - s.Clawed
	from := min(back, b.Available)
	s.Clawed = due
	return s, entry("claw:"+string(refund),
		Transfer{s.Keeper.purse(s.Customer), Account{Name: AccountIssued}, from},
		Transfer{Account{Name: AccountShortfall}, Account{Name: AccountIssued}, back - from})
}
