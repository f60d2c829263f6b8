// SPDX-License-Identifier: Apache-2.0

package orderhooks

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
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/cartage-dev/cartage/adapters/inbound/httpserver"
	"github.com/cartage-dev/cartage/adapters/inbound/shopifysign"
	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/secret"
	"github.com/cartage-dev/cartage/ports/inbound"
)

const signatureHeader = shopifysign.Header

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	theSecret   = "hush-in-use-0001"
	olderSecret = "hush-before-0002"
	theDomain   = "demo-shop.myshopify.com"
	thePath     = "/hooks/shopify/demo"
	theAppID    = "29381650433"
)

// Two ids of our form; the bodies in testdata carry them as well.
var firstID, secondID = mint(1), mint(2)

func mint(n byte) loyalty.ActionID {
	keys, err := loyalty.NewKeyring(bytes.Repeat([]byte{7}, loyalty.SigningKeyMin))
	if err != nil {
		return ""
	}
	return keys.Mint(loyalty.OfferRef{n}, loyalty.Terms{Shop: "demo"}, when, [loyalty.NonceBytes]byte{n})
}

func demoApp() App {
	return App{
		Name: "demo", Path: thePath, AppID: theAppID,
		Secrets:   []secret.Text{secret.New(theSecret), secret.New(olderSecret)},
		Installed: []Installed{{Domain: theDomain, ShopID: 60184433, Shop: "demo"}, {Domain: "other-shop.myshopify.com", ShopID: 60184434, Shop: "other"}},
	}
}

// desk takes in what is told, and answers as the test wants it.
type desk struct {
	mu     sync.Mutex
	told   []inbound.News
	asked  []PrivacyRequest
	answer func(ctx context.Context) error
}

func (d *desk) Tell(ctx context.Context, n inbound.News) error {
	d.mu.Lock()
	d.told = append(d.told, n)
	d.mu.Unlock()
	return d.answer(ctx)
}

func (d *desk) Ask(ctx context.Context, r PrivacyRequest) error {
	d.mu.Lock()
	d.asked = append(d.asked, r)
	d.mu.Unlock()
	return d.answer(ctx)
}

func (d *desk) news() []inbound.News {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.told)
}

func (d *desk) requests() []PrivacyRequest {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.asked)
}

func well(context.Context) error { return nil }

func fails(err error) func(context.Context) error { return func(context.Context) error { return err } }

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

// bench is a handler with everything around it, and a server where one is asked for.
type bench struct {
	desk    *desk
	handler *Handler
	wall    http.Handler
	figures *prometheus.Registry
	log     *lines
}

func newBench(t testing.TB, edit func(*Options)) *bench {
	t.Helper()
	b := &bench{desk: &desk{answer: well}, figures: prometheus.NewRegistry(), log: &lines{}}
	o := Options{
		Apps: []App{demoApp()}, News: b.desk, Privacy: b.desk, Registerer: b.figures,
		Logger: slog.New(slog.NewJSONHandler(b.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if edit != nil {
		edit(&o)
	}
	var err error
	if b.handler, err = New(o); err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	b.handler.Register(mux)
	b.wall = httpserver.Wrap(httpserver.Options{
		Name: "api", Logger: slog.New(slog.DiscardHandler), TrustedProxies: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")},
	}, mux)
	return b
}

func sign(key string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write(body)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// delivery is what Shopify sends, but for what edit changes.
func delivery(ctx context.Context, named topic, body string, edit func(*http.Request)) *http.Request {
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, thePath, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set(signatureHeader, sign(theSecret, []byte(body)))
	r.Header.Set(topicHeader, string(named))
	r.Header.Set(domainHeader, theDomain)
	r.Header.Set(webhookHeader, "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043")
	r.Header.Set(triggeredHeader, "2026-11-25T09:30:05.123456789Z")
	r.Header.Set("X-Shopify-API-Version", "2026-10")
	if edit != nil {
		edit(r)
	}
	return r
}

// send delivers, and returns the status. Every answer is empty.
func (b *bench) send(t testing.TB, named topic, body string, edit func(*http.Request)) *http.Response {
	t.Helper()
	out := httptest.NewRecorder()
	b.wall.ServeHTTP(out, delivery(t.Context(), named, body, edit))
	if out.Body.Len() != 0 {
		t.Errorf("the answer has a body: %q", out.Body)
	}
	res := out.Result()
	_ = res.Body.Close()
	if res.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("headers are %v", res.Header)
	}
	return res
}

// counted is the sum of a counter over the labels that are not given.
func (b *bench) counted(t testing.TB, name string, labels map[string]string) (sum float64) {
	t.Helper()
	families, err := b.figures.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			matches, found := f.GetName() == name, 0
			for _, l := range m.GetLabel() {
				want, given := labels[l.GetName()]
				matches = matches && (!given || want == l.GetValue())
				if given {
					found++
				}
			}
			if matches && found == len(labels) {
				sum += m.GetCounter().GetValue()
			}
		}
	}
	return sum
}

// outcomes is how often a delivery came to this.
func (b *bench) outcomes(t testing.TB, code string) float64 {
	t.Helper()
	return b.counted(t, "cartage_webhooks_total", map[string]string{"outcome": code})
}

func sample(t testing.TB, name string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// serve puts the bench behind a real socket.
func (b *bench) serve(t testing.TB) (url string, client *http.Client) {
	t.Helper()
	s := httptest.NewServer(b.wall)
	t.Cleanup(s.Close)
	t.Cleanup(s.Client().CloseIdleConnections)
	return s.URL + thePath, s.Client()
}

func drain(res *http.Response) {
	_, _ = io.Copy(io.Discard, res.Body)
	_ = res.Body.Close()
}

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }
