// SPDX-License-Identifier: Apache-2.0

package backendtest_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/idempotency"
	"github.com/cartage-dev/cartage/ports/backend"
)

// knowing breaks what Change is asked by what the cart holds.
func knowing(spoil func(c cart.Cart, req *backend.ChangeCart)) func(*mutant) {
	return func(m *mutant) {
		get := m.get
		askingChange(func(id *cart.ID, req *backend.ChangeCart) {
			if c, err := get(context.Background(), backend.Call{Shop: "demo"}, *id); err == nil {
				spoil(c, req)
			}
		})(m)
	}
}

// refusingChange breaks the faults of Change alone.
func refusingChange(spoil func(id cart.ID, f *fault.Error) error) func(*mutant) {
	return func(m *mutant) {
		change := m.change
		m.change = func(ctx context.Context, call backend.Call, id cart.ID, req backend.ChangeCart) (backend.ChangeAnswer, error) {
			a, err := change(ctx, call, id, req)
			if err != nil && ctx.Err() == nil {
				f := *fault.From(err)
				err = spoil(id, &f)
			}
			return a, err
		}
	}
}

func holds(c cart.Cart, sku string) bool {
	return slices.ContainsFunc(c.Lines, func(l cart.Line) bool { return l.SKU == sku })
}

// losing writes back what it has read a moment before.
func losing(m *mutant) {
	change, get := m.change, m.get
	m.change = func(ctx context.Context, call backend.Call, id cart.ID, req backend.ChangeCart) (backend.ChangeAnswer, error) {
		before, err := get(ctx, call, id)
		if err != nil || len(req.Set) == 0 {
			return change(ctx, call, id, req)
		}
		pause()
		for _, l := range before.Lines {
			if !slices.ContainsFunc(req.Set, func(i cart.Item) bool { return i.SKU == l.SKU }) {
				req.Set = append(slices.Clone(req.Set), cart.Item{SKU: l.SKU, Quantity: l.Quantity})
			}
		}
		return change(ctx, call, id, req)
	}
}

// vanishing loses a cart once it is empty.
func vanishing(m *mutant) {
	change := m.change
	var gone sync.Map
	m.change = func(ctx context.Context, call backend.Call, id cart.ID, req backend.ChangeCart) (backend.ChangeAnswer, error) {
		if _, lost := gone.Load(id); lost {
			return backend.ChangeAnswer{}, unknownCart()
		}
		a, err := change(ctx, call, id, req)
		if err == nil && len(a.Cart.Lines) == 0 {
			gone.Store(id, true)
		}
		return a, err
	}
}

// onceMore takes the same change said again for one unit more.
func onceMore(m *mutant) {
	var last sync.Map
	askingChange(func(id *cart.ID, req *backend.ChangeCart) {
		if before, _ := last.Swap(*id, slices.Clone(req.Set)); len(req.Set) > 1 && slices.Equal(before.([]cart.Item), req.Set) {
			req.Set[0].Quantity++
		}
	})(m)
	change := m.change
	m.change = func(ctx context.Context, call backend.Call, id cart.ID, req backend.ChangeCart) (backend.ChangeAnswer, error) {
		last.LoadOrStore(id, []cart.Item(nil))
		return change(ctx, call, id, req)
	}
}

// doneAlready takes a key that it has seen for one that it has served.
func doneAlready(m *mutant) {
	change, get := m.change, m.get
	var seen sync.Map
	m.change = func(ctx context.Context, call backend.Call, id cart.ID, req backend.ChangeCart) (backend.ChangeAnswer, error) {
		if _, again := seen.Swap(call.Key, true); again {
			c, err := get(ctx, call, id)
			return backend.ChangeAnswer{Cart: c}, err
		}
		return change(ctx, call, id, req)
	}
}

// shortMemory knows of each cart the last key alone, and does anew what came before.
func shortMemory(m *mutant) {
	change := m.change
	var mu sync.Mutex
	last, turn := map[cart.ID]idempotency.Key{}, map[cart.ID]int{}
	m.change = func(ctx context.Context, call backend.Call, id cart.ID, req backend.ChangeCart) (backend.ChangeAnswer, error) {
		mu.Lock()
		if last[id] != call.Key {
			last[id] = call.Key
			turn[id]++
		}
		call.Key += idempotency.Key(fmt.Sprint("-", turn[id]))
		mu.Unlock()
		return change(ctx, call, id, req)
	}
}

