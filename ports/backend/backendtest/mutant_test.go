// SPDX-License-Identifier: Apache-2.0

package backendtest_test

import (
	"context"
	"slices"

	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/checkout"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/idempotency"
	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/order"
	"github.com/cartage-dev/cartage/ports/backend"
)

type (
	putFunc     = func(ctx context.Context, call backend.Call, req backend.PutCart) (backend.PutAnswer, error)
	getFunc     = func(ctx context.Context, call backend.Call, id cart.ID) (cart.Cart, error)
	changeFunc  = func(ctx context.Context, call backend.Call, id cart.ID, req backend.ChangeCart) (backend.ChangeAnswer, error)
	deliverFunc = func(ctx context.Context, call backend.Call, id cart.ID, req backend.Delivery) (checkout.Quote, error)
	handOffFunc = func(ctx context.Context, call backend.Call, id cart.ID, req backend.HandOff) (backend.Pages, error)
	findFunc    = func(ctx context.Context, call backend.Call, reference string) (order.Order, error)
	pointsFunc  = func(ctx context.Context, call backend.Call, customer loyalty.CustomerID) (loyalty.Points, error)
	moveFunc    = func(ctx context.Context, call backend.Call, asked backend.Movement) (loyalty.Points, error)
	movedFunc   = func(ctx context.Context, call backend.Call, key idempotency.Key) (backend.Movement, error)
)

// mutant is memory with one thing broken.
type mutant struct {
	put     putFunc
	get     getFunc
	change  changeFunc
	deliver deliverFunc
	handOff handOffFunc
	find    findFunc
	look    pointsFunc
	move    moveFunc
	moved   movedFunc
	info    backend.Info
	noCarts bool
}

func mutantOf(m *memory) *mutant {
	return &mutant{
		put: m.Put, get: m.Get, change: m.Change, deliver: m.Deliver, handOff: m.HandOff, find: m.ByReference,
		look: m.Points, move: m.Move, moved: m.Moved, info: m.backend().Info,
	}
}

func (m *mutant) Put(ctx context.Context, call backend.Call, req backend.PutCart) (backend.PutAnswer, error) {
	return m.put(ctx, call, req)
}

func (m *mutant) Get(ctx context.Context, call backend.Call, id cart.ID) (cart.Cart, error) {
	return m.get(ctx, call, id)
}

func (m *mutant) Change(ctx context.Context, call backend.Call, id cart.ID, req backend.ChangeCart) (backend.ChangeAnswer, error) {
	return m.change(ctx, call, id, req)
}

func (m *mutant) Deliver(ctx context.Context, call backend.Call, id cart.ID, req backend.Delivery) (checkout.Quote, error) {
	return m.deliver(ctx, call, id, req)
}

func (m *mutant) HandOff(ctx context.Context, call backend.Call, id cart.ID, req backend.HandOff) (backend.Pages, error) {
	return m.handOff(ctx, call, id, req)
}

func (m *mutant) ByReference(ctx context.Context, call backend.Call, reference string) (order.Order, error) {
	return m.find(ctx, call, reference)
}

func (m *mutant) Points(ctx context.Context, call backend.Call, customer loyalty.CustomerID) (loyalty.Points, error) {
	return m.look(ctx, call, customer)
}

func (m *mutant) Move(ctx context.Context, call backend.Call, asked backend.Movement) (loyalty.Points, error) {
	return m.move(ctx, call, asked)
}

func (m *mutant) Moved(ctx context.Context, call backend.Call, key idempotency.Key) (backend.Movement, error) {
	return m.moved(ctx, call, key)
}

// answering breaks what Put answers, and so, kept under its key, what it answers again; what Get shows stays as it was made.
func answering(spoil func(req backend.PutCart, a *backend.PutAnswer)) func(*mutant) {
	return func(m *mutant) {
		put := m.put
		m.put = func(ctx context.Context, call backend.Call, req backend.PutCart) (backend.PutAnswer, error) {
			a, err := put(ctx, call, req)
			if err == nil {
				a.Cart.Lines, a.Problems = slices.Clone(a.Cart.Lines), slices.Clone(a.Problems)
				spoil(req, &a)
			}
			return a, err
		}
	}
}

// making breaks carts wherever they are shown.
func making(spoil func(c *cart.Cart)) func(*mutant) {
	return func(m *mutant) {
		answering(func(_ backend.PutCart, a *backend.PutAnswer) { spoil(&a.Cart) })(m)
		changing(func(_ backend.ChangeCart, a *backend.ChangeAnswer) { spoil(&a.Cart) })(m)
		quoting(func(_ backend.Delivery, q *checkout.Quote) { spoil(&q.Cart) })(m)
		get := m.get
		m.get = func(ctx context.Context, call backend.Call, id cart.ID) (cart.Cart, error) {
			c, err := get(ctx, call, id)
			if err == nil {
				c.Lines = slices.Clone(c.Lines)
				spoil(&c)
			}
			return c, err
		}
	}
}

// asking breaks what Put is asked before it is done.
func asking(spoil func(call *backend.Call, req *backend.PutCart)) func(*mutant) {
	return func(m *mutant) {
		put := m.put
		m.put = func(ctx context.Context, call backend.Call, req backend.PutCart) (backend.PutAnswer, error) {
			req.Items = slices.Clone(req.Items)
			spoil(&call, &req)
			return put(ctx, call, req)
		}
	}
}

