// SPDX-License-Identifier: Apache-2.0

package shadow

import (
	"fmt"

	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/money"
)

// Kind says in one stable word in what the two answers differ.
type Kind string

// The kinds. What only follows from another is not told again: a SKU that is unknown
// on one side has no stock to compare, and a line whose unit price differs no total.
const (
	KindError      Kind = "error"       // one failed and the other did not, or otherwise
	KindUnknownSKU Kind = "unknown_sku" // known to one side only
	KindStock      Kind = "stock"       // another quantity can be had
	KindCurrency   Kind = "currency"    // no amounts are compared then
	KindPrice      Kind = "price"       // of one unit
	KindLineTotal  Kind = "line_total"  // of the same quantity, although no unit price differs
	KindSubtotal   Kind = "subtotal"
	KindDiscount   Kind = "discount"
	KindShipping   Kind = "shipping" // where both gave it
	KindTax        Kind = "tax"      // where both gave it
	KindTotal      Kind = "total"
	KindPage       Kind = "page"  // refused by the shop's policy, or missing
	KindTitle      Kind = "title" // counted only; it makes no transfer different
)

// Kinds lists every kind once, in the order in which reports show them.
func Kinds() []Kind {
	return []Kind{
		KindError, KindUnknownSKU, KindStock, KindCurrency, KindPrice, KindLineTotal,
		KindSubtotal, KindDiscount, KindShipping, KindTax, KindTotal, KindPage, KindTitle,
	}
}

// Difference is one thing that the two sides do not agree on. Of a title it says
// only that there is one.
type Difference struct {
	Kind      Kind   `json:"kind"`
	SKU       string `json:"sku,omitempty"` // empty when it is about the cart
	Primary   Value  `json:"primary"`
	Candidate Value  `json:"candidate"`
}

// Value is what one side said, as people read it; of an amount of money also in
// minor units of its currency.
type Value struct {
	Text     string         `json:"text"`
	Minor    *int64         `json:"minor,omitempty"`
	Currency money.Currency `json:"currency,omitempty"`
}

func amountValue(a money.Amount) Value {
	return Value{Text: a.String(), Minor: &a.Minor, Currency: a.Currency}
}

// sumValue is the value of a line's total, nil for a sum that no int64 holds.
func sumValue(a *money.Amount) Value {
	if a == nil {
		return Value{Text: "too large"}
	}
	return amountValue(*a)
}

func stockValue(asked int64, l line) Value {
	switch l.reason {
	case cart.UnknownSKU:
		return Value{Text: "unknown"}
	case "", cart.QuantityReduced:
		return Value{Text: fmt.Sprintf("%d of %d", l.got, asked)}
	default:
		return Value{Text: fmt.Sprintf("%d of %d, %s", l.got, asked, l.reason)}
	}
}

// faultValue names kind and code. The message stays out: it is for people, who may
// have written anything into it.
func faultValue(f *fault.Error) Value {
	if f == nil {
		return Value{Text: "answered"}
	}
	text := f.Kind.String()
	if code := stableCode(f.Code); code != "" {
		text += " " + code
	}
	return Value{Text: text}
}

const (
	codeCharsMax = 64
	codeOdd      = "odd_code" // stands for one that is no code
)

// stableCode is a fault's code, if it looks like one: it comes from outside.
func stableCode(code string) string {
	if len(code) > codeCharsMax {
		return codeOdd
	}
	for _, c := range []byte(code) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' {
			return codeOdd
		}
	}
	return code
}
