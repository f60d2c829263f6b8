// SPDX-License-Identifier: Apache-2.0

package guard_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/cartage-dev/cartage/adapters/backend/guard"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/ports/backend"
)

func TestMetrics(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, calm())
		r.shop.answer = func(context.Context) error { time.Sleep(250 * time.Millisecond); return nil }
		for range 3 {
			if err := r.read(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		for _, k := range fault.Kinds() {
			r.shop.answer = failing(k)
			_ = r.write(t.Context())
		}
		shown := figures(t, r.metrics)
		want := map[string]float64{
			"cartage_backend_calls_total backend=eu kind=ok op=carts.get": 3,
			"cartage_backend_call_seconds backend=eu op=carts.get count":  3,
			"cartage_backend_call_seconds backend=eu op=carts.get sum":    0.75,
			"cartage_backend_calls_total backend=eu kind=ok op=carts.put": 0,
			"cartage_backend_call_seconds backend=eu op=carts.put count":  float64(len(fault.Kinds()) + 1),
			retriesOfPut:                       1, // of Unavailable
			"cartage_breaker_state backend=eu": 0,
			refusedBusy:                        0,
			"cartage_backend_refused_total backend=eu reason=open":    0,
			"cartage_backend_refused_total backend=eu reason=no_time": 0,
		}
		for _, k := range fault.Kinds() {
			want["cartage_backend_calls_total backend=eu kind="+k.String()+" op=carts.put"] = 1
		}
		want["cartage_backend_calls_total backend=eu kind=unavailable op=carts.put"] = 2
		for name, n := range want {
			if got, ok := shown[name]; !ok || got != n {
				t.Errorf("%s is %v, want %v", name, got, n)
			}
		}
	})
}

func TestBreakerStateIsReported(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, usual())
		gauge := func(want float64) {
			t.Helper()
			synctest.Wait()
			if got := figures(t, r.metrics)["cartage_breaker_state backend=eu"]; got != want {
				t.Errorf("breaker_state is %v, want %v", got, want)
			}
		}
		r.fail(t, 4)
		gauge(2)
		wantFault(t, r.write(t.Context()), fault.Unavailable, "backend_unavailable")
		if got := figures(t, r.metrics)["cartage_backend_refused_total backend=eu reason=open"]; got != 1 {
			t.Errorf("refused{open} is %v, want 1", got)
		}
		time.Sleep(7*time.Second + 1)
		r.wantState(t, guard.HalfOpen)
		gauge(1)
		r.succeed(t, 1)
		gauge(0)
		var logged []string
		for line := range strings.Lines(r.log.String()) {
			_, rest, _ := strings.Cut(line, "level=")
			rest, _, _ = strings.Cut(rest, " last_fault=")
			logged = append(logged, strings.TrimSpace(rest))
		}
		want := []string{
			`WARN msg="breaker changed state" backend=eu from=closed to=open`,
			`INFO msg="breaker changed state" backend=eu from=open to=half_open`,
			`INFO msg="breaker changed state" backend=eu from=half_open to=closed`,
		}
		if diff := cmp.Diff(logged, want); diff != "" {
			t.Errorf("logged (-got +want):\n%s", diff)
		}
		if !strings.Contains(r.log.String(), "carts.put: unknown planned") {
			t.Errorf("the log does not say why the breaker opened: %s", r.log)
		}
	})
}

// stuck is a log that takes nothing until it is told to.
type stuck struct {
	slog.Handler
	free chan struct{}
}

func (s stuck) Handle(ctx context.Context, r slog.Record) error {
	<-s.free
	return s.Handler.Handle(ctx, r)
}

func newStuckRig() (*rig, stuck) {
	r := &rig{shop: &shop{answer: well}, metrics: prometheus.NewRegistry(), log: &buffer{}}
	log := stuck{slog.NewTextHandler(r.log, nil), make(chan struct{})}
	r.Guard = guard.New("eu", usual(), guard.Options{Logger: slog.New(log), Registerer: r.metrics})
	r.ports = r.Wrap(backend.Backend{Carts: r.shop})
	return r, log
}

// A log that hangs holds up no call, and the metric is right once it moves again.
func TestLogThatHangs(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r, log := newStuckRig()
		r.fail(t, 4)
		for range 30 { // half-open and open again: sixty changes
			time.Sleep(7*time.Second + 1)
			r.fail(t, 1)
		}
		time.Sleep(7*time.Second + 1)
		r.succeed(t, 1)
		close(log.free)
		synctest.Wait()
		if got := figures(t, r.metrics)["cartage_breaker_state backend=eu"]; got != 0 {
			t.Errorf("breaker_state is %v, want 0 for %s", got, r.State().Breaker)
		}
		r.Close()
	})
}

func TestCloseWaitsForTheGoroutine(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r, log := newStuckRig()
		r.fail(t, 4)
		for range 6 {
			time.Sleep(7*time.Second + 1)
			r.fail(t, 1)
		}
		closed := make(chan struct{})
		go func() {
			r.Close()
			close(closed)
		}()
		synctest.Wait()
		select {
		case <-closed:
			t.Error("Close returned while the goroutine was at work")
		default:
		}
		close(log.free)
		<-closed
		if got := strings.Count(r.log.String(), "breaker changed state"); got != 13 {
			t.Errorf("%d changes logged, want all 13 that came before Close", got)
		}
	})
}
