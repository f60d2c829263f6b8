// SPDX-License-Identifier: Apache-2.0

package orderhooks

import (
	"strconv"
	"strings"
	"time"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/money"
	"github.com/cartage-dev/cartage/core/shop"
	"github.com/cartage-dev/cartage/ports/inbound"
)

// The words of Shopify's transactions that are looked for.
const (
	kindRefund    = "refund"
	statusSuccess = "success"
)

// lacks says which member of a body was not given, or has no sense.
func lacks(path, reason string) *fault.Error {
	return fault.New(fault.Invalid, unreadable, "the body is not what the topic promises").By(fault.Caller).
		With(fault.Field{Path: path, Reason: reason})
}

// The headers are not signed, so whoever has a signed body can send it under any topic: the
// draft of an order as an order, a new order as a cancellation, a customer's request as the
// order to forget the shop. What a body says of itself must not contradict its topic.

func (b *orderBody) contradicts(t topic) bool {
	return !isOf("Order", b.GlobalID) || t == ordersCancelled && b.CancelledAt == ""
}

func (b *refundBody) contradicts() bool { return !isOf("Refund", b.GlobalID) }

func (b *privacyBody) contradicts(t topic) bool {
	ofData, ofErasure := b.Requested != nil || b.DataRequest != nil, b.ToRedact != nil
	switch t {
	case customersDataRequest:
		return ofErasure
	case customersRedact:
		return ofData
	default:
		return ofData || ofErasure || b.Customer != nil
	}
}

// isOf reports whether a global id is of this kind, or not given.
func isOf(kind string, id text) bool {
	return id == "" || strings.HasPrefix(string(id), "gid://shopify/"+kind+"/")
}

// news is what an order's body tells. sentAt stands in where the body does not say when.
func (a App) news(kind inbound.NewsKind, b *orderBody, of shop.ID, sentAt time.Time) (inbound.News, error) {
	n := inbound.News{Shop: of, Kind: kind, Order: loyalty.OrderID(digits(b.ID)), At: moment(b.CreatedAt, sentAt)}
	if kind == inbound.OrderCancelled {
		n.At = moment(b.CancelledAt, sentAt)
	}
	if b.ID <= 0 {
		return n, lacks("id", "required")
	}
	currency, err := money.ParseCurrency(string(b.Currency))
	if err != nil {
		return n, lacks("currency", "unknown_currency")
	}
	if n.Total, err = money.Parse(string(b.TotalPrice), currency); err != nil || n.Total.IsNegative() {
		return n, lacks("total_price", "bad_amount")
	}
	if b.Customer != nil && b.Customer.ID > 0 {
		n.Customer = loyalty.CustomerID(digits(b.Customer.ID))
	}
	n.Actions, n.Marks = a.actions(b), marks(b)
	return n, nil
}

// news is what a refund's body tells.
func (b *refundBody) news(of shop.ID, sentAt time.Time) (inbound.News, error) {
	n := inbound.News{Shop: of, Kind: inbound.OrderRefunded, Order: loyalty.OrderID(digits(b.OrderID)), At: moment(b.CreatedAt, sentAt)}
	n.Refund.ID = loyalty.RefundID(digits(b.ID))
	switch {
	case b.OrderID <= 0:
		return n, lacks("order_id", "required")
	case b.ID <= 0:
		return n, lacks("id", "required")
	}
	var err error
	n.Refund.Amount, err = b.amount()
	return n, err
}

// amount is what the buyer was given back, in the shop's currency, since that is what
// orders are counted in. Transactions are in the currency that the buyer paid with: where
// that is another, or where no money moved at all, the lines say it.
func (b *refundBody) amount() (money.Amount, error) {
	code := b.shopCurrency()
	if code == "" && len(b.Transactions) > 0 {
		code = b.Transactions[0].Currency // nothing says that the buyer paid in another
	}
	currency, err := money.ParseCurrency(string(code))
	if err != nil {
		return money.Amount{}, lacks("currency", "unknown_currency")
	}
	total, foreign := money.Zero(currency), false
	for _, t := range b.Transactions {
		if t.Kind != kindRefund || t.Status != statusSuccess {
			continue
		}
		if t.Currency != code {
			foreign = true // and may have other digits
			continue
		}
		if total, err = plus(total, t.Amount, "transactions.amount"); err != nil {
			return money.Amount{}, err
		}
	}
	if len(b.Transactions) > 0 && !foreign {
		return total, nil
	}
	return b.byLines(currency, foreign)
}

