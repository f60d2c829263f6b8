// SPDX-License-Identifier: Apache-2.0

// Package shop holds the rules of one shop that do not depend on its backend or
// on the channel a shopper comes through.
package shop

import (
	"slices"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/handoff"
	"github.com/cartage-dev/cartage/core/money"
)

// ID names a shop in config, URLs and every stored row. It never leaves the
// letters a-z, digits and underscores.
type ID string

// Shortage says what becomes of a transfer when the backend cannot give all that was asked for.
type Shortage string

// The two policies: Lenient hands over what exists and opens the cart page,
// which can explain; Strict refuses the whole cart.
const (
	Lenient Shortage = "lenient"
	Strict  Shortage = "strict"
)

// Shop is one shop's rules.
type Shop struct {
	ID         ID
	Locale     string // BCP 47, such as en-GB
	Currencies []money.Currency
	Shortage   Shortage
	Handoff    handoff.Policy
}

// Accepts returns the currency when the shop sells in it; otherwise the fault is
// Invalid (invalid_currency) and names the field currency.
func (s Shop) Accepts(code string) (money.Currency, error) {
	c, err := money.ParseCurrency(code)
	if err != nil || !slices.Contains(s.Currencies, c) {
		return "", fault.New(fault.Invalid, "invalid_currency", "currency cannot be accepted").By(fault.Caller).
			With(fault.Field{Path: "currency", Reason: "not_enabled", Detail: "not a currency this shop sells in"})
	}
	return c, nil
}
