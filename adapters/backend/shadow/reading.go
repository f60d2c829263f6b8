// SPDX-License-Identifier: Apache-2.0

package shadow

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/money"
	"github.com/cartage-dev/cartage/ports/backend"
)

// reading is an answer as a transfer would take it: an answer that no transfer would
// accept is a fault, and what is left is by SKU, however the backend split its lines.
type reading struct {
	fault *fault.Error
	made  bool // there is a cart, whose amounts count
	short bool // not all came as asked
	opens bool // the shopper would be sent to a page
	lines map[string]line
	cart  cart.Cart
	pages *backend.Pages
}

// line is what came of one SKU.
type line struct {
	got    int64
	reason cart.Reason // empty when all came
	// price of one unit; nil when there is no unit, or when units have several prices:
	// then only their total can be compared.
	price  *money.Amount
	total  *money.Amount // nil when there is none that an int64 holds
	titles []string      // sorted, each once
}

// read takes what one side said to req.
func read(req backend.PutCart, s Said) reading {
	if err := classify(s.Err); err != nil {
		return reading{fault: fault.From(err)}
	}
	a := s.Answer
	r := reading{made: a.Cart.ID != "", cart: a.Cart, pages: a.Pages}
	short := refused(req.Items, a.Problems)
	if !req.AllOrNothing || r.made || len(short) == 0 { // only a strict refusal may come without a cart
		var err error
		if short, err = cart.Reconcile(req.Items, a.Cart, a.Problems); err != nil {
			return reading{fault: fault.From(err)}
		}
	}
	r.short = len(short) > 0
	r.opens = r.made && (!req.AllOrNothing || !r.short)
	r.lines = make(map[string]line, len(req.Items))
	for _, i := range req.Items {
		r.lines[i.SKU] = line{got: i.Quantity}
	}
	for _, p := range short {
		r.lines[p.SKU] = line{got: p.Got, reason: p.Reason}
	}
	if r.made {
		r.sum()
	}
	return r
}

// refused is what a strict refusal says of what was asked for, with numbers that make sense.
func refused(asked []cart.Item, said []cart.Problem) []cart.Problem {
	quantities := make(map[string]int64, len(asked))
	for _, i := range asked {
		quantities[i.SKU] = i.Quantity
	}
	var short []cart.Problem
	for _, p := range said {
		quantity, known := quantities[p.SKU]
		if !known {
			continue
		}
		if p.Got < 0 || p.Got >= quantity {
			p.Got = 0
		}
		reason, known := cart.ParseReason(string(p.Reason))
		switch {
		case p.Got > 0:
			reason = cart.QuantityReduced
		case !known || reason == cart.QuantityReduced:
			reason = cart.OutOfStock
		}
		short = append(short, cart.Problem{SKU: p.SKU, Reason: reason, Asked: quantity, Got: p.Got})
	}
	return short
}

// sum adds up the cart's lines by SKU. The cart has passed cart.Reconcile.
func (r reading) sum() {
	prices := make(map[string]map[money.Amount]bool, len(r.lines))
	totals := make(map[string][]money.Amount, len(r.lines))
	titles := make(map[string]map[string]bool, len(r.lines))
	for _, l := range r.cart.Lines {
		if prices[l.SKU] == nil {
			prices[l.SKU], titles[l.SKU] = map[money.Amount]bool{}, map[string]bool{}
		}
		prices[l.SKU][l.UnitPrice], titles[l.SKU][l.Title] = true, true
		totals[l.SKU] = append(totals[l.SKU], l.Total)
	}
	for sku, known := range prices {
		l := r.lines[sku]
		if len(known) == 1 {
			for p := range known {
				l.price = &p
			}
		}
		if total, err := money.Sum(r.cart.Currency, totals[sku]...); err == nil {
			l.total = &total
		}
		l.titles = slices.Sorted(maps.Keys(titles[sku]))
		r.lines[sku] = l
	}
}

// classify makes a fault of an error that is none. When it is a context's, the call
// had begun: perhaps done.
func classify(err error) error {
	if _, ok := errors.AsType[*fault.Error](err); ok || err == nil {
		return err
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return fault.New(fault.Unknown, "deadline_exceeded", "no answer in time").By(fault.Backend).Because(err)
	case errors.Is(err, context.Canceled):
		return fault.New(fault.Unknown, "canceled", "the call was canceled").By(fault.Caller).Because(err)
	}
	return fault.From(err)
}
