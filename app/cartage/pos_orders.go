// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/cartage-dev/cartage/core/money"
)

// webhookVersion is the version of the Admin API whose orders these are.
const webhookVersion = "2026-10"

// sale is an order that the till has completed. It stays one when its webhook fails,
// since a till does not wait for that.
type sale struct {
	order    orderToTell
	cart     *basket
	refunded int64 // minor units
	refunds  int64
	over     bool // cancelled
}

// orderToTell is what orders/create and orders/cancelled say, of all that Shopify does.
type orderToTell struct {
	ID           int64       `json:"id"`
	GlobalID     string      `json:"admin_graphql_api_id"`
	Name         string      `json:"name"`
	Test         bool        `json:"test"`
	Source       string      `json:"source_name"`
	CreatedAt    string      `json:"created_at"`
	CancelledAt  *string     `json:"cancelled_at"`
	CancelReason *string     `json:"cancel_reason"`
	Status       string      `json:"financial_status"`
	Currency     string      `json:"currency"`
	Presentment  string      `json:"presentment_currency"`
	Subtotal     string      `json:"subtotal_price"`
	Discounts    string      `json:"total_discounts"`
	Total        string      `json:"total_price"`
	CurrentTotal string      `json:"current_total_price"`
	Customer     *numbered   `json:"customer"`
	Notes        []noted     `json:"note_attributes"`
	Lines        []orderLine `json:"line_items"`
}

type numbered struct {
	ID int64 `json:"id"`
}

type noted struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type orderLine struct {
	ID       int64  `json:"id"`
	Title    string `json:"title"`
	Quantity int64  `json:"quantity"`
	Price    string `json:"price"`
}

type refundToTell struct {
	ID           int64         `json:"id"`
	GlobalID     string        `json:"admin_graphql_api_id"`
	OrderID      int64         `json:"order_id"`
	CreatedAt    string        `json:"created_at"`
	Note         string        `json:"note"`
	Lines        []orderLine   `json:"refund_line_items"`
	Adjustments  []orderLine   `json:"order_adjustments"`
	Transactions []transaction `json:"transactions"`
}

type transaction struct {
	ID       int64  `json:"id"`
	OrderID  int64  `json:"order_id"`
	Kind     string `json:"kind"`
	Status   string `json:"status"`
	Amount   string `json:"amount"`
	Currency string `json:"currency"`
	Test     bool   `json:"test"`
}

// promotionActions is the text that the cart app extension leaves on an order, which is
// Shopify's own and no JSON.
func promotionActions(app string, of []basketDiscount) string {
	pairs := make([]string, len(of))
	for i, d := range of {
		pairs[i] = fmt.Sprintf(`("%s", "%s")`, app, d.ActionID)
	}
	return "[" + strings.Join(pairs, ", ") + "]"
}

// sell completes the open order, and tells of it.
func (t *till) sell(ctx context.Context) error {
	if t.open == nil {
		return errNoOrder
	}
	t.sold = &sale{cart: t.open, order: t.written(t.open)}
	t.open, t.screen = nil, nil
	o := t.sold.order
	t.say("  Sold: order %d for %s %s", o.ID, o.Currency, o.Total)
	for _, n := range o.Notes {
		t.say("  %s  %s", n.Name, n.Value)
	}
	return t.tell(ctx, "orders/create", o)
}

// written is the order that comes of a cart. Its number is the moment's, so that no two are the same.
func (t *till) written(b *basket) orderToTell {
	id, total := t.now().UnixMicro(), b.decimal(b.total())
	o := orderToTell{
		ID: id, GlobalID: fmt.Sprintf("gid://shopify/Order/%d", id), Name: fmt.Sprintf("#%04d", id/1_000_000%10_000),
		Source: "pos", CreatedAt: t.moment(), Status: "paid", Currency: string(b.currency), Presentment: string(b.currency),
		Subtotal: total, Discounts: b.decimal(b.off()), Total: total, CurrentTotal: total, Notes: []noted{},
	}
	if b.customer > 0 {
		o.Customer = &numbered{b.customer}
	}
	if len(b.discounts) > 0 {
		o.Notes = append(o.Notes, noted{"cart-promotion-actions", promotionActions(t.appID, b.discounts)})
	}
	for i, l := range b.lines {
		o.Lines = append(o.Lines, orderLine{ID: int64(i + 1), Title: l.title, Quantity: l.quantity, Price: b.decimal(l.price)})
	}
	return o
}

// cancel cancels the order that was sold last.
func (t *till) cancel(ctx context.Context) error {
	switch {
	case t.sold == nil:
		return errNoSale
	case t.sold.over:
		return errors.New("that order is cancelled already")
	}
	t.sold.over = true
	at, reason := t.moment(), "customer"
	o := t.sold.order
	o.CancelledAt, o.CancelReason, o.Status, o.CurrentTotal = &at, &reason, "refunded", t.sold.cart.decimal(0)
	t.say("  Cancelled: order %d", o.ID)
	return t.tell(ctx, "orders/cancelled", o)
}

// refund gives some of the money back; an empty amount is half of what is left.
func (t *till) refund(ctx context.Context, amount string) error {
	if t.sold == nil {
		return errNoSale
	}
	s, cart := t.sold, t.sold.cart
	left := cart.total() - s.refunded
	if s.over || left == 0 {
		return errors.New("nothing is left to refund of that order")
	}
	minor := (left + 1) / 2
	if amount != "" {
		parsed, err := money.Parse(amount, cart.currency)
		if err != nil || parsed.Minor <= 0 || parsed.Minor > left {
			return fmt.Errorf("%s is no amount of %s above nothing and up to the %s that are left", plain(amount), cart.currency, cart.decimal(left))
		}
		minor = parsed.Minor
	}
	s.refunds++
	s.refunded += minor
	id := s.order.ID + s.refunds
	t.say("  Refunded: %s %s of order %d", cart.currency, cart.decimal(minor), s.order.ID)
	return t.tell(ctx, "refunds/create", refundToTell{
		ID: id, GlobalID: fmt.Sprintf("gid://shopify/Refund/%d", id), OrderID: s.order.ID, CreatedAt: t.moment(), Note: "played by cartage pos",
		Lines: []orderLine{}, Adjustments: []orderLine{},
		Transactions: []transaction{{ID: id, OrderID: s.order.ID, Kind: "refund", Status: "success", Amount: cart.decimal(minor), Currency: string(cart.currency)}},
	})
}

// tell sends a webhook. What it means for points a host may reckon a little later.
func (t *till) tell(ctx context.Context, topic string, body any) error {
	c := tillCall{what: topic, step: t.step, path: t.hooksPath, hook: true, body: asJSON(body)}
	c.headers = [][2]string{
		{"X-Shopify-Topic", topic}, {"X-Shopify-Shop-Domain", t.at.Domain}, {"X-Shopify-API-Version", webhookVersion},
		{"X-Shopify-Webhook-Id", newUUID()}, {"X-Shopify-Event-Id", newUUID()}, {"X-Shopify-Triggered-At", t.moment()},
	}
	return t.do(ctx, c, func(exchange) error {
		t.say("  Delivered. new shows the points once the host has reckoned with it, and t what was sent.")
		return nil
	})
}

func (t *till) moment() string { return t.now().UTC().Format(time.RFC3339) }
