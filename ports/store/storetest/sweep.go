// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/cartage-dev/cartage/core/idempotency"
	"github.com/cartage-dev/cartage/ports/store"
)

const day = 24 * time.Hour

// sweeps wants one Sweep to remove so many.
func sweeps(t *testing.T, s store.Sweeper, now time.Time, want int) {
	t.Helper()
	if got, err := s.Sweep(t.Context(), now); err != nil || got != want {
		t.Errorf("Sweep = %d, %v; want %d", got, err, want)
	}
}

var sweepCases = []verdict{
	{"of nothing", func(t *testing.T, s store.Store) {
		sweeps(t, s.Handoffs, noon, 0)
		sweeps(t, s.Idempotency, noon, 0)
	}},
	{"links go a day after they expired", sweptLinks},
	{"used and replaced links are remembered as long", func(t *testing.T, s store.Store) {
		l := links{t, s.Handoffs}
		l.put(link("replaced"))
		l.put(link("used"))
		l.taken(link("used"), noon)
		expired := link("used").ExpiresAt
		sweeps(t, s.Handoffs, expired.Add(day-1), 0)
		l.ended("replaced", expired.Add(day-1))
		l.ended("used", expired.Add(day-1))
		sweeps(t, s.Handoffs, expired.Add(day+1), 2)
		l.missing("replaced", noon)
		l.missing("used", noon)
	}},
	{"a swept link may be put again", func(t *testing.T, s store.Store) {
		l := links{t, s.Handoffs}
		l.put(link("a"))
		sweeps(t, s.Handoffs, noon.Add(2*day), 1)
		again := link("a")
		again.ExpiresAt = noon.Add(3 * day)
		l.put(again)
		l.taken(again, noon.Add(2*day))
	}},
	{"at most SweepMax links", func(t *testing.T, s store.Store) {
		l := links{t, s.Handoffs}
		for i := range store.SweepMax + 3 {
			l.put(linkFor("alpha", fmt.Sprint(i), fmt.Sprint(i)))
		}
		stays := link("stays")
		stays.ExpiresAt = noon.Add(2 * day)
		l.put(stays)
		for _, want := range []int{store.SweepMax, 3, 0} {
			sweeps(t, s.Handoffs, noon.Add(2*day-time.Second), want)
		}
		l.taken(stays, noon)
	}},
	{"records go past KeepUntil", sweptRecords},
	{"a swept record is the zero record again", func(t *testing.T, s store.Store) {
		r := records{t, s.Idempotency}
		r.keep(scope("a"), full())
		sweeps(t, s.Idempotency, noon.Add(time.Minute), 1)
		r.holds(scope("a"), none)
		r.update(scope("a"), grown)
		r.holds(scope("a"), record{Generation: 1})
	}},
	{"at most SweepMax records", func(t *testing.T, s store.Store) {
		r := records{t, s.Idempotency}
		for i := range store.SweepMax + 3 {
			r.keep(scope(fmt.Sprint(i)), full())
		}
		stays := full()
		stays.KeepUntil = noon.Add(day)
		r.keep(scope("stays"), stays)
		for _, want := range []int{store.SweepMax, 3, 0} {
			sweeps(t, s.Idempotency, noon.Add(time.Hour), want)
		}
		r.holds(scope("stays"), stays)
	}},
	{"each port sweeps its own", func(t *testing.T, s store.Store) {
		l, r := links{t, s.Handoffs}, records{t, s.Idempotency}
		l.put(link("a"))
		r.keep(scope("a"), full())
		sweeps(t, s.Handoffs, noon.Add(2*day), 1)
		r.holds(scope("a"), full())
		l.put(link("b"))
		sweeps(t, s.Idempotency, noon.Add(2*day), 1)
		l.taken(link("b"), noon)
	}},
}

func sweptLinks(t *testing.T, s store.Store) {
	for _, tt := range []struct {
		name string
		wait time.Duration // from the link's expiry to the sweep
		want int
	}{
		{"before it expired", -time.Minute, 0},
		{"as it expires", 0, 0},
		{"an hour after", time.Hour, 0},
		{"just before a day", day - 1, 0},
		{"just after a day", day + 1, 1},
		{"long after", 400 * day, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := links{t, s.Handoffs}
			h := link(tt.name)
			h.ExpiresAt = noon
			l.put(h)
			sweeps(t, s.Handoffs, noon.Add(tt.wait), tt.want)
			l.live(h.Hash, noon.Add(-time.Hour), tt.want == 0)
			sweeps(t, s.Handoffs, noon.Add(500*day), 1-tt.want)
		})
	}
}

func sweptRecords(t *testing.T, s store.Store) {
	const past, ahead = -time.Nanosecond, time.Nanosecond
	for _, tt := range []struct {
		name        string
		state       idempotency.State
		keep, lease time.Duration // from now
		want        int
	}{
		{"done and not past", idempotency.Done, ahead, past, 0},
		{"done and past", idempotency.Done, past, past, 1},
		{"idle and not past", idempotency.Idle, ahead, past, 0},
		{"idle and past", idempotency.Idle, past, past, 1},
		{"not past yet", idempotency.Done, 0, past, 0},
		{"running and not past", idempotency.Running, ahead, ahead, 0},
		{"running and past, with a live lease", idempotency.Running, past, ahead, 0},
		{"running and long past, with a live lease", idempotency.Running, -400 * day, day, 0},
		{"running and past, its lease over", idempotency.Running, past, past, 1},
		{"running and past, its lease just over", idempotency.Running, past, 0, 1},
		{"running and not past, its lease over", idempotency.Running, ahead, past, 0},
		{"a lease says nothing of one that is done", idempotency.Done, past, ahead, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := records{t, s.Idempotency}
			kept := full()
			kept.State, kept.KeepUntil, kept.LeaseUntil = tt.state, noon.Add(tt.keep), noon.Add(tt.lease)
			r.keep(scope(tt.name), kept)
			sweeps(t, s.Idempotency, noon, tt.want)
			if tt.want == 0 {
				r.holds(scope(tt.name), kept)
			} else {
				r.holds(scope(tt.name), none)
			}
			sweeps(t, s.Idempotency, noon.Add(500*day), 1-tt.want)
		})
	}
	t.Run("one that nobody gave a time to", func(t *testing.T) {
		records{t, s.Idempotency}.keep(scope("timeless"), record{Generation: 1})
		sweeps(t, s.Idempotency, noon, 1)
	})
}
