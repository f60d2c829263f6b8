// SPDX-License-Identifier: Apache-2.0

package main

import (
	"math"

	"github.com/cartage-dev/cartage/plugins/mock/picture"
	"github.com/cartage-dev/cartage/plugins/sdk"
)

// product is a thing the shop knows. Prices are in minor units.
type product struct {
	SKU, Name, Note string
	Pence, Cents    int64
	Stock           int64
	Retired         bool // known, and no longer sold
	Digital         bool // comes by email, so that nothing is sent, and no code makes it cheaper
	Scene           picture.Scene
}

// plenty is a stock that does not run out.
const plenty = math.MaxInt64

// section is a part of the catalogue.
type section struct {
	Name     string
	Products []product
}

// soldIn lists the currencies that everything has a price in.
func soldIn() []sdk.Currency { return []sdk.Currency{"GBP", "USD"} }

func (p product) price(c sdk.Currency) sdk.Amount {
	if c == "USD" {
		return sdk.Of(p.Cents, c)
	}
	return sdk.Of(p.Pence, c)
}

// find is a linear search: the catalogue is small.
func find(sku string) (product, bool) {
	for _, shelf := range catalogue {
		for _, p := range shelf.Products {
			if p.SKU == sku {
				return p, true
			}
		}
	}
	return product{}, false
}

func scene(motif, glaze, wall string) picture.Scene {
	return picture.Scene{Motif: motif, Glaze: glaze, Wall: wall}
}

// titleOf names a product, and one that left the catalogue by its SKU.
func titleOf(sku string) string {
	if p, known := find(sku); known {
		return p.Name
	}
	return sku
}

// isDigital reports whether nothing is sent of a product; what left the catalogue was a thing.
func isDigital(sku string) bool {
	p, known := find(sku)
	return known && p.Digital
}