// refusing breaks the faults.
func refusing(spoil func(f *fault.Error) error) func(*mutant) {
	return func(m *mutant) {
		put, get, change, deliver, handOff, find, look, move, moved := m.put, m.get, m.change, m.deliver, m.handOff, m.find, m.look, m.move, m.moved
		broken := func(err error) error {
			if err == nil {
				return nil
			}
			f := *fault.From(err)
			return spoil(&f)
		}
		m.put = func(ctx context.Context, call backend.Call, req backend.PutCart) (backend.PutAnswer, error) {
			a, err := put(ctx, call, req)
			return a, broken(err)
		}
		m.get = func(ctx context.Context, call backend.Call, id cart.ID) (cart.Cart, error) {
			c, err := get(ctx, call, id)
			return c, broken(err)
		}
		m.change = func(ctx context.Context, call backend.Call, id cart.ID, req backend.ChangeCart) (backend.ChangeAnswer, error) {
			a, err := change(ctx, call, id, req)
			return a, broken(err)
		}
		m.deliver = func(ctx context.Context, call backend.Call, id cart.ID, req backend.Delivery) (checkout.Quote, error) {
			q, err := deliver(ctx, call, id, req)
			return q, broken(err)
		}
		m.handOff = func(ctx context.Context, call backend.Call, id cart.ID, req backend.HandOff) (backend.Pages, error) {
			p, err := handOff(ctx, call, id, req)
			return p, broken(err)
		}
		m.find = func(ctx context.Context, call backend.Call, reference string) (order.Order, error) {
			o, err := find(ctx, call, reference)
			return o, broken(err)
		}
		m.look = func(ctx context.Context, call backend.Call, customer loyalty.CustomerID) (loyalty.Points, error) {
			p, err := look(ctx, call, customer)
			return p, broken(err)
		}
		m.move = func(ctx context.Context, call backend.Call, asked backend.Movement) (loyalty.Points, error) {
			p, err := move(ctx, call, asked)
			return p, broken(err)
		}
		m.moved = func(ctx context.Context, call backend.Call, key idempotency.Key) (backend.Movement, error) {
			found, err := moved(ctx, call, key)
			return found, broken(err)
		}
	}
}

// changing breaks what Change answers; what Get shows stays as it was changed.
func changing(spoil func(req backend.ChangeCart, a *backend.ChangeAnswer)) func(*mutant) {
	return func(m *mutant) {
		change := m.change
		m.change = func(ctx context.Context, call backend.Call, id cart.ID, req backend.ChangeCart) (backend.ChangeAnswer, error) {
			a, err := change(ctx, call, id, req)
			if err == nil {
				a.Cart.Lines, a.Cart.Codes, a.Problems, a.Refused = slices.Clone(a.Cart.Lines), slices.Clone(a.Cart.Codes), slices.Clone(a.Problems), slices.Clone(a.Refused)
				spoil(req, &a)
			}
			return a, err
		}
	}
}

// askingChange breaks what Change is asked before it is done.
func askingChange(spoil func(id *cart.ID, req *backend.ChangeCart)) func(*mutant) {
	return func(m *mutant) {
		change := m.change
		m.change = func(ctx context.Context, call backend.Call, id cart.ID, req backend.ChangeCart) (backend.ChangeAnswer, error) {
			req.Set, req.Codes = slices.Clone(req.Set), slices.Clone(req.Codes)
			spoil(&id, &req)
			return change(ctx, call, id, req)
		}
	}
}

// quoting breaks what Deliver answers.
func quoting(spoil func(req backend.Delivery, q *checkout.Quote)) func(*mutant) {
	return func(m *mutant) {
		deliver := m.deliver
		m.deliver = func(ctx context.Context, call backend.Call, id cart.ID, req backend.Delivery) (checkout.Quote, error) {
			q, err := deliver(ctx, call, id, req)
			if err == nil {
				q.Cart.Lines, q.Options, q.Chosen = slices.Clone(q.Cart.Lines), slices.Clone(q.Options), slices.Clone(q.Chosen)
				spoil(req, &q)
			}
			return q, err
		}
	}
}

// askingDelivery breaks what Deliver is asked before it is done.
func askingDelivery(spoil func(id *cart.ID, req *backend.Delivery)) func(*mutant) {
	return func(m *mutant) {
		deliver := m.deliver
		m.deliver = func(ctx context.Context, call backend.Call, id cart.ID, req backend.Delivery) (checkout.Quote, error) {
			req.Options = slices.Clone(req.Options)
			spoil(&id, &req)
			return deliver(ctx, call, id, req)
		}
	}
}

// handing breaks the pages of HandOff.
func handing(spoil func(id cart.ID, req backend.HandOff, p *backend.Pages)) func(*mutant) {
	return func(m *mutant) {
		handOff := m.handOff
		m.handOff = func(ctx context.Context, call backend.Call, id cart.ID, req backend.HandOff) (backend.Pages, error) {
			p, err := handOff(ctx, call, id, req)
			if err == nil {
				spoil(id, req, &p)
			}
			return p, err
		}
	}
}

// finding breaks orders that were found.
func finding(spoil func(o *order.Order)) func(*mutant) {
	return func(m *mutant) {
		find := m.find
		m.find = func(ctx context.Context, call backend.Call, reference string) (order.Order, error) {
			o, err := find(ctx, call, reference)
			if err == nil {
				o.Cart.Lines = slices.Clone(o.Cart.Lines)
				spoil(&o)
			}
			return o, err
		}
	}
}

func lineOf(c *cart.Cart, sku string) *cart.Line {
	for i := range c.Lines {
		if c.Lines[i].SKU == sku {
			return &c.Lines[i]
		}
	}
	return &cart.Line{}
}
