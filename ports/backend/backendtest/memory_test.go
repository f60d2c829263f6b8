// SPDX-License-Identifier: Apache-2.0

package backendtest_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/handoff"
	"github.com/cartage-dev/cartage/core/idempotency"
	"github.com/cartage-dev/cartage/core/money"
	"github.com/cartage-dev/cartage/core/order"
	"github.com/cartage-dev/cartage/ports/backend"
	"github.com/cartage-dev/cartage/ports/backend/backendtest"
)

// memory is a backend that keeps every rule, so that each mutant of it breaks
// what it is meant to break and nothing else.
type memory struct {
	mu     sync.Mutex
	carts  map[cart.ID]cart.Cart
	keys   map[idempotency.Key]backend.PutAnswer
	orders map[string]order.Order
}

// goods are the prices and the stock of what it sells.
var goods = map[string]struct{ price, stock int64 }{
	"mug": {1400, 1 << 40}, "bowl": {1650, 1 << 40}, "jug-ü": {2599, 1 << 40}, "last": {5800, 3}, "gone": {999, 0}, "retired": {100, -1},
}

const orderedReference = "kit-ordered"

func newMemory() *memory {
	m := &memory{carts: map[cart.ID]cart.Cart{}, keys: map[idempotency.Key]backend.PutAnswer{}, orders: map[string]order.Order{}}
	bought, _ := m.fill([]cart.Item{{SKU: "mug", Quantity: 2}})
	bought.ID = "cart-ordered"
	m.carts[bought.ID] = bought
	m.orders[orderedReference] = order.Order{
		ID: "o1", Number: "N-1", Reference: orderedReference, Status: order.Placed, Cart: bought, PlacedAt: time.Now().Add(-time.Hour).UTC(),
	}
	return m
}

func sample() backendtest.Sample {
	return backendtest.Sample{
		Currency: "GBP", SKUs: []string{"mug", "bowl", "jug-ü"}, Prices: map[string]money.Amount{"mug": money.Of(1400, "GBP")},
		SoldOutSKU: "gone", NotForSaleSKU: "retired", Limited: backendtest.Limited{SKU: "last", Stock: 3},
		RefusedCurrency: "EUR", PageOrigins: []string{"https://shop.example"}, OrderReference: orderedReference,
	}
}

func (m *memory) backend() backend.Backend {
	return backend.Backend{Info: backend.Info{Name: "memory", Version: "1.0.0", KeyedWrites: true}, Carts: m, Orders: m}
}

func over(ctx context.Context) error {
	if ctx.Err() == nil {
		return nil
	}
	return fault.New(fault.Unavailable, "no_time", "there was no time left").By(fault.Caller).Because(ctx.Err())
}

func (m *memory) Put(ctx context.Context, call backend.Call, req backend.PutCart) (backend.PutAnswer, error) {
	if err := over(ctx); err != nil {
		return backend.PutAnswer{}, err
	}
	if err := accept(call, req); err != nil {
		return backend.PutAnswer{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if before, done := m.keys[call.Key]; done {
		return before, nil
	}
	for _, o := range m.orders {
		if req.Supersedes != "" && o.Cart.ID == req.Supersedes {
			return backend.PutAnswer{}, fault.New(fault.Conflict, "reference_completed", "the cart has become an order").By(fault.Caller)
		}
	}
	made, problems := m.fill(req.Items)
	if req.AllOrNothing && problems != nil {
		none, _ := m.fill(nil)
		return backend.PutAnswer{Cart: none, Problems: problems}, nil
	}
	delete(m.carts, req.Supersedes)
	made.ID = cart.ID(fmt.Sprintf("secret-cart-%d", len(m.keys)+1))
	m.carts[made.ID] = made
	answer := backend.PutAnswer{Cart: made, Problems: problems}
	if req.WantPages {
		at := "https://shop.example/checkout/" + string(made.ID)
		answer.Pages = &backend.Pages{Checkout: handoff.Request{URL: at, Method: handoff.GET}, Cart: &handoff.Request{URL: at + "?cart"}, NeedLink: true}
	}
	m.keys[call.Key] = answer
	return answer, nil
}

func accept(call backend.Call, req backend.PutCart) error {
	switch {
	case call.Currency != "GBP":
		return fault.New(fault.Invalid, "invalid_currency", "not sold in that currency").By(fault.Caller)
	case req.Customer != "":
		return fault.New(fault.Unauthenticated, "unknown_customer", "the customer is not known").By(fault.Caller)
	}
	var seen []string
	for _, i := range req.Items {
		if i.Quantity > cart.QuantityMax || slices.Contains(seen, i.SKU) {
			return fault.New(fault.Invalid, "invalid_items", "items cannot be accepted").By(fault.Caller)
		}
		seen = append(seen, i.SKU)
	}
	return nil
}

// fill is what of the items can be had.
func (m *memory) fill(items []cart.Item) (c cart.Cart, problems []cart.Problem) {
	c.Currency = "GBP"
	var sum int64
	for _, i := range items {
		g, known := goods[i.SKU]
		n, why := min(max(g.stock, 0), i.Quantity), cart.QuantityReduced
		switch {
		case !known:
			why = cart.UnknownSKU
		case g.stock < 0:
			why = cart.NotForSale
		case n == 0:
			why = cart.OutOfStock
		}
		if n < i.Quantity {
			problems = append(problems, cart.Problem{SKU: i.SKU, Reason: why, Asked: i.Quantity, Got: n})
		}
		if n > 0 {
			c.Lines = append(c.Lines, cart.Line{ID: i.SKU, SKU: i.SKU, Title: strings.ToUpper(i.SKU), Quantity: n, UnitPrice: money.Of(g.price, "GBP"), Total: money.Of(g.price*n, "GBP")})
			sum += g.price * n
		}
	}
	shipping, tax := money.Of(395, "GBP"), money.Of(sum/6, "GBP")
	c.Totals = cart.Totals{Subtotal: money.Of(sum, "GBP"), Discount: money.Of(100, "GBP"), Shipping: &shipping, Tax: &tax, Total: money.Of(sum+295, "GBP")}
	return c, problems
}

func (m *memory) Get(ctx context.Context, _ backend.Call, id cart.ID) (cart.Cart, error) {
	if err := over(ctx); err != nil {
		return cart.Cart{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	c, found := m.carts[id]
	if !found {
		return cart.Cart{}, fault.New(fault.NotFound, "unknown_cart", "no such cart").By(fault.Caller)
	}
	return c, nil
}

func (m *memory) ByReference(ctx context.Context, _ backend.Call, reference string) (order.Order, error) {
	if err := over(ctx); err != nil {
		return order.Order{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	o, found := m.orders[reference]
	if !found {
		return order.Order{}, fault.New(fault.NotFound, "unknown_reference", "no order carries it").By(fault.Caller)
	}
	return o, nil
}
