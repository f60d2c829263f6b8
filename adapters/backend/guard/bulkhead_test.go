// SPDX-License-Identifier: Apache-2.0

package guard_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cartage-dev/cartage/adapters/backend/guard"
	"github.com/cartage-dev/cartage/core/fault"
)

const refusedBusy = "cartage_backend_refused_total backend=eu reason=busy"

// full is a rig whose only place is taken for a second.
func full(t *testing.T, queue int, wait time.Duration) (_ *rig, taken *sync.WaitGroup) {
	t.Helper()
	s := usual()
	s.Concurrency, s.Queue, s.QueueWait = 1, queue, wait
	r := newRig(t, s)
	r.shop.answer = func(context.Context) error { time.Sleep(time.Second); return nil }
	taken = &sync.WaitGroup{}
	taken.Go(func() {
		if err := r.write(t.Context()); err != nil {
			t.Errorf("the first: %v", err)
		}
	})
	synctest.Wait()
	return r, taken
}

func TestFull(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r, taken := full(t, 0, time.Minute)
		began := time.Now()
		for range 100 {
			f := wantFault(t, r.read(t.Context()), fault.Unavailable, "backend_busy")
			if f.Source != fault.Engine || f.RetryAfter != time.Second {
				t.Fatalf("got source %s, RetryAfter %s; want engine, 1s", f.Source, f.RetryAfter)
			}
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("waited %s: for a queue of none, or for a retry", took)
		}
		shown := figures(t, r.metrics)
		if got := shown[refusedBusy]; got != 100 {
			t.Errorf("refused{busy} is %v, want 100", got)
		}
		if got := shown["cartage_backend_retries_total backend=eu op=carts.get"]; got != 0 {
			t.Errorf("%v retries of refused calls", got)
		}
		taken.Wait()
		r.wantCalls(t, 1)
		r.wantState(t, guard.Closed)
		r.fail(t, 2)
		r.wantState(t, guard.Closed) // one success and two: the refusals are no calls
		r.fail(t, 1)
		r.wantState(t, guard.Open)
	})
}

func TestQueue(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r, taken := full(t, 2, 1500*time.Millisecond)
		began := time.Now()
		var waited [2]time.Duration
		for i := range waited {
			taken.Go(func() {
				time.Sleep(time.Duration(i) * time.Nanosecond)
				if err := r.write(t.Context()); err != nil && i == 0 {
					t.Errorf("the first in the queue: %v", err)
				} else if i == 1 {
					wantBusy(t, err)
				}
				waited[i] = time.Since(began)
			})
		}
		time.Sleep(2 * time.Nanosecond)
		synctest.Wait()
		wantBusy(t, r.write(t.Context())) // the queue has two places
		if took := time.Since(began); took > time.Millisecond {
			t.Errorf("refused after %s, want at once", took)
		}
		taken.Wait()
		if waited[0] != 2*time.Second { // one to wait, one to be served
			t.Errorf("the first in the queue took %s, want 2s", waited[0])
		}
		if got := waited[1].Truncate(time.Millisecond); got != 1500*time.Millisecond {
			t.Errorf("the second in the queue gave up after %s, want 1.5s", waited[1])
		}
		r.wantCalls(t, 2)
		if got := figures(t, r.metrics)[refusedBusy]; got != 2 {
			t.Errorf("refused{busy} is %v, want 2", got)
		}
		r.shop.answer = func(context.Context) error { time.Sleep(time.Millisecond); return nil }
		for range 3 { // the queue is empty again
			taken.Go(func() {
				if err := r.write(t.Context()); err != nil {
					t.Errorf("after all have left: %v", err)
				}
			})
		}
		taken.Wait()
	})
}

func wantBusy(t *testing.T, err error) {
	t.Helper()
	if f := fault.From(err); f == nil || f.Code != "backend_busy" {
		t.Errorf("got %v, want backend_busy", err)
	}
}

func TestCallerGoneInTheQueue(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r, taken := full(t, 1, time.Minute)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(100*time.Millisecond, cancel)
		f := wantFault(t, r.write(ctx), fault.Unavailable, "canceled")
		if f.Source != fault.Caller || !errors.Is(f, context.Canceled) {
			t.Errorf("got %v by %s", f, f.Source)
		}
		taken.Wait()
		r.wantCalls(t, 1)
	})
}

// A place that comes too late for a call to make sense is not taken: the backend
// would be blamed for a deadline that our own queue used up.
func TestQueueLeavesTimeForTheCall(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r, taken := full(t, 1, time.Minute)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second+25*time.Millisecond) // 5 ms after the place is free
		defer cancel()
		began := time.Now()
		wantFault(t, r.write(ctx), fault.Unavailable, "backend_busy")
		if took := time.Since(began); took != 995*time.Millisecond {
			t.Errorf("gave up after %s, want 995ms", took)
		}
		taken.Wait()
		r.wantCalls(t, 1)
	})
}

func TestPlacesAreGivenBack(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := calm()
		s.Concurrency = 1
		r := newRig(t, s)
		for _, kind := range fault.Kinds() {
			r.shop.answer = failing(kind)
			wantFault(t, r.write(t.Context()), kind, "planned")
		}
		r.succeed(t, 1)
		if got := r.State().InFlight; got != 0 {
			t.Errorf("InFlight is %d with no call, want 0", got)
		}
	})
}
