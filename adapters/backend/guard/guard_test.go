// SPDX-License-Identifier: Apache-2.0

package guard_test

import (
	"context"
	"errors"
	"log/slog"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/cartage-dev/cartage/adapters/backend/guard"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/ports/backend"
)

// Every method of every port that the struct has is counted under its own op, so
// none that is added later goes unguarded.
func TestEveryMethodIsGuarded(t *testing.T) {
	t.Parallel()
	r := newRig(t, usual())
	ports := reflect.ValueOf(r.ports)
	var methods int
	for i := range ports.NumField() {
		field := ports.Field(i)
		if field.Kind() != reflect.Interface {
			continue
		}
		if field.IsNil() {
			t.Fatalf("Wrap loses the port %s", ports.Type().Field(i).Name)
		}
		for m := range field.Type().NumMethod() {
			method := field.Method(m)
			args := []reflect.Value{reflect.ValueOf(t.Context())}
			for a := 1; a < method.Type().NumIn(); a++ {
				args = append(args, reflect.Zero(method.Type().In(a)))
			}
			method.Call(args)
			methods++
		}
	}
	ops := map[string]float64{}
	for name, n := range figures(t, r.metrics) {
		if op, ok := strings.CutPrefix(name, "cartage_backend_calls_total backend=eu kind=ok op="); ok {
			ops[op] = n
		}
	}
	want := map[string]float64{
		"carts.put": 1, "carts.get": 1, "carts.change": 1, "checkout.deliver": 1, "checkout.hand_off": 1, "orders.by_reference": 1,
		"loyalty.points": 1, "loyalty.move": 1, "loyalty.moved": 1,
	}
	if diff := cmp.Diff(ops, want); diff != "" || methods != len(want) {
		t.Errorf("%d methods; counted (-got +want):\n%s", methods, diff)
	}
}

func TestWrapPassesOn(t *testing.T) {
	t.Parallel()
	r := newRig(t, usual())
	info := backend.Info{Name: "magento2", Version: "1.0.0", KeyedWrites: true, ReadBack: true, Demo: true}
	for _, b := range []backend.Backend{{Info: info}, {Info: info, Carts: r.shop}, {Info: info, Checkout: r.shop}, {Info: info, Orders: r.shop}, {Info: info, Loyalty: r.shop}} {
		wrapped := r.Wrap(b)
		if diff := cmp.Diff(wrapped.Offered(), b.Offered()); diff != "" || wrapped.Info != info {
			t.Errorf("Wrap() = %+v; offered (-got +want):\n%s", wrapped.Info, diff)
		}
	}
	ctx, call := t.Context(), backend.Call{}
	if a, err := r.ports.Carts.Put(ctx, call, backend.PutCart{}); err != nil || a.Cart.ID != "made" {
		t.Errorf("Put() = %+v, %v", a, err)
	}
	if c, err := r.ports.Carts.Get(ctx, call, "c"); err != nil || c.ID != "c" {
		t.Errorf("Get() = %+v, %v", c, err)
	}
	if a, err := r.ports.Carts.Change(ctx, call, "c", backend.ChangeCart{}); err != nil || a.Cart.ID != "c" {
		t.Errorf("Change() = %+v, %v", a, err)
	}
	if q, err := r.ports.Checkout.Deliver(ctx, call, "c", backend.Delivery{}); err != nil || q.Cart.ID != "c" {
		t.Errorf("Deliver() = %+v, %v", q, err)
	}
	if p, err := r.ports.Checkout.HandOff(ctx, call, "c", backend.HandOff{}); err != nil || p.Checkout.URL != "https://shop.example/c" {
		t.Errorf("HandOff() = %+v, %v", p, err)
	}
	if o, err := r.ports.Orders.ByReference(ctx, call, "ref"); err != nil || o.Reference != "ref" {
		t.Errorf("ByReference() = %+v, %v", o, err)
	}
	if p, err := r.ports.Loyalty.Points(ctx, call, "four"); err != nil || p != 4 {
		t.Errorf("Points() = %d, %v", p, err)
	}
	if p, err := r.ports.Loyalty.Move(ctx, call, backend.Movement{Points: -3}); err != nil || p != -3 {
		t.Errorf("Move() = %d, %v", p, err)
	}
	if m, err := r.ports.Loyalty.Moved(ctx, call, "k"); err != nil || m.Customer != "k" {
		t.Errorf("Moved() = %+v, %v", m, err)
	}
	r.shop.answer = failing(fault.NotFound)
	if c, err := r.ports.Carts.Get(ctx, call, "c"); err == nil || c.ID != "" {
		t.Errorf("Get() = %+v, %v; want no cart beside a fault", c, err)
	}
}

