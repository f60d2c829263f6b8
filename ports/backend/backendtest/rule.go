// SPDX-License-Identifier: Apache-2.0

package backendtest

import (
	"context"
	"path"
	"slices"
	"strings"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/ports/backend"
)

// Rule is one thing that the port promises.
type Rule struct {
	// ID is stable: what the rule is about, from the general to the particular,
	// such as carts.put.totals_add_up.
	ID string
	// Promise is the rule in one sentence.
	Promise string

	port  backend.Port // that it needs; empty: none in particular
	check func(ctx context.Context, t *T)
}

// Part is what a report gathers rules under: the first word of the ID.
func (r Rule) Part() string {
	part, _, _ := strings.Cut(r.ID, ".")
	return part
}

// Rules lists every rule, in the order in which they run. The rules over faults
// come last: they also look at those that came before.
func Rules() []Rule {
	return slices.Concat(putRules(), moneyRules(), shortageRules(), keyRules(), pageRules(),
		strangeRules(), getRules(), timeRules(), queueRules(), changeRules(), codeRules(),
		deliverRules(), optionRules(), buyerRules(), handOffRules(), reuseRules(), shopRules(), orderRules(), loyaltyRules(), faultRules())
}

// Matches reports whether the glob pattern (as path.Match has it; empty is any)
// names the rule. A pattern without a dot or a star also stands for a whole part.
func Matches(pattern string, r Rule) bool {
	if pattern == "" || pattern == r.Part() {
		return true
	}
	ok, err := path.Match(pattern, r.ID)
	return ok && err == nil
}

// Select is the rules among all that one of the patterns names, and all without a
// pattern. A pattern that names none is Invalid (unknown_rule).
func Select(all []Rule, patterns ...string) ([]Rule, error) {
	if len(patterns) == 0 {
		return all, nil
	}
	chosen := map[string]bool{}
	for _, p := range patterns {
		found := false
		for _, r := range all {
			if Matches(p, r) {
				chosen[r.ID], found = true, true
			}
		}
		if !found {
			return nil, fault.New(fault.Invalid, "unknown_rule", "no rule is called %q", p).By(fault.Caller)
		}
	}
	return slices.DeleteFunc(slices.Clone(all), func(r Rule) bool { return !chosen[r.ID] }), nil
}
