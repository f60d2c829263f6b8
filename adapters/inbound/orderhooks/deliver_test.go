// SPDX-License-Identifier: Apache-2.0

package orderhooks

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/ports/inbound"
)

// sales are orders as core keeps them, made of whatever was told in whatever order.
type sales struct {
	mu     sync.Mutex
	orders map[loyalty.OrderID]loyalty.Sale
	flaky  func() bool
}

func (s *sales) Tell(_ context.Context, n inbound.News) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.flaky() {
		return fault.New(fault.Unavailable, "", "not now")
	}
	sale := s.orders[n.Order]
	sale.Order = n.Order
	switch n.Kind {
	case inbound.OrderRefunded:
		sale = sale.Refund(n.Refund)
	case inbound.OrderCancelled:
		sale = sale.Place(n.Customer, n.Total).Cancel()
	case inbound.OrderPlaced, inbound.OrderFound:
		sale = sale.Place(n.Customer, n.Total)
	}
	for _, id := range n.Actions {
		sale = sale.With(id)
	}
	s.orders[n.Order] = sale
	if s.flaky() {
		return fault.New(fault.Unknown, "", "perhaps")
	}
	return nil
}

// TestOrderAndNumberOfDeliveriesChangeNothing: each delivery comes until it is answered 200, some
// of them again after that, and in any order.
func TestOrderAndNumberOfDeliveriesChangeNothing(t *testing.T) {
	t.Parallel()
	type sent struct {
		topic topic
		body  string
	}
	all := []sent{
		{ordersCreate, sample(t, "create-till")}, {ordersCreate, sample(t, "create-redemption")}, {ordersCreate, sample(t, "create-guest")},
		{ordersCancelled, sample(t, "cancelled")}, {refundsCreate, sample(t, "refund-part")},
		{refundsCreate, sample(t, "refund-of-nothing-paid")}, {refundsCreate, sample(t, "refund-in-another-currency")},
	}
	same := cmp.Options{
		cmpopts.SortSlices(func(a, b loyalty.Refund) bool { return a.ID < b.ID }),
		cmpopts.SortSlices(func(a, b loyalty.ActionID) bool { return a < b }),
	}
	var want map[loyalty.OrderID]loyalty.Sale
	for seed := range uint64(100) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		port := &sales{orders: map[loyalty.OrderID]loyalty.Sale{}, flaky: func() bool { return seed > 0 && rnd.IntN(4) == 0 }}
		b := newBench(t, func(o *Options) { o.News = port })
		waiting := append([]sent(nil), all...)
		for len(waiting) > 0 {
			at := 0
			if seed > 0 {
				at = rnd.IntN(len(waiting))
			}
			status := b.send(t, waiting[at].topic, waiting[at].body, nil).StatusCode
			if status == http.StatusOK && (seed == 0 || rnd.IntN(3) > 0) {
				waiting = append(waiting[:at], waiting[at+1:]...)
			} else if status != http.StatusOK && status != http.StatusServiceUnavailable {
				t.Fatalf("got %d", status)
			}
		}
		if seed == 0 {
			want = port.orders
		}
		if diff := cmp.Diff(want, port.orders, same); diff != "" {
			t.Fatalf("seed %d (-want +got):\n%s", seed, diff)
		}
	}
	if got := want["6120345001188"]; !got.Cancelled || len(got.Refunds) != 3 || len(got.Actions) != 2 {
		t.Errorf("the order is %+v", got)
	}
}

func TestWhatThePortSays(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		err     error
		outcome string
	}{
		{"told", nil, told},
		{"unknown shop", fault.New(fault.NotFound, "unknown_shop", "x"), unknownShop},
		{"not found otherwise", fault.New(fault.NotFound, "", "x"), internalError},
		{"invalid", fault.New(fault.Invalid, "bad_total", "x"), invalid},
		{"unavailable", fault.New(fault.Unavailable, "", "x"), unavailableNow},
		{"perhaps", fault.New(fault.Unknown, "", "x"), perhapsDone},
		{"limited", fault.New(fault.Limited, "", "x"), overloaded},
		{"our own bug", fault.New(fault.Internal, "", "x"), internalError},
		{"conflict", fault.New(fault.Conflict, "", "x"), internalError},
		{"nobody's", errors.New("x"), internalError},
	} {
		for at, name := range map[topic]string{ordersCreate: "create-till", refundsCreate: "refund-part", customersRedact: "customer-redact"} {
			t.Run(tt.name+", "+string(at), func(t *testing.T) {
				t.Parallel()
				b := newBench(t, nil)
				b.desk.answer = fails(tt.err)
				res := b.send(t, at, sample(t, name), nil)
				if got, want := res.StatusCode, tellings[tt.outcome].status; got != want || b.outcomes(t, tt.outcome) != 1 {
					t.Errorf("got %d, want %d and %s: %s", got, want, tt.outcome, b.log)
				}
				if got := res.Header.Get("Retry-After") != ""; got != (res.StatusCode == http.StatusServiceUnavailable) {
					t.Errorf("%d with %v", res.StatusCode, res.Header)
				}
			})
		}
	}
}

