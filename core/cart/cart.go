// SPDX-License-Identifier: Apache-2.0

// Package cart knows what a shopper asked for, what a backend made of it, and
// how to tell the difference.
//
// Invariant: a cart that Reconcile lets through holds only what was asked for,
// in one currency, with nothing negative. The package knows nothing of catalogues,
// backends or channels.
package cart

import "github.com/cartage-dev/cartage/core/money"

// ID names a cart at its backend. It is opaque, and for some backends a secret:
// it stays out of logs and URLs.
type ID string

// Item is one thing a shopper asks for.
type Item struct {
	SKU      string
	Quantity int64 // units, 1 to QuantityMax
}

// Line is one thing a backend put into a cart. SKU is written exactly as it was
// asked for, however the backend spells it.
type Line struct {
	ID        string
	SKU       string
	Title     string
	Quantity  int64
	UnitPrice money.Amount // of one unit, after discounts on the line
	Total     money.Amount // of the whole line, after discounts on the line
}

// Totals are a cart's sums as the backend reckons them. Shipping and Tax are nil
// until the backend knows them; Discount is positive when it lowers the total.
type Totals struct {
	Subtotal, Discount, Total money.Amount
	Shipping, Tax             *money.Amount
}

// Cart is a cart as its backend describes it.
type Cart struct {
	ID       ID
	Currency money.Currency
	Lines    []Line
	Codes    []string // coupon codes in effect, spelled as they were asked for
	Totals   Totals
}

// Reason says in one stable word why a line is not what was asked for.
type Reason string

// The reasons a backend may give, and those Reconcile gives on its own.
const (
	UnknownSKU      Reason = "unknown_sku"      // no such product here
	OutOfStock      Reason = "out_of_stock"     // none left
	QuantityReduced Reason = "quantity_reduced" // fewer than asked for
	NotForSale      Reason = "not_for_sale"     // known, and not sold to this shopper
)

// ParseReason accepts one of the reasons above.
func ParseReason(word string) (Reason, bool) {
	switch r := Reason(word); r {
	case UnknownSKU, OutOfStock, QuantityReduced, NotForSale:
		return r, true
	}
	return "", false
}

// Problem says that one SKU did not come as asked: how many units were asked
// for, how many the cart holds, and why.
type Problem struct {
	SKU        string
	Reason     Reason
	Asked, Got int64
}

// The bounds of coupon codes on one cart.
const (
	CodesMax = 10
	CodeMax  = 64 // characters
)

// CodeReason says in one stable word why a coupon code is not in effect.
type CodeReason string

// The reasons a backend may give. One that says no more than no says UnknownCode.
const (
	UnknownCode   CodeReason = "unknown_code"   // no such code here
	ExpiredCode   CodeReason = "expired"        // no longer, not yet, or used up
	NotApplicable CodeReason = "not_applicable" // a good code, and not for what is in this cart or for this shopper
	NotCombinable CodeReason = "not_combinable" // a good code, and not beside another that is in effect
)

// ParseCodeReason accepts one of the reasons above.
func ParseCodeReason(word string) (CodeReason, bool) {
	switch r := CodeReason(word); r {
	case UnknownCode, ExpiredCode, NotApplicable, NotCombinable:
		return r, true
	}
	return "", false
}

// RefusedCode is a coupon code that was asked for and is not in effect.
type RefusedCode struct {
	Code   string
	Reason CodeReason
}
