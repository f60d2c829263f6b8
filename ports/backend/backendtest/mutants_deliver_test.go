// SPDX-License-Identifier: Apache-2.0

package backendtest_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/checkout"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/money"
	"github.com/cartage-dev/cartage/ports/backend"
)

// beforeDelivery may answer Deliver with a fault instead.
func beforeDelivery(refuse func(id cart.ID, req backend.Delivery) *fault.Error) func(*mutant) {
	return func(m *mutant) {
		deliver := m.deliver
		m.deliver = func(ctx context.Context, call backend.Call, id cart.ID, req backend.Delivery) (checkout.Quote, error) {
			if f := refuse(id, req); f != nil && ctx.Err() == nil {
				return checkout.Quote{}, f
			}
			return deliver(ctx, call, id, req)
		}
	}
}

// refusingDelivery breaks the faults of Deliver alone.
func refusingDelivery(spoil func(id cart.ID, req backend.Delivery, f *fault.Error) error) func(*mutant) {
	return func(m *mutant) {
		deliver := m.deliver
		m.deliver = func(ctx context.Context, call backend.Call, id cart.ID, req backend.Delivery) (checkout.Quote, error) {
			q, err := deliver(ctx, call, id, req)
			if err != nil && ctx.Err() == nil {
				f := *fault.From(err)
				err = spoil(id, req, &f)
			}
			return q, err
		}
	}
}

func badAddress(path string) *fault.Error {
	return fault.New(fault.Invalid, "invalid_address", "nothing can be sent there").By(fault.Caller).With(fault.Field{Path: path, Reason: "bad"})
}

// mixingDeliveries keeps the cart at hand where the next call finds it.
func mixingDeliveries(m *mutant) {
	deliver := m.deliver
	var latest atomic.Value
	m.deliver = func(ctx context.Context, call backend.Call, id cart.ID, req backend.Delivery) (checkout.Quote, error) {
		if latest.Store(id); ctx.Err() == nil {
			pause()
			id, _ = latest.Load().(cart.ID)
		}
		return deliver(ctx, call, id, req)
	}
}

// stubborn keeps the first options that were chosen for a cart.
func stubborn(m *mutant) {
	var first sync.Map
	askingDelivery(func(id *cart.ID, req *backend.Delivery) {
		if len(req.Options) > 1 {
			kept, _ := first.LoadOrStore(*id, req.Options)
			req.Options, _ = kept.([]checkout.OptionID)
		}
	})(m)
}

// clinging keeps what was chosen last when nothing is, at whatever address that was.
func clinging(m *mutant) {
	var last sync.Map
	askingDelivery(func(id *cart.ID, req *backend.Delivery) {
		if len(req.Options) > 0 {
			last.Store(*id, *req)
		} else if before, chosen := last.Load(*id); chosen {
			*req, _ = before.(backend.Delivery)
		}
	})(m)
}

// deliveredAlready takes a key that it has seen for one that it has served.
func deliveredAlready(m *mutant) {
	deliver := m.deliver
	var seen sync.Map
	m.deliver = func(ctx context.Context, call backend.Call, id cart.ID, req backend.Delivery) (checkout.Quote, error) {
		if _, again := seen.LoadOrStore(call.Key, ctx.Err() == nil); again && ctx.Err() == nil {
			if done, _ := seen.Load(call.Key); done == false {
				req.Options, call.Key = nil, call.Key+"-again"
			}
		}
		return deliver(ctx, call, id, req)
	}
}

func unfolded(c *cart.Cart) {
	if c.Totals.Shipping != nil {
		c.Totals.Total.Minor -= c.Totals.Shipping.Minor
	}
}

