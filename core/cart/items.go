// SPDX-License-Identifier: Apache-2.0

package cart

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/cartage-dev/cartage/core/fault"
)

// The bounds of what may be asked for in one cart.
const (
	LinesMax    = 500
	QuantityMax = 9_999
	SKUMax      = 128 // characters, after trimming
)

// Combine checks what was asked for and sums the quantities of equal SKUs, in
// the order in which each SKU first appears. SKUs are trimmed of white space. All
// that is wrong is reported at once, as an Invalid fault (invalid_items) whose
// fields name items[i].
func Combine(asked []Item) ([]Item, error) {
	if len(asked) == 0 || len(asked) > LinesMax {
		return nil, invalidItems(fault.Field{Path: "items", Reason: "count", Detail: fmt.Sprintf("must hold 1 to %d items", LinesMax)})
	}
	var wrong []fault.Field
	combined := make([]Item, 0, len(asked))
	at := make(map[string]int, len(asked))
	for i, item := range asked {
		sku := strings.TrimSpace(item.SKU)
		if reason := skuFault(sku); reason != "" {
			wrong = append(wrong, fault.Field{Path: fmt.Sprintf("items[%d].sku", i), Reason: reason, Detail: fmt.Sprintf("must be 1 to %d printable characters", SKUMax)})
		}
		if item.Quantity < 1 || item.Quantity > QuantityMax {
			wrong = append(wrong, fault.Field{Path: fmt.Sprintf("items[%d].quantity", i), Reason: "out_of_range", Detail: fmt.Sprintf("must be 1 to %d", QuantityMax)})
			continue
		}
		j, seen := at[sku]
		if !seen {
			at[sku] = len(combined)
			combined = append(combined, Item{SKU: sku, Quantity: item.Quantity})
			continue
		}
		if combined[j].Quantity += item.Quantity; combined[j].Quantity > QuantityMax {
			wrong = append(wrong, fault.Field{Path: fmt.Sprintf("items[%d].quantity", i), Reason: "out_of_range", Detail: fmt.Sprintf("quantities of one sku must sum to at most %d", QuantityMax)})
		}
	}
	if wrong != nil {
		return nil, invalidItems(wrong...)
	}
	return combined, nil
}

func skuFault(sku string) string {
	switch {
	case sku == "":
		return "required"
	case !utf8.ValidString(sku):
		return "not_utf8"
	case utf8.RuneCountInString(sku) > SKUMax:
		return "too_long"
	case strings.ContainsFunc(sku, func(r rune) bool { return !unicode.IsPrint(r) }):
		return "unprintable"
	}
	return ""
}

func invalidItems(fields ...fault.Field) error {
	return fault.New(fault.Invalid, "invalid_items", "items cannot be accepted").By(fault.Caller).With(fields...)
}
