// SPDX-License-Identifier: Apache-2.0

// Package checkout knows what stands between a cart and its order: who buys,
// how the goods come, and what that costs.
//
// Invariant: a Quote that Check lets through offers each option once, and is in one
// currency; no formatter prints what a Buyer holds. The package knows nothing of carriers
// or payment.
package checkout

import (
	"fmt"

	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/customer"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/money"
	"github.com/cartage-dev/cartage/core/secret"
)

// Buyer is who buys a cart. What is not known yet is empty.
type Buyer struct {
	Email   string
	Address customer.Address // where the goods go
}

// Format prints that there is somebody, and nothing of them, under every verb and flag.
func (b Buyer) Format(f fmt.State, _ rune) {
	if b != (Buyer{}) {
		_, _ = f.Write([]byte(secret.Redacted))
	}
}

// OptionID names a way of delivery at its backend, for one cart and one address. It is opaque.
type OptionID string

// DaysMax bounds how long a delivery may be said to take.
const DaysMax = 3650

// Option is one way the goods can come.
type Option struct {
	ID OptionID
	// Group says which part of the goods the option delivers, where a backend sends
	// a cart in several parts: one option of each group is to be chosen. It is
	// empty where all goods come together.
	Group string
	Name  string // for the shopper, in the call's locale
	Price money.Amount
	// MinDays and MaxDays are how long it takes; MaxDays 0 when nobody knows.
	MinDays, MaxDays int
}

// Quote is what a cart costs delivered, as far as is known.
type Quote struct {
	Cart cart.Cart
	// NeedsDelivery is false for a cart of which nothing has to be sent.
	NeedsDelivery bool
	// Options are the ways the goods can come to the address given. None, for a
	// cart that needs delivery, says that nothing is sent there.
	Options []Option
	Chosen  []OptionID // among Options, at most one of each group
}

// Check holds a quote from outside to what every quote of ours must be. The fault
// is Internal, by the backend (bad_backend_answer).
func (q Quote) Check() error {
	groups := make(map[OptionID]string, len(q.Options))
	for _, o := range q.Options {
		if _, twice := groups[o.ID]; twice || o.ID == "" {
			return badQuote("an option has no id of its own")
		}
		if o.Price.Currency != q.Cart.Currency || o.Price.IsNegative() {
			return badQuote("an option's price is below zero or not in the cart's currency")
		}
		if o.MinDays < 0 || o.MinDays > DaysMax || o.MaxDays != 0 && o.MaxDays < o.MinDays || o.MaxDays > DaysMax {
			return badQuote("an option comes before it was sent, or in years")
		}
		groups[o.ID] = o.Group
	}
	chosen := make(map[string]bool, len(q.Chosen))
	for _, id := range q.Chosen {
		group, offered := groups[id]
		if !offered || chosen[group] {
			return badQuote("what is chosen is not offered, or two of one group")
		}
		chosen[group] = true
	}
	return nil
}

// Settled reports whether nothing about delivery is left to choose.
func (q Quote) Settled() bool {
	if !q.NeedsDelivery {
		return true
	}
	groups := map[string]bool{}
	for _, o := range q.Options {
		groups[o.Group] = true
	}
	return len(groups) > 0 && len(q.Chosen) == len(groups)
}

func badQuote(what string) error {
	return fault.New(fault.Internal, "bad_backend_answer", "%s", what).By(fault.Backend)
}
