// SPDX-License-Identifier: Apache-2.0

package guard_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/cartage-dev/cartage/adapters/backend/guard"
	"github.com/cartage-dev/cartage/core/fault"
)

func TestDeadlines(t *testing.T) {
	t.Parallel()
	const timeout = 2 * time.Second
	for _, tt := range []struct {
		name   string
		caller time.Duration // the time the caller has; 0: no deadline
		want   time.Duration // what the backend gets; 0: it is not asked
	}{
		{"a caller without a deadline", 0, timeout},
		{"a patient caller", time.Minute, timeout},
		{"a caller with the margin more", timeout + 20*time.Millisecond, timeout},
		{"a caller with less", time.Second, 980 * time.Millisecond},
		{"the least", 30 * time.Millisecond, 10 * time.Millisecond},
		{"less than that", 30*time.Millisecond - 1, 0},
		{"none", -time.Second, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := newRig(t, usual())
				var got time.Duration
				r.shop.answer = func(ctx context.Context) error {
					deadline, ok := ctx.Deadline()
					if !ok {
						t.Error("a call without a deadline")
					}
					got = time.Until(deadline)
					return nil
				}
				ctx := t.Context()
				if tt.caller != 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, tt.caller)
					defer cancel()
				}
				err := r.write(ctx)
				if got != tt.want {
					t.Errorf("the backend had %s, want %s", got, tt.want)
				}
				if tt.want != 0 {
					return
				}
				wantFault(t, err, fault.Unavailable, "no_time_left")
				r.wantCalls(t, 0)
				if got := figures(t, r.metrics)["cartage_backend_refused_total backend=eu reason=no_time"]; got != 1 {
					t.Errorf("refused{no_time} is %v, want 1", got)
				}
			})
		})
	}
}

func TestCallerGoneBefore(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, usual())
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if f := wantFault(t, r.write(ctx), fault.Unavailable, "canceled"); f.Source != fault.Caller || !errors.Is(f, context.Canceled) {
			t.Errorf("got %v by %s", f, f.Source)
		}
		r.wantCalls(t, 0)
	})
}

func TestWriteThatRunsIntoTheDeadlineIsUnknown(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		answer func(context.Context) error
	}{
		{"the port says so", hang},
		{"the port returns the context's error", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := newRig(t, usual())
				r.shop.answer = tt.answer
				began := time.Now()
				wantFault(t, r.keyedWrite(t.Context()), fault.Unknown, "deadline_exceeded")
				if took := time.Since(began); took != 2*time.Second {
					t.Errorf("took %s, want the timeout", took)
				}
				r.wantCalls(t, 1)
			})
		})
	}
}

func TestErrorsPassUnchanged(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, usual())
		said := fault.New(fault.Conflict, "reference_completed", "it is an order").With(fault.Field{Path: "reference"})
		r.shop.answer = func(context.Context) error { return said }
		if err := r.write(t.Context()); !errors.Is(err, said) || err.Error() != said.Error() {
			t.Errorf("got %v, want the port's own error", err)
		}
		stray := errors.New("stray")
		r.shop.answer = func(context.Context) error { return stray }
		if err := r.write(t.Context()); fault.KindOf(err) != fault.Internal || !errors.Is(err, stray) {
			t.Errorf("got %v, want Internal because of %v", err, stray)
		}
	})
}

func TestZeroSettingsWork(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, guard.Settings{})
		r.succeed(t, 1)
		r.fail(t, 18)
		r.wantState(t, guard.Closed) // nineteen are too few
		r.fail(t, 1)
		r.wantState(t, guard.Open)
	})
}
