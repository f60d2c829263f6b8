// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"math/big"

	"github.com/cartage-dev/cartage/core/money"
)

// basket is the cart on the till. A host never hears of its lines before they are sold.
type basket struct {
	customer  int64 // 0 for none
	currency  money.Currency
	lines     []basketLine
	discounts []basketDiscount
}

type basketLine struct {
	title    string
	quantity int64
	price    int64 // of one, in minor units
}

// basketDiscount is an offer that was tapped, and what it takes off.
type basketDiscount struct {
	tillOffer
	off int64
}

func newBasket(customer int64, c money.Currency) *basket {
	unit := int64(100) // and of yen, which have no digits, as much
	for range c.Exponent() - 2 {
		unit *= 10
	}
	return &basket{customer: customer, currency: c, lines: []basketLine{
		{"Linen shirt", 2, 19 * unit}, {"Mug", 1, 12 * unit}, {"Tote bag", 1, 8 * unit},
	}}
}

func (b *basket) subtotal() (sum int64) {
	for _, l := range b.lines {
		sum += l.quantity * l.price
	}
	return sum
}

func (b *basket) off() (sum int64) {
	for _, d := range b.discounts {
		sum += d.off
	}
	return sum
}

// total is what the customer pays, which no discount brings below nothing.
func (b *basket) total() int64 { return b.subtotal() - b.off() }

func (b *basket) decimal(minor int64) string { return money.Of(minor, b.currency).Decimal() }

// add puts a discount on the cart, once, as a till takes it.
func (b *basket) add(o tillOffer, percentScale int64) error {
	if b.place(o.ActionID) >= 0 {
		return nil
	}
	d := basketDiscount{tillOffer: o}
	switch o.Type {
	case "flat_discount":
		amount, err := money.Parse(o.Value, b.currency)
		if err != nil {
			return fmt.Errorf("the value %q is no amount of %s", o.Value, b.currency)
		}
		d.off = amount.Minor
	case "percent_discount":
		part, ok := new(big.Rat).SetString(o.Value) // of a form that was checked, so that it is short
		if !ok {
			return fmt.Errorf("the value %q is no percentage", o.Value)
		}
		d.off = rounded(part.Mul(part, big.NewRat(b.subtotal(), percentScale)))
	}
	d.off = min(d.off, b.total())
	b.discounts = append(b.discounts, d)
	return nil
}

// rounded is the nearest whole number, a half upwards; none here is below zero. What is
// too much for a number is more than any cart.
func rounded(r *big.Rat) int64 {
	doubled := new(big.Int).Lsh(r.Num(), 1)
	n := doubled.Add(doubled, r.Denom())
	if n.Quo(n, new(big.Int).Lsh(r.Denom(), 1)); !n.IsInt64() {
		return 1<<63 - 1
	}
	return n.Int64()
}

// place is where the discount of an action stands, or -1.
func (b *basket) place(id string) int {
	for i, d := range b.discounts {
		if d.ActionID == id {
			return i
		}
	}
	return -1
}

func (b *basket) remove(id string) {
	if i := b.place(id); i >= 0 {
		b.discounts = append(b.discounts[:i], b.discounts[i+1:]...)
	}
}