var changeMutants = []breakage{
	{"quantities are added to what is there", knowing(func(c cart.Cart, req *backend.ChangeCart) {
		for i := range req.Set {
			if req.Set[i].Quantity > 0 && req.Set[i].Quantity < 5 {
				req.Set[i].Quantity += lineOf(&c, req.Set[i].SKU).Quantity
			}
		}
	}), []string{
		"carts.change.key_reused", "carts.change.repeated_late",
		"carts.change.at_once", "carts.change.big", "carts.change.cannot_be_had", "carts.change.codes_stay", "carts.change.deadline",
		"carts.change.quantity_reduced", "carts.change.repeated_after_unknown", "carts.change.said_twice", "carts.change.sets_quantities",
		"carts.change.unknown_code_aside", "carts.change.unknown_sku",
	}},
	{"what is not named is taken out", knowing(func(c cart.Cart, req *backend.ChangeCart) {
		for _, l := range c.Lines {
			if len(req.Set) > 0 && !slices.ContainsFunc(req.Set, func(i cart.Item) bool { return i.SKU == l.SKU }) {
				req.Set = append(req.Set, cart.Item{SKU: l.SKU})
			}
		}
	}), []string{
		"carts.change.repeated_late",
		"carts.change.at_once", "carts.change.cannot_be_had", "carts.change.codes_stay", "carts.change.puts_in", "carts.change.quantity_reduced",
		"carts.change.sets_quantities", "carts.change.takes_out", "carts.change.unknown_code_aside", "carts.change.unknown_sku",
		"checkout.deliver.then_changed",
	}},
	{"nothing new comes in", knowing(func(c cart.Cart, req *backend.ChangeCart) {
		if len(req.Set) == 1 {
			req.Set = slices.DeleteFunc(req.Set, func(i cart.Item) bool { return goods[i.SKU].stock > 0 && !holds(c, i.SKU) })
		}
	}), []string{"carts.change.at_once", "carts.change.puts_in"}},
	{"nothing goes out", askingChange(func(_ *cart.ID, req *backend.ChangeCart) {
		req.Set = slices.DeleteFunc(req.Set, func(i cart.Item) bool { return i.Quantity == 0 })
	}), []string{"carts.change.empties", "carts.change.repeated_after_unknown", "carts.change.said_twice", "carts.change.takes_out"}},
	{"an empty cart is gone", vanishing, []string{"carts.change.empties"}},
	{"a penny more from five units on", changing(func(_ backend.ChangeCart, a *backend.ChangeAnswer) {
		if lineOf(&a.Cart, "bowl").Quantity >= 5 {
			a.Cart.Totals.Total.Minor++
		}
	}), []string{"carts.change.totals_add_up"}},
	{"the rebate is forgotten in the answer", changing(func(_ backend.ChangeCart, a *backend.ChangeAnswer) {
		if lineOf(&a.Cart, "bowl").Quantity == 2 {
			a.Cart.Totals.Total.Minor += a.Cart.Totals.Discount.Minor
			a.Cart.Totals.Discount.Minor = 0
		}
	}), []string{"carts.change.get_shows"}},
	{"the same again is one more", onceMore, []string{"carts.change.repeated_after_unknown", "carts.change.said_twice"}},
	{"an unknown SKU stops the change", func(m *mutant) {
		change := m.change
		m.change = func(ctx context.Context, call backend.Call, id cart.ID, req backend.ChangeCart) (backend.ChangeAnswer, error) {
			if slices.ContainsFunc(req.Set, func(i cart.Item) bool { return i.SKU == "cartage-no-such-sku" }) {
				return backend.ChangeAnswer{}, fault.New(fault.NotFound, "unknown_sku", "no such thing").By(fault.Caller)
			}
			return change(ctx, call, id, req)
		}
	}, []string{"carts.change.unknown_sku"}},
	{"sold out is unknown", changing(func(_ backend.ChangeCart, a *backend.ChangeAnswer) {
		for i, p := range a.Problems {
			if p.Reason == cart.OutOfStock {
				a.Problems[i].Reason = cart.UnknownSKU
			}
		}
	}), []string{"carts.change.cannot_be_had"}},
	{"more than there is", changing(func(req backend.ChangeCart, a *backend.ChangeAnswer) {
		if l := lineOf(&a.Cart, "last"); l.Quantity == 3 && req.Set[0].Quantity == 4 {
			l.Quantity, a.Problems = 4, nil
		}
	}), []string{"carts.change.quantity_reduced"}},
	{"no more than a hundred quantities", askingChange(func(_ *cart.ID, req *backend.ChangeCart) { req.Set = req.Set[:min(len(req.Set), 100)] }), []string{"carts.change.big"}},
	{"panics below zero", func(m *mutant) {
		change := m.change
		m.change = func(ctx context.Context, call backend.Call, id cart.ID, req backend.ChangeCart) (backend.ChangeAnswer, error) {
			for _, i := range req.Set {
				_ = make([]byte, max(i.Quantity, -1)>>63)
			}
			return change(ctx, call, id, req)
		}
	}, []string{"carts.change.impossible"}},
	{"an unknown cart has no name", refusingChange(func(_ cart.ID, f *fault.Error) error {
		if f.Code == "unknown_cart" {
			f.Code = "not_there"
		}
		return f
	}), []string{"carts.change.other_shop", "carts.change.unknown"}},
	{"a strange id is a bug", refusingChange(func(id cart.ID, f *fault.Error) error {
		if id == "-1" {
			return errors.New("strconv: negative")
		}
		return f
	}), []string{"carts.change.strange_ids", "faults.classified", "faults.code", "faults.source"}},
	{"an order can be changed", func(m *mutant) {
		change, get := m.change, m.get
		m.change = func(ctx context.Context, call backend.Call, id cart.ID, req backend.ChangeCart) (backend.ChangeAnswer, error) {
			if id == orderedCart {
				c, err := get(ctx, call, id)
				return backend.ChangeAnswer{Cart: c}, err
			}
			return change(ctx, call, id, req)
		}
	}, []string{"carts.change.ordered_cart"}},
	{"changes at once are lost", losing, []string{"carts.change.at_once"}},
	{"a change goes on", func(m *mutant) {
		change := m.change
		m.change = func(ctx context.Context, call backend.Call, id cart.ID, req backend.ChangeCart) (backend.ChangeAnswer, error) {
			return change(goingOn(ctx), call, id, req)
		}
	}, []string{"carts.change.deadline", "carts.change.repeated_after_unknown"}},
	{"only the last key is known again", shortMemory, []string{"carts.change.repeated_late"}},
	{"a key that was seen was served", doneAlready, []string{"carts.change.key_reused", "carts.change.repeated_after_unknown"}},
}
