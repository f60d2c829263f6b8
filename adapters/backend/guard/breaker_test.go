// SPDX-License-Identifier: Apache-2.0

package guard_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cartage-dev/cartage/adapters/backend/guard"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/ports/backend"
)

// afterProbe is what becomes of a half-open breaker when its probe ends in a
// fault of a kind: it opens on a failure, closes on a success, and stays as it is
// when the call was excluded.
var afterProbe = map[fault.Kind]string{
	fault.Internal:        guard.HalfOpen,
	fault.Invalid:         guard.Closed,
	fault.NotFound:        guard.Closed,
	fault.Conflict:        guard.Closed,
	fault.Denied:          guard.Closed,
	fault.Unauthenticated: guard.Closed,
	fault.Unsupported:     guard.Closed,
	fault.Limited:         guard.HalfOpen,
	fault.Unavailable:     guard.Open,
	fault.Unknown:         guard.Open,
}

func TestEveryKindIsJudged(t *testing.T) {
	t.Parallel()
	for _, kind := range fault.Kinds() {
		t.Run(kind.String(), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				want, ok := afterProbe[kind]
				if !ok {
					t.Fatal("nobody has decided what this kind means to the breaker")
				}
				r := newRig(t, usual())
				r.halfOpen(t)
				r.shop.answer = failing(kind)
				wantFault(t, r.write(t.Context()), kind, "planned")
				r.wantState(t, want)
				r.wantCalls(t, 1)
			})
		})
	}
}

func TestEveryKindInTheRatio(t *testing.T) {
	t.Parallel()
	for _, kind := range fault.Kinds() {
		t.Run(kind.String(), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := newRig(t, usual())
				r.shop.answer = failing(kind)
				for range 20 {
					if err := r.write(t.Context()); err == nil {
						t.Fatal("no fault")
					}
				}
				want := guard.Closed
				if kind.CountsAgainstBackend() {
					want = guard.Open
				}
				r.wantState(t, want)
			})
		})
	}
}

// A process that dies with many calls in flight says nothing about the shop behind it.
func TestInterruptedCallsAreNotInTheRatio(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, usual())
		r.shop.answer = func(context.Context) error {
			return fault.New(fault.Unknown, "plugin_gone", "planned").By(fault.Plugin).Because(backend.ErrInterrupted)
		}
		for range 50 {
			wantFault(t, r.write(t.Context()), fault.Unknown, "plugin_gone")
		}
		r.wantState(t, guard.Closed)
	})
}

func TestOpensByRatio(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name            string
		succeeded, fail int
		least           uint32
		ratio           float64
		want            string
	}{
		{"too few to judge", 0, 3, 4, 0.5, guard.Closed},
		{"just enough", 0, 4, 4, 0.5, guard.Open},
		{"below the ratio", 5, 4, 4, 0.5, guard.Closed},
		{"at the ratio", 5, 5, 4, 0.5, guard.Open},
		{"a stricter ratio", 8, 2, 4, 0.2, guard.Open},
		{"a laxer ratio", 2, 7, 4, 0.8, guard.Closed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := usual()
				s.MinRequests, s.FailureRatio = tt.least, tt.ratio
				r := newRig(t, s)
				r.succeed(t, tt.succeeded)
				r.fail(t, tt.fail)
				r.wantState(t, tt.want)
			})
		})
	}
}

func TestExcludedCallsAreNotInTheRatio(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, usual())
		r.shop.answer = failing(fault.Limited)
		for range 50 {
			wantFault(t, r.write(t.Context()), fault.Limited, "planned")
		}
		r.fail(t, 3)
		r.wantState(t, guard.Closed) // fifty and three make no four
		r.fail(t, 1)
		r.wantState(t, guard.Open)
	})
}

func TestTheWindowSlides(t *testing.T) {
	bubble(t, func(t *testing.T) {
		fresh := newRig(t, usual())
		time.Sleep(8 * time.Second)
		fresh.fail(t, 2)
		time.Sleep(4 * time.Second) // over what would be an edge, did the window not slide
		fresh.fail(t, 2)
		fresh.wantState(t, guard.Open)

		r := newRig(t, usual())
		r.fail(t, 3)
		time.Sleep(11 * time.Second)
		r.fail(t, 3)
		r.wantState(t, guard.Closed)
		time.Sleep(8 * time.Second)
		r.fail(t, 1)
		r.wantState(t, guard.Open)
	})
}

// A call is booked where it began: with a window shorter than the timeout, calls
// that run into it would never be counted.
func TestTimeoutsCountInAShortWindow(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := usual()
		s.Window = time.Second
		r := newRig(t, s)
		r.shop.answer = hang
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() { _ = r.write(t.Context()) })
		}
		all.Wait()
		r.wantState(t, guard.Open)
	})
}

func TestCallsThatHangDoNotHideFailures(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := usual()
		s.Concurrency = 100
		r := newRig(t, s)
		r.shop.answer = hang
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() { _ = r.write(t.Context()) })
		}
		synctest.Wait()
		r.fail(t, 4)
		r.wantState(t, guard.Open)
		all.Wait()
	})
}

func TestOpenRefuses(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, usual())
		r.fail(t, 4)
		r.shop.calls.Store(0)
		began := time.Now()
		f := wantFault(t, r.read(t.Context()), fault.Unavailable, "backend_unavailable")
		if f.Source != fault.Backend {
			t.Errorf("source is %s, want backend", f.Source)
		}
		if f.RetryAfter < 5*time.Second || f.RetryAfter > 7*time.Second || f.RetryAfter%time.Second != 0 {
			t.Errorf("RetryAfter is %s, want 5 to 7 whole seconds", f.RetryAfter)
		}
		time.Sleep(2500 * time.Millisecond)
		later := wantFault(t, r.read(t.Context()), fault.Unavailable, "backend_unavailable").RetryAfter
		if d := f.RetryAfter - later; d != 2*time.Second && d != 3*time.Second {
			t.Errorf("RetryAfter fell by %s in 2.5 s", d)
		}
		time.Sleep(time.Until(began.Add(5*time.Second - time.Nanosecond)))
		wantFault(t, r.read(t.Context()), fault.Unavailable, "backend_unavailable")
		r.wantCalls(t, 0)
		if got := figures(t, r.metrics)["cartage_backend_retries_total backend=eu op=carts.get"]; got != 0 {
			t.Errorf("%v retries of refused calls", got)
		}
		// What was promised holds: whoever waits as asked is let through.
		time.Sleep(f.RetryAfter - 5*time.Second + 2)
		r.shop.answer = well
		if err := r.read(t.Context()); err != nil {
			t.Errorf("after RetryAfter: %v", err)
		}
	})
}

func TestOpenTimeIsJittered(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var early, late int
		for range 40 {
			r := newRig(t, usual())
			r.fail(t, 4)
			time.Sleep(6 * time.Second)
			if r.State().Breaker == guard.Open {
				late++
			} else {
				early++
			}
			time.Sleep(time.Second + 1)
			r.wantState(t, guard.HalfOpen)
		}
		if early == 0 || late == 0 {
			t.Errorf("after 6 s %d breakers of 40 are half-open; want some, not all", early)
		}
	})
}
