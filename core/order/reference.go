// SPDX-License-Identifier: Apache-2.0

package order

import (
	"fmt"
	"strings"

	"github.com/cartage-dev/cartage/core/fault"
)

// ReferenceMax is how many characters a channel's reference may have: Poq
// documents 32, and a UUID written with its dashes has 36 (contracts: poq 1.6).
const ReferenceMax = 36

const referenceAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"

// CheckReference holds a channel's reference to its form; the fault is Invalid
// (invalid_reference) and names the field reference.
func CheckReference(text string) error {
	if text != "" && len(text) <= ReferenceMax && strings.Trim(text, referenceAlphabet) == "" {
		return nil
	}
	return fault.New(fault.Invalid, "invalid_reference", "reference cannot be accepted").By(fault.Caller).
		With(fault.Field{Path: "reference", Reason: "malformed", Detail: fmt.Sprintf("must be 1 to %d letters, digits, _ or -", ReferenceMax)})
}
