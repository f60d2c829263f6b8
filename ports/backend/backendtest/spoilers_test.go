// SPDX-License-Identifier: Apache-2.0

package backendtest_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/checkout"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/idempotency"
	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/order"
	"github.com/cartage-dev/cartage/ports/backend"
)

// pause is long enough for others to come in between.
func pause() { time.Sleep(3 * time.Millisecond) }

// goingOn lets a call whose time is short run on for longer than a host waits.
func goingOn(ctx context.Context) context.Context {
	if end, bounded := ctx.Deadline(); bounded && time.Until(end) < time.Second {
		time.Sleep(1200 * time.Millisecond)
	}
	return context.WithoutCancel(ctx)
}

// sleepy goes on for a while whatever its context says of that end.
func sleepy(heeded error) func(*mutant) {
	return func(m *mutant) {
		put := m.put
		m.put = func(ctx context.Context, call backend.Call, req backend.PutCart) (backend.PutAnswer, error) {
			if _, bounded := ctx.Deadline(); bounded && strings.HasPrefix(req.Reference, "kit-") {
				end := time.After(50 * time.Millisecond)
				for waiting := true; waiting; {
					select {
					case <-end:
						waiting = false
					case <-ctx.Done():
						if errors.Is(ctx.Err(), heeded) {
							return put(ctx, call, req)
						}
						time.Sleep(1500 * time.Millisecond)
						waiting = false
					}
				}
			}
			return put(context.WithoutCancel(ctx), call, req)
		}
	}
}

// mixing keeps the request at hand where the next one finds it.
func mixing(m *mutant) {
	put := m.put
	var mu sync.Mutex
	var latest backend.PutCart
	m.put = func(ctx context.Context, call backend.Call, req backend.PutCart) (backend.PutAnswer, error) {
		mu.Lock()
		latest = req
		mu.Unlock()
		time.Sleep(5 * time.Millisecond)
		if ctx.Err() == nil {
			mu.Lock()
			req.Items = latest.Items
			mu.Unlock()
		}
		return put(ctx, call, req)
	}
}

func forgetful(m *mutant) {
	put := m.put
	var n int
	var mu sync.Mutex
	m.put = func(ctx context.Context, call backend.Call, req backend.PutCart) (backend.PutAnswer, error) {
		mu.Lock()
		n++
		call.Key += idempotency.Key(fmt.Sprint("-", n))
		mu.Unlock()
		return put(ctx, call, req)
	}
}

func racing(m *mutant) {
	put := m.put
	var mu sync.Mutex
	busy := map[idempotency.Key]int{}
	m.put = func(ctx context.Context, call backend.Call, req backend.PutCart) (backend.PutAnswer, error) {
		mu.Lock()
		busy[call.Key]++
		n := busy[call.Key]
		mu.Unlock()
		time.Sleep(2 * time.Millisecond)
		if n > 1 {
			call.Key += idempotency.Key(fmt.Sprint("-", n))
		}
		defer func() { mu.Lock(); busy[call.Key] = 0; mu.Unlock() }()
		return put(ctx, call, req)
	}
}

// repeating takes a cart that is asked for right after the same one for a repetition.
func repeating(m *mutant) {
	put, get, change, deliver, handOff := m.put, m.get, m.change, m.deliver, m.handOff
	var mu sync.Mutex
	var last idempotency.Key
	asked := func(key, next idempotency.Key) idempotency.Key {
		mu.Lock()
		defer mu.Unlock()
		if last == "" || next == "" {
			last = next
			return key
		}
		return last
	}
	m.put = func(ctx context.Context, call backend.Call, req backend.PutCart) (backend.PutAnswer, error) {
		same := slices.Equal(req.Items, []cart.Item{{SKU: "mug", Quantity: 2}, {SKU: "bowl", Quantity: 1}}) && call.Currency == "GBP" && req.Customer+string(req.Supersedes) == "" && !req.WantPages && !req.AllOrNothing && strings.HasSuffix(req.Reference, "-2")
		if same {
			call.Key = asked(call.Key, call.Key)
		} else {
			asked("", "")
		}
		return put(ctx, call, req)
	}
	m.get = func(ctx context.Context, call backend.Call, id cart.ID) (cart.Cart, error) {
		asked("", "")
		return get(ctx, call, id)
	}
	m.change = func(ctx context.Context, call backend.Call, id cart.ID, req backend.ChangeCart) (backend.ChangeAnswer, error) {
		asked("", "")
		return change(ctx, call, id, req)
	}
	m.deliver = func(ctx context.Context, call backend.Call, id cart.ID, req backend.Delivery) (checkout.Quote, error) {
		asked("", "")
		return deliver(ctx, call, id, req)
	}
	m.handOff = func(ctx context.Context, call backend.Call, id cart.ID, req backend.HandOff) (backend.Pages, error) {
		asked("", "")
		return handOff(ctx, call, id, req)
	}
}

