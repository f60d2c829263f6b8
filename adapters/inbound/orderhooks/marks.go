// SPDX-License-Identifier: Apache-2.0

package orderhooks

import (
	"slices"

	"github.com/cartage-dev/cartage/core/loyalty"
)

// The bounds of titles that are looked at.
const (
	marksMax = 20  // of one order
	titleMax = 255 // bytes; ours have 40 characters
)

// marks are what may be marks of ids at the ends of discounts' titles, each once. Tills print them, and anybody
// who names a discount may have written the like.
func marks(b *orderBody) (all []loyalty.Mark) {
	for _, d := range b.Discounts {
		if len(all) == marksMax {
			break
		}
		if m, ok := loyalty.MarkOf(string(d.Title)); ok && len(d.Title) <= titleMax && !slices.Contains(all, m) {
			all = append(all, m)
		}
	}
	return all
}
