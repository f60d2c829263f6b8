// SPDX-License-Identifier: Apache-2.0

// Package storetest judges an implementation of the ports of package store: it
// holds it to every sentence of the ports' comments, and to a model of them under
// random operations.
//
// Two readings are fixed here because the ports leave room for more. A link that
// has ended stays Conflict after it expired, until it is swept, so that a late
// visitor hears that it was used; and instants keep their nanoseconds, since
// idempotency.Record.Held compares what was claimed with what was kept. A nil and
// an empty slice are the same to the kit.
package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/ports/store"
)

// verdict is one case of the kit.
type verdict struct {
	name  string
	judge func(t *testing.T, s store.Store)
}

// Run judges the store that open makes: an empty one at every call, which open
// closes when its test ends.
func Run(t *testing.T, open func(t *testing.T) store.Store) {
	t.Helper()
	for _, port := range []struct {
		name  string
		cases []verdict
	}{
		{"Handoffs", handoffCases},
		{"Idempotency", idempotencyCases},
		{"Ledger", ledgerCases},
		{"Offers", offerCases},
		{"Inbox", inboxCases},
		{"Movements", movementCases},
		{"Privacy", privacyCases},
		{"Health", healthCases},
		{"Sweep", sweepCases},
		{"Deadline", deadlineCases},
		{"Concurrent", concurrentCases},
		{"Random", randomCases()},
	} {
		t.Run(port.name, func(t *testing.T) {
			t.Parallel()
			for _, c := range port.cases {
				t.Run(c.name, func(t *testing.T) {
					t.Parallel()
					c.judge(t, open(t))
				})
			}
		})
	}
}

// noon is when most cases play. Its nanoseconds show a store that rounds.
var noon = time.Date(2026, time.March, 29, 12, 0, 0, 123_456_789, time.UTC)

// refused holds err to a fault of this kind, and of this code where one is given.
func refused(t *testing.T, doing string, err error, kind fault.Kind, code string) {
	t.Helper()
	f, ok := errors.AsType[*fault.Error](err)
	if !ok || f.Kind != kind || code != "" && f.Code != code {
		t.Errorf("%s: error %v, want a fault %s %s", doing, err, kind, code)
	}
}

// sameInstant compares instants, and wants UTC of the one that came from the store.
func sameInstant(got, want time.Time) bool {
	return got.Equal(want) && got.Location() == time.UTC
}

var healthCases = []verdict{
	{"a store that is well answers", func(t *testing.T, s store.Store) {
		for range 3 {
			if err := s.Health.Ping(t.Context()); err != nil {
				t.Errorf("Ping = %v", err)
			}
		}
	}},
}

var deadlineCases = []verdict{
	{"too late to put", func(t *testing.T, s store.Store) {
		l := links{t, s.Handoffs}
		refused(t, "Put", s.Handoffs.Put(over(t), link("late")), fault.Unavailable, "")
		l.missing("late", noon)
	}},
	{"too late to take", func(t *testing.T, s store.Store) {
		l := links{t, s.Handoffs}
		l.put(link("a"))
		got, err := s.Handoffs.Take(over(t), hashOf("a"), noon)
		refused(t, "Take", err, fault.Unavailable, "")
		if got.Target != nil {
			t.Errorf("Take gave %q beside its error", got.Target)
		}
		l.taken(link("a"), noon)
	}},
	{"too late to look", func(t *testing.T, s store.Store) {
		links{t, s.Handoffs}.put(link("a"))
		live, err := s.Handoffs.Live(over(t), hashOf("a"), noon)
		refused(t, "Live", err, fault.Unavailable, "")
		if live {
			t.Error("Live = true beside its error")
		}
	}},
	{"too late to update", func(t *testing.T, s store.Store) {
		r := records{t, s.Idempotency}
		refused(t, "Update", s.Idempotency.Update(over(t), scope("a"), keep(full())), fault.Unavailable, "")
		r.holds(scope("a"), none)
	}},
	{"too late to sweep", func(t *testing.T, s store.Store) {
		l := links{t, s.Handoffs}
		l.put(link("a"))
		r := records{t, s.Idempotency}
		r.keep(scope("a"), full())
		for name, sweeper := range map[string]store.Sweeper{"Handoffs": s.Handoffs, "Idempotency": s.Idempotency} {
			n, err := sweeper.Sweep(over(t), noon.AddDate(1, 0, 0))
			refused(t, name+".Sweep", err, fault.Unavailable, "")
			if n != 0 {
				t.Errorf("%s.Sweep = %d beside its error", name, n)
			}
		}
		l.taken(link("a"), noon)
		r.holds(scope("a"), full())
	}},
	{"too late to ask for health", func(t *testing.T, s store.Store) {
		refused(t, "Ping", s.Health.Ping(over(t)), fault.Unavailable, "")
	}},
	{"deadline passes behind another's update", behindAnother},
}

// over is a context whose deadline has passed.
func over(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	t.Cleanup(cancel)
	return ctx
}

// patience is after how long a call that had a deadline is found to ignore it.
const patience = 3 * time.Second

// behindAnother lets one update hold the scope while another runs out of time. A
// store that locks refuses the second; one that compares at the end runs the
// first again. Either way both say what became of them, and no later than asked.
func behindAnother(t *testing.T, s store.Store) {
	inside, leave := make(chan struct{}, 1), make(chan struct{})
	first, second := make(chan error, 1), make(chan error, 1)
	go func() {
		first <- s.Idempotency.Update(t.Context(), scope("a"), func(r record) (record, error) {
			select {
			case inside <- struct{}{}:
			default: // the second time
			}
			<-leave
			return grown(r)
		})
	}()
	<-inside
	go func() {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		second <- s.Idempotency.Update(ctx, scope("a"), grown)
	}()
	var late error
	select {
	case late = <-second:
		close(leave)
	case <-time.After(patience):
		t.Errorf("Update with a deadline of 50ms waits on after %s", patience)
		close(leave)
		late = <-second
	}
	want := record{Generation: 2}
	if late != nil {
		refused(t, "Update behind another", late, fault.Unavailable, "")
		want.Generation = 1
	}
	if err := <-first; err != nil {
		t.Errorf("the first Update = %v", err)
	}
	records{t, s.Idempotency}.holds(scope("a"), want)
}
