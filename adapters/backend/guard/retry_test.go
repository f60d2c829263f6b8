// SPDX-License-Identifier: Apache-2.0

package guard_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cartage-dev/cartage/adapters/backend/guard"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/idempotency"
	"github.com/cartage-dev/cartage/ports/backend"
)

const retriesOfPut = "cartage_backend_retries_total backend=eu op=carts.put"

// calm are settings whose breaker stays out of the way.
func calm() guard.Settings {
	s := usual()
	s.MinRequests = 1_000_000
	return s
}

func TestRetryMatrix(t *testing.T) {
	t.Parallel()
	for _, kind := range fault.Kinds() {
		for _, op := range []string{"carts.put", "carts.get", "orders.by_reference", "loyalty.points", "loyalty.move", "loyalty.moved"} {
			for _, key := range []idempotency.Key{"", "k"} {
				for _, keyedWrites := range []bool{false, true} {
					read := op != "carts.put" && op != "loyalty.move"
					want := int32(1)
					if kind == fault.Unavailable || kind == fault.Unknown && (read || key != "" && keyedWrites) {
						want = 2
					}
					t.Run(fmt.Sprintf("%s/%s/key=%s/keyed_writes=%t", kind, op, key, keyedWrites), func(t *testing.T) {
						bubble(t, func(t *testing.T) {
							r := newRigOf(t, calm(), backend.Info{KeyedWrites: keyedWrites})
							r.shop.answer = failing(kind)
							wantFault(t, r.send(t.Context(), op, key), kind, "planned")
							r.wantCalls(t, want)
							if got := figures(t, r.metrics)["cartage_backend_retries_total backend=eu op="+op]; got != float64(want-1) {
								t.Errorf("%v retries counted, want %d", got, want-1)
							}
						})
					})
				}
			}
		}
	}
}

func (r *rig) send(ctx context.Context, op string, key idempotency.Key) (err error) {
	call := backend.Call{Key: key}
	switch op {
	case "carts.put":
		_, err = r.ports.Carts.Put(ctx, call, backend.PutCart{})
	case "carts.get":
		_, err = r.ports.Carts.Get(ctx, call, "c")
	case "orders.by_reference":
		_, err = r.ports.Orders.ByReference(ctx, call, "r")
	case "loyalty.points":
		_, err = r.ports.Loyalty.Points(ctx, call, "c")
	case "loyalty.move":
		_, err = r.ports.Loyalty.Move(ctx, call, backend.Movement{})
	case "loyalty.moved":
		_, err = r.ports.Loyalty.Moved(ctx, call, "k")
	}
	return err
}

// inTurn answers with each of these in turn.
func (r *rig) inTurn(answers ...func(context.Context) error) {
	r.shop.calls.Store(0)
	r.shop.answer = func(ctx context.Context) error { return answers[r.shop.calls.Load()-1](ctx) }
}

func TestRetrySucceeds(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, calm())
		for _, kind := range []fault.Kind{fault.Unavailable, fault.Unknown} {
			r.inTurn(failing(kind), well)
			answer, err := r.ports.Carts.Put(t.Context(), backend.Call{Key: "k"}, backend.PutCart{})
			if err != nil || answer.Cart.ID != "made" {
				t.Errorf("after %s: got cart %q, %v", kind, answer.Cart.ID, err)
			}
			r.wantCalls(t, 2)
		}
	})
}

// Whatever a repeat meets, a write that was perhaps done stays so.
func TestUnknownStaysUnknown(t *testing.T) {
	t.Parallel()
	for _, kind := range fault.Kinds() {
		t.Run(kind.String(), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := newRig(t, calm())
				first := fault.New(fault.Unknown, "first", "")
				lost := func(context.Context) error { return first }
				r.inTurn(lost, failing(kind))
				wantFault(t, r.keyedWrite(t.Context()), fault.Unknown, "first")
				r.wantCalls(t, 2)
				r.inTurn(lost, failing(kind))
				wantFault(t, r.read(t.Context()), kind, "planned") // nothing to be done by a read
				r.inTurn(func(context.Context) error { return fault.New(fault.Unavailable, "first", "") }, failing(kind))
				wantFault(t, r.keyedWrite(t.Context()), kind, "planned")
			})
		})
	}
}

func TestRepeatThatIsRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		first fault.Kind
		want  fault.Kind
		code  string
	}{
		{"a write perhaps done stays so", fault.Unknown, fault.Unknown, "planned"},
		{"a write not done was refused", fault.Unavailable, fault.Unavailable, "backend_busy"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := calm()
				s.Concurrency = 1
				r := newRig(t, s)
				var others sync.WaitGroup
				r.inTurn(func(ctx context.Context) error {
					others.Go(func() { // comes between the attempts and takes the only place
						time.Sleep(time.Millisecond)
						_ = r.write(ctx)
					})
					return failing(tt.first)(ctx)
				}, func(context.Context) error { time.Sleep(time.Second); return nil })
				err := r.keyedWrite(t.Context())
				f := wantFault(t, err, tt.want, tt.code)
				if tt.code == "backend_busy" && fault.KindOf(f.Cause) != tt.first {
					t.Errorf("cause is %v, want the first attempt's fault", f.Cause)
				}
				others.Wait()
			})
		})
	}
}

