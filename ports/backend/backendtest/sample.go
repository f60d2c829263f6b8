// SPDX-License-Identifier: Apache-2.0

package backendtest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/handoff"
	"github.com/cartage-dev/cartage/core/money"
	"github.com/cartage-dev/cartage/core/shop"
)

// Sample is what of a backend's shop the kit may use. What is optional and left
// out skips the rules that need it.
type Sample struct {
	Shop     shop.ID        // default: demo
	Locale   string         // default: en-GB
	Currency money.Currency // that the shop sells in
	// SKUs can be had, each in at least eight units; two at least.
	SKUs []string
	// Prices, optional, are what one unit of a SKU costs in Currency, before shipping and tax on top.
	Prices map[string]money.Amount
	// UnknownSKU is no product; default: cartage-no-such-sku.
	UnknownSKU    string
	SoldOutSKU    string // optional: known, and none is left
	NotForSaleSKU string // optional: known, and not sold
	// Limited, optional, is a SKU of which exactly Stock units are left.
	Limited Limited
	// RefusedCurrency, optional, is one that the shop does not sell in.
	RefusedCurrency money.Currency
	// PageOrigins, optional, are where pages may lead, such as https://shop.example.com.
	PageOrigins []string
	// OrderReference, optional, is the reference of an order that exists.
	OrderReference string
}

// Limited is a SKU with its stock.
type Limited struct {
	SKU   string
	Stock int64
}

// unitsMin is how many units of each of Sample.SKUs the rules ask for at most.
const unitsMin = 8

// complete fills in the defaults and says all that is wrong, as one Invalid fault
// (invalid_sample) whose fields name sample.*.
func (s Sample) complete() (Sample, error) {
	var wrong []fault.Field
	refuse := func(path, reason, detail string) {
		wrong = append(wrong, fault.Field{Path: "sample." + path, Reason: reason, Detail: detail})
	}
	s.Shop, s.Locale = shop.ID(either(string(s.Shop), "demo")), either(s.Locale, "en-GB")
	s.UnknownSKU = either(s.UnknownSKU, "cartage-no-such-sku")
	if !s.Currency.Known() {
		refuse("currency", "unknown_currency", "must be an ISO 4217 code such as GBP")
	}
	if s.RefusedCurrency != "" && (!s.RefusedCurrency.Known() || s.RefusedCurrency == s.Currency) {
		refuse("refused_currency", "unknown_currency", "must be an ISO 4217 code other than currency")
	}
	if len(s.SKUs) < 2 {
		refuse("skus", "count", fmt.Sprintf("must name at least two SKUs of which %d units can be had", unitsMin))
	}
	for i, sku := range s.SKUs {
		switch {
		case strings.TrimSpace(sku) != sku || sku == "":
			refuse(fmt.Sprintf("skus[%d]", i), "malformed", "must be a SKU without white space around it")
		case slices.Contains(s.SKUs[:i], sku):
			refuse(fmt.Sprintf("skus[%d]", i), "repeated", "each SKU may be there once")
		}
	}
	for _, other := range []struct{ path, sku string }{
		{"unknown_sku", s.UnknownSKU}, {"sold_out_sku", s.SoldOutSKU}, {"not_for_sale_sku", s.NotForSaleSKU}, {"limited.sku", s.Limited.SKU},
	} {
		if slices.Contains(s.SKUs, other.sku) {
			refuse(other.path, "repeated", "must not be among skus")
		}
	}
	if s.Limited.SKU != "" && (s.Limited.Stock < 1 || s.Limited.Stock >= cart.QuantityMax) {
		refuse("limited.stock", "out_of_range", fmt.Sprintf("must be 1 to %d", cart.QuantityMax-1))
	}
	for sku, price := range s.Prices {
		if price.Currency != s.Currency || !slices.Contains(s.SKUs, sku) {
			refuse("prices", "malformed", "must give prices of skus, in currency")
		}
	}
	for i, text := range s.PageOrigins {
		if _, err := handoff.ParseOrigin(text, true); err != nil {
			refuse(fmt.Sprintf("page_origins[%d]", i), "malformed", fault.From(err).Message)
		}
	}
	if wrong != nil {
		return s, fault.New(fault.Invalid, "invalid_sample", "%s: %s", wrong[0].Path, wrong[0].Detail).By(fault.Caller).With(wrong...)
	}
	return s, nil
}

func either(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