var deliverMutants = []breakage{
	{"checkout without carts", func(m *mutant) { m.noCarts = true }, []string{"checkout.offers_carts"}},
	{"an unknown cart to deliver has no name", refusingDelivery(func(_ cart.ID, _ backend.Delivery, f *fault.Error) error {
		if f.Code == "unknown_cart" {
			f.Code = "not_there"
		}
		return f
	}), []string{"checkout.deliver.other_shop", "checkout.deliver.unknown"}},
	{"a strange id to deliver is a bug", refusingDelivery(func(id cart.ID, _ backend.Delivery, f *fault.Error) error {
		if id == "-1" {
			f.Kind = fault.Internal
		}
		return f
	}), []string{"checkout.deliver.strange_ids", "faults.classified"}},
	{"an order is delivered anew", askingDelivery(func(id *cart.ID, _ *backend.Delivery) {
		if *id == orderedCart {
			*id = "secret-cart-1"
		}
	}), []string{"checkout.deliver.ordered_cart"}},
	{"prices rise with each question", func(m *mutant) {
		var n atomic.Int64
		quoting(func(_ backend.Delivery, q *checkout.Quote) {
			for i := range q.Options {
				q.Options[i].Price.Minor += n.Add(1)
			}
		})(m)
	}, []string{"checkout.deliver.said_twice", "checkout.deliver.world_buyer"}},
	{"deliveries at once mix", mixingDeliveries, []string{"checkout.deliver.carts_at_once"}},
	{"a delivery goes on", func(m *mutant) {
		deliver := m.deliver
		m.deliver = func(ctx context.Context, call backend.Call, id cart.ID, req backend.Delivery) (checkout.Quote, error) {
			return deliver(goingOn(ctx), call, id, req)
		}
	}, []string{"checkout.deliver.deadline", "checkout.deliver.repeated_after_unknown"}},
	{"a key that was seen was delivered", deliveredAlready, []string{"checkout.deliver.repeated_after_unknown"}},
	{"options without a name", quoting(func(_ backend.Delivery, q *checkout.Quote) {
		for i := range q.Options {
			q.Options[i].Name = " "
		}
	}), []string{"checkout.deliver.offers_options"}},
	{"two options of one id", quoting(func(_ backend.Delivery, q *checkout.Quote) {
		if len(q.Options) > 2 {
			q.Options[1].ID = q.Options[0].ID
		}
	}), []string{"checkout.deliver.odd_address", "checkout.deliver.offers_options", "checkout.deliver.partial_address"}},
	{"options in euros", quoting(func(_ backend.Delivery, q *checkout.Quote) {
		for i := range q.Options {
			q.Options[i].Price = money.Of(q.Options[i].Price.Minor, "EUR")
		}
	}), []string{"checkout.deliver.odd_address", "checkout.deliver.offers_options", "checkout.deliver.partial_address"}},
	{"nothing is sent anywhere", quoting(func(req backend.Delivery, q *checkout.Quote) {
		if q.Options = nil; len(req.Options) == 0 {
			q.Chosen = nil
		}
	}), []string{
		"checkout.deliver.choice_taken_back", "checkout.deliver.choose", "checkout.deliver.choose_another", "checkout.deliver.get_shows", "checkout.deliver.offers_options",
		"checkout.deliver.repeated_after_unknown", "checkout.deliver.said_twice", "checkout.deliver.sets_shipping", "checkout.deliver.then_changed",
		"checkout.deliver.unknown_option",
	}},
	{"goods that need no delivery", quoting(func(_ backend.Delivery, q *checkout.Quote) { q.NeedsDelivery = false }), []string{"checkout.deliver.offers_options"}},
	{"what is chosen is not said", quoting(func(_ backend.Delivery, q *checkout.Quote) { q.Chosen = nil }), []string{"checkout.deliver.choose", "checkout.deliver.choose_another", "checkout.deliver.repeated_after_unknown"}},
	{"one option for all groups", askingDelivery(func(_ *cart.ID, req *backend.Delivery) { req.Options = req.Options[:min(len(req.Options), 1)] }), []string{"checkout.deliver.choose", "checkout.deliver.choose_another", "checkout.deliver.repeated_after_unknown", "checkout.deliver.sets_shipping"}},
	{"shipping stays unknown", making(func(c *cart.Cart) { unfolded(c); c.Totals.Shipping = nil }), []string{"checkout.deliver.sets_shipping"}},
	{"shipping comes on top of the total", making(unfolded), []string{"checkout.deliver.choose_another", "checkout.deliver.sets_shipping", "checkout.deliver.then_changed"}},
	{"Get knows of no shipping", func(m *mutant) {
		get := m.get
		m.get = func(ctx context.Context, call backend.Call, id cart.ID) (cart.Cart, error) {
			c, err := get(ctx, call, id)
			unfolded(&c)
			c.Totals.Shipping = nil
			return c, err
		}
	}, []string{
		"checkout.deliver.choose_another", "checkout.deliver.get_shows", "checkout.deliver.repeated_after_unknown", "checkout.deliver.then_changed",
		"checkout.deliver.unknown_option",
	}},
	{"the first choice stays", stubborn, []string{"checkout.deliver.choose_another"}},
	{"shipping in the wrong order of price", making(func(c *cart.Cart) {
		if s := c.Totals.Shipping; s != nil {
			turned := money.Of(2000-s.Minor, "GBP")
			c.Totals.Total.Minor, c.Totals.Shipping = c.Totals.Total.Minor-s.Minor+turned.Minor, &turned
		}
	}), []string{"checkout.deliver.choose_another"}},
	{"a choice stays until there is another", clinging, []string{"checkout.deliver.choice_taken_back"}},
	{"an unknown option is ignored", askingDelivery(func(_ *cart.ID, req *backend.Delivery) {
		req.Options = slices.DeleteFunc(req.Options, func(o checkout.OptionID) bool { return o == "cartage-no-such-option" })
	}), []string{"checkout.deliver.unknown_option"}},
	{"an unknown option takes off the known", func(m *mutant) {
		deliver := m.deliver
		m.deliver = func(ctx context.Context, call backend.Call, id cart.ID, req backend.Delivery) (checkout.Quote, error) {
			q, err := deliver(ctx, call, id, req)
			if err != nil && fault.From(err).Code == "unknown_option" {
				_, _ = deliver(ctx, backend.Call{Shop: call.Shop, Key: call.Key + "-off"}, id, backend.Delivery{Buyer: req.Buyer})
			}
			return q, err
		}
	}, []string{"checkout.deliver.unknown_option"}},
	{"a change forgets shipping in the total", changing(func(_ backend.ChangeCart, a *backend.ChangeAnswer) { unfolded(&a.Cart) }), []string{"checkout.deliver.then_changed"}},
	{"nobody is a fault", beforeDelivery(func(_ cart.ID, req backend.Delivery) *fault.Error {
		if req.Buyer == (checkout.Buyer{}) {
			return badAddress("email")
		}
		return nil
	}), []string{"checkout.deliver.key_reused", "checkout.deliver.nobody"}},
	{"an address must be whole", beforeDelivery(func(_ cart.ID, req backend.Delivery) *fault.Error {
		if a := req.Buyer.Address; a.Country != "" && !a.Complete() {
			return badAddress("address.line1")
		}
		return nil
	}), []string{"checkout.deliver.partial_address"}},
	{"the cheapest is chosen for a part of an address", quoting(func(req backend.Delivery, q *checkout.Quote) {
		if !req.Buyer.Address.Complete() && len(q.Options) > 0 {
			q.Chosen = []checkout.OptionID{"post"}
		}
	}), []string{"checkout.deliver.partial_address"}},
	{"names in Latin letters alone", beforeDelivery(func(_ cart.ID, req backend.Delivery) *fault.Error {
		for _, r := range req.Buyer.Address.LastName {
			if r > 0x24f {
				return badAddress("address.last_name")
			}
		}
		return nil
	}), []string{"checkout.deliver.world_buyer"}},
	{"a long address is a bug", beforeDelivery(func(_ cart.ID, req backend.Delivery) *fault.Error {
		if len(req.Buyer.Address.Line1) > 255 {
			return fault.New(fault.Internal, "data_too_long", "the column does not take it").By(fault.Plugin)
		}
		return nil
	}), []string{"checkout.deliver.odd_address", "faults.classified"}},
	{"every country is at home", askingDelivery(func(_ *cart.ID, req *backend.Delivery) {
		if req.Buyer.Address.Country != "" {
			req.Buyer.Address.Country = "GB"
		}
	}), []string{"checkout.deliver.refused_country"}},
	{"a refused country has no field", refusingDelivery(func(_ cart.ID, _ backend.Delivery, f *fault.Error) error {
		if f.Code == "invalid_address" {
			f.Fields = nil
		}
		return f
	}), []string{"checkout.deliver.refused_country"}},
	{"a fault tells who it was", refusingDelivery(func(_ cart.ID, req backend.Delivery, f *fault.Error) error {
		if f.Code == "unknown_option" {
			f.Message += " for " + req.Buyer.Address.LastName
		}
		return f
	}), []string{"checkout.deliver.faults_tell_nothing", "faults.no_secret"}},
	{"a cause tells where it was", refusingDelivery(func(_ cart.ID, req backend.Delivery, f *fault.Error) error {
		if f.Code == "unknown_option" {
			return f.Because(fmt.Errorf("no rate for %s", req.Buyer.Address.PostalCode))
		}
		return f
	}), []string{"checkout.deliver.faults_tell_nothing", "faults.no_secret"}},
}
