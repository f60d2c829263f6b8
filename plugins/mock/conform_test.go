// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"

	"github.com/cartage-dev/cartage/plugins/sdk"
	"github.com/cartage-dev/cartage/plugins/sdk/sdktest"
)

// TestConform holds the built program to every rule there is, through a real
// socket. An order is placed before, by a process that shares its folder.
func TestConform(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	const reference = "ordered-before"
	shop := opened(t, dir)
	id := shop.mustPut(t, reference, sdk.Item{SKU: "item_1_sku", Quantity: 2}, sdk.Item{SKU: "teapot_slate", Quantity: 1})
	if a, err := shop.buy(t, id, "Ada"); err != nil || a.how != placed {
		t.Fatalf("got %+v, %v", a, err)
	}
	sample := mockSample()
	sample.OrderReference = reference
	sdktest.Conform(t, sdktest.Binary{
		Settings: map[string]any{
			"data_dir": dir, "public_url": "https://shop.example",
			"loyalty": map[string]any{"customers": map[string]any{"1": 23_867, "2": 0}},
		},
		Sample: sample,
	})
}

// mockSample is all that the catalogue can send, at its prices.
func mockSample() sdktest.Sample {
	s := sdktest.Sample{
		Currency: "GBP", OtherShop: "second", RefusedCurrency: "EUR", Prices: map[string]sdk.Amount{},
		SoldOutSKU: "sold_out_sku", NotForSaleSKU: "retired_sku", Limited: sdktest.Limited{SKU: "last_three_sku", Stock: 3},
		PageOrigins: []string{"https://shop.example"}, Codes: []string{"WELCOME10", "HEARTH20"}, Email: "ada@example.com", RefusedCountry: "NO",
		Customers: []sdk.CustomerID{"1", "2"},
		Address:   sdk.Address{FirstName: "Ada", LastName: "Example", Line1: "Mill Cottage", City: "Ambleside", PostalCode: "LA22 9BU", Country: "GB"},
	}
	for _, section := range catalogue {
		for _, p := range section.Products {
			if p.Stock == plenty && !p.Retired && !p.Digital { // no code takes anything off what is not sent
				s.SKUs = append(s.SKUs, p.SKU)
				s.Prices[p.SKU] = p.price("GBP")
			}
		}
	}
	return s
}
