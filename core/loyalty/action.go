// SPDX-License-Identifier: Apache-2.0

package loyalty

import (
	"time"

	"github.com/cartage-dev/cartage/core/fault"
)

// State is where an action stands. The words are stored.
type State string

// The states. None is an action that nobody has heard of; from the others but
// Held there is no way back to points that are held.
const (
	None         State = ""
	Held         State = "held"
	Released     State = "released"      // taken back
	Expired      State = "expired"       // held too long
	Voided       State = "voided"        // taken back before it was tapped
	Captured     State = "captured"      // paid for by an order
	CapturedLate State = "captured_late" // paid for by an order, when nothing was held any more
	Refunded     State = "refunded"      // and the order was taken back, or a part of it
)

// Action is a shown offer, from the moment it is tapped, taken back or ordered with. Its transitions
// return the action that is to be kept, and what is to be booked with it, together or not at all.
type Action struct {
	ID       ActionID
	State    State
	Customer CustomerID // whom the id is bound to
	Keeper   Keeper     // of the customer's points
	Points   Points     // what the offer costs
	IssuedAt time.Time
	// HeldAt and ExpiresAt are those of the last hold.
	HeldAt, ExpiresAt time.Time
	// Unconfirmed says that nobody knows yet whether the till heard of the hold.
	Unconfirmed bool
	Captures    []Capture // one for each order that carried the id
	// Generation counts holds. It exceeds one only where Rules.Rearm lets it.
	Generation int
}

// Capture is what one order burnt for an action, and from where.
type Capture struct {
	Order                      OrderID
	Held, Available, Shortfall Points
	Returned                   Points // given back by refunds, shortfall first
}

// Points is all that was captured.
func (c Capture) Points() Points { return c.Held + c.Available + c.Shortfall }

// Rules are the times of a programme.
type Rules struct {
	AcceptFor      time.Duration // after it was issued, an id may be tapped
	HoldFor        time.Duration // a confirmed hold
	UnconfirmedFor time.Duration // a hold that the till may not know of
	AskAgain       time.Duration // when nobody could say whether there is an order
	HoldMax        time.Duration // a hold of which nobody could say
	// Rearm lets an id be tapped again after it was taken back. It is weaker, and
	// there for tills that show the same id again: a slow revert then may free points that
	// a second tap relies on.
	Rearm bool
}

// DefaultRules are one-time ids, accepted for 12 h, and holds of 24 h.
func DefaultRules() Rules {
	return Rules{AcceptFor: 12 * time.Hour, HoldFor: 24 * time.Hour, UnconfirmedFor: 15 * time.Minute, AskAgain: time.Hour, HoldMax: 72 * time.Hour}
}

// rearmPause is how long an id that was taken back before it was tapped stays refused
// where it may be tapped again: the tap may still be on its way.
const rearmPause = 5 * time.Second

// Outcome is what a transition makes: the action to keep, the entry to write with it
// or nil, and what somebody should look at.
type Outcome struct {
	Action Action
	Entry  *Entry
	Alert  Alert
}

// Alert says in one word what needs somebody's eyes; empty is nothing.
type Alert string

// The alerts.
const (
	DiscountWithoutHold Alert = "discount_without_hold" // an order carries an offer whose points were not held
	SecondOrder         Alert = "second_order"          // two orders carry one offer
	ExpiredUnasked      Alert = "expired_unasked"       // a hold was given up while nobody could say whether there is an order
)

func (a Action) stays() Outcome { return Outcome{Action: a} }

// Perform taps the offer. It holds the points once, however often it is tapped; the hold
// is unconfirmed until Confirm. Faults: NotFound (unknown_action) for one that is too old, was
// taken back, or is paid for; Conflict (insufficient_points).
func (a Action) Perform(b Balance, r Rules, now time.Time) (Outcome, error) {
	switch {
	case a.State == Held:
		if a.Unconfirmed {
			a.ExpiresAt = now.Add(r.UnconfirmedFor)
		}
		return a.stays(), nil
	case a.State != None && !a.rearmed(r, now):
		return Outcome{}, unknownAction("the offer has been used or taken back")
	case now.After(a.IssuedAt.Add(r.AcceptFor)):
		return Outcome{}, unknownAction("the offer was shown too long ago")
	case b.Available < a.Points:
		return Outcome{}, fault.New(fault.Conflict, "insufficient_points", "the customer has too few points").By(fault.Caller)
	}
	a.State, a.Unconfirmed, a.HeldAt, a.ExpiresAt = Held, true, now, now.Add(r.UnconfirmedFor)
	a.Generation++
	return Outcome{Action: a, Entry: entry(a.key("hold"), Transfer{a.Keeper.purse(a.Customer), a.held(), a.Points})}, nil
}

func (a Action) rearmed(r Rules, now time.Time) bool {
	if !r.Rearm {
		return false
	}
	switch a.State {
	case Released, Expired:
		return true
	case Voided:
		return now.After(a.ExpiresAt)
	default:
		return false
	}
}

// Confirm says that the till heard of the hold. There is nothing to confirm in another state.
func (a Action) Confirm(r Rules) Outcome {
	if a.State == Held && a.Unconfirmed {
		a.Unconfirmed, a.ExpiresAt = false, a.HeldAt.Add(r.HoldFor)
	}
	return a.stays()
}

// Revert takes the offer back, once, however often it is asked. Before it was tapped
// that makes it void, since the tap may still be on its way. Fault: NotFound (unknown_action)
// when an order has paid for it.
func (a Action) Revert(now time.Time) (Outcome, error) {
	switch a.State {
	case None:
		a.State, a.ExpiresAt = Voided, now.Add(rearmPause)
		return a.stays(), nil
	case Held:
		return a.release(Released), nil
	case Released, Expired, Voided:
		return a.stays(), nil
	default:
		return Outcome{}, unknownAction("an order has been paid with the offer")
	}
}

// release gives back what is held.
func (a Action) release(to State) Outcome {
	a.State, a.Unconfirmed = to, false
	return Outcome{Action: a, Entry: entry(a.key("free"), Transfer{a.held(), a.Keeper.purse(a.Customer), a.Points})}
}

// Finding is what is known of an order that carries the action, when its hold runs out.
type Finding uint8

// The findings. An order that was found is captured instead: see Capture.
const (
	NobodyKnows Finding = iota // those who could say did not answer
	NoOrder
)

// Expire gives back what has been held too long. While nobody knows whether there is an
// order it holds on, up to Rules.HoldMax. Before a hold has run out, and in another state, nothing happens.
func (a Action) Expire(f Finding, r Rules, now time.Time) Outcome {
	if a.State != Held || now.Before(a.ExpiresAt) {
		return a.stays()
	}
	last := a.HeldAt.Add(r.HoldMax)
	if f == NobodyKnows && now.Before(last) {
		a.ExpiresAt = now.Add(r.AskAgain)
		if a.ExpiresAt.After(last) {
			a.ExpiresAt = last
		}
		return a.stays()
	}
	o := a.release(Expired)
	if f == NobodyKnows {
		o.Alert = ExpiredUnasked
	}
	return o
}

func (a Action) held() Account { return Account{Name: AccountHeld, Customer: a.Customer} }

func unknownAction(why string) error {
	return fault.New(fault.NotFound, "unknown_action", "%s", why).By(fault.Caller)
}