// byLines sums what was given back for goods, and, where money moved, what it was more or less.
func (b *refundBody) byLines(c money.Currency, moved bool) (money.Amount, error) {
	total, less := money.Zero(c), money.Zero(c)
	var err error
	for _, l := range b.Lines {
		for _, d := range []decimal{exact(l.SubtotalSet, l.Subtotal), exact(l.TotalTaxSet, l.TotalTax)} {
			if total, err = plus(total, d, "refund_line_items"); err != nil {
				return money.Amount{}, err
			}
		}
	}
	for _, a := range b.Adjustments {
		if !moved {
			break
		}
		for _, d := range []decimal{exact(a.AmountSet, a.Amount), exact(a.TaxAmountSet, a.TaxAmount)} {
			if less, err = plus(less, d, "order_adjustments"); err != nil {
				return money.Amount{}, err
			}
		}
	}
	if total, err = total.Sub(less); err != nil {
		return money.Amount{}, lacks("order_adjustments", "bad_amount")
	}
	if total.IsNegative() {
		return money.Zero(c), nil
	}
	return total, nil
}

// shopCurrency is the currency that the body says is the shop's, or empty.
func (b *refundBody) shopCurrency() text {
	for _, l := range b.Lines {
		if c := l.SubtotalSet.Shop.Currency; c != "" {
			return c
		}
	}
	for _, a := range b.Adjustments {
		if c := a.AmountSet.Shop.Currency; c != "" {
			return c
		}
	}
	return b.Duties.Shop.Currency
}

// isTest reports whether the money that a refund moved was no money.
func (b *refundBody) isTest() bool {
	for _, t := range b.Transactions {
		if t.Test {
			return true
		}
	}
	return false
}

// exact prefers the text of a set to a JSON number, whose digits somebody's float may have worn.
func exact(set moneySet, plain decimal) decimal {
	if set.Shop.Amount != "" {
		return set.Shop.Amount
	}
	return plain
}

// plus adds an amount as it was written; what was not given is nothing.
func plus(total money.Amount, written decimal, path string) (money.Amount, error) {
	if written == "" {
		return total, nil
	}
	amount, err := money.Parse(string(written), total.Currency)
	if err != nil {
		return money.Amount{}, lacks(path, "bad_amount")
	}
	if total, err = total.Add(amount); err != nil {
		return money.Amount{}, lacks(path, "bad_amount")
	}
	return total, nil
}

// request is what a body of privacy asks.
func (b *privacyBody) request(t topic, of shop.ID, sentAt time.Time) (PrivacyRequest, error) {
	r := PrivacyRequest{Kind: ShopErasure, Shop: of, At: sentAt}
	orders := b.ToRedact
	switch t {
	case shopRedact:
		return r, nil
	case customersDataRequest:
		r.Kind, orders = CustomerData, b.Requested
		if b.DataRequest != nil && b.DataRequest.ID > 0 {
			r.Number = digits(b.DataRequest.ID)
		}
	default:
		r.Kind = CustomerErasure
	}
	if b.Customer == nil || b.Customer.ID <= 0 {
		return r, lacks("customer.id", "required")
	}
	r.Customer = loyalty.CustomerID(digits(b.Customer.ID))
	for _, id := range orders {
		if id > 0 {
			r.Orders = append(r.Orders, loyalty.OrderID(digits(id)))
		}
	}
	return r, nil
}

func digits(id int64) string { return strconv.FormatInt(id, 10) }

// moment is a time as a body says it, or otherwise the one that is known from elsewhere.
func moment(written text, otherwise time.Time) time.Time {
	at, err := time.Parse(time.RFC3339, string(written))
	if err != nil {
		return otherwise
	}
	return at.UTC()
}
