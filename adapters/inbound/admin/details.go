// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// details prints a part's facts in a steady order: breaker="closed" pid="4711".
func details(facts map[string]string) string {
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(facts)) {
		fmt.Fprintf(&b, " %s=%q", k, facts[k])
	}
	return b.String()
}