func TestState(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, usual())
		if diff := cmp.Diff(r.State(), guard.State{Breaker: guard.Closed}); diff != "" {
			t.Errorf("at first (-got +want):\n%s", diff)
		}
		for _, k := range []fault.Kind{fault.Invalid, fault.NotFound, fault.Conflict, fault.Denied, fault.Unauthenticated, fault.Unsupported} {
			r.shop.answer = failing(k)
			_ = r.write(t.Context())
		}
		if got := r.State().LastFault; got != "" {
			t.Errorf("LastFault is %q after callers' mistakes, want none", got)
		}
		at := time.Now().UTC().Format(time.RFC3339)
		r.shop.answer = func(context.Context) error {
			return fault.New(fault.Unknown, "plugin_gone", "the plugin did not answer").Because(errors.New("a stranger's text"))
		}
		_ = r.write(t.Context())
		r.shop.answer = func(context.Context) error { time.Sleep(time.Second); return nil }
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() { _ = r.write(t.Context()) })
		}
		synctest.Wait()
		want := guard.State{Breaker: guard.Closed, InFlight: 3, LastFault: at + " carts.put: unknown plugin_gone: the plugin did not answer"}
		if diff := cmp.Diff(r.State(), want); diff != "" {
			t.Errorf("with calls at the backend (-got +want):\n%s", diff)
		}
		if got := figures(t, r.metrics)["cartage_backend_in_flight backend=eu"]; got != 3 {
			t.Errorf("in_flight is %v, want 3", got)
		}
		all.Wait()
		if got := figures(t, r.metrics)["cartage_backend_in_flight backend=eu"]; got != 0 || r.State().InFlight != 0 {
			t.Errorf("in_flight is %v and %d, want 0", got, r.State().InFlight)
		}
	})
}

func TestClose(t *testing.T) { // not parallel: it looks at all goroutines
	before := goleak.IgnoreCurrent()
	metrics, log := prometheus.NewRegistry(), &buffer{}
	o := guard.Options{Logger: slog.New(slog.NewTextHandler(log, nil)), Registerer: metrics}
	for range 3 { // the same name again and again
		g := guard.New("eu", usual(), o)
		other := guard.New("us", usual(), o)
		r := &rig{Guard: g, shop: &shop{answer: well}, ports: g.Wrap(backend.Backend{Carts: &shop{answer: failing(fault.Unknown)}})}
		for range 4 {
			_ = r.write(t.Context())
		}
		g.Close()
		g.Close()
		if shown := figures(t, metrics); len(shown) == 0 {
			t.Error("closing one guard takes the other's metrics away")
		} else {
			for name := range shown {
				if strings.Contains(name, "backend=eu") {
					t.Errorf("%s outlives its guard", name)
				}
			}
		}
		_ = r.write(t.Context()) // still answers, and brings nothing back
		other.Close()
		if shown := figures(t, metrics); len(shown) != 0 {
			t.Errorf("left after Close: %v", shown)
		}
		if err := goleak.Find(before); err != nil {
			t.Error(err)
		}
	}
	if got := strings.Count(log.String(), "from=closed to=open"); got != 3 {
		t.Errorf("%d changes logged, want all 3 that came before Close", got)
	}
	if strings.Contains(log.String(), "not registered") {
		t.Errorf("logged: %s", log)
	}
}

func TestTwoGuardsShareARegistry(t *testing.T) {
	t.Parallel()
	metrics := prometheus.NewRegistry()
	for _, name := range []string{"eu", "us"} {
		g := guard.New(name, usual(), guard.Options{Registerer: metrics})
		t.Cleanup(g.Close)
		r := &rig{shop: &shop{answer: well}, ports: g.Wrap(backend.Backend{Carts: &shop{answer: well}})}
		r.succeed(t, 3)
	}
	shown := figures(t, metrics)
	for _, name := range []string{"eu", "us"} {
		if got := shown["cartage_backend_calls_total backend="+name+" kind=ok op=carts.put"]; got != 3 {
			t.Errorf("%s: %v calls, want 3", name, got)
		}
	}
}

func TestOneSickBackendDoesNotTouchAnother(t *testing.T) {
	t.Parallel()
	sick, fit := newRig(t, usual()), newRig(t, usual())
	sick.fail(t, 4)
	sick.wantState(t, guard.Open)
	fit.succeed(t, 10)
	fit.wantState(t, guard.Closed)
}

// Run with -race: many callers, every outcome, states changing under them.
func TestConcurrency(t *testing.T) {
	t.Parallel()
	s := usual()
	s.Concurrency, s.Queue, s.QueueWait, s.OpenFor, s.Probes = 8, 16, 2*time.Millisecond, 5*time.Millisecond, 2
	r := newRig(t, s)
	kinds := fault.Kinds()
	var n, most, now = 0, 0, 0
	var mu sync.Mutex
	r.shop.answer = func(context.Context) error {
		mu.Lock()
		n++
		now++
		most = max(most, now)
		k := n
		mu.Unlock()
		time.Sleep(time.Duration(k%3) * 100 * time.Microsecond)
		mu.Lock()
		now--
		mu.Unlock()
		if k%2 == 0 {
			return nil
		}
		return fault.New(kinds[k%len(kinds)], "planned", "")
	}
	var all sync.WaitGroup
	for i := range 32 {
		all.Go(func() {
			for j := range 100 {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(20+(i*j)%200)*time.Millisecond)
				if (i+j)%7 == 0 {
					cancel()
				}
				_, _ = r.read(ctx), r.keyedWrite(ctx)
				_ = r.State()
				cancel()
			}
		})
	}
	all.Wait()
	if got := r.State().InFlight; got != 0 || now != 0 {
		t.Errorf("%d in flight, %d at the backend, want none", got, now)
	}
	if most > 8 {
		t.Errorf("%d calls at once, want at most 8", most)
	}
	var counted float64
	for name, v := range figures(t, r.metrics) {
		if strings.HasPrefix(name, "cartage_backend_calls_total") {
			counted += v
		}
	}
	if counted != float64(n) {
		t.Errorf("%v calls counted of %d", counted, n)
	}
}
