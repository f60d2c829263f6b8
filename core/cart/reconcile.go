// SPDX-License-Identifier: Apache-2.0

package cart

import (
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/money"
)

// Reconcile compares what was asked (combined, so each SKU once) with the cart a
// backend answered and the problems it named. The result names every SKU that
// came short, with the backend's reason where it gave one, in the order asked.
//
// A cart with more than was asked for, things nobody asked for, a second
// currency or an amount below zero is not a cart to show to anybody: that is an
// Internal fault of the backend (bad_backend_answer).
func Reconcile(asked []Item, got Cart, said []Problem) ([]Problem, error) {
	if err := got.check(); err != nil {
		return nil, err
	}
	held := make(map[string]int64, len(got.Lines))
	for _, l := range got.Lines {
		held[l.SKU] += l.Quantity
	}
	reasons := make(map[string]Reason, len(said))
	for _, p := range said {
		reasons[p.SKU] = p.Reason
	}
	var short []Problem
	for _, a := range asked {
		n := held[a.SKU]
		delete(held, a.SKU)
		switch {
		case n > a.Quantity:
			return nil, badAnswer("the cart holds more of a line than was asked for")
		case n < a.Quantity:
			short = append(short, Problem{SKU: a.SKU, Reason: reasonFor(reasons[a.SKU], n), Asked: a.Quantity, Got: n})
		}
	}
	if len(held) > 0 {
		return nil, badAnswer("the cart holds lines that nobody asked for")
	}
	return short, nil
}

// reasonFor keeps the backend's own word unless it contradicts the count or is none of ours.
func reasonFor(said Reason, got int64) Reason {
	switch {
	case got > 0:
		return QuantityReduced
	case said == UnknownSKU || said == NotForSale:
		return said
	}
	return OutOfStock
}

// check holds a cart from outside to what every cart of ours must be.
func (c Cart) check() error {
	if c.ID == "" {
		return badAnswer("the cart has no id")
	}
	if !c.Currency.Known() {
		return badAnswer("the cart has no known currency")
	}
	amounts := c.Totals.amounts()
	for _, l := range c.Lines {
		if l.Quantity < 1 || l.Quantity > QuantityMax { // bounded, so that no sum of lines can wrap around
			return badAnswer("a line holds no unit, or more than anybody may ask for")
		}
		amounts = append(amounts, l.UnitPrice, l.Total)
	}
	for _, a := range amounts {
		if a.Currency != c.Currency {
			return badAnswer("the cart mixes currencies")
		}
		if a.IsNegative() {
			return badAnswer("the cart holds an amount below zero")
		}
	}
	return nil
}

func (t Totals) amounts() []money.Amount {
	all := []money.Amount{t.Subtotal, t.Discount, t.Total}
	for _, known := range []*money.Amount{t.Shipping, t.Tax} {
		if known != nil {
			all = append(all, *known)
		}
	}
	return all
}

func badAnswer(what string) error {
	return fault.New(fault.Internal, "bad_backend_answer", "%s", what).By(fault.Backend)
}
