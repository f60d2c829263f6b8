// SPDX-License-Identifier: Apache-2.0

package loyalty_test

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/cartage-dev/cartage/core/loyalty"
)

// TestAnyOrderOfEvents lets anything happen to three actions of one customer.
func TestAnyOrderOfEvents(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		start := loyalty.Points(rapid.Int64Range(0, 4000).Draw(t, "points"))
		balance, system := loyalty.Balance{Available: start}, map[loyalty.AccountName]loyalty.Points{}
		actions := make([]loyalty.Action, 3)
		for i := range actions {
			actions[i] = loyalty.Action{ID: loyalty.ActionID(rune('A' + i)), Customer: "c", Points: loyalty.Points(rapid.Int64Range(0, 2000).Draw(t, "cost")), IssuedAt: noon}
		}
		keys := map[string]bool{}
		for range rapid.IntRange(1, 40).Draw(t, "events") {
			i := rapid.IntRange(0, 2).Draw(t, "action")
			a := &account{balance: balance, action: actions[i]}
			at := noon.Add(rapid.SampledFrom([]time.Duration{0, 16 * time.Minute, 25 * time.Hour, 80 * time.Hour}).Draw(t, "when"))
			rapid.SampledFrom([]event{
				perform(at), revert(noon), confirm(), order("o1"), order("o2"), expire(loyalty.NoOrder, at), expire(loyalty.NobodyKnows, at),
				refund("r1", "o1", actions[i].Points/3), refund("r2", "o1", actions[i].Points/2), refund("r3", "o2", actions[i].Points),
			}).Draw(t, "event").do(a)
			balance, actions[i] = a.balance, a.action
			for _, line := range a.journal {
				key, _, _ := strings.Cut(line, " ")
				if keys[key] {
					t.Fatalf("%s is booked twice", key)
				}
				keys[key] = true
			}
			for _, e := range a.entries {
				for _, transfer := range e.Transfers {
					system[transfer.From.Name] -= transfer.Points
					system[transfer.To.Name] += transfer.Points
				}
			}
		}
		var held, burnt loyalty.Points
		for _, a := range actions {
			if a.State == loyalty.Held {
				held += a.Points
			}
			for _, c := range a.Captures {
				burnt += c.Points() - c.Returned
				if c.Points() != a.Points || c.Returned > c.Points() {
					t.Errorf("an order burnt %d and gave back %d of %d", c.Points(), c.Returned, a.Points)
				}
			}
		}
		if balance.Available < 0 || balance.Held != held || system[loyalty.AccountRedeemed] != burnt {
			t.Errorf("left %+v with %d held and %d burnt; the accounts say %v", balance, held, burnt, system)
		}
		if balance.Available+balance.Held+system[loyalty.AccountRedeemed]+system[loyalty.AccountShortfall] != start {
			t.Errorf("%d points became %+v and %v", start, balance, system)
		}
	})
}
