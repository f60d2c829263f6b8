// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	"github.com/cartage-dev/cartage/plugins/sdk"
)

// The ways goods can come. Every parcel leaves whole, so that there are no groups.
const (
	standard      sdk.OptionID = "standard" // at home
	express       sdk.OptionID = "express"
	international sdk.OptionID = "international"
)

// delivery is what it costs to send goods, in minor units.
var delivery = map[sdk.Currency]struct {
	standard, freeFrom     int64 // from this value of goods on, standard delivery costs nothing
	express, international int64
}{
	"GBP": {standard: 395, freeFrom: 5000, express: 695, international: 1295},
	"USD": {standard: 495, freeFrom: 6000, express: 895, international: 1495},
}

// deliveryCharge is what standard delivery costs; nothing for no goods.
func deliveryCharge(sent int64, c sdk.Currency) int64 {
	d := delivery[c]
	if sent == 0 || sent >= d.freeFrom {
		return 0
	}
	return d.standard
}

// needsDelivery reports whether anything in the cart has to be sent.
func (k keptCart) needsDelivery() bool {
	for _, l := range k.Lines {
		if !isDigital(l.SKU) {
			return true
		}
	}
	return false
}

// options are the ways the cart's goods can come to where its buyer is, none where nobody knows that.
func (k keptCart) options() []sdk.Option {
	to, delivered := countryOf(k.Buyer.Country)
	if !delivered || !k.needsDelivery() {
		return nil
	}
	d := delivery[k.Currency]
	if !to.Home {
		return []sdk.Option{{ID: international, Name: "International", Price: sdk.Of(d.international, k.Currency), MinDays: 5, MaxDays: 10}}
	}
	return []sdk.Option{
		{ID: standard, Name: "Standard", Price: sdk.Of(deliveryCharge(k.sent(), k.Currency), k.Currency), MinDays: 2, MaxDays: 4},
		{ID: express, Name: "Express", Price: sdk.Of(d.express, k.Currency), MinDays: 1, MaxDays: 1},
	}
}

// chosen is the way that was chosen, as long as it is offered.
func (k keptCart) chosen() (sdk.Option, bool) {
	for _, o := range k.options() {
		if o.ID == k.Option {
			return o, true
		}
	}
	return sdk.Option{}, false
}

// shipping is what delivery costs: of the way chosen or, before that, of standard delivery.
func (k keptCart) shipping() int64 {
	if o, ok := k.chosen(); ok {
		return o.Price.Minor
	}
	return deliveryCharge(k.sent(), k.Currency)
}

// days says for people how long an option takes.
func days(o sdk.Option) string {
	switch {
	case o.MaxDays == 1:
		return "Next working day"
	case o.MinDays == o.MaxDays:
		return fmt.Sprintf("%d working days", o.MaxDays)
	}
	return fmt.Sprintf("%d to %d working days", o.MinDays, o.MaxDays)
}

// postage is a price of delivery as a shopper reads it.
func postage(a sdk.Amount) string {
	if a.Minor == 0 {
		return "Free"
	}
	return price(a)
}
