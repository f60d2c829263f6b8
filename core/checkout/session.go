// SPDX-License-Identifier: Apache-2.0

package checkout

import (
	"slices"
	"time"

	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/money"
	"github.com/cartage-dev/cartage/core/order"
)

// State is where a session stands. The words are stored, and told to callers (contracts: checkout API 4.4).
type State string

// The states. Until a session is paying, what it still needs follows from what its backend last quoted.
const (
	Open                State = "open"                  // nothing has been said of its buyer
	NeedsShipping       State = "needs_shipping"        // a whole address, or one that goods are sent to
	NeedsShippingMethod State = "needs_shipping_method" // a way of delivery for each part of the goods
	Ready               State = "ready"
	Paying              State = "paying" // its buyer is on the page where to pay
	Submitted           State = "submitted"
	Failed              State = "failed" // its payment did; it may be tried again
	Cancelled           State = "cancelled"
	Expired             State = "expired"
)

// States lists all, in the order of a sale that goes well, and then the others.
func States() []State {
	return []State{Open, NeedsShipping, NeedsShippingMethod, Ready, Paying, Submitted, Failed, Cancelled, Expired}
}

// SessionLife is how long a session lasts after the last that was done with it.
const SessionLife = time.Hour

// Method is an Option under a number of ours, since callers know methods by whole numbers. It stays the
// same for as long as the option is offered at that price, and is never another's.
type Method struct {
	Number int
	Option Option
}

// Session is a checkout on its way from a cart to an order. Its transitions are pure: they return the session
// that is to be kept, or a fault and change nothing.
type Session struct {
	State State
	Needs State // what it was before it was paying or failed: Open to Ready
	// Cart is as its backend last priced it.
	Cart          cart.Cart
	NeedsDelivery bool
	Methods       []Method
	Chosen        []int // numbers among Methods, at most one of each group
	Numbers       int   // given so far
	Order         order.ID
	ExpiresAt     time.Time
}

// Begin is the session of a cart that its backend has made. One of which nothing has to be sent is ready.
func Begin(q Quote, now time.Time) (Session, error) {
	if err := q.Check(); err != nil {
		return Session{}, err
	}
	s := Session{Cart: q.Cart, NeedsDelivery: q.NeedsDelivery, Needs: Open, ExpiresAt: now.Add(SessionLife)}
	if !q.NeedsDelivery {
		s.Needs = Ready
	}
	s.State = s.Needs
	return s, nil
}

// over is why nothing can be done with a session any more, or nil. Whether its time is over is told by Expire.
func (s Session) over() error {
	switch s.State {
	case Submitted:
		return fault.New(fault.Conflict, "already_submitted", "the checkout has become an order").By(fault.Caller)
	case Cancelled:
		return fault.New(fault.Conflict, "checkout_cancelled", "the checkout was cancelled").By(fault.Caller)
	case Expired:
		return fault.New(fault.Conflict, "checkout_expired", "the checkout has expired").By(fault.Caller)
	default:
		return nil
	}
}

// Editable is a fault when buyer, address and method cannot change any more: Conflict (already_submitted,
// checkout_cancelled, checkout_expired), or Conflict (paying) while the buyer is on the page where to pay.
func (s Session) Editable() error {
	if s.State == Paying {
		return fault.New(fault.Conflict, "paying", "the checkout is being paid").By(fault.Caller)
	}
	return s.over()
}

// Quoted takes over what the backend has quoted for the buyer, whose address is whole or not. Faults are those
// of Editable, and Internal (bad_backend_answer) for a quote that is none, or in another currency than before.
func (s Session) Quoted(q Quote, whole bool, now time.Time) (Session, error) {
	if err := s.Editable(); err != nil {
		return s, err
	}
	if err := q.Check(); err != nil {
		return s, err
	}
	if q.Cart.Currency != s.Cart.Currency {
		return s, badQuote("the cart's currency is another than before")
	}
	before := s.Methods
	s.Cart, s.NeedsDelivery, s.Methods, s.Chosen = q.Cart, q.NeedsDelivery, nil, nil
	for _, o := range q.Options {
		m := Method{Option: o}
		if at := slices.IndexFunc(before, func(b Method) bool { return b.Option.same(o) }); at >= 0 {
			m.Number = before[at].Number
		} else {
			s.Numbers++
			m.Number = s.Numbers
		}
		s.Methods = append(s.Methods, m)
		if slices.Contains(q.Chosen, o.ID) {
			s.Chosen = append(s.Chosen, m.Number)
		}
	}
	switch {
	case !q.NeedsDelivery || whole && q.Settled():
		s.Needs = Ready
	case !whole || len(q.Options) == 0:
		s.Needs = NeedsShipping
	default:
		s.Needs = NeedsShippingMethod
	}
	s.State = s.Needs
	return s.alive(now), nil
}

