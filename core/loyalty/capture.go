// SPDX-License-Identifier: Apache-2.0

package loyalty

import (
	"slices"
	"strconv"
)

// key is the journal's key for something that a hold undergoes once.
func (a Action) key(what string) string {
	if a.Generation > 1 {
		return what + ":" + string(a.ID) + ":" + strconv.Itoa(a.Generation)
	}
	return what + ":" + string(a.ID)
}

// Capture pays an order with the action: the order carries the discount, so its points
// are burnt, from where they are held or else from what is there; what is missing is the
// merchant's cost. The same order again changes nothing.
func (a Action) Capture(order OrderID, b Balance) Outcome {
	if a.capture(order) != nil {
		return a.stays()
	}
	o := Outcome{Alert: a.alertOf()}
	c := Capture{Order: order}
	if a.State == Held {
		c.Held = a.Points
		o.Entry = entry("capt:"+string(a.ID)+":"+string(order), Transfer{a.held(), Account{Name: AccountRedeemed}, c.Held})
	} else {
		c.Available = min(a.Points, b.Available)
		c.Shortfall = a.Points - c.Available
		o.Entry = entry("late:"+string(a.ID)+":"+string(order),
			Transfer{a.Keeper.purse(a.Customer), Account{Name: AccountRedeemed}, c.Available},
			Transfer{Account{Name: AccountShortfall}, Account{Name: AccountRedeemed}, c.Shortfall})
	}
	switch a.State {
	case Held:
		a.State, a.Unconfirmed = Captured, false
	case None, Released, Expired, Voided:
		a.State = CapturedLate
	case Captured, CapturedLate, Refunded: // a second order
	}
	a.Captures = append(slices.Clip(a.Captures), c)
	o.Action = a
	return o
}

func (a Action) alertOf() Alert {
	switch a.State {
	case None, Released, Voided:
		return DiscountWithoutHold
	case Captured, CapturedLate, Refunded:
		return SecondOrder
	case Held, Expired:
	}
	return ""
}

func (a Action) capture(order OrderID) *Capture {
	for i := range a.Captures {
		if a.Captures[i].Order == order {
			return &a.Captures[i]
		}
	}
	return nil
}

// Return gives back what refunds of the order have earned the action so far: due is the sum of
// all of them (see Sale.Due), refund the one that made it so. What the merchant bore comes
// first. An order that did not capture, and a refund that adds nothing, change nothing.
func (a Action) Return(order OrderID, refund RefundID, due Points) Outcome {
	c := a.capture(order)
	if c == nil || due <= c.Returned {
		return a.stays()
	}
	due = min(due, c.Points())
	repaid := min(due, c.Shortfall) - min(c.Returned, c.Shortfall)
	back := due - c.Returned - repaid
	a.Captures = slices.Clone(a.Captures)
	a.capture(order).Returned = due
	a.State = Refunded
	return Outcome{Action: a, Entry: entry("rfnd:"+string(refund)+":"+string(a.ID),
		Transfer{Account{Name: AccountRedeemed}, Account{Name: AccountShortfall}, repaid},
		Transfer{Account{Name: AccountRedeemed}, a.Keeper.purse(a.Customer), back})}
}
