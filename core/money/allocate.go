// SPDX-License-Identifier: Apache-2.0

package money

import (
	"math/bits"
	"sort"

	"github.com/cartage-dev/cartage/core/fault"
)

// Allocate splits a by weights so that the parts add up to exactly a. Every part
// is its exact share rounded towards zero; the units left over go one each to the
// parts with the largest remainders, earlier parts first among equals. It is
// Invalid (bad_weights) to give no weights, or weights that sum to nothing or to
// more than an int64 holds.
func (a Amount) Allocate(weights ...uint32) ([]Amount, error) {
	var total uint64
	for _, w := range weights {
		total += uint64(w)
	}
	if total == 0 || total > 1<<63-1 {
		return nil, fault.New(fault.Invalid, "bad_weights", "weights must sum to something")
	}
	size := magnitude(a.Minor)
	parts := make([]uint64, len(weights))
	remainders := make([]uint64, len(weights))
	left := size
	for i, w := range weights {
		hi, lo := bits.Mul64(size, uint64(w))
		parts[i], remainders[i] = bits.Div64(hi, lo, total)
		left -= parts[i]
	}
	order := make([]int, len(weights))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(i, j int) bool { return remainders[order[i]] > remainders[order[j]] })
	for _, i := range order[:left] { // fewer units are left than there are parts with a remainder
		parts[i]++
	}
	out := make([]Amount, len(parts))
	for i, p := range parts {
		out[i] = Amount{int64(p), a.Currency} //nolint:gosec // at most 1<<63, which wraps to the smallest int64 that negates to itself
		if a.Minor < 0 {
			out[i].Minor = -out[i].Minor
		}
	}
	return out, nil
}