func TestNoRetryWhileOpen(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, usual())
		r.fail(t, 3)
		r.shop.calls.Store(0)
		began := time.Now()
		wantFault(t, r.keyedWrite(t.Context()), fault.Unknown, "planned") // and opens
		r.wantState(t, guard.Open)
		r.wantCalls(t, 1)
		if took := time.Since(began); took != 0 {
			t.Errorf("paused %s for nothing", took)
		}
	})
}

func TestPauseBeforeRetry(t *testing.T) {
	t.Parallel()
	after := func(d time.Duration) func(context.Context) error {
		return func(context.Context) error { return fault.New(fault.Unavailable, "planned", "").After(d) }
	}
	for _, tt := range []struct {
		name   string
		answer func(context.Context) error
		least  time.Duration
		most   time.Duration
		want   int32
	}{
		{"jittered", failing(fault.Unavailable), 10 * time.Millisecond, 50 * time.Millisecond, 2},
		{"as long as asked", after(time.Second), time.Second, time.Second, 2},
		{"not shorter than the jitter", after(time.Millisecond), 10 * time.Millisecond, 50 * time.Millisecond, 2},
		{"just time enough", after(1970 * time.Millisecond), 1970 * time.Millisecond, 1970 * time.Millisecond, 2},
		{"no time for it", after(1970*time.Millisecond + 1), 0, 0, 1},
		{"asked for more than there is", after(time.Hour), 0, 0, 1},
		{"less time than the first took", func(context.Context) error {
			time.Sleep(990 * time.Millisecond)
			return fault.New(fault.Unavailable, "planned", "").After(30 * time.Millisecond)
		}, 990 * time.Millisecond, 990 * time.Millisecond, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := newRig(t, calm())
				r.shop.answer = tt.answer
				began := time.Now()
				wantFault(t, r.write(t.Context()), fault.Unavailable, "planned")
				if took := time.Since(began); took < tt.least || took > tt.most {
					t.Errorf("took %s, want %s to %s", took, tt.least, tt.most)
				}
				r.wantCalls(t, tt.want)
			})
		})
	}
}

func TestPausesDiffer(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, calm())
		r.shop.answer = failing(fault.Unavailable)
		seen := map[time.Duration]bool{}
		for range 10 {
			began := time.Now()
			_ = r.write(t.Context())
			seen[time.Since(began)] = true
		}
		if len(seen) < 5 {
			t.Errorf("%d different pauses of 10", len(seen))
		}
	})
}

func TestCallerGoneInThePause(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, calm())
		r.shop.answer = func(context.Context) error { return fault.New(fault.Unavailable, "planned", "").After(time.Second) }
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(300*time.Millisecond, cancel)
		began := time.Now()
		wantFault(t, r.write(ctx), fault.Unavailable, "planned")
		if took := time.Since(began); took != 300*time.Millisecond {
			t.Errorf("waited %s for a caller who left after 300ms", took)
		}
		r.wantCalls(t, 1)
	})
}

// Both attempts share one deadline.
func TestRetryLivesInWhatIsLeft(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, calm())
		r.inTurn(failing(fault.Unavailable), hang)
		began := time.Now()
		wantFault(t, r.write(t.Context()), fault.Unknown, "deadline_exceeded")
		if took := time.Since(began); took != 2*time.Second {
			t.Errorf("took %s, want the timeout of one call", took)
		}
	})
}

func TestRetryBudget(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := calm()
		s.Concurrency, s.Queue, s.QueueWait = 5, 1000, time.Second
		r := newRig(t, s)
		r.shop.answer = failing(fault.Unavailable)
		var all sync.WaitGroup
		for range 1000 {
			all.Go(func() { _ = r.write(t.Context()) })
			synctest.Wait() // the call has failed and pauses, or has been answered; no time has passed
		}
		all.Wait()
		retries := figures(t, r.metrics)[retriesOfPut]
		if retries != 109 { // ten saved up, two for each place, and a tenth of all calls but the first, which finds the bucket full
			t.Errorf("%v retries of 1000 calls, want 109", retries)
		}
		if got := r.shop.calls.Load(); got != 1000+int32(retries) {
			t.Errorf("the backend was called %d times with %v retries", got, retries)
		}
		time.Sleep(1100 * time.Millisecond)
		_ = r.write(t.Context())
		if got := figures(t, r.metrics)[retriesOfPut]; got != retries+1 {
			t.Errorf("a second later %v retries more, want one", got-retries)
		}
	})
}

func TestRetryBudgetIsPerBackend(t *testing.T) {
	bubble(t, func(t *testing.T) {
		one, two := newRig(t, calm()), newRig(t, calm())
		one.shop.answer, two.shop.answer = failing(fault.Unavailable), failing(fault.Unavailable)
		for range 300 {
			_ = one.write(t.Context())
		}
		two.shop.calls.Store(0)
		if err := two.write(t.Context()); !errors.As(err, new(*fault.Error)) {
			t.Fatal(err)
		}
		two.wantCalls(t, 2)
	})
}
