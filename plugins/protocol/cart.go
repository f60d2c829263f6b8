// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/money"
	protocolv1 "github.com/cartage-dev/cartage/plugins/protocol/v1"
)

// encodeCart refuses a cart of several currencies: the message has only one. An
// amount left out altogether counts as none of that currency.
func encodeCart(c cart.Cart) (*protocolv1.Cart, error) {
	in := minorsOf(c.Currency)
	m := &protocolv1.Cart{
		Id: string(c.ID), Currency: string(c.Currency), Codes: c.Codes,
		SubtotalMinor: in.minor(c.Totals.Subtotal), DiscountMinor: in.minor(c.Totals.Discount), TotalMinor: in.minor(c.Totals.Total),
		ShippingMinor: in.optional(c.Totals.Shipping), TaxMinor: in.optional(c.Totals.Tax),
	}
	for _, l := range c.Lines {
		m.Lines = append(m.Lines, &protocolv1.Line{
			Id: l.ID, Sku: l.SKU, Title: l.Title, Quantity: l.Quantity,
			UnitPriceMinor: in.minor(l.UnitPrice), TotalMinor: in.minor(l.Total),
		})
	}
	if in.mixed {
		return nil, badAnswer("the cart mixes currencies")
	}
	return m, nil
}

// minors reads amounts that must all be of one currency, and remembers when one was not.
type minors struct {
	currency money.Currency
	mixed    bool
}

func minorsOf(c money.Currency) *minors { return &minors{currency: c} }

func (m *minors) minor(a money.Amount) int64 {
	if a.Currency != m.currency && a != (money.Amount{}) {
		m.mixed = true
	}
	return a.Minor
}

func (m *minors) optional(a *money.Amount) *int64 {
	if a == nil {
		return nil
	}
	minor := m.minor(*a)
	return &minor
}

// decodeCart lets a cart without a currency through only when it is no cart at
// all: no id, as Carts.Put answers when nothing was made.
func decodeCart(m *protocolv1.Cart) (cart.Cart, error) {
	if m == nil {
		return cart.Cart{}, badAnswer("the answer has no cart")
	}
	currency := money.Currency(m.GetCurrency())
	if !currency.Known() && (currency != "" || m.GetId() != "") {
		return cart.Cart{}, badAnswer("the cart has no known currency")
	}
	c := cart.Cart{
		ID: cart.ID(m.GetId()), Currency: currency, Codes: m.GetCodes(),
		Totals: cart.Totals{
			Subtotal: money.Of(m.GetSubtotalMinor(), currency),
			Discount: money.Of(m.GetDiscountMinor(), currency),
			Total:    money.Of(m.GetTotalMinor(), currency),
			Shipping: optionalAmount(m.ShippingMinor, currency),
			Tax:      optionalAmount(m.TaxMinor, currency),
		},
	}
	for _, l := range m.GetLines() {
		c.Lines = append(c.Lines, cart.Line{
			ID: l.GetId(), SKU: l.GetSku(), Title: l.GetTitle(), Quantity: l.GetQuantity(),
			UnitPrice: money.Of(l.GetUnitPriceMinor(), currency), Total: money.Of(l.GetTotalMinor(), currency),
		})
	}
	return c, nil
}

func optionalAmount(minor *int64, c money.Currency) *money.Amount {
	if minor == nil {
		return nil
	}
	a := money.Of(*minor, c)
	return &a
}

func encodeProblems(problems []cart.Problem) ([]*protocolv1.Problem, error) {
	var ms []*protocolv1.Problem
	for _, p := range problems {
		if _, known := cart.ParseReason(string(p.Reason)); !known {
			return nil, badAnswer("a problem gives no known reason")
		}
		ms = append(ms, &protocolv1.Problem{Sku: p.SKU, Reason: string(p.Reason), Asked: p.Asked, Got: p.Got})
	}
	return ms, nil
}

func decodeProblems(ms []*protocolv1.Problem) ([]cart.Problem, error) {
	var problems []cart.Problem
	for _, m := range ms {
		reason, known := cart.ParseReason(m.GetReason())
		if !known {
			return nil, badAnswer("a problem gives no known reason")
		}
		problems = append(problems, cart.Problem{SKU: m.GetSku(), Reason: reason, Asked: m.GetAsked(), Got: m.GetGot()})
	}
	return problems, nil
}
