// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/idempotency"
	"github.com/cartage-dev/cartage/ports/store"
)

// crowd is how many ask for one thing at the same time.
const crowd = 32

var concurrentCases = []verdict{
	{"exactly one of many takers", manyTakers},
	{"one of many puts stays", manyPuts},
	{"taken or replaced, not both", takeAgainstPut},
	{"nothing counted is lost", counting},
	{"one of many claims runs", claims},
}

// together starts n calls as near to the same moment as can be, and waits for them.
func together(n int, call func(i int)) {
	var all sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		all.Go(func() {
			<-start
			call(i)
		})
	}
	close(start)
	all.Wait()
}

func manyTakers(t *testing.T, s store.Store) {
	l := links{t, s.Handoffs}
	for round := range 4 {
		h := linkFor("alpha", "R-1", fmt.Sprint("round ", round))
		l.put(h)
		var won atomic.Int32
		together(crowd, func(int) {
			got, err := s.Handoffs.Take(t.Context(), h.Hash, noon)
			if err != nil {
				refused(t, "Take", err, fault.Conflict, "handoff_ended")
				return
			}
			won.Add(1)
			l.is(got, h)
		})
		if won.Load() != 1 {
			t.Errorf("round %d: %d of %d takers got the link, want 1", round, won.Load(), crowd)
		}
	}
}

func manyPuts(t *testing.T, s store.Store) {
	l := links{t, s.Handoffs}
	together(crowd, func(i int) {
		if err := s.Handoffs.Put(t.Context(), link(fmt.Sprint(i))); err != nil {
			t.Errorf("Put = %v", err)
		}
	})
	var live int
	for i := range crowd {
		ok, err := s.Handoffs.Live(t.Context(), hashOf(fmt.Sprint(i)), noon)
		if err != nil {
			t.Errorf("Live = %v", err)
		}
		if ok {
			live++
			l.taken(link(fmt.Sprint(i)), noon)
		} else {
			l.ended(fmt.Sprint(i), noon)
		}
	}
	if live != 1 {
		t.Errorf("%d links of one reference are live, want 1", live)
	}
}

func takeAgainstPut(t *testing.T, s store.Store) {
	l := links{t, s.Handoffs}
	for round := range 8 {
		old, replacement := fmt.Sprint("old ", round), fmt.Sprint("new ", round)
		l.put(link(old))
		together(2, func(i int) {
			if i == 0 {
				if err := s.Handoffs.Put(t.Context(), link(replacement)); err != nil {
					t.Errorf("Put = %v", err)
				}
				return
			}
			if _, err := s.Handoffs.Take(t.Context(), hashOf(old), noon); err != nil {
				refused(t, "Take", err, fault.Conflict, "handoff_ended")
			}
		})
		l.ended(old, noon)
		l.taken(link(replacement), noon)
	}
}

func counting(t *testing.T, s store.Store) {
	const workers, each = 16, 12
	together(workers, func(i int) {
		for range each {
			for _, name := range []string{"shared", fmt.Sprint("own ", i)} {
				if err := s.Idempotency.Update(t.Context(), scope(name), grown); err != nil {
					t.Errorf("Update = %v", err)
				}
			}
		}
	})
	r := records{t, s.Idempotency}
	r.holds(scope("shared"), record{Generation: workers * each})
	for i := range workers {
		r.holds(scope(fmt.Sprint("own ", i)), record{Generation: each})
	}
}

// claims lets many claim one scope; the closure tells by what it decided last.
func claims(t *testing.T, s store.Store) {
	var run, wait atomic.Int32
	together(crowd, func(int) {
		var v idempotency.Verdict
		err := s.Idempotency.Update(t.Context(), scope("a"), func(r record) (record, error) {
			r, v = r.Claim(idempotency.Fingerprint{1}, noon, idempotency.Terms{Lease: time.Minute, Keep: time.Hour}, 0)
			return r, nil
		})
		switch {
		case err != nil:
			t.Errorf("Update = %v", err)
		case v == idempotency.Run:
			run.Add(1)
		case v == idempotency.Wait:
			wait.Add(1)
		}
	})
	if run.Load() != 1 || wait.Load() != crowd-1 {
		t.Errorf("%d run and %d wait, want 1 and %d", run.Load(), wait.Load(), crowd-1)
	}
}
