// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Size is a number of bytes, written with its unit as durations are: 512MiB or 2GiB.
type Size int64

// The units of a Size.
const (
	MiB Size = 1 << 20
	GiB Size = 1 << 30
)

// String is the size in whole GiB where it is that, else in MiB, rounded down.
func (s Size) String() string {
	if s >= GiB && s%GiB == 0 {
		return fmt.Sprintf("%dGiB", s/GiB)
	}
	return fmt.Sprintf("%dMiB", s/MiB)
}

func parseSize(text string) (Size, error) {
	digits, unit := strings.TrimSuffix(text, "GiB"), GiB
	if digits == text {
		digits, unit = strings.TrimSuffix(text, "MiB"), MiB
	}
	n, err := strconv.ParseUint(digits, 10, 63)
	if err != nil || digits == text || n > uint64(math.MaxInt64/unit) {
		return 0, fmt.Errorf("%q is not a size", text)
	}
	return Size(n) * unit, nil
}
