// SPDX-License-Identifier: Apache-2.0

package guard_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/cartage-dev/cartage/adapters/backend/guard"
	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/checkout"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/handoff"
	"github.com/cartage-dev/cartage/core/idempotency"
	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/order"
	"github.com/cartage-dev/cartage/ports/backend"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// shop is a backend whose every method does what answer says.
type shop struct {
	answer func(ctx context.Context) error
	calls  atomic.Int32
}

func (s *shop) call(ctx context.Context) error {
	s.calls.Add(1)
	return s.answer(ctx)
}

func (s *shop) Put(ctx context.Context, _ backend.Call, _ backend.PutCart) (backend.PutAnswer, error) {
	return backend.PutAnswer{Cart: cart.Cart{ID: "made"}}, s.call(ctx)
}

func (s *shop) Get(ctx context.Context, _ backend.Call, id cart.ID) (cart.Cart, error) {
	return cart.Cart{ID: id}, s.call(ctx)
}

func (s *shop) Change(ctx context.Context, _ backend.Call, id cart.ID, _ backend.ChangeCart) (backend.ChangeAnswer, error) {
	return backend.ChangeAnswer{Cart: cart.Cart{ID: id}}, s.call(ctx)
}

func (s *shop) Deliver(ctx context.Context, _ backend.Call, id cart.ID, _ backend.Delivery) (checkout.Quote, error) {
	return checkout.Quote{Cart: cart.Cart{ID: id}}, s.call(ctx)
}

func (s *shop) HandOff(ctx context.Context, _ backend.Call, id cart.ID, _ backend.HandOff) (backend.Pages, error) {
	return backend.Pages{Checkout: handoff.Request{URL: "https://shop.example/" + string(id)}}, s.call(ctx)
}

func (s *shop) ByReference(ctx context.Context, _ backend.Call, reference string) (order.Order, error) {
	return order.Order{Reference: reference}, s.call(ctx)
}

func (s *shop) Points(ctx context.Context, _ backend.Call, customer loyalty.CustomerID) (loyalty.Points, error) {
	return loyalty.Points(len(customer)), s.call(ctx)
}

func (s *shop) Move(ctx context.Context, _ backend.Call, m backend.Movement) (loyalty.Points, error) {
	return m.Points, s.call(ctx)
}

func (s *shop) Moved(ctx context.Context, _ backend.Call, key idempotency.Key) (backend.Movement, error) {
	return backend.Movement{Customer: loyalty.CustomerID(key)}, s.call(ctx)
}

// well, hang and failing are answers.
func well(context.Context) error { return nil }

func hang(ctx context.Context) error {
	<-ctx.Done()
	return fault.New(fault.Unknown, "deadline_exceeded", "no answer in time").Because(ctx.Err())
}

func failing(k fault.Kind) func(context.Context) error {
	return func(context.Context) error { return fault.New(k, "planned", "as the test wants it") }
}

// rig is a guard in front of a shop, with what it reports.
type rig struct {
	*guard.Guard
	shop    *shop
	ports   backend.Backend
	metrics *prometheus.Registry
	log     *buffer
}

// usual are settings in round numbers; four calls suffice for the breaker.
func usual() guard.Settings {
	return guard.Settings{
		Timeout: 2 * time.Second, ProbeTimeout: 500 * time.Millisecond, Concurrency: 8, Window: 10 * time.Second,
		MinRequests: 4, FailureRatio: 0.5, OpenFor: 5 * time.Second, Probes: 1,
	}
}

func newRig(t *testing.T, s guard.Settings) *rig {
	t.Helper()
	return newRigOf(t, s, backend.Info{Name: "test", KeyedWrites: true})
}

func newRigOf(t *testing.T, s guard.Settings, info backend.Info) *rig {
	t.Helper()
	r := &rig{shop: &shop{answer: well}, metrics: prometheus.NewRegistry(), log: &buffer{}}
	r.Guard = guard.New("eu", s, guard.Options{Logger: slog.New(slog.NewTextHandler(r.log, nil)), Registerer: r.metrics})
	t.Cleanup(r.Close)
	r.ports = r.Wrap(backend.Backend{Info: info, Carts: r.shop, Checkout: r.shop, Orders: r.shop, Loyalty: r.shop})
	return r
}

// bubble runs f with a clock of its own.
func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, f)
}

// write is a write without a key, which is not repeated after Unknown; read is a read.
func (r *rig) write(ctx context.Context) error {
	_, err := r.ports.Carts.Put(ctx, backend.Call{}, backend.PutCart{})
	return err
}

func (r *rig) keyedWrite(ctx context.Context) error {
	_, err := r.ports.Carts.Put(ctx, backend.Call{Key: "k"}, backend.PutCart{})
	return err
}

func (r *rig) read(ctx context.Context) error {
	_, err := r.ports.Carts.Get(ctx, backend.Call{}, "c")
	return err
}

// fail sends n writes that count against the backend.
func (r *rig) fail(t *testing.T, n int) {
	t.Helper()
	r.shop.answer = failing(fault.Unknown)
	for range n {
		wantFault(t, r.write(t.Context()), fault.Unknown, "planned")
	}
}

func (r *rig) succeed(t *testing.T, n int) {
	t.Helper()
	r.shop.answer = well
	for range n {
		if err := r.write(t.Context()); err != nil {
			t.Fatalf("a call to a healthy backend: %v", err)
		}
	}
}

// halfOpen makes the breaker open, and lets its time pass.
func (r *rig) halfOpen(t *testing.T) {
	t.Helper()
	r.fail(t, 4)
	r.wantState(t, guard.Open)
	time.Sleep(7*time.Second + 1) // the open time with the most of jitter
	r.wantState(t, guard.HalfOpen)
	r.shop.calls.Store(0)
}

func (r *rig) wantState(t *testing.T, want string) {
	t.Helper()
	if got := r.State().Breaker; got != want {
		t.Fatalf("breaker is %s, want %s", got, want)
	}
}

func (r *rig) wantCalls(t *testing.T, want int32) {
	t.Helper()
	if got := r.shop.calls.Load(); got != want {
		t.Fatalf("the backend was called %d times, want %d", got, want)
	}
}

func wantFault(t *testing.T, err error, kind fault.Kind, code string) *fault.Error {
	t.Helper()
	f := fault.From(err)
	if f == nil || f.Kind != kind || f.Code != code {
		t.Fatalf("got %v, want %s %s", err, kind, code)
	}
	return f
}

// figures is what a registry shows, as name{label values in order of labels} to value.
func figures(t *testing.T, r *prometheus.Registry) map[string]float64 {
	t.Helper()
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]float64{}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			name := family.GetName()
			for _, l := range m.GetLabel() {
				name += fmt.Sprintf(" %s=%s", l.GetName(), l.GetValue())
			}
			switch {
			case m.Counter != nil:
				shown[name] = m.GetCounter().GetValue()
			case m.Gauge != nil:
				shown[name] = m.GetGauge().GetValue()
			case m.Histogram != nil:
				shown[name+" count"] = float64(m.GetHistogram().GetSampleCount())
				shown[name+" sum"] = m.GetHistogram().GetSampleSum()
			}
		}
	}
	return shown
}

// buffer is a bytes.Buffer that goroutines may share.
type buffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
