// SPDX-License-Identifier: Apache-2.0

package shadow_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/cartage-dev/cartage/adapters/backend/shadow"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/ports/backend"
)

func (r *rig) wantCounts(t *testing.T, want map[shadow.Outcome]int64) {
	t.Helper()
	if diff := cmp.Diff(r.counts(), want, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("counts (-got +want):\n%s", diff)
	}
}

func TestThePrimaryAnswers(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, all)
		r.candidate.answer = prices{}.in("EUR")
		got, err := r.carts.Put(t.Context(), theCall, theCart("shirt", "sock"))
		if diff := cmp.Diff(got, catalogue.fill("GBP", theCart("shirt", "sock"))); err != nil || diff != "" {
			t.Errorf("Put() %v (-got +want):\n%s", err, diff)
		}
		planned := fault.New(fault.Invalid, "planned", "")
		r.primary.answer = failing(planned)
		if got, err := r.carts.Put(t.Context(), theCall, theCart("shirt")); err != error(planned) || got.Cart.ID != "" { //nolint:errorlint // the very same
			t.Errorf("Put() = %+v, %v; want the primary's own error", got, err)
		}
		if diff := cmp.Diff(r.primary.asked()[0], put{call: theCall, req: theCart("shirt", "sock")}, cmp.AllowUnexported(put{}), cmpopts.EquateComparable(backend.Call{})); diff != "" {
			t.Errorf("the primary was asked (-got +want):\n%s", diff)
		}
		if c, err := r.carts.Get(t.Context(), theCall, "cart-1"); err != nil || c.ID != "cart-1" {
			t.Errorf("Get() = %+v, %v", c, err)
		}
		if a, err := r.carts.Change(t.Context(), theCall, "cart-1", backend.ChangeCart{SetCodes: true, Codes: []string{"SPRING"}}); err != nil || len(a.Cart.Codes) != 1 {
			t.Errorf("Change() = %+v, %v", a, err)
		}
		synctest.Wait()
		if len(r.primary.changes) != 1 || len(r.candidate.changes) != 0 {
			t.Errorf("%d and %d changes; want the primary's alone", len(r.primary.changes), len(r.candidate.changes))
		}
		if len(r.primary.gets) != 1 || len(r.candidate.gets) != 0 {
			t.Errorf("%d and %d Gets; want the primary's alone", len(r.primary.gets), len(r.candidate.gets))
		}
	})
}

func TestWrapNeedsBoth(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, all)
		if got := r.Wrap(nil, r.candidate); got != nil {
			t.Errorf("Wrap(nil, candidate) = %v", got)
		}
		if got := r.Wrap(r.primary, nil); got != backend.Carts(r.primary) {
			t.Errorf("Wrap(primary, nil) = %v", got)
		}
	})
}

// A candidate that hangs costs a shopper nothing, and the host a bounded queue.
func TestACandidateThatHangs(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, all)
		r.primary.answer = after(30*time.Millisecond, catalogue.in("GBP"))
		r.candidate.answer = hang
		r.transfer(t, "shirt")
		r.transfer(t, "shirt")
		r.transfer(t, "shirt")
		r.transfer(t, "shirt") // the fourth takes the last worker
		r.primary.answer = catalogue.in("GBP")
		began := time.Now()
		for range 300 {
			_, _ = r.carts.Put(t.Context(), theCall, theCart("shirt"))
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("300 transfers took %s longer", took)
		}
		r.wantCounts(t, map[shadow.Outcome]int64{shadow.Skipped: 300 - 256})
		time.Sleep(5 * time.Minute) // 65 times the deadline of a copy, and they are 65 for each worker
		time.Sleep(time.Minute)
		synctest.Wait()
		r.wantCounts(t, map[shadow.Outcome]int64{shadow.Skipped: 44, shadow.Failed: 260})
		if n := len(r.candidate.asked()); n != 260 {
			t.Errorf("the candidate was asked %d times: nothing is sent twice", n)
		}
		if diff := cmp.Diff(r.record.Report().Faults, []shadow.FaultCount{{Kind: "unknown", Code: "deadline_exceeded", Transfers: 260}}); diff != "" {
			t.Errorf("faults (-got +want):\n%s", diff)
		}
	})
}

