// SPDX-License-Identifier: Apache-2.0

package backendtest_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/handoff"
	"github.com/cartage-dev/cartage/core/money"
	"github.com/cartage-dev/cartage/ports/backend"
)

var putMutants = []breakage{
	{"total off by one", making(func(c *cart.Cart) { c.Totals.Total.Minor++ }), sums("carts.put.many_units", "carts.put.totals_add_up")},
	{"subtotal rounded to whole pounds", making(func(c *cart.Cart) { c.Totals.Subtotal.Minor = (c.Totals.Subtotal.Minor + 50) / 100 * 100 }), []string{
		"carts.change.code", "carts.change.totals_add_up", "carts.put.totals_add_up", "checkout.deliver.choose_another",
		"checkout.deliver.sets_shipping", "checkout.deliver.then_changed",
	}},
	{"prices by float", making(func(c *cart.Cart) {
		if l := lineOf(c, "jug-ü"); l.Quantity > 1 {
			l.Total.Minor = int64(float32(l.UnitPrice.Minor)/100*float32(l.Quantity)) * 100
		}
	}), []string{"carts.change.totals_add_up", "carts.put.line_totals", "carts.put.totals_add_up"}},
	{"prices in pounds", making(func(c *cart.Cart) {
		for i := range c.Lines {
			c.Lines[i].UnitPrice.Minor, c.Lines[i].Total.Minor = c.Lines[i].UnitPrice.Minor/100, c.Lines[i].UnitPrice.Minor/100*c.Lines[i].Quantity
		}
		summed(c)
	}), []string{"carts.change.code", "carts.put.known_prices"}},
	{"a discount that is a negative price", making(func(c *cart.Cart) {
		c.Totals.Discount.Minor, c.Totals.Total.Minor = -100, c.Totals.Total.Minor+200
	}), sums("carts.put.impossible", "carts.put.many_units", "carts.put.never_negative")},
	{"another currency", making(func(c *cart.Cart) { c.Currency = "USD" }), sums("carts.put.one_currency", "checkout.deliver.odd_address", "checkout.deliver.offers_options", "checkout.deliver.partial_address")},
	{"shipping in another currency", making(func(c *cart.Cart) { a := money.Zero("EUR"); c.Totals.Shipping = &a }), sums("carts.put.one_currency")},
	{"any currency is as good as pounds", asking(func(call *backend.Call, _ *backend.PutCart) { call.Currency = "GBP" }), []string{"carts.put.refused_currency"}},
	{"no id", answering(func(_ backend.PutCart, a *backend.PutAnswer) { a.Cart.ID = "" }), sums(
		"carts.change.key_reused", "carts.change.other_shop", "carts.get.no_queue", "carts.get.other_shop", "carts.put.key_reused",
		"carts.put.keys_of_shops", "carts.put.supersedes_other_shop", "checkout.deliver.key_reused", "checkout.deliver.other_shop",
		"carts.change.at_once", "carts.change.big", "carts.change.cannot_be_had", "carts.change.code_as_asked", "carts.change.code_said_twice",
		"carts.change.code_shown", "carts.change.codes_stay", "carts.change.deadline", "carts.change.get_shows", "carts.change.good_code_stays",
		"carts.change.no_codes", "carts.change.only_codes", "carts.change.puts_in", "carts.change.quantity_reduced",
		"carts.change.repeated_after_unknown", "carts.change.repeated_late", "carts.change.said_twice", "carts.change.sets_quantities", "carts.change.strange_codes",
		"carts.change.takes_out", "carts.change.two_codes", "carts.change.unknown_code", "carts.change.unknown_code_aside",
		"carts.change.unknown_sku", "carts.get.deadline", "carts.get.the_same_cart", "carts.put.all_unknown", "carts.put.any_shopper",
		"carts.put.makes_a_cart", "carts.put.not_for_sale", "carts.put.other_key_other_cart", "carts.put.sold_out", "carts.put.strict_makes",
		"carts.put.supersedes", "carts.put.unknown_sku", "checkout.deliver.carts_at_once", "checkout.deliver.choice_taken_back", "checkout.deliver.choose", "checkout.deliver.deadline",
		"checkout.deliver.get_shows", "checkout.deliver.nobody", "checkout.deliver.odd_address", "checkout.deliver.offers_options",
		"checkout.deliver.partial_address", "checkout.deliver.refused_country", "checkout.deliver.repeated_after_unknown",
		"checkout.deliver.said_twice", "checkout.deliver.unknown_option", "checkout.deliver.world_buyer", "checkout.hand_off.asked_again",
		"checkout.hand_off.deadline", "checkout.hand_off.lasts", "checkout.hand_off.leads_to_the_cart", "checkout.hand_off.page",
		"checkout.hand_off.way_back",
	)},
	{"a line dropped silently", making(func(c *cart.Cart) {
		c.Lines = slices.DeleteFunc(c.Lines, func(l cart.Line) bool { return l.SKU == "bowl" })
		summed(c)
	}), []string{
		"carts.put.supersedes_other_shop",
		"carts.change.at_once", "carts.change.big", "carts.change.cannot_be_had", "carts.change.code", "carts.change.codes_stay",
		"carts.change.deadline", "carts.change.puts_in", "carts.change.quantity_reduced", "carts.change.sets_quantities", "carts.change.takes_out",
		"carts.change.unknown_code_aside", "carts.change.unknown_sku", "carts.put.big_cart", "carts.put.carts_at_once", "carts.put.lines_as_asked",
		"carts.put.sku_as_asked", "carts.put.supersedes", "carts.put.supersedes_nothing", "checkout.deliver.carts_at_once", "checkout.deliver.nobody",
		"checkout.deliver.offers_options", "checkout.deliver.then_changed",
	}},
	{"no more than a hundred lines", asking(func(_ *backend.Call, req *backend.PutCart) { req.Items = req.Items[:min(len(req.Items), 100)] }), []string{"carts.put.big_cart"}},
	{"a present nobody asked for", asking(func(_ *backend.Call, req *backend.PutCart) {
		if len(req.Items) > 2 {
			req.Items = append(req.Items, cart.Item{SKU: "last", Quantity: 1})
		}
	}), []string{"carts.put.big_cart", "carts.put.unicode", "carts.put.hostile_skus", "carts.put.long_sku"}},
	{"unknown SKUs are a bug", func(m *mutant) {
		put := m.put
		m.put = func(ctx context.Context, call backend.Call, req backend.PutCart) (backend.PutAnswer, error) {
			for _, i := range req.Items {
				if i.SKU == "cartage-no-such-sku" {
					return backend.PutAnswer{}, errors.New("sku not found")
				}
			}
			return put(ctx, call, req)
		}
	}, []string{"carts.put.unknown_sku", "carts.put.all_unknown", "carts.put.strict_refuses", "carts.put.pages_of_a_short_cart", "faults.classified", "faults.code", "faults.source"}},
	{"every shortage is sold out", answering(func(_ backend.PutCart, a *backend.PutAnswer) {
		for i := range a.Problems {
			a.Problems[i].Reason = cart.OutOfStock
		}
	}), []string{"carts.put.unknown_sku", "carts.put.not_for_sale", "carts.put.quantity_reduced", "carts.put.unicode", "carts.put.hostile_skus", "carts.put.long_sku"}},
	{"problems are kept quiet", answering(func(_ backend.PutCart, a *backend.PutAnswer) { a.Problems = nil }), []string{
		"carts.put.unknown_sku", "carts.put.all_unknown", "carts.put.strict_refuses", "carts.put.sold_out", "carts.put.not_for_sale", "carts.put.quantity_reduced",
		"carts.put.strict_refuses_too_many", "carts.put.big_cart", "carts.put.unicode", "carts.put.sku_as_asked", "carts.put.hostile_skus", "carts.put.long_sku",
	}},
	{"problems miscount", answering(func(_ backend.PutCart, a *backend.PutAnswer) {
		for i := range a.Problems {
			a.Problems[i].Got = a.Problems[i].Asked
		}
	}), []string{
		"carts.put.unknown_sku", "carts.put.all_unknown", "carts.put.sold_out", "carts.put.not_for_sale", "carts.put.quantity_reduced",
		"carts.put.big_cart", "carts.put.unicode", "carts.put.sku_as_asked", "carts.put.hostile_skus", "carts.put.long_sku",
	}},
	{"strictness is not known", asking(func(_ *backend.Call, req *backend.PutCart) { req.AllOrNothing = false }), []string{"carts.put.strict_refuses", "carts.put.strict_refuses_too_many"}},
	{"too strict", asking(func(_ *backend.Call, req *backend.PutCart) { req.AllOrNothing = true }), []string{
		"carts.put.unknown_sku", "carts.put.all_unknown", "carts.put.sold_out", "carts.put.not_for_sale", "carts.put.quantity_reduced", "carts.put.pages_of_a_short_cart",
		"carts.put.big_cart", "carts.put.unicode", "carts.put.sku_as_asked", "carts.put.hostile_skus", "carts.put.long_sku",
	}},
	{"all that was asked for, whatever the stock", func(m *mutant) {
		answering(func(req backend.PutCart, a *backend.PutAnswer) {
			if req.Items != nil && req.Items[0].SKU == "last" && req.Items[0].Quantity > 3 {
				lineOf(&a.Cart, "last").Quantity = req.Items[0].Quantity
			}
		})(m)
	}, []string{"carts.put.quantity_reduced"}},
	{"superseded carts stay", asking(func(_ *backend.Call, req *backend.PutCart) {
		if req.Supersedes != "cart-ordered" {
			req.Supersedes = ""
		}
	}), []string{"carts.put.supersedes"}},
	{"superseding nothing is a fault", func(m *mutant) {
		put := m.put
		m.put = func(ctx context.Context, call backend.Call, req backend.PutCart) (backend.PutAnswer, error) {
			if strings.HasPrefix(string(req.Supersedes), "cartage-no") {
				return backend.PutAnswer{}, fault.New(fault.NotFound, "unknown_cart", "no such cart").By(fault.Caller)
			}
			return put(ctx, call, req)
		}
	}, []string{"carts.put.supersedes_nothing"}},
	{"an ordered cart is replaced", asking(func(_ *backend.Call, req *backend.PutCart) { req.Supersedes = "" }), []string{"carts.put.supersedes", "carts.put.ordered_cart_stays"}},
	{"IPv6 is news", func(m *mutant) {
		put := m.put
		m.put = func(ctx context.Context, call backend.Call, req backend.PutCart) (backend.PutAnswer, error) {
			if call.ShopperIP.Is6() {
				return backend.PutAnswer{}, fault.New(fault.Invalid, "bad_address", "the address is not one").By(fault.Caller)
			}
			return put(ctx, call, req)
		}
	}, []string{"carts.put.any_shopper"}},
	{"two carts for one key", forgetful, []string{"carts.put.key_reused", "carts.put.same_key_one_cart", "carts.put.same_key_at_once", "carts.put.repeated_after_unknown"}},
	{"two carts for one key at once", racing, []string{"carts.put.same_key_at_once"}},
	{"the same again is the same cart", repeating, []string{"carts.put.other_key_other_cart"}},
	{"concurrent carts mix", mixing, []string{"carts.put.carts_at_once"}},
	{"carts change when looked at", func(m *mutant) {
		get, n := m.get, int64(0)
		var mu sync.Mutex
		m.get = func(ctx context.Context, call backend.Call, id cart.ID) (cart.Cart, error) {
			c, err := get(ctx, call, id)
			mu.Lock()
			n++
			c.Totals.Total.Minor += n
			mu.Unlock()
			return c, err
		}
	}, []string{
		"carts.change.key_reused", "carts.change.other_shop", "carts.get.other_shop", "carts.put.key_reused",
		"carts.put.keys_of_shops", "carts.put.supersedes_other_shop", "checkout.deliver.key_reused", "checkout.deliver.other_shop",
		"carts.change.code_shown", "carts.change.get_shows", "carts.change.repeated_after_unknown", "carts.get.the_same_cart",
		"checkout.deliver.choice_taken_back", "checkout.deliver.choose_another", "checkout.deliver.get_shows", "checkout.deliver.repeated_after_unknown",
		"checkout.deliver.then_changed", "checkout.deliver.unknown_option",
	}},
	{"an unknown cart is empty", func(m *mutant) {
		get := m.get
		m.get = func(ctx context.Context, call backend.Call, id cart.ID) (cart.Cart, error) {
			c, err := get(ctx, call, id)
			if err != nil && ctx.Err() == nil {
				return cart.Cart{ID: id, Currency: "GBP"}, nil
			}
			return c, err
		}
	}, []string{"carts.get.other_shop", "carts.get.unknown", "carts.get.strange_ids"}},
	{"accents are composed", asking(func(_ *backend.Call, req *backend.PutCart) {
		for i := range req.Items {
			req.Items[i].SKU = strings.ReplaceAll(req.Items[i].SKU, "o\u0308", "ö")
		}
	}), []string{"carts.put.unicode"}},
	{"SKUs in the shop's own spelling", asking(func(_ *backend.Call, req *backend.PutCart) {
		for i := range req.Items {
			if strings.EqualFold(req.Items[i].SKU, "mug") {
				req.Items[i].SKU = "mug"
			}
		}
	}), []string{"carts.put.sku_as_asked"}},
	{"SKUs are patterns", asking(func(_ *backend.Call, req *backend.PutCart) {
		for i := range req.Items {
			if req.Items[i].SKU == "*" {
				req.Items[i].SKU = "bowl"
			}
		}
	}), []string{"carts.put.hostile_skus"}},
	{"SKUs are cut", asking(func(_ *backend.Call, req *backend.PutCart) {
		for i, item := range req.Items {
			req.Items[i].SKU = item.SKU[:min(len(item.SKU), 200)]
		}
	}), []string{"carts.put.long_sku"}},
	{"panics over a large number", panicky, []string{"carts.put.impossible"}},
	{"a strange customer is a bug", refusing(func(f *fault.Error) error {
		if f.Kind == fault.Unauthenticated {
			f.Kind = fault.Internal
		}
		return f
	}), []string{"carts.put.strange_customer", "checkout.hand_off.strange_customer", "faults.classified"}},
	{"pages whoever asks", asking(func(_ *backend.Call, req *backend.PutCart) { req.WantPages = true }), []string{"carts.put.pages_unasked"}},
	{"pages at another host", answering(func(_ backend.PutCart, a *backend.PutAnswer) {
		if a.Pages != nil {
			a.Pages.Checkout.URL = "https://shop.example@evil.example/" + string(a.Cart.ID)
		}
	}), []string{"carts.put.pages_valid", "carts.put.pages_of_a_short_cart"}},
	{"pages with a header no backend may set", answering(func(_ backend.PutCart, a *backend.PutAnswer) {
		if a.Pages != nil {
			a.Pages.NeedLink, a.Pages.Checkout.Headers = false, []handoff.Header{{Name: "Authorization", Value: "Basic"}}
		}
	}), []string{"carts.put.pages_valid", "carts.put.pages_of_a_short_cart"}},
	{"one page for all", answering(func(_ backend.PutCart, a *backend.PutAnswer) {
		if a.Pages != nil {
			a.Pages.Checkout.URL = "https://shop.example/checkout"
		}
	}), []string{"carts.put.pages_lead_to_the_cart"}},
	{"no page for a short cart", answering(func(_ backend.PutCart, a *backend.PutAnswer) {
		if len(a.Problems) > 0 {
			a.Pages = nil
		}
	}), []string{"carts.put.pages_of_a_short_cart"}},
	{"deadlines are for others", sleepy(context.Canceled), []string{"carts.put.deadline", "carts.put.repeated_after_unknown"}},
	{"cancellation is for others", sleepy(context.DeadlineExceeded), []string{"carts.put.canceled"}},
	{"being late is a bug", refusing(func(f *fault.Error) error {
		if f.Code == "no_time" {
			f.Kind = fault.Internal
		}
		return f
	}), []string{
		"carts.change.deadline", "carts.change.repeated_after_unknown", "carts.get.deadline", "carts.put.canceled", "carts.put.deadline",
		"carts.put.repeated_after_unknown", "checkout.deliver.deadline", "checkout.deliver.repeated_after_unknown", "checkout.hand_off.deadline",
		"faults.classified", "orders.by_reference.deadline",
		"loyalty.move.deadline", "loyalty.move.repeated_after_unknown", "loyalty.moved.deadline", "loyalty.points.deadline",
	}},
}
