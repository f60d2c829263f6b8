// SPDX-License-Identifier: Apache-2.0

package backendtest_test

import (
	"context"
	"sync"
	"time"

	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/checkout"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/handoff"
	"github.com/cartage-dev/cartage/ports/backend"
)

// beforePage may answer HandOff with a fault instead.
func beforePage(refuse func(id cart.ID, req backend.HandOff) *fault.Error) func(*mutant) {
	return func(m *mutant) {
		handOff := m.handOff
		m.handOff = func(ctx context.Context, call backend.Call, id cart.ID, req backend.HandOff) (backend.Pages, error) {
			if f := refuse(id, req); f != nil && ctx.Err() == nil {
				return backend.Pages{}, f
			}
			return handOff(ctx, call, id, req)
		}
	}
}

// onceDelivered has no page for a cart that was delivered.
func onceDelivered(m *mutant) {
	deliver := m.deliver
	var delivered sync.Map
	m.deliver = func(ctx context.Context, call backend.Call, id cart.ID, req backend.Delivery) (checkout.Quote, error) {
		q, err := deliver(ctx, call, id, req)
		if err == nil {
			delivered.Store(id, true)
		}
		return q, err
	}
	beforePage(func(id cart.ID, _ backend.HandOff) *fault.Error {
		if _, done := delivered.Load(id); done {
			return fault.New(fault.Conflict, "already_delivered", "the cart is on its way").By(fault.Caller)
		}
		return nil
	})(m)
}

var handOffMutants = []breakage{
	{"a page to pay at another host", handing(func(id cart.ID, _ backend.HandOff, p *backend.Pages) {
		p.Checkout.URL = "https://shop.example.evil.example/" + string(id)
	}), []string{"checkout.hand_off.page", "checkout.hand_off.way_back"}},
	{"a page that is no address", handing(func(id cart.ID, _ backend.HandOff, p *backend.Pages) { p.Checkout.URL = "/pay/" + string(id) }), []string{"checkout.hand_off.page", "checkout.hand_off.way_back"}},
	{"a cart page beside", handing(func(id cart.ID, _ backend.HandOff, p *backend.Pages) {
		p.Cart = &handoff.Request{URL: "https://shop.example/cart/" + string(id), Method: handoff.GET}
	}), []string{"checkout.hand_off.page"}},
	{"one page to pay all", handing(func(_ cart.ID, _ backend.HandOff, p *backend.Pages) { p.Checkout.URL = "https://shop.example/pay" }), []string{"checkout.hand_off.leads_to_the_cart"}},
	{"no page once delivered", onceDelivered, []string{"checkout.hand_off.asked_again"}},
	{"a page for five minutes", handing(func(_ cart.ID, _ backend.HandOff, p *backend.Pages) {
		p.Checkout.Cookies[0].ExpiresAt = time.Now().Add(5 * time.Minute)
	}), []string{"checkout.hand_off.lasts"}},
	{"the way back is the way", handing(func(_ cart.ID, req backend.HandOff, p *backend.Pages) {
		if req.SuccessURL != "" {
			p.Checkout.URL = req.SuccessURL
		}
	}), []string{"checkout.hand_off.way_back"}},
	{"a stranger is Unavailable", beforePage(func(_ cart.ID, req backend.HandOff) *fault.Error {
		if req.Customer != "" {
			return fault.New(fault.Unavailable, "no_session", "the session could not be opened").By(fault.Backend)
		}
		return nil
	}), []string{"checkout.hand_off.strange_customer"}},
	{"an unknown cart to pay has no name", beforePage(func(id cart.ID, _ backend.HandOff) *fault.Error {
		if len(id) > 20 && id[:7] == "cartage" {
			return fault.New(fault.NotFound, "not_there", "no such cart").By(fault.Caller)
		}
		return nil
	}), []string{"checkout.hand_off.unknown"}},
	{"a strange id has a page", func(m *mutant) {
		handOff := m.handOff
		m.handOff = func(ctx context.Context, call backend.Call, id cart.ID, req backend.HandOff) (backend.Pages, error) {
			if id == "0" {
				return backend.Pages{Checkout: handoff.Request{URL: "https://shop.example/pay/0", Method: handoff.GET}}, nil
			}
			return handOff(ctx, call, id, req)
		}
	}, []string{"checkout.hand_off.strange_ids"}},
	{"an order is paid again", func(m *mutant) {
		handOff := m.handOff
		m.handOff = func(ctx context.Context, call backend.Call, id cart.ID, req backend.HandOff) (backend.Pages, error) {
			if id == orderedCart {
				return backend.Pages{Checkout: handoff.Request{URL: "https://shop.example/pay/it", Method: handoff.GET}}, nil
			}
			return handOff(ctx, call, id, req)
		}
	}, []string{"checkout.hand_off.ordered_cart"}},
	{"a hand-off goes on", func(m *mutant) {
		handOff := m.handOff
		m.handOff = func(ctx context.Context, call backend.Call, id cart.ID, req backend.HandOff) (backend.Pages, error) {
			return handOff(goingOn(ctx), call, id, req)
		}
	}, []string{"checkout.hand_off.deadline"}},
}