func TestClose(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, all)
		r.candidate.answer = func(ctx context.Context, _ backend.PutCart) (backend.PutAnswer, error) {
			<-ctx.Done()
			time.Sleep(time.Second) // it takes its time to notice
			return backend.PutAnswer{}, fault.New(fault.Unknown, "canceled", "")
		}
		for range 10 {
			r.transfer(t, "shirt")
		}
		began := time.Now()
		var closers sync.WaitGroup
		for range 3 {
			closers.Go(r.Close)
		}
		closers.Wait()
		if took := time.Since(began); took != time.Second {
			t.Errorf("Close took %s, want as long as the workers", took)
		}
		r.transfer(t, "shirt")
		r.Close()
		if n := len(r.candidate.asked()); n != 4 {
			t.Errorf("the candidate was asked %d times, want 4", n)
		}
		if n := len(r.primary.asked()); n != 11 {
			t.Errorf("the primary was asked %d times, want 11", n)
		}
		r.wantCounts(t, nil)
		if diff := cmp.Diff(figures(t, r.metrics), map[string]float64{}); diff != "" {
			t.Errorf("metrics (-got +want):\n%s", diff)
		}
	})
}

// What was answered all the same is counted.
func TestCloseCountsAnswers(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, all)
		r.candidate.answer = after(time.Second, catalogue.in("GBP"))
		r.transfer(t, "shirt")
		r.Close()
		r.wantCounts(t, map[shadow.Outcome]int64{shadow.Same: 1})
	})
}

func TestShare(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		share float64
		want  int
	}{{0, 0}, {-1, 0}, {0.25, 25}, {1, 100}, {7, 100}} {
		t.Run(fmt.Sprint(tt.share), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				var n atomic.Int64
				r := newRig(t, shadow.Options{Share: tt.share, Random: func() float64 { return float64(n.Add(1)-1) / 100 }})
				for range 100 {
					r.transfer(t, "shirt")
				}
				if got := len(r.candidate.asked()); got != tt.want {
					t.Errorf("%d of 100 copied, want %d", got, tt.want)
				}
			})
		})
	}
}

func TestShareByChance(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, shadow.Options{Share: 0.5})
		for range 400 {
			r.transfer(t, "shirt")
		}
		if n := len(r.candidate.asked()); n < 120 || n > 280 { // eight standard deviations
			t.Errorf("%d of 400 copied, want about half", n)
		}
	})
}

func TestAPanicHurtsNobody(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, all)
		r.candidate.answer = func(context.Context, backend.PutCart) (backend.PutAnswer, error) {
			panic("planned " + strings.Repeat("x", 999))
		}
		for range 9 {
			r.transfer(t, "shirt")
		}
		r.candidate.answer = catalogue.in("GBP")
		r.transfer(t, "shirt")
		r.wantCounts(t, map[shadow.Outcome]int64{shadow.Failed: 9, shadow.Same: 1})
		if diff := cmp.Diff(r.record.Report().Faults, []shadow.FaultCount{{Kind: "internal", Code: "panic", Transfers: 9}}); diff != "" {
			t.Errorf("faults (-got +want):\n%s", diff)
		}
		logged := r.log.String()
		if n := strings.Count(logged, `level=ERROR msg="candidate panicked" shop=uk candidate=shopify`); n != 9 || strings.Contains(logged, strings.Repeat("x", 300)) {
			t.Errorf("logged %d times: %s", n, logged)
		}
	})
}

func TestAPolicyThatPanics(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, shadow.Options{Share: 1, Allowed: func(backend.Pages) error { panic("planned") }})
		r.transfer(t, "shirt")
		r.wantCounts(t, map[shadow.Outcome]int64{shadow.Failed: 1})
	})
}

// Many requests, several shadows of one record, reports and Close at once: it is for
// the race detector.
func TestConcurrently(t *testing.T) {
	t.Parallel()
	r := newRig(t, all)
	r.candidate.answer = prices{"shirt": 1}.in("GBP")
	second := shadow.New(r.record, all)
	others := second.Wrap(r.primary, r.candidate)
	var work sync.WaitGroup
	for i := range 8 {
		work.Go(func() {
			for n := range 100 {
				to := r.carts
				if n%2 == 0 {
					to = others
				}
				_, _ = to.Put(t.Context(), theCall, theCart("shirt", "sock"))
				if n%10 == 0 {
					_ = r.record.Report().WriteText(&strings.Builder{})
				}
				if i == 0 && n == 90 {
					r.Close()
				}
			}
		})
	}
	work.Wait()
	second.Close()
	if rep := r.record.Report(); rep.Same != 0 || rep.Failed != 0 || rep.Different == 0 || rep.Compared+rep.Skipped > 800 {
		t.Errorf("%+v", r.counts())
	}
}
