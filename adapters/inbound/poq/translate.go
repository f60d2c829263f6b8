// SPDX-License-Identifier: Apache-2.0

package poq

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/cartage-dev/cartage/adapters/inbound/httpserver"
	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/handoff"
	"github.com/cartage-dev/cartage/core/money"
	"github.com/cartage-dev/cartage/core/order"
	"github.com/cartage-dev/cartage/ports/inbound"
)

// asked is the body as the port wants it. What was not given is zero there, and
// every zero is refused: see lacks for how the caller is told the difference.
func (b *transferBody) asked() inbound.TransferCart {
	req := inbound.TransferCart{Currency: given(b.Currency), Reference: given(b.Reference)}
	for _, i := range b.Items {
		req.Items = append(req.Items, cart.Item{SKU: given(i.SKU), Quantity: given(i.Quantity)})
	}
	return req
}

func given[T any](value *T) (v T) {
	if value != nil {
		v = *value
	}
	return v
}

// lacks reports whether the body did not give what a fault's path names.
func (b *transferBody) lacks(path string) bool {
	switch path {
	case "items":
		return b.Items == nil
	case "currency":
		return b.Currency == nil
	case "reference":
		return b.Reference == nil
	}
	item, member, _ := b.itemAt(path)
	return member == "sku" && item.SKU == nil || member == "quantity" && item.Quantity == nil
}

// itemAt is the item that a path such as items[2].sku speaks of.
func (b *transferBody) itemAt(path string) (item itemBody, member string, ok bool) {
	inside, prefixed := strings.CutPrefix(path, "items[")
	index, rest, closed := strings.Cut(inside, "]")
	i, err := strconv.Atoi(index)
	if !prefixed || !closed || err != nil || i < 0 || i >= len(b.Items) {
		return itemBody{}, "", false
	}
	return b.Items[i], strings.TrimPrefix(rest, "."), true
}

// details prints a fault's fields for the caller who wrote b, which is nil while
// there is no body to speak of.
func (b *transferBody) details(fields []fault.Field) []errorDetail {
	all := make([]errorDetail, 0, len(fields)) // an empty list, not null
	for _, f := range fields {
		d := errorDetail{Field: httpserver.Printable(f.Path), Reason: word(f.Reason), Detail: httpserver.Printable(f.Detail)}
		if b != nil {
			if item, _, ok := b.itemAt(f.Path); ok {
				d.SKU = shownSKU(given(item.SKU))
			}
			if b.lacks(f.Path) {
				d.Reason = "required"
			}
		}
		all = append(all, d)
	}
	return all
}

// shownSKU is as much of a SKU as an answer repeats.
func shownSKU(sku string) string {
	sku = strings.TrimSpace(sku)
	if letters := []rune(sku); len(letters) > cart.SKUMax {
		sku = string(letters[:cart.SKUMax]) + "…"
	}
	return httpserver.Printable(sku)
}

// wordMax bounds a reason in an answer.
const wordMax = 64

// word is a reason as programs read it; a plugin may have said anything.
func word(reason string) string {
	if reason == "" || len(reason) > wordMax || strings.Trim(reason, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" {
		return "invalid"
	}
	return reason
}

// urlTooLong is the code of a URL that would stop some shoppers. Nothing that long
// gets past a shop's policy, and our own links are short.
const urlTooLong = "url_too_long"

// describe prints the request that opens the page.
func describe(open handoff.Request) (transferAnswer, error) {
	if len(open.URL) > handoff.URLMax {
		return transferAnswer{}, fault.New(fault.Internal, urlTooLong, "the page's address has %d characters", len(open.URL))
	}
	a := transferAnswer{URL: open.URL, Method: string(handoff.GET)}
	if open.Method == handoff.POST {
		form := open.Form.Encode()
		a.Method, a.Body = string(handoff.POST), &form
	}
	for _, h := range open.Headers {
		a.Headers = append(a.Headers, headerAnswer(h))
	}
	for _, c := range open.Cookies {
		printed := cookieAnswer{Name: c.Name, Value: c.Value, Domain: c.Domain, Path: c.Path, IsSecure: c.Secure, IsHTTPOnly: c.HTTPOnly}
		if !c.ExpiresAt.IsZero() {
			printed.ExpireDate = c.ExpiresAt.UTC().Format(expireDateLayout)
		}
		a.Cookies = append(a.Cookies, printed)
	}
	return a, nil
}

// printOrder refuses an order whose amounts are not of its one currency: printed
// without theirs, they would be taken for it.
func printOrder(o order.Order) (orderAnswer, error) {
	a := orderAnswer{Reference: o.Reference, Order: orderBody{
		ID: string(o.ID), Number: o.Number, Status: string(o.Status), PlacedAt: o.PlacedAt.UTC().Format(time.RFC3339),
		Currency: string(o.Cart.Currency), Total: number(o.Cart.Totals.Total), Items: []orderItem{},
	}}
	amounts := []money.Amount{o.Cart.Totals.Total}
	for _, l := range o.Cart.Lines {
		amounts = append(amounts, l.UnitPrice, l.Total)
		a.Order.Items = append(a.Order.Items, orderItem{
			SKU: l.SKU, Title: l.Title, Quantity: l.Quantity, UnitPrice: number(l.UnitPrice), Total: number(l.Total),
		})
	}
	for _, amount := range amounts {
		if amount.Currency != o.Cart.Currency || !amount.Currency.Known() {
			return orderAnswer{}, fault.New(fault.Internal, "bad_backend_answer", "the order mixes currencies").By(fault.Backend)
		}
	}
	return a, nil
}

// number is exact: no float comes near it.
func number(a money.Amount) json.Number { return json.Number(a.Decimal()) }
