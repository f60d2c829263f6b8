// SPDX-License-Identifier: Apache-2.0

// Package money counts amounts in the minor units of an ISO 4217 currency.
//
// Invariant: an amount is an int64 and its currency, never a float; arithmetic
// that would overflow or mix currencies is refused, and what an allocation hands
// out adds up to exactly what went in. The package knows nothing of locales,
// symbols or any wire: adapters print and parse at their own wall.
package money

import (
	"fmt"
	"math/bits"
	"strings"

	"github.com/cartage-dev/cartage/core/fault"
)

// Amount is a number of minor units (pence, cents) of one currency. The zero
// Amount has no currency and adds to nothing but another zero Amount.
type Amount struct {
	Minor    int64
	Currency Currency
}

// Of makes an amount of so many minor units.
func Of(minor int64, c Currency) Amount { return Amount{Minor: minor, Currency: c} }

// Zero is no money in the given currency.
func Zero(c Currency) Amount { return Amount{Currency: c} }

// Add is a + b. It is Invalid to mix currencies (currency_mismatch) or to exceed an int64 (amount_overflow).
func (a Amount) Add(b Amount) (Amount, error) {
	if a.Currency != b.Currency {
		return Amount{}, mismatch(a, b)
	}
	sum := a.Minor + b.Minor
	if (sum > a.Minor) != (b.Minor > 0) && b.Minor != 0 {
		return Amount{}, overflow()
	}
	return Amount{sum, a.Currency}, nil
}

// Sub is a - b, refused as Add is.
func (a Amount) Sub(b Amount) (Amount, error) {
	if a.Currency != b.Currency {
		return Amount{}, mismatch(a, b)
	}
	diff := a.Minor - b.Minor
	if (diff < a.Minor) != (b.Minor > 0) && b.Minor != 0 {
		return Amount{}, overflow()
	}
	return Amount{diff, a.Currency}, nil
}

// Times is a taken n times. It is Invalid (amount_overflow) to exceed an int64.
func (a Amount) Times(n int64) (Amount, error) {
	hi, lo := bits.Mul64(magnitude(a.Minor), magnitude(n))
	negative := (a.Minor < 0) != (n < 0)
	limit := uint64(1)<<63 - 1
	if negative {
		limit++
	}
	if hi != 0 || lo > limit {
		return Amount{}, overflow()
	}
	if negative {
		return Amount{-int64(lo), a.Currency}, nil //nolint:gosec // lo is within limit; 1<<63 wraps to what it stands for
	}
	return Amount{int64(lo), a.Currency}, nil //nolint:gosec // lo is within limit
}

// Sum adds amounts of the one currency c; of none it is Zero(c).
func Sum(c Currency, amounts ...Amount) (Amount, error) {
	total := Zero(c)
	for _, a := range amounts {
		var err error
		if total, err = total.Add(a); err != nil {
			return Amount{}, err
		}
	}
	return total, nil
}

// IsNegative reports whether the amount is below zero.
func (a Amount) IsNegative() bool { return a.Minor < 0 }

// Decimal prints the amount in major units with exactly the currency's digits,
// a dot and no currency: 12.30 for 1,230 pence, 1230 for yen, -0.05.
func (a Amount) Decimal() string {
	exp := a.Currency.Exponent()
	digits := fmt.Sprintf("%0*d", exp+1, magnitude(a.Minor))
	if exp > 0 {
		digits = digits[:len(digits)-exp] + "." + digits[len(digits)-exp:]
	}
	if a.Minor < 0 {
		return "-" + digits
	}
	return digits
}

// String is for logs and tests: "GBP 12.30".
func (a Amount) String() string { return strings.TrimSpace(string(a.Currency) + " " + a.Decimal()) }

// Parse reads a decimal in major units, written with a dot and at most the
// currency's digits behind it (more are allowed when they are zeros), as an
// exact amount. Anything else, an exponent or a comma among it, is Invalid (bad_amount).
func Parse(text string, c Currency) (Amount, error) {
	if !c.Known() {
		return Amount{}, fault.New(fault.Invalid, "unknown_currency", "%q is not an ISO 4217 currency", string(c))
	}
	digits, negative := strings.CutPrefix(text, "-")
	whole, frac, dotted := strings.Cut(digits, ".")
	exp := c.Exponent()
	for len(frac) > exp && strings.HasSuffix(frac, "0") {
		frac = frac[:len(frac)-1]
	}
	if whole == "" || dotted && digits[len(digits)-1] == '.' || len(frac) > exp || len(text) > textMax {
		return Amount{}, badAmount()
	}
	minor, err := parseDigits(whole+frac+strings.Repeat("0", exp-len(frac)), negative)
	if err != nil {
		return Amount{}, err
	}
	return Amount{minor, c}, nil
}

// textMax bounds what Parse looks at; no int64 needs more with its trailing zeros.
const textMax = 64

func parseDigits(digits string, negative bool) (int64, error) {
	limit := uint64(1)<<63 - 1
	if negative {
		limit++
	}
	var n uint64
	for i := range len(digits) {
		d := digits[i] - '0'
		if d > 9 {
			return 0, badAmount()
		}
		hi, lo := bits.Mul64(n, 10)
		if hi != 0 || lo > limit || uint64(d) > limit-lo {
			return 0, overflow()
		}
		n = lo + uint64(d)
	}
	if negative {
		return -int64(n), nil
	}
	return int64(n), nil
}

// magnitude is |n|, right also for the smallest int64.
func magnitude(n int64) uint64 {
	if n < 0 {
		return -uint64(n) //nolint:gosec // wraps twice, which is exact for the smallest int64 too
	}
	return uint64(n)
}

func mismatch(a, b Amount) error {
	return fault.New(fault.Invalid, "currency_mismatch", "cannot reckon %q with %q", string(a.Currency), string(b.Currency))
}

func overflow() error {
	return fault.New(fault.Invalid, "amount_overflow", "amount exceeds what can be counted")
}

func badAmount() error {
	return fault.New(fault.Invalid, "bad_amount", "not a decimal amount of that currency")
}
