// SPDX-License-Identifier: Apache-2.0

package poq

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/cartage-dev/cartage/adapters/inbound/httpserver"
	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/handoff"
	"github.com/cartage-dev/cartage/core/money"
	"github.com/cartage-dev/cartage/core/order"
	"github.com/cartage-dev/cartage/core/secret"
	"github.com/cartage-dev/cartage/core/shop"
	"github.com/cartage-dev/cartage/ports/inbound"
)

const (
	theSecret   = "secret-in-use-0001"
	otherSecret = "secret-to-come-0002"
	ordersKey   = "secret-of-orders-03"
	userID      = "6f1c9c1e-8f1d-4d2e-9a51-0b3c5f7a9d00"
)

const sample = `{"items":[{"quantity":1,"sku":"item_1_sku"},{"quantity":5,"sku":"item_2_sku"}],"currency":"GBP","reference":"9f1c0a3d5b7e4c2f8a6d1e0b3c5f7a9d"}`

// carts is a use case that asks core what the real one asks, and then answers as told.
type carts struct {
	mu     sync.Mutex
	asked  []inbound.TransferCart
	answer func(ctx context.Context, req inbound.TransferCart) (inbound.Transferred, error)
}

func (c *carts) Transfer(ctx context.Context, req inbound.TransferCart) (inbound.Transferred, error) {
	rules := shop.Shop{ID: "demo", Currencies: []money.Currency{"GBP", "EUR"}}
	if req.Shop != rules.ID {
		return inbound.Transferred{}, fault.New(fault.NotFound, "unknown_shop", "no such shop").By(fault.Caller)
	}
	_, itemsErr := cart.Combine(req.Items)
	_, currencyErr := rules.Accepts(req.Currency)
	var first *fault.Error
	for _, err := range []error{itemsErr, currencyErr, order.CheckReference(req.Reference)} {
		switch f := fault.From(err); {
		case f == nil:
		case first == nil:
			first = f
		default:
			first = first.With(f.Fields...)
		}
	}
	if first != nil {
		return inbound.Transferred{}, first
	}
	c.mu.Lock()
	c.asked = append(c.asked, req)
	c.mu.Unlock()
	return c.answer(ctx, req)
}

func opens(open handoff.Request) func(context.Context, inbound.TransferCart) (inbound.Transferred, error) {
	return func(context.Context, inbound.TransferCart) (inbound.Transferred, error) {
		return inbound.Transferred{Open: open}, nil
	}
}

func fails(err error) func(context.Context, inbound.TransferCart) (inbound.Transferred, error) {
	return func(context.Context, inbound.TransferCart) (inbound.Transferred, error) {
		return inbound.Transferred{}, err
	}
}

// ledger is an order lookup that answers as told.
type ledger func(ctx context.Context, id shop.ID, reference string) (order.Order, error)

func (l ledger) ByReference(ctx context.Context, id shop.ID, reference string) (order.Order, error) {
	return l(ctx, id, reference)
}

// bench is a handler behind a real server, with everything around it.
type bench struct {
	url     string
	carts   *carts
	orders  ledger
	figures *prometheus.Registry
	log     *lines
}

// lines is a log that may be read while it is written.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func demoShop() Shop {
	return Shop{
		ID: "demo", Path: "/poq/demo/cart-transfer", CustomerHeader: "X-Customer-Authorization",
		Secrets: []secret.Text{secret.New(theSecret), secret.New(otherSecret)}, OrdersSecrets: []secret.Text{secret.New(ordersKey)},
	}
}

func newBench(t testing.TB, s Shop) *bench {
	t.Helper()
	b := &bench{figures: prometheus.NewRegistry(), log: &lines{}}
	b.carts = &carts{answer: opens(handoff.Request{URL: "https://host.example/handoff/h_5Rk0Qm7yWc2Tn9xLb4Ze1A", Method: handoff.GET})}
	b.orders = func(_ context.Context, _ shop.ID, reference string) (order.Order, error) {
		return order.Order{}, fault.New(fault.NotFound, "unknown_reference", "none").By(fault.Caller)
	}
	log := slog.New(slog.NewJSONHandler(b.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	h, err := New(Options{
		Shops: []Shop{s}, Transfer: b.carts, Logger: log, Registerer: b.figures,
		Orders: ledger(func(ctx context.Context, id shop.ID, reference string) (order.Order, error) {
			if err := order.CheckReference(reference); err != nil {
				return order.Order{}, err
			}
			return b.orders(ctx, id, reference)
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	h.Register(mux)
	server := httptest.NewServer(httpserver.Wrap(httpserver.Options{
		Name: "api", Logger: slog.New(slog.DiscardHandler), TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
	}, mux))
	t.Cleanup(server.Close)
	b.url = server.URL
	return b
}

// reply is an answer as it came.
type reply struct {
	status int
	header http.Header
	body   string
}

// code is that of an error body, and says so when the body is none.
func (r reply) code(t testing.TB) string {
	t.Helper()
	return r.refused(t).Code
}

func (r reply) refused(t testing.TB) errorBody {
	t.Helper()
	var got errorAnswer
	dec := json.NewDecoder(strings.NewReader(r.body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&got); err != nil {
		t.Fatalf("%d without an error body: %v: %.200q", r.status, err, r.body)
	}
	if got.Error.Details == nil {
		t.Errorf("details are null: %s", r.body)
	}
	if id := r.header.Get("X-Request-Id"); got.Error.RequestID != id || id == "" {
		t.Errorf("the body names request %q, the header %q", got.Error.RequestID, id)
	}
	return got.Error
}

// post sends a body as Poq would, but for what edit changes.
func (b *bench) post(t testing.TB, body string, edit func(*http.Request)) reply {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.url+"/poq/demo/cart-transfer", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+theSecret)
	req.Header.Set("Poq-User-Id", userID)
	if edit != nil {
		edit(req)
	}
	return do(t, req)
}

func (b *bench) order(t testing.TB, reference string, edit func(*http.Request)) reply {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.url+"/poq/demo/orders/"+reference, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+ordersKey)
	if edit != nil {
		edit(req)
	}
	return do(t, req)
}

func do(t testing.TB, req *http.Request) reply {
	t.Helper()
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{res.StatusCode, res.Header, string(body)}
}

// counted is the value of a counter, or -1 when it is not there.
func (b *bench) counted(t testing.TB, name string, labels map[string]string) float64 {
	t.Helper()
	families, err := b.figures.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			matches := f.GetName() == name
			for _, l := range m.GetLabel() {
				matches = matches && labels[l.GetName()] == l.GetValue()
			}
			if matches {
				return m.GetCounter().GetValue()
			}
		}
	}
	return -1
}
