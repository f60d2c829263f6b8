// SPDX-License-Identifier: Apache-2.0

package protocol_test

import (
	"net/netip"
	"net/url"
	"time"

	"pgregory.net/rapid"

	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/handoff"
	"github.com/cartage-dev/cartage/core/idempotency"
	"github.com/cartage-dev/cartage/core/money"
	"github.com/cartage-dev/cartage/core/order"
	"github.com/cartage-dev/cartage/core/shop"
	"github.com/cartage-dev/cartage/ports/backend"
)

// Generators of every value that crosses the wire. Lists are nil when empty, as
// the wire makes them.

var (
	anyText    = rapid.StringN(0, 20, -1)
	someText   = rapid.StringN(1, 20, -1)
	currencies = rapid.SampledFrom([]money.Currency{"GBP", "USD", "JPY", "KWD"})
	methods    = rapid.SampledFrom([]handoff.Method{handoff.GET, handoff.POST, ""})
	reasons    = rapid.SampledFrom([]cart.Reason{cart.UnknownSKU, cart.OutOfStock, cart.QuantityReduced, cart.NotForSale})
	statuses   = rapid.SampledFrom([]order.Status{order.Placed, order.Cancelled})
)

func list[T any](t *rapid.T, label string, one func(*rapid.T) T) []T {
	var all []T
	for range rapid.IntRange(0, 3).Draw(t, label) {
		all = append(all, one(t))
	}
	return all
}

func instant(t *rapid.T) time.Time {
	if rapid.Bool().Draw(t, "no instant") {
		return time.Time{}
	}
	seconds := rapid.Int64Range(-62135596800, 253402300799).Draw(t, "seconds") // years 1 to 9999
	return time.Unix(seconds, rapid.Int64Range(0, 999_999_999).Draw(t, "nanos")).UTC()
}

func call(t *rapid.T) backend.Call {
	c := backend.Call{
		Shop: shop.ID(anyText.Draw(t, "shop")), Locale: anyText.Draw(t, "locale"), Currency: currencies.Draw(t, "currency"),
		Key: idempotency.Key(anyText.Draw(t, "key")),
	}
	switch rapid.IntRange(0, 2).Draw(t, "ip") {
	case 1:
		c.ShopperIP = netip.AddrFrom4([4]byte(rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "ip4")))
	case 2:
		c.ShopperIP = netip.AddrFrom16([16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "ip6")))
	}
	return c
}

func putCart(t *rapid.T) backend.PutCart {
	return backend.PutCart{
		Items: list(t, "items", func(t *rapid.T) cart.Item {
			return cart.Item{SKU: someText.Draw(t, "sku"), Quantity: rapid.Int64Min(1).Draw(t, "quantity")}
		}),
		Reference: anyText.Draw(t, "reference"), Supersedes: cart.ID(anyText.Draw(t, "supersedes")),
		AllOrNothing: rapid.Bool().Draw(t, "all or nothing"), Customer: anyText.Draw(t, "customer"), WantPages: rapid.Bool().Draw(t, "want pages"),
	}
}

func fullCart(t *rapid.T) cart.Cart {
	c := currencies.Draw(t, "currency")
	amount := func(t *rapid.T) money.Amount { return money.Of(rapid.Int64().Draw(t, "minor"), c) }
	optional := func(t *rapid.T) *money.Amount {
		if rapid.Bool().Draw(t, "not known") {
			return nil
		}
		a := amount(t)
		return &a
	}
	return cart.Cart{
		ID: cart.ID(someText.Draw(t, "id")), Currency: c,
		Lines: list(t, "lines", func(t *rapid.T) cart.Line {
			return cart.Line{
				ID: anyText.Draw(t, "line"), SKU: anyText.Draw(t, "sku"), Title: anyText.Draw(t, "title"), Quantity: rapid.Int64().Draw(t, "quantity"),
				UnitPrice: amount(t), Total: amount(t),
			}
		}),
		Codes:  list(t, "codes", func(t *rapid.T) string { return anyText.Draw(t, "code") }),
		Totals: cart.Totals{Subtotal: amount(t), Discount: amount(t), Total: amount(t), Shipping: optional(t), Tax: optional(t)},
	}
}

func webRequest(t *rapid.T) handoff.Request {
	r := handoff.Request{
		URL: anyText.Draw(t, "url"), Method: methods.Draw(t, "method"),
		Headers: list(t, "headers", func(t *rapid.T) handoff.Header {
			return handoff.Header{Name: anyText.Draw(t, "name"), Value: anyText.Draw(t, "value")}
		}),
		Cookies: list(t, "cookies", func(t *rapid.T) handoff.Cookie {
			return handoff.Cookie{
				Name: anyText.Draw(t, "name"), Value: anyText.Draw(t, "value"), Domain: anyText.Draw(t, "domain"), Path: anyText.Draw(t, "path"),
				ExpiresAt: instant(t), HTTPOnly: rapid.Bool().Draw(t, "http only"), Secure: rapid.Bool().Draw(t, "secure"),
			}
		}),
	}
	for range rapid.IntRange(0, 3).Draw(t, "form") {
		if r.Form == nil {
			r.Form = url.Values{}
		}
		r.Form.Add(rapid.SampledFrom([]string{"a", "b", ""}).Draw(t, "field"), anyText.Draw(t, "value"))
	}
	return r
}

func putAnswer(t *rapid.T) backend.PutAnswer {
	a := backend.PutAnswer{
		Problems: list(t, "problems", func(t *rapid.T) cart.Problem {
			return cart.Problem{SKU: anyText.Draw(t, "sku"), Reason: reasons.Draw(t, "reason"), Asked: rapid.Int64().Draw(t, "asked"), Got: rapid.Int64().Draw(t, "got")}
		}),
	}
	if rapid.Bool().Draw(t, "made") {
		a.Cart = fullCart(t)
	}
	if rapid.Bool().Draw(t, "with pages") {
		a.Pages = &backend.Pages{Checkout: webRequest(t), NeedLink: rapid.Bool().Draw(t, "need link")}
		if rapid.Bool().Draw(t, "with cart page") {
			page := webRequest(t)
			a.Pages.Cart = &page
		}
	}
	return a
}

func fullOrder(t *rapid.T) order.Order {
	return order.Order{
		ID: order.ID(someText.Draw(t, "id")), Number: anyText.Draw(t, "number"), Reference: anyText.Draw(t, "reference"),
		Status: statuses.Draw(t, "status"), Cart: fullCart(t), PlacedAt: instant(t),
	}
}

func fullFault(t *rapid.T) *fault.Error {
	return &fault.Error{
		Kind:   rapid.SampledFrom(fault.Kinds()).Draw(t, "kind"),
		Source: rapid.SampledFrom([]fault.Source{fault.Caller, fault.Backend, fault.Plugin}).Draw(t, "source"),
		Code:   rapid.StringN(0, 16, -1).Draw(t, "code"), Message: rapid.StringN(0, 128, -1).Draw(t, "message"),
		Fields: list(t, "fields", func(t *rapid.T) fault.Field {
			return fault.Field{Path: anyText.Draw(t, "path"), Reason: rapid.StringN(0, 16, -1).Draw(t, "reason"), Detail: anyText.Draw(t, "detail")}
		}),
		RetryAfter: time.Duration(rapid.Int64Range(0, 86_400_000).Draw(t, "ms")) * time.Millisecond,
	}
}
