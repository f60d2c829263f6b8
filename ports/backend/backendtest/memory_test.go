// SPDX-License-Identifier: Apache-2.0

package backendtest_test

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/checkout"
	"github.com/cartage-dev/cartage/core/customer"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/handoff"
	"github.com/cartage-dev/cartage/core/idempotency"
	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/money"
	"github.com/cartage-dev/cartage/core/order"
	"github.com/cartage-dev/cartage/core/shop"
	"github.com/cartage-dev/cartage/ports/backend"
	"github.com/cartage-dev/cartage/ports/backend/backendtest"
)

// memory is a backend that keeps every rule, so that each mutant of it breaks
// what it is meant to break and nothing else.
type memory struct {
	mu      sync.Mutex
	baskets map[cart.ID]*basket
	orders  map[string]order.Order
	puts    effects[backend.PutAnswer]
	changes effects[backend.ChangeAnswer]
	quotes  effects[checkout.Quote]

	purses    map[memberOf]loyalty.Points
	movements map[keyOfShop]backend.Movement
}

// effects is what each key asked for and was answered.
type effects[Answer any] map[keyOfShop]effect[Answer]

type keyOfShop struct {
	shop shop.ID
	key  idempotency.Key
}

type effect[Answer any] struct {
	asked  any
	answer Answer
}

// before finds what a write did when it came before.
func (e effects[Answer]) before(call backend.Call, asked any) (answer Answer, done bool, err error) {
	found, done := e[keyOfShop{call.Shop, call.Key}]
	if done && !reflect.DeepEqual(found.asked, asked) {
		err = fault.New(fault.Conflict, "key_reused", "the key was used for another request").By(fault.Caller)
	}
	return found.answer, done, err
}

func (e effects[Answer]) keep(call backend.Call, asked any, answer Answer) {
	e[keyOfShop{call.Shop, call.Key}] = effect[Answer]{asked, answer}
}

// basket is what memory keeps of a cart; all that it costs is reckoned anew each time.
type basket struct {
	shop    shop.ID
	items   []cart.Item
	codes   []string
	options []checkout.OptionID
}

// goods are the prices and the stock of what it sells.
var goods = map[string]struct{ price, stock int64 }{
	"mug": {1400, 1 << 40}, "bowl": {1650, 1 << 40}, "jug-ü": {2599, 1 << 40}, "last": {5800, 3}, "gone": {999, 0}, "retired": {100, -1},
}

const (
	orderedReference = "kit-ordered"
	orderedCart      = "cart-ordered"
)

func newMemory() *memory {
	m := &memory{
		baskets: map[cart.ID]*basket{}, orders: map[string]order.Order{}, puts: effects[backend.PutAnswer]{},
		changes: effects[backend.ChangeAnswer]{}, quotes: effects[checkout.Quote]{},
		purses: map[memberOf]loyalty.Points{{"demo", members[0]}: 120}, movements: map[keyOfShop]backend.Movement{},
	}
	bought := &basket{shop: "demo", items: []cart.Item{{SKU: "mug", Quantity: 2}}}
	m.baskets[orderedCart] = bought
	m.orders[orderedReference] = order.Order{
		ID: "o1", Number: "N-1", Reference: orderedReference, Status: order.Placed, Cart: bought.cart(orderedCart), PlacedAt: time.Now().Add(-time.Hour).UTC(),
	}
	return m
}

func sample() backendtest.Sample {
	return backendtest.Sample{
		Currency: "GBP", OtherShop: "second", SKUs: []string{"mug", "bowl", "jug-ü"}, Prices: map[string]money.Amount{"mug": money.Of(1400, "GBP")},
		SoldOutSKU: "gone", NotForSaleSKU: "retired", Limited: backendtest.Limited{SKU: "last", Stock: 3},
		RefusedCurrency: "EUR", PageOrigins: []string{"https://shop.example"}, OrderReference: orderedReference,
		Codes: []string{"Tenth-ü", "FIFTH"}, RefusedCountry: "AQ", Email: "ada@sample-shopper.example",
		Address: customer.Address{
			FirstName: "Augusta", LastName: "Lovelace-Sample", Line1: "12 Sample Square", Line2: "Top floor", City: "Sampleton",
			PostalCode: "SW1Y 4JH", Country: "GB", Phone: "+442079460123",
		},
		Customers: members,
	}
}

