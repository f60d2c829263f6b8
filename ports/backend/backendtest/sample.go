// SPDX-License-Identifier: Apache-2.0

package backendtest

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/customer"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/handoff"
	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/money"
	"github.com/cartage-dev/cartage/core/shop"
)

// Sample is what of a backend's shop the kit may use. What is optional and left
// out skips the rules that need it.
type Sample struct {
	Shop     shop.ID        // default: demo
	Locale   string         // default: en-GB
	Currency money.Currency // that the shop sells in
	// OtherShop, optional, is another shop that the backend serves and keeps apart, and
	// that sells SKUs in Currency, too. A backend that takes every shop for one has none.
	OtherShop shop.ID
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
	// Codes, optional, are coupon codes that make any cart of SKUs cost less. A second
	// may be one that does not go with the first.
	Codes []string
	// Address, optional, is a complete one to which all of SKUs can be sent; Email,
	// optional, is its shopper's. No report shows them.
	Address customer.Address
	Email   string
	// RefusedCountry, optional, is one to which nothing is sent, such as AQ.
	RefusedCountry string
	// Customers, optional, are customers whose points may be moved, and whose points nobody else moves
	// meanwhile. Rules give points and take them, and leave each with what there was. A second shows that
	// they are kept apart. No report shows them.
	Customers []loyalty.CustomerID
	// UnknownCustomer is no customer; default: cartage-no-such-customer.
	UnknownCustomer loyalty.CustomerID
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
	s.UnknownCustomer = loyalty.CustomerID(either(string(s.UnknownCustomer), "cartage-no-such-customer"))
	if s.OtherShop == s.Shop {
		refuse("other_shop", "repeated", "must be another than shop, "+string(s.Shop))
	}
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
	s.checkCodes(refuse)
	s.checkBuyer(refuse)
	s.checkCustomers(refuse)
	if wrong != nil {
		return s, fault.New(fault.Invalid, "invalid_sample", "%s: %s", wrong[0].Path, wrong[0].Detail).By(fault.Caller).With(wrong...)
	}
	return s, nil
}

func (s Sample) checkCodes(refuse func(path, reason, detail string)) {
	if len(s.Codes) > cart.CodesMax {
		refuse("codes", "count", fmt.Sprintf("must be at most %d", cart.CodesMax))
	}
	for i, code := range s.Codes {
		path := fmt.Sprintf("codes[%d]", i)
		switch {
		case code == "" || strings.TrimSpace(code) != code || utf8.RuneCountInString(code) > cart.CodeMax:
			refuse(path, "malformed", fmt.Sprintf("must be 1 to %d characters without white space around them", cart.CodeMax))
		case slices.Contains(s.Codes[:i], code):
			refuse(path, "repeated", "each code may be there once")
		case code == noSuchCode:
			refuse(path, "reserved", "must not be "+noSuchCode+", which stands for a code that there is not")
		}
	}
}

// checkBuyer says what is wrong with the shopper, and repeats none of it.
func (s Sample) checkBuyer(refuse func(path, reason, detail string)) {
	given := s.Address != (customer.Address{})
	wrong := s.Address.Check("address")
	for _, f := range wrong {
		refuse(f.Path, f.Reason, f.Detail)
	}
	if given && wrong == nil && !s.Address.Complete() {
		refuse("address", "incomplete", "must have last_name, line1, city and country at least")
	}
	if name, host, found := strings.Cut(s.Email, "@"); s.Email != "" && (!found || name == "" || host == "" || strings.TrimSpace(s.Email) != s.Email) {
		refuse("email", "malformed", "must be an address for mail")
	}
	if s.Email != "" && !given {
		refuse("email", "alone", "must come with address")
	}
	if c := s.RefusedCountry; (customer.Address{Country: c}).Check("") != nil || c != "" && c == s.Address.Country {
		refuse("refused_country", "malformed", "must be two capital letters, other than those of address.country")
	}
}

func either(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
