// SPDX-License-Identifier: Apache-2.0

package guard

import (
	"testing"
	"time"
)

func TestAllowance(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	spent := func(a *allowance) (n int) {
		for a.spend(now) {
			n++
		}
		return n
	}
	a := newAllowance(now, 10)
	for _, step := range []struct {
		name  string
		calls int
		wait  time.Duration
		want  int
	}{
		{"saved up at first, and no more for waiting", 0, time.Hour, 10},
		{"nothing left", 0, 0, 0},
		{"nine calls earn none", 9, 0, 0},
		{"the tenth does", 1, 0, 1},
		{"a tenth of calls", 77, 0, 7},
		{"what is left over is kept", 3, 0, 1},
		{"time earns too", 0, 999 * time.Millisecond, 0},
		{"one a second", 0, time.Millisecond, 1},
		{"never more than ten by time", 0, 1000 * time.Hour, 10},
		{"nor by calls", 5000, 0, 10},
		{"a clock that goes back earns nothing", 0, -time.Hour, 0},
	} {
		now = now.Add(step.wait)
		for range step.calls {
			a.earn(now)
		}
		if got := spent(a); got != step.want {
			t.Errorf("%s: %d retries, want %d", step.name, got, step.want)
		}
	}
}
