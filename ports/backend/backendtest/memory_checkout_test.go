// SPDX-License-Identifier: Apache-2.0

package backendtest_test

import (
	"context"
	"slices"
	"time"

	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/checkout"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/handoff"
	"github.com/cartage-dev/cartage/core/money"
	"github.com/cartage-dev/cartage/core/shop"
	"github.com/cartage-dev/cartage/ports/backend"
)

// codes take one part in so many off.
var codes = map[string]int64{"Tenth-ü": 10, "FIFTH": 5}

// ways are how the goods come: whatever a bowl is in comes in a crate beside.
var ways = []checkout.Option{
	{ID: "post", Name: "By post", Price: money.Of(395, "GBP"), MinDays: 2, MaxDays: 4},
	{ID: "rider", Name: "By a rider", Price: money.Of(995, "GBP"), MaxDays: 1},
	{ID: "crate", Group: "fragile", Name: "In a crate", Price: money.Of(250, "GBP")},
}

func unknownCart() error {
	return fault.New(fault.NotFound, "unknown_cart", "no such cart").By(fault.Caller)
}

// keyed is what a key stands for.
type keyed struct {
	id  cart.ID
	req any
}

// open is a basket that has not become an order.
func (m *memory) open(shop shop.ID, id cart.ID) (*basket, error) {
	b, found := m.baskets[id]
	switch {
	case !found || b.shop != shop:
		return nil, unknownCart()
	case id == orderedCart:
		return nil, fault.New(fault.Conflict, "cart_completed", "the cart has become an order").By(fault.Caller)
	}
	return b, nil
}

func (m *memory) Change(ctx context.Context, call backend.Call, id cart.ID, req backend.ChangeCart) (backend.ChangeAnswer, error) {
	refuse := func(err error) (backend.ChangeAnswer, error) { return backend.ChangeAnswer{}, err }
	if err := over(ctx); err != nil {
		return refuse(err)
	}
	if err := accept(call, backend.PutCart{Items: req.Set}); err != nil {
		return refuse(err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if before, done, err := m.changes.before(call, keyed{id, req}); done {
		return before, err
	}
	b, err := m.open(call.Shop, id)
	if err != nil {
		return refuse(err)
	}
	var answer backend.ChangeAnswer
	for _, i := range req.Set {
		answer.Problems = append(answer.Problems, b.set(i)...)
	}
	if req.SetCodes {
		b.codes = nil
	}
	for _, code := range req.Codes {
		if codes[code] == 0 {
			answer.Refused = append(answer.Refused, cart.RefusedCode{Code: code, Reason: cart.UnknownCode})
			continue
		}
		b.codes = append(b.codes, code)
	}
	answer.Cart = b.cart(id)
	m.changes.keep(call, keyed{id, req}, answer)
	return answer, nil
}

func (b *basket) ways() []checkout.Option {
	if slices.ContainsFunc(b.items, func(i cart.Item) bool { return i.SKU == "bowl" }) {
		return slices.Clone(ways)
	}
	return slices.Clone(ways[:2])
}

// shipping is what the chosen options cost; all says that nothing is left to choose.
func (b *basket) shipping() (costs money.Amount, all bool) {
	q := checkout.Quote{NeedsDelivery: true, Options: b.ways(), Chosen: b.options}
	costs = money.Zero("GBP")
	for _, o := range q.Options {
		if slices.Contains(b.options, o.ID) {
			costs.Minor += o.Price.Minor
		}
	}
	return costs, q.Settled() && len(b.items) > 0
}

func (m *memory) Deliver(ctx context.Context, call backend.Call, id cart.ID, req backend.Delivery) (checkout.Quote, error) {
	refuse := func(err error) (checkout.Quote, error) { return checkout.Quote{}, err }
	if err := over(ctx); err != nil {
		return refuse(err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if before, done, err := m.quotes.before(call, keyed{id, req}); done {
		return before, err
	}
	b, err := m.open(call.Shop, id)
	if err != nil {
		return refuse(err)
	}
	a := req.Buyer.Address
	if a.Country != "" && a.Country != "GB" || len(req.Options) > 0 && !a.Complete() {
		return refuse(fault.New(fault.Invalid, "invalid_address", "nothing can be sent there").By(fault.Caller).With(fault.Field{Path: "address.country", Reason: "not_served"}))
	}
	q := checkout.Quote{NeedsDelivery: len(b.items) > 0}
	if a.Country != "" && q.NeedsDelivery {
		q.Options = b.ways()
	}
	for _, chosen := range req.Options {
		if !slices.ContainsFunc(q.Options, func(o checkout.Option) bool { return o.ID == chosen }) {
			return refuse(fault.New(fault.NotFound, "unknown_option", "no such way of delivery").By(fault.Caller))
		}
	}
	b.options = slices.Clone(req.Options)
	q.Cart, q.Chosen = b.cart(id), slices.Clone(req.Options)
	m.quotes.keep(call, keyed{id, req}, q)
	return q, nil
}

func (m *memory) HandOff(ctx context.Context, call backend.Call, id cart.ID, req backend.HandOff) (backend.Pages, error) {
	refuse := func(err error) (backend.Pages, error) { return backend.Pages{}, err }
	if err := over(ctx); err != nil {
		return refuse(err)
	}
	if req.Customer != "" {
		return refuse(fault.New(fault.Unauthenticated, "unknown_customer", "the customer is not known").By(fault.Caller))
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, err := m.open(call.Shop, id); err != nil {
		return refuse(err)
	}
	return backend.Pages{Checkout: handoff.Request{
		URL: "https://shop.example/pay/" + string(id), Method: handoff.GET,
		Cookies: []handoff.Cookie{{Name: "pay", Value: "yes", Domain: "shop.example", ExpiresAt: time.Now().Add(time.Hour)}},
	}}, nil
}
