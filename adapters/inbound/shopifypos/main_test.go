// SPDX-License-Identifier: Apache-2.0

package shopifypos

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/cartage-dev/cartage/adapters/inbound/httpserver"
	"github.com/cartage-dev/cartage/adapters/inbound/shopifysign"
	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/secret"
	"github.com/cartage-dev/cartage/core/shop"
	"github.com/cartage-dev/cartage/ports/inbound"
)

const signatureHeader = shopifysign.Header

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	theSecret   = "client-secret-in-use-0001"
	oldSecret   = "client-secret-before-0002"
	otherSecret = "client-secret-of-another-app-03"
	email       = "someone@example.test"
)

// Bodies as a till sends them.
const (
	sampleFields = `"customer_id":1,"customer_email":"` + email + `","locale":"en","supported_templates":["simple_action_list"],` +
		`"supported_actions":["flat_discount","percent_discount","add_variant"],"currency_code":"USD","shop_id":1,"shopify_domain":"demo-shop.myshopify.com"}`
	sample    = `{` + sampleFields
	sampleTap = `{"action_id":"123ABC",` + sampleFields
)

// heardOf is what a port was told of.
type heardOf struct {
	Shop shop.ID
	ID   loyalty.ActionID
}

// port answers as told, and remembers what it was asked.
type port struct {
	mu     sync.Mutex
	tills  []inbound.Till
	ids    []loyalty.ActionID
	heard  []heardOf
	answer func(ctx context.Context, at endpoint, till inbound.Till) (inbound.Screen, error)
}

var _ inbound.POS = (*port)(nil)

func (p *port) ask(ctx context.Context, at endpoint, till inbound.Till, id loyalty.ActionID) (inbound.Screen, error) {
	p.mu.Lock()
	p.tills, p.ids = append(p.tills, till), append(p.ids, id)
	answer := p.answer
	p.mu.Unlock()
	return answer(ctx, at, till)
}

func (p *port) Promotions(ctx context.Context, at inbound.Till) (inbound.Screen, error) {
	return p.ask(ctx, promotions, at, "")
}

func (p *port) Perform(ctx context.Context, at inbound.Till, id loyalty.ActionID) (inbound.Screen, error) {
	return p.ask(ctx, performAction, at, id)
}

func (p *port) Revert(ctx context.Context, at inbound.Till, id loyalty.ActionID) (inbound.Screen, error) {
	return p.ask(ctx, revertAction, at, id)
}

func (p *port) Heard(at shop.ID, id loyalty.ActionID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.heard = append(p.heard, heardOf{at, id})
}

func (p *port) asked() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.tills)
}

func (p *port) heardOf() []heardOf {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]heardOf(nil), p.heard...)
}

func shows(s inbound.Screen) func(context.Context, endpoint, inbound.Till) (inbound.Screen, error) {
	return func(context.Context, endpoint, inbound.Till) (inbound.Screen, error) { return s, nil }
}

func fails(err error) func(context.Context, endpoint, inbound.Till) (inbound.Screen, error) {
	return func(context.Context, endpoint, inbound.Till) (inbound.Screen, error) { return inbound.Screen{}, err }
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

func demoApp() App {
	return App{
		Name: "demo", Path: "/pos/demo", Secrets: []secret.Text{secret.New(theSecret), secret.New(oldSecret)},
		Installed: []Installed{{Domain: "demo-shop.myshopify.com", ShopID: 1, Shop: "demo"}, {Domain: "second.myshopify.com", ShopID: 2, Shop: "second"}},
	}
}

func otherApp() App {
	return App{
		Name: "other", Path: "/pos/other", Secrets: []secret.Text{secret.New(otherSecret)},
		Installed: []Installed{{Domain: "other-shop.myshopify.com", ShopID: 9, Shop: "other"}},
	}
}

// bench is a handler with everything around it.
type bench struct {
	wall    http.Handler
	handler *Handler
	port    *port
	figures *prometheus.Registry
	log     *lines
	url     string // once it is served, as the next
	client  *http.Client
}

func newBench(t testing.TB, a App) *bench {
	t.Helper()
	b := &bench{port: &port{answer: shows(inbound.Screen{Label: "Stars", Known: true})}, figures: prometheus.NewRegistry(), log: &lines{}}
	log := slog.New(slog.NewJSONHandler(b.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	stopped := func() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) } // however busy the machine is
	var err error
	if b.handler, err = New(Options{Apps: []App{a, otherApp()}, POS: b.port, Logger: log, Registerer: b.figures, Now: stopped}); err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	b.handler.Register(mux)
	b.wall = httpserver.Wrap(httpserver.Options{
		Name: "api", Logger: slog.New(slog.DiscardHandler), TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
	}, mux)
	return b
}

// served is a bench behind a real server.
func served(t testing.TB, a App) *bench {
	t.Helper()
	b := newBench(t, a)
	server := httptest.NewServer(b.wall)
	t.Cleanup(server.Close)
	b.url, b.client = server.URL, server.Client()
	return b
}

func sign(key, body string) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(body))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// call is a signed request, but for what edit changes.
func call(t testing.TB, url string, at endpoint, body string, edit func(*http.Request)) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/pos/demo/"+at.name(), strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(signatureHeader, sign(theSecret, body))
	if edit != nil {
		edit(req)
	}
	return req
}

// reply is an answer as it came.
type reply struct {
	status int
	header http.Header
	body   string
}

// post sends a signed request over the network.
func (b *bench) post(t testing.TB, at endpoint, body string, edit func(*http.Request)) reply {
	t.Helper()
	res, err := b.client.Do(call(t, b.url, at, body, edit))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{res.StatusCode, res.Header, string(text)}
}

// direct hands a signed request to the handler without a network.
func (b *bench) direct(t testing.TB, at endpoint, body string, edit func(*http.Request)) reply {
	t.Helper()
	out := httptest.NewRecorder()
	b.wall.ServeHTTP(out, call(t, "", at, body, edit))
	return reply{out.Code, out.Header(), out.Body.String()}
}

// counted is the value of a counter, or the observations of a histogram, and -1 when it is not there.
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
			if matches && m.GetHistogram() != nil {
				return float64(m.GetHistogram().GetSampleCount())
			}
			if matches {
				return m.GetCounter().GetValue()
			}
		}
	}
	return -1
}

// outcome is how often a request ended so. It is counted behind the answer, so with a
// network between, this may have to wait for it.
func (b *bench) outcome(t testing.TB, at endpoint, outcome string) (n float64) {
	t.Helper()
	for range 1_000 {
		n = b.counted(t, "cartage_pos_requests_total", map[string]string{"app": "demo", "endpoint": at.name(), "outcome": outcome})
		if n > 0 || b.url == "" {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	return n
}
