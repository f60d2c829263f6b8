// SPDX-License-Identifier: Apache-2.0

package loyalty

import (
	"math/bits"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/money"
)

// Points are whole loyalty points. They are no money, and become some only by a rule.
type Points int64

// PointsMax bounds what one customer may own, so that no sum of a shop's accounts can wrap around.
const PointsMax Points = 1_000_000_000_000

// CustomerID names a customer at the channel's shop, such as the digits of a
// Shopify customer. It is empty for a cart without one.
type CustomerID string

// ForgottenPrefix begins the name of somebody forgotten: a book still has what they hold, under a name that it
// made up, and nobody outside knows who it is.
const ForgottenPrefix = "#"

// OrderID names an order at the channel's shop.
type OrderID string

// RefundID names a refund at the channel's shop.
type RefundID string

// EarnRule says how many points an order earns: Points for each Per spent, and
// none for what is left over. The zero rule earns nothing.
type EarnRule struct {
	Points Points
	Per    money.Amount
}

// Check refuses a rule that could not be applied: Invalid (invalid_earn_rule).
func (r EarnRule) Check() error {
	if r == (EarnRule{}) || r.Points > 0 && r.Points <= PointsMax && r.Per.Minor > 0 && r.Per.Currency.Known() {
		return nil
	}
	return fault.New(fault.Invalid, "invalid_earn_rule", "an earning rule needs points and an amount above zero").By(fault.Caller)
}

// Earned is what spending earns, rounded down; nothing in another currency than the rule's.
func (r EarnRule) Earned(spent money.Amount) Points {
	if r.Per.Minor <= 0 || spent.Currency != r.Per.Currency || spent.Minor <= 0 {
		return 0
	}
	return min(proRata(r.Points, spent.Minor, r.Per.Minor), PointsMax)
}

// proRata is points × part / whole, rounded down, and PointsMax where that is less. None may be below
// zero, and whole must be above it.
func proRata(points Points, part, whole int64) Points {
	high, low := bits.Mul64(uint64(points), uint64(part)) //nolint:gosec // G115: not below zero
	if high >= uint64(whole) {                            //nolint:gosec // G115: not below zero
		return PointsMax
	}
	quotient, _ := bits.Div64(high, low, uint64(whole)) //nolint:gosec // G115: not below zero
	return Points(min(quotient, uint64(PointsMax)))
}