// TestHangingPorts: in a bubble goroutines left behind would be a failure by themselves.
func TestHangingPorts(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		answer func(context.Context) error
		want   time.Duration // from the delivery to its answer
	}{
		{"ends with its context", func(ctx context.Context) error {
			<-ctx.Done()
			return fault.New(fault.Unknown, "", "no answer in time").Because(ctx.Err())
		}, portStop},
		{"does not know what hit it", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, portStop},
		{"does not heed its context", func(context.Context) error { time.Sleep(10 * time.Second); return nil }, hardStop},
		{"comes back just in time", func(context.Context) error { time.Sleep(portStop + 50*time.Millisecond); return nil }, portStop + 50*time.Millisecond},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, nil)
				b.desk.answer = tt.answer
				began := time.Now()
				res := b.send(t, ordersCreate, sample(t, "create-till"), nil)
				if took := time.Since(began); took != tt.want {
					t.Errorf("answered after %s, want %s", took, tt.want)
				}
				outcome := deadline
				if tt.want > portStop && tt.want < hardStop {
					outcome = told // late, and on disk all the same
				}
				if got, want := res.StatusCode, tellings[outcome].status; got != want || b.outcomes(t, outcome) != 1 {
					t.Errorf("got %d, want %d: %s", got, want, b.log)
				}
				if err := b.handler.Drain(t.Context()); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestNoMoreCallsThanThereAreSlots(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		release := make(chan struct{})
		b.desk.answer = func(context.Context) error { <-release; return nil }
		body := sample(t, "create-till")
		var all sync.WaitGroup
		for range callsMax {
			all.Go(func() { b.send(t, ordersCreate, body, nil) })
		}
		synctest.Wait()
		began := time.Now()
		if res := b.send(t, ordersCreate, body, nil); res.StatusCode != http.StatusServiceUnavailable || time.Since(began) != 0 {
			t.Errorf("got %d after %s", res.StatusCode, time.Since(began))
		}
		all.Wait() // each is answered at the hard stop, and its call goes on
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := b.handler.Drain(ctx); err == nil {
			t.Error("drained while calls were under way")
		}
		close(release)
		if err := b.handler.Drain(t.Context()); err != nil {
			t.Error(err)
		}
		if res := b.send(t, ordersCreate, body, nil); res.StatusCode != http.StatusServiceUnavailable || len(b.desk.news()) != callsMax {
			t.Errorf("got %d after draining, and %d calls", res.StatusCode, len(b.desk.news()))
		}
	})
}

func TestPanickingPort(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.desk.answer = func(context.Context) error { panic("nora.canary@mail.example") }
	if res := b.send(t, ordersCreate, sample(t, "create-till"), nil); res.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("got %d", res.StatusCode)
	}
	if log := b.log.String(); !strings.Contains(log, "port panicked") || strings.Contains(log, "canary") {
		t.Errorf("the log is %s", log)
	}
}

// TestClientThatGoesAway: the port's context ends with it, and Shopify sends it again.
func TestClientThatGoesAway(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	b.desk.answer = func(ctx context.Context) error {
		cancel()
		<-ctx.Done()
		return fault.New(fault.Unknown, "", "gone").Because(ctx.Err())
	}
	out := httptest.NewRecorder()
	b.wall.ServeHTTP(out, delivery(ctx, ordersCreate, sample(t, "create-till"), nil))
	if out.Code != http.StatusServiceUnavailable || b.outcomes(t, perhapsDone) != 1 {
		t.Errorf("got %d", out.Code)
	}
}

// BenchmarkDelivery is an order of a usual size and one as large as is taken.
func BenchmarkDelivery(b *testing.B) {
	small := sample(b, "create-till")
	line := `{"title":"x","properties":[{"name":"_redemption","value":"` + string(firstID) + `"}],"tax_lines":[{"price":"3.17","rate":0.2}],"price_set":{"shop_money":{"amount":"19.00"}}},`
	large := order(`"line_items":[` + strings.TrimSuffix(strings.Repeat(line, (bodyMax-200)/len(line)), ",") + "]")
	for name, body := range map[string]string{"small": small, "large": large} {
		b.Run(name, func(b *testing.B) {
			bench := newBench(b, func(o *Options) { o.Logger = discard() })
			signature := sign(theSecret, []byte(body))
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				out := httptest.NewRecorder()
				r := httptest.NewRequestWithContext(b.Context(), http.MethodPost, thePath, strings.NewReader(body))
				r.Header = http.Header{"Content-Type": {"application/json"}, signatureHeader: {signature}, topicHeader: {string(ordersCreate)}, domainHeader: {theDomain}}
				bench.wall.ServeHTTP(out, r)
				if out.Code != http.StatusOK {
					b.Fatal(out.Code)
				}
				bench.desk.told = bench.desk.told[:0]
			}
		})
	}
}
