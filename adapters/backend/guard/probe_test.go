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

func TestHalfOpenHeals(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := usual()
		s.Probes = 3
		r := newRig(t, s)
		r.halfOpen(t)
		r.succeed(t, 2)
		r.wantState(t, guard.HalfOpen)
		r.succeed(t, 1)
		r.wantState(t, guard.Closed)
		r.fail(t, 3)
		r.wantState(t, guard.Closed) // the past is forgotten
	})
}

func TestHalfOpenLetsFewThrough(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := usual()
		s.Probes = 2
		r := newRig(t, s)
		r.halfOpen(t)
		release := make(chan struct{})
		r.shop.answer = func(context.Context) error { <-release; return nil }
		var all sync.WaitGroup
		for range 2 {
			all.Go(func() {
				if err := r.write(t.Context()); err != nil {
					t.Errorf("a probe: %v", err)
				}
			})
		}
		synctest.Wait()
		f := wantFault(t, r.write(t.Context()), fault.Unavailable, "backend_unavailable")
		if f.RetryAfter != time.Second {
			t.Errorf("RetryAfter is %s, want 1s", f.RetryAfter)
		}
		r.wantCalls(t, 2)
		close(release)
		all.Wait()
		r.wantState(t, guard.Closed)
	})
}

func TestHungProbe(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, usual())
		r.halfOpen(t)
		r.shop.answer = hang
		began := time.Now()
		wantFault(t, r.keyedWrite(t.Context()), fault.Unknown, "deadline_exceeded")
		if took := time.Since(began); took != 500*time.Millisecond {
			t.Errorf("the probe took %s, want the probe's own timeout", took)
		}
		r.wantState(t, guard.Open)
		r.wantCalls(t, 1)
		time.Sleep(7*time.Second + 1)
		r.succeed(t, 1)
		r.wantState(t, guard.Closed)
		r.shop.answer, began = hang, time.Now()
		wantFault(t, r.write(t.Context()), fault.Unknown, "deadline_exceeded")
		if took := time.Since(began); took != 2*time.Second {
			t.Errorf("a call after healing took %s, want the usual timeout", took)
		}
	})
}

func TestCallerGoneIsExcluded(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, usual())
		r.shop.answer = hang
		leave := func() error {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(100*time.Millisecond, cancel)
			return r.read(ctx)
		}
		for range 20 {
			wantFault(t, leave(), fault.Unknown, "deadline_exceeded")
		}
		r.wantState(t, guard.Closed)
		r.wantCalls(t, 20) // nobody is left to repeat for
		if got := r.State().LastFault; got != "" {
			t.Errorf("LastFault is %q, want none: it was the caller", got)
		}
		r.inTurn(failing(fault.Unknown), well)
		if err := r.read(t.Context()); err != nil { // those who left have used up no retries
			t.Errorf("a read whose repeat would have succeeded: %v", err)
		}
		time.Sleep(time.Minute) // forgotten
		r.halfOpen(t)
		r.shop.answer = hang
		_ = leave()
		r.wantState(t, guard.HalfOpen)
		r.succeed(t, 1) // the place of the probe is free again
		r.wantState(t, guard.Closed)
	})
}

func TestCallersDeadlineCounts(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, usual())
		r.shop.answer = func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
		for range 4 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			wantFault(t, r.write(ctx), fault.Unknown, "deadline_exceeded")
			cancel()
		}
		r.wantState(t, guard.Open)
	})
}

// A stranger's panic passes through, gives its place back and mends no breaker.
func TestPanic(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, usual())
		r.halfOpen(t)
		wild := errors.New("wild")
		r.shop.answer = func(context.Context) error { panic(wild) }
		func() {
			defer func() {
				if got, _ := recover().(error); !errors.Is(got, wild) {
					t.Errorf("recovered %v, want %v", got, wild)
				}
			}()
			_ = r.write(t.Context())
		}()
		if got := r.State(); got.InFlight != 0 || got.Breaker != guard.HalfOpen {
			t.Errorf("after a panic: %+v", got)
		}
		r.succeed(t, 1)
	})
}
