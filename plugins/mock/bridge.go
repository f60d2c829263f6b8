// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"

	"github.com/cartage-dev/cartage/plugins/sdk"
)

// event is what a page tells the app in whose web view it is shown (Poq, Web
// checkout integration, read 2026-11). web/poq-page.js sends it.
type event struct {
	Name string
	Data string // JSON
	Once string // sent once for each of these words in a web view; empty is with every page
}

// orderEvent is Poq's order object. Its numbers are exact decimals, printed
// here so that no float stands between.
type orderEvent struct {
	OrderID  string       `json:"orderId,omitempty"`
	SubTotal json.Number  `json:"subTotal"`
	Delivery json.Number  `json:"delivery"`
	Discount json.Number  `json:"discount"`
	Total    json.Number  `json:"total"`
	Currency sdk.Currency `json:"currency"`
}

func newOrderEvent(t sdk.Totals, number string) orderEvent {
	return orderEvent{
		OrderID: number, SubTotal: json.Number(t.Subtotal.Decimal()), Delivery: json.Number(t.Shipping.Decimal()),
		Discount: json.Number(t.Discount.Decimal()), Total: json.Number(t.Total.Decimal()), Currency: t.Total.Currency,
	}
}

// ordering tells the app what the checkout page shows.
func ordering(t sdk.Totals) *event { return newEvent("order", newOrderEvent(t, ""), "") }

// completed tells the app, once, that the order was placed.
func completed(t sdk.Totals, number string) *event {
	return newEvent("paymentcompleted", map[string]orderEvent{"order": newOrderEvent(t, number)}, number)
}

// failed tells the app why there is no page.
func failed(a apology) *event {
	return newEvent("error", map[string]string{"errorMessage": a.Title + ". " + a.Says}, "")
}

func newEvent(name string, data any, once string) *event {
	raw, err := json.Marshal(data)
	if err != nil { // cannot happen: all three are strings and decimals
		return nil
	}
	return &event{Name: name, Data: string(raw), Once: once}
}
