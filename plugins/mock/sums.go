// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/cartage-dev/cartage/plugins/sdk"
)

// goods is what the lines cost, in minor units.
func (k keptCart) goods() (minor int64) {
	for _, l := range k.Lines {
		minor += l.Unit * l.Quantity
	}
	return minor
}

// sent is the part of the goods that is sent, which alone decides about delivery and codes.
func (k keptCart) sent() (minor int64) {
	for _, l := range k.Lines {
		if !isDigital(l.SKU) {
			minor += l.Unit * l.Quantity
		}
	}
	return minor
}

// discount is reckoned anew each time, so that it follows the lines.
func (k keptCart) discount() discount { return discountOf(k.Codes, k.sent()) }

// totals are known to the last penny from the start: as long as nobody has chosen
// another way, with standard delivery.
func (k keptCart) totals() sdk.Totals {
	goods, off, delivery := k.goods(), k.discount().Off, k.shipping()
	shipping := sdk.Of(delivery, k.Currency)
	return sdk.Totals{
		Subtotal: sdk.Of(goods, k.Currency), Discount: sdk.Of(off, k.Currency), Shipping: &shipping,
		Total: sdk.Of(goods-off+delivery, k.Currency),
	}
}

// mark is the same for the same goods at the same total.
func (k keptCart) mark() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%#v %d", k.Lines, k.totals().Total.Minor))
	return hex.EncodeToString(sum[:16])
}

// describe is the cart in the port's words.
func (k keptCart) describe(id sdk.CartID) sdk.Cart {
	c := sdk.Cart{ID: id, Currency: k.Currency, Codes: k.discount().Codes, Totals: k.totals()}
	for _, l := range k.Lines {
		c.Lines = append(c.Lines, sdk.Line{
			ID: l.SKU, SKU: l.SKU, Title: titleOf(l.SKU), Quantity: l.Quantity,
			UnitPrice: sdk.Of(l.Unit, k.Currency), Total: sdk.Of(l.Unit*l.Quantity, k.Currency),
		})
	}
	return c
}