func (m *memory) backend() backend.Backend {
	return backend.Backend{Info: backend.Info{Name: "memory", Version: "1.0.0", KeyedWrites: true, ReadBack: true}, Carts: m, Checkout: m, Orders: m, Loyalty: m}
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
	asked := req
	if before, done, err := m.puts.before(call, asked); done {
		return before, err
	}
	if req.Supersedes == orderedCart {
		return backend.PutAnswer{}, fault.New(fault.Conflict, "reference_completed", "the cart has become an order").By(fault.Caller)
	}
	made, problems := &basket{shop: call.Shop}, []cart.Problem(nil)
	for _, i := range req.Items {
		problems = append(problems, made.set(i)...)
	}
	if req.AllOrNothing && problems != nil {
		return backend.PutAnswer{Cart: (&basket{}).cart(""), Problems: problems}, nil
	}
	if old, found := m.baskets[req.Supersedes]; found && old.shop == call.Shop {
		delete(m.baskets, req.Supersedes)
	}
	id := cart.ID(fmt.Sprintf("secret-cart-%d", len(m.puts)+1))
	m.baskets[id] = made
	answer := backend.PutAnswer{Cart: made.cart(id), Problems: problems}
	if req.WantPages {
		at := "https://shop.example/checkout/" + string(id)
		answer.Pages = &backend.Pages{Checkout: handoff.Request{URL: at, Method: handoff.GET}, Cart: &handoff.Request{URL: at + "?cart"}, NeedLink: true}
	}
	m.puts.keep(call, asked, answer)
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
		if i.Quantity < 0 || i.Quantity > cart.QuantityMax || slices.Contains(seen, i.SKU) {
			return fault.New(fault.Invalid, "invalid_items", "items cannot be accepted").By(fault.Caller)
		}
		seen = append(seen, i.SKU)
	}
	return nil
}

// set gives a SKU its quantity, as far as it can be had.
func (b *basket) set(i cart.Item) []cart.Problem {
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
	at := slices.IndexFunc(b.items, func(held cart.Item) bool { return held.SKU == i.SKU })
	switch {
	case at < 0 && n > 0:
		b.items = append(b.items, cart.Item{SKU: i.SKU, Quantity: n})
	case at >= 0 && n > 0:
		b.items[at].Quantity = n
	case at >= 0:
		b.items = slices.Delete(b.items, at, at+1)
	}
	if n == i.Quantity {
		return nil
	}
	return []cart.Problem{{SKU: i.SKU, Reason: why, Asked: i.Quantity, Got: n}}
}

// cart is the basket with its sums; every cart has a pound off, and a code takes more.
func (b *basket) cart(id cart.ID) cart.Cart {
	c, sum := cart.Cart{ID: id, Currency: "GBP", Codes: slices.Clone(b.codes)}, int64(0)
	for _, i := range b.items {
		price := goods[i.SKU].price
		c.Lines = append(c.Lines, cart.Line{ID: i.SKU, SKU: i.SKU, Title: strings.ToUpper(i.SKU), Quantity: i.Quantity, UnitPrice: money.Of(price, "GBP"), Total: money.Of(price*i.Quantity, "GBP")})
		sum += price * i.Quantity
	}
	off := min(100, sum)
	for _, code := range b.codes {
		off = min(off+sum/codes[code], sum)
	}
	tax := money.Of(sum/6, "GBP")
	c.Totals = cart.Totals{Subtotal: money.Of(sum, "GBP"), Discount: money.Of(off, "GBP"), Tax: &tax, Total: money.Of(sum-off, "GBP")}
	if shipping, all := b.shipping(); all {
		c.Totals.Shipping = &shipping
		c.Totals.Total.Minor += shipping.Minor
	}
	return c
}

func (m *memory) Get(ctx context.Context, call backend.Call, id cart.ID) (cart.Cart, error) {
	if err := over(ctx); err != nil {
		return cart.Cart{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	b, found := m.baskets[id]
	if !found || b.shop != call.Shop {
		return cart.Cart{}, unknownCart()
	}
	return b.cart(id), nil
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