// Choose is which options to ask the backend for when a method is chosen beside those of other groups. Faults: those
// of Editable, and NotFound (unknown_method) for a number that is not offered, or no longer.
func (s Session) Choose(number int) ([]OptionID, error) {
	if err := s.Editable(); err != nil {
		return nil, err
	}
	chosen, found := s.method(number)
	if !found {
		return nil, fault.New(fault.NotFound, "unknown_method", "the shipping method is not offered, or no longer").By(fault.Caller)
	}
	var options []OptionID
	for _, n := range s.Chosen {
		if m, _ := s.method(n); m.Option.Group != chosen.Option.Group {
			options = append(options, m.Option.ID)
		}
	}
	return append(options, chosen.Option.ID), nil
}

// same reports whether two options are one, at one price; its name may be in another language.
func (o Option) same(other Option) bool {
	return o.ID == other.ID && o.Group == other.Group && o.Price == other.Price
}

func (s Session) method(number int) (Method, bool) {
	at := slices.IndexFunc(s.Methods, func(m Method) bool { return m.Number == number })
	if at < 0 {
		return Method{}, false
	}
	return s.Methods[at], true
}

// HandOver sends the buyer to the page where to pay, as often as they ask. That page asks for what is missing, so
// only a session that needs nothing more is paying. Faults are those of a session that is over.
func (s Session) HandOver(now time.Time) (Session, error) {
	if err := s.over(); err != nil {
		return s, err
	}
	if s.State = s.Needs; s.Needs == Ready {
		s.State = Paying
	}
	return s.alive(now), nil
}

// Back ends paying without an order, when the buyer has come back: they may change what they like.
func (s Session) Back(now time.Time) (Session, error) {
	if err := s.over(); err != nil {
		return s, err
	}
	if s.State == Paying {
		s.State = s.Needs
	}
	return s.alive(now), nil
}

// Submit says that the cart has become an order. That is so whatever the session believed: one that has expired, failed or
// was cancelled may have been paid all the same. The same order again changes nothing; another is Conflict (another_order).
func (s Session) Submit(id order.ID) (Session, error) {
	if s.State == Submitted && s.Order != id {
		return s, fault.New(fault.Conflict, "another_order", "the checkout has become another order").By(fault.Backend)
	}
	s.State, s.Order = Submitted, id
	return s, nil
}

// Fail says that the payment did. Faults are those of a session that is over.
func (s Session) Fail(now time.Time) (Session, error) {
	if err := s.over(); err != nil {
		return s, err
	}
	s.State = Failed
	return s.alive(now), nil
}

// Cancel ends a session, once however often it is asked. Fault: Conflict (already_submitted).
func (s Session) Cancel() (Session, error) {
	if s.State == Submitted {
		return s, s.over()
	}
	if s.State != Expired {
		s.State = Cancelled
	}
	return s, nil
}

// Expire ends a session whose time is over. Whoever asks for it has asked the backend for an order before.
func (s Session) Expire(now time.Time) Session {
	if s.over() == nil && !now.Before(s.ExpiresAt) {
		s.State = Expired
	}
	return s
}

// alive is s with a life before it; never a shorter one.
func (s Session) alive(now time.Time) Session {
	if until := now.Add(SessionLife); until.After(s.ExpiresAt) {
		s.ExpiresAt = until
	}
	return s
}

// Total is what there is to pay, as far as is known.
func (s Session) Total() money.Amount { return s.Cart.Totals.Total }
