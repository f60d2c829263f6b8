// SPDX-License-Identifier: Apache-2.0

package usecase

import (
	"bytes"
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/handoff"
	"github.com/cartage-dev/cartage/core/idempotency"
	"github.com/cartage-dev/cartage/core/money"
	"github.com/cartage-dev/cartage/core/order"
	"github.com/cartage-dev/cartage/core/shop"
	"github.com/cartage-dev/cartage/ports/backend"
	"github.com/cartage-dev/cartage/ports/inbound"
	"github.com/cartage-dev/cartage/ports/store"
)

// memory is a store that lives as long as the test; the real one has tests of its own.
type memory struct {
	mu      sync.Mutex
	records map[idempotency.Scope]idempotency.Record
	links   map[handoff.Hash]store.Handoff
	ended   map[handoff.Hash]bool
}

func newMemory() *memory {
	return &memory{
		records: map[idempotency.Scope]idempotency.Record{},
		links:   map[handoff.Hash]store.Handoff{}, ended: map[handoff.Hash]bool{},
	}
}

func (m *memory) Update(ctx context.Context, s idempotency.Scope, fn func(idempotency.Record) (idempotency.Record, error)) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if ctx.Err() != nil {
		return fault.New(fault.Unavailable, "", "late").Because(ctx.Err())
	}
	r, err := fn(m.records[s])
	if err == nil {
		m.records[s] = r
	}
	return err
}

func (m *memory) Put(_ context.Context, h store.Handoff) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for hash, other := range m.links {
		if other.Shop == h.Shop && other.Reference == h.Reference {
			m.ended[hash] = true
		}
	}
	m.links[h.Hash] = h
	return nil
}

func (m *memory) Take(_ context.Context, hash handoff.Hash, now time.Time) (store.Handoff, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	h, ok := m.links[hash]
	switch {
	case !ok || !now.Before(h.ExpiresAt):
		return store.Handoff{}, fault.New(fault.NotFound, "", "no such link")
	case m.ended[hash]:
		return store.Handoff{}, fault.New(fault.Conflict, "handoff_ended", "used")
	}
	m.ended[hash] = true
	return h, nil
}

func (m *memory) Live(_ context.Context, hash handoff.Hash, now time.Time) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	h, ok := m.links[hash]
	return ok && !m.ended[hash] && now.Before(h.ExpiresAt), nil
}

func (m *memory) Sweep(context.Context, time.Time) (int, error) { return 0, nil }

// carts is a backend whose answers a test writes.
type carts struct {
	mu   sync.Mutex
	puts []backend.PutCart
	keys []idempotency.Key
	put  func(call backend.Call, req backend.PutCart) (backend.PutAnswer, error)
}

func (c *carts) Put(_ context.Context, call backend.Call, req backend.PutCart) (backend.PutAnswer, error) {
	c.mu.Lock()
	c.puts, c.keys = append(c.puts, req), append(c.keys, call.Key)
	c.mu.Unlock()
	return c.put(call, req)
}

func (c *carts) Get(context.Context, backend.Call, cart.ID) (cart.Cart, error) {
	return cart.Cart{}, fault.New(fault.Unsupported, "", "not asked for")
}

func (c *carts) Change(context.Context, backend.Call, cart.ID, backend.ChangeCart) (backend.ChangeAnswer, error) {
	return backend.ChangeAnswer{}, fault.New(fault.Unsupported, "", "not asked for")
}

// orders is a backend that knows every order, and says that it was asked.
type orders struct {
	name  string
	asked *string
}

func (o orders) ByReference(_ context.Context, _ backend.Call, reference string) (order.Order, error) {
	*o.asked = o.name
	return order.Order{Reference: reference}, nil
}

// bench is a transfer with everything around it.
type bench struct {
	*Transfer
	links   *Links
	orders  *Orders
	backend *carts
	memory  *memory
	shops   *Directory
	log     *bytes.Buffer
}

// page is where the backend of these tests sends a shopper.
func page(url string) *backend.Pages {
	return &backend.Pages{Checkout: handoff.Request{URL: url, Method: handoff.GET}}
}

// all is a backend's answer that holds everything asked for at a pound apiece.
func all(call backend.Call, req backend.PutCart) backend.PutAnswer {
	c := cart.Cart{ID: cart.ID("cart-of-" + req.Reference), Currency: call.Currency}
	var sum int64
	for _, i := range req.Items {
		total := i.Quantity * 100
		sum += total
		c.Lines = append(c.Lines, cart.Line{ID: i.SKU, SKU: i.SKU, Quantity: i.Quantity, UnitPrice: money.Of(100, call.Currency), Total: money.Of(total, call.Currency)})
	}
	c.Totals = cart.Totals{Subtotal: money.Of(sum, call.Currency), Discount: money.Zero(call.Currency), Total: money.Of(sum, call.Currency)}
	return backend.PutAnswer{Cart: c, Pages: page("https://shop.example/checkout/1")}
}

func newBench(t *testing.T, shortage shop.Shortage) *bench {
	t.Helper()
	b := &bench{memory: newMemory(), backend: &carts{}, log: &bytes.Buffer{}}
	b.backend.put = func(call backend.Call, req backend.PutCart) (backend.PutAnswer, error) { return all(call, req), nil }
	origin, err := handoff.ParseOrigin("shop.example", false)
	if err != nil {
		t.Fatal(err)
	}
	b.shops = NewDirectory(Table{Shops: map[shop.ID]Entry{"s": {
		Shop: shop.Shop{
			ID: "s", Locale: "en-GB", Currencies: []money.Currency{"GBP"}, Shortage: shortage,
			Handoff: handoff.Policy{Origins: []handoff.Origin{origin}},
		},
		Backend: backend.Backend{Carts: b.backend}, CartsFrom: "one", OrdersFrom: "one",
	}}, Backends: map[Owner]backend.Backend{"one": {Carts: b.backend}}})
	sealer, err := NewSealer(make([]byte, SealKeyBytes))
	if err != nil {
		t.Fatal(err)
	}
	s := store.Store{Handoffs: b.memory, Idempotency: b.memory}
	b.links = NewLinks("https://host.example", b.shops, s, sealer)
	log := slog.New(slog.NewTextHandler(b.log, nil))
	b.Transfer, b.orders = NewTransfer(b.shops, s, b.links, sealer, log), NewOrders(b.shops, s, sealer, log)
	return b
}

func (b *bench) entry(t *testing.T) Entry {
	t.Helper()
	e, err := b.shops.Shop("s")
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// bag is a request for one each of these SKUs.
func bag(reference string, skus ...string) inbound.TransferCart {
	req := inbound.TransferCart{Shop: "s", Currency: "GBP", Reference: reference}
	for _, sku := range skus {
		req.Items = append(req.Items, cart.Item{SKU: sku, Quantity: 1})
	}
	return req
}