// summed reckons the totals of lines that were tampered with.
func summed(c *cart.Cart) {
	sum := int64(0)
	for _, l := range c.Lines {
		sum += l.Total.Minor
	}
	c.Totals.Subtotal.Minor, c.Totals.Discount.Minor = sum, min(c.Totals.Discount.Minor, sum)
	c.Totals.Total.Minor = sum - c.Totals.Discount.Minor
	if c.Totals.Shipping != nil {
		c.Totals.Total.Minor += c.Totals.Shipping.Minor
	}
}

func panicky(m *mutant) {
	put := m.put
	m.put = func(ctx context.Context, call backend.Call, req backend.PutCart) (backend.PutAnswer, error) {
		for _, i := range req.Items {
			_ = make([]byte, 1)[i.Quantity>>40] // out of range for the very many
		}
		return put(ctx, call, req)
	}
}

// dotted sends whatever it is asked for as a segment of a path, and so asks for something else.
func dotted(m *mutant) {
	put, get, change, deliver, handOff, find, look, move := m.put, m.get, m.change, m.deliver, m.handOff, m.find, m.look, m.move
	astray := func(segments ...string) error {
		if !slices.Contains(segments, "..") {
			return nil
		}
		return fault.New(fault.Unavailable, "failed", "the shop answers with status 301").By(fault.Backend)
	}
	m.put = func(ctx context.Context, call backend.Call, req backend.PutCart) (backend.PutAnswer, error) {
		for _, i := range req.Items {
			if err := astray(i.SKU); err != nil {
				return backend.PutAnswer{}, err
			}
		}
		return put(ctx, call, req)
	}
	m.get = func(ctx context.Context, call backend.Call, id cart.ID) (cart.Cart, error) {
		if err := astray(string(id)); err != nil {
			return cart.Cart{}, err
		}
		return get(ctx, call, id)
	}
	m.change = func(ctx context.Context, call backend.Call, id cart.ID, req backend.ChangeCart) (backend.ChangeAnswer, error) {
		if err := astray(append(req.Codes, string(id))...); err != nil {
			return backend.ChangeAnswer{}, err
		}
		return change(ctx, call, id, req)
	}
	m.deliver = func(ctx context.Context, call backend.Call, id cart.ID, req backend.Delivery) (checkout.Quote, error) {
		if err := astray(string(id)); err != nil {
			return checkout.Quote{}, err
		}
		return deliver(ctx, call, id, req)
	}
	m.handOff = func(ctx context.Context, call backend.Call, id cart.ID, req backend.HandOff) (backend.Pages, error) {
		if err := astray(string(id)); err != nil {
			return backend.Pages{}, err
		}
		return handOff(ctx, call, id, req)
	}
	m.find = func(ctx context.Context, call backend.Call, reference string) (order.Order, error) {
		if err := astray(reference); err != nil {
			return order.Order{}, err
		}
		return find(ctx, call, reference)
	}
	m.look = func(ctx context.Context, call backend.Call, customer loyalty.CustomerID) (loyalty.Points, error) {
		if err := astray(string(customer)); err != nil {
			return 0, err
		}
		return look(ctx, call, customer)
	}
	m.move = func(ctx context.Context, call backend.Call, asked backend.Movement) (loyalty.Points, error) {
		if err := astray(string(asked.Order)); err != nil {
			return 0, err
		}
		return move(ctx, call, asked)
	}
}
