// SPDX-License-Identifier: Apache-2.0

package shadow_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/cartage-dev/cartage/adapters/backend/shadow"
	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/handoff"
	"github.com/cartage-dev/cartage/core/money"
	"github.com/cartage-dev/cartage/ports/backend"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bubble runs f with a clock of its own.
func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, f)
}

// put is what a backend was asked.
type put struct {
	call      backend.Call
	req       backend.PutCart
	requestID string
	left      time.Duration // until the deadline; zero for none
}

// shop is a backend that says what answer says, and remembers what it was asked.
type shop struct {
	answer func(ctx context.Context, req backend.PutCart) (backend.PutAnswer, error)

	mu      sync.Mutex
	puts    []put
	gets    []cart.ID
	changes []cart.ID
}

func (s *shop) Put(ctx context.Context, call backend.Call, req backend.PutCart) (backend.PutAnswer, error) {
	p := put{call: call, req: req, requestID: backend.RequestID(ctx)}
	if deadline, ok := ctx.Deadline(); ok {
		p.left = time.Until(deadline)
	}
	s.mu.Lock()
	s.puts = append(s.puts, p)
	s.mu.Unlock()
	return s.answer(ctx, req)
}

func (s *shop) Get(_ context.Context, _ backend.Call, id cart.ID) (cart.Cart, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gets = append(s.gets, id)
	return cart.Cart{ID: id}, nil
}

func (s *shop) Change(_ context.Context, _ backend.Call, id cart.ID, req backend.ChangeCart) (backend.ChangeAnswer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changes = append(s.changes, id)
	return backend.ChangeAnswer{Cart: cart.Cart{ID: id, Codes: req.Codes}}, nil
}

func (s *shop) asked() []put {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.puts)
}

// prices are in minor units by SKU.
type prices map[string]int64

// in is a catalogue that has plenty of everything, and names pages.
func (p prices) in(c money.Currency) func(context.Context, backend.PutCart) (backend.PutAnswer, error) {
	return func(_ context.Context, req backend.PutCart) (backend.PutAnswer, error) { return p.fill(c, req), nil }
}

func (p prices) fill(c money.Currency, req backend.PutCart) backend.PutAnswer {
	a := backend.PutAnswer{Cart: cart.Cart{ID: "cart-secret", Currency: c}}
	var total int64
	for _, i := range req.Items {
		price, known := p[i.SKU]
		if !known {
			a.Problems = append(a.Problems, cart.Problem{SKU: i.SKU, Reason: cart.UnknownSKU, Asked: i.Quantity})
			continue
		}
		total += price * i.Quantity
		a.Cart.Lines = append(a.Cart.Lines, cart.Line{
			ID: "line-" + i.SKU, SKU: i.SKU, Title: "The " + i.SKU, Quantity: i.Quantity,
			UnitPrice: money.Of(price, c), Total: money.Of(price*i.Quantity, c),
		})
	}
	a.Cart.Totals = cart.Totals{Subtotal: money.Of(total, c), Discount: money.Zero(c), Total: money.Of(total, c)}
	if req.WantPages {
		a.Pages = &backend.Pages{Checkout: handoff.Request{URL: "https://shop.example/checkout?s=cart-secret"}}
	}
	return a
}

func hang(ctx context.Context, _ backend.PutCart) (backend.PutAnswer, error) {
	<-ctx.Done()
	return backend.PutAnswer{}, ctx.Err()
}

func failing(err error) func(context.Context, backend.PutCart) (backend.PutAnswer, error) {
	return func(context.Context, backend.PutCart) (backend.PutAnswer, error) { return backend.PutAnswer{}, err }
}

func after(d time.Duration, answer func(context.Context, backend.PutCart) (backend.PutAnswer, error)) func(context.Context, backend.PutCart) (backend.PutAnswer, error) {
	return func(ctx context.Context, req backend.PutCart) (backend.PutAnswer, error) {
		time.Sleep(d)
		return answer(ctx, req)
	}
}

// rig is a shadow between two shops of the same catalogue, with what it reports.
type rig struct {
	*shadow.Shadow
	record             *shadow.Record
	primary, candidate *shop
	carts              backend.Carts
	metrics            *prometheus.Registry
	log                *buffer
}

var catalogue = prices{"shirt": 1230, "sock": 250}

func newRig(t *testing.T, o shadow.Options) *rig {
	t.Helper()
	r := &rig{
		record:  shadow.NewRecord("uk", "magento", "shopify"),
		primary: &shop{answer: catalogue.in("GBP")}, candidate: &shop{answer: catalogue.in("GBP")},
		metrics: prometheus.NewRegistry(), log: &buffer{},
	}
	o.Registerer, o.Logger = r.metrics, slog.New(slog.NewTextHandler(r.log, nil))
	r.Shadow = shadow.New(r.record, o)
	t.Cleanup(r.Close)
	r.carts = r.Wrap(r.primary, r.candidate)
	return r
}

// all copies everything.
var all = shadow.Options{Share: 1}

var theCall = backend.Call{
	Shop: "uk", Locale: "en-GB", Currency: "GBP", ShopperIP: netip.MustParseAddr("203.0.113.77"), Key: "original-key",
}

func theCart(skus ...string) backend.PutCart {
	req := backend.PutCart{Reference: "ref-of-the-shopper", Customer: "token-of-the-shopper", Supersedes: "cart-before", WantPages: true}
	for i, sku := range skus {
		req.Items = append(req.Items, cart.Item{SKU: sku, Quantity: int64(i + 1)})
	}
	return req
}

// transfer puts a cart of these SKUs through the shadow, and waits for its copy.
func (r *rig) transfer(t *testing.T, skus ...string) {
	t.Helper()
	_, _ = r.carts.Put(t.Context(), theCall, theCart(skus...))
	synctest.Wait()
}

// counts are a report's, as outcome to number.
func (r *rig) counts() map[shadow.Outcome]int64 {
	rep := r.record.Report()
	counts := map[shadow.Outcome]int64{shadow.Same: rep.Same, shadow.Different: rep.Different, shadow.Failed: rep.Failed, shadow.Skipped: rep.Skipped}
	maps.DeleteFunc(counts, func(_ shadow.Outcome, n int64) bool { return n == 0 })
	return counts
}

// figures is what a registry shows, as name and labels to value, without zeros.
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
			if m.Counter != nil {
				shown[name] = m.GetCounter().GetValue()
			} else {
				shown[name+" count"], shown[name+" sum"] = float64(m.GetHistogram().GetSampleCount()), m.GetHistogram().GetSampleSum()
			}
		}
	}
	maps.DeleteFunc(shown, func(_ string, n float64) bool { return n == 0 })
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
