// SPDX-License-Identifier: Apache-2.0

package posui

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/oklog/ulid/v2"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/cartage-dev/cartage/adapters/inbound/httpserver"
	"github.com/cartage-dev/cartage/core/secret"
	"github.com/cartage-dev/cartage/ports/inbound"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	theSecret   = "client-secret-in-use-0001"
	oldSecret   = "client-secret-before-0002"
	otherSecret = "client-secret-of-another-app-03"
	theClient   = "5f2b9c3d4e5a6071829304a5b6c7d8e9"
	otherClient = "00112233445566778899aabbccddeeff"
	demoDomain  = "demo-shop.myshopify.com"
	secondShop  = "second.myshopify.com"
	otherShop   = "other-shop.myshopify.com"
)

func demoApp() App {
	return App{
		Name: "demo", ClientID: theClient, Secrets: []secret.Text{secret.New(theSecret), secret.New(oldSecret)},
		Installed: []Installed{{Domain: demoDomain, Shop: "demo"}, {Domain: secondShop, Shop: "second"}},
	}
}

func otherApp() App {
	return App{Name: "other", ClientID: otherClient, Secrets: []secret.Text{secret.New(otherSecret)}, Installed: []Installed{{Domain: otherShop, Shop: "other"}}}
}

// said are the claims of a good token, but for what edit changes.
func said(at time.Time, edit func(jwt.MapClaims)) jwt.MapClaims {
	c := jwt.MapClaims{
		"iss": "https://" + demoDomain + "/admin", "dest": "https://" + demoDomain, "aud": theClient, "sub": "42", "sid": "session",
		"exp": at.Add(time.Minute).Unix(), "nbf": at.Unix(), "iat": at.Unix(), "jti": ulid.Make().String(),
	}
	if edit != nil {
		edit(c)
	}
	return c
}

// sign makes a token as Shopify does.
func sign(t testing.TB, key string, c jwt.MapClaims) string {
	t.Helper()
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, c).SignedString([]byte(key))
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// ofShop are the claims of another shop's token.
func ofShop(domain string) func(jwt.MapClaims) {
	return func(c jwt.MapClaims) { c["iss"], c["dest"] = "https://"+domain+"/admin", "https://"+domain }
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

// bench is a handler with everything around it.
type bench struct {
	wall    http.Handler
	handler *Handler
	port    *port
	figures *prometheus.Registry
	log     *lines
	now     func() time.Time
}

// newBench serves a port; none: one that answers as told.
func newBench(t testing.TB, with inbound.Redemptions) *bench {
	t.Helper()
	b := &bench{port: &port{}, figures: prometheus.NewRegistry(), log: &lines{}, now: time.Now}
	if with == nil {
		with = b.port
	}
	log := slog.New(slog.NewJSONHandler(b.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	var err error
	b.handler, err = New(Options{
		Apps: []App{demoApp(), otherApp()}, Redemptions: with, Logger: log, Registerer: b.figures,
		Now: func() time.Time { return b.now() },
	})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	b.handler.Register(mux)
	b.wall = httpserver.Wrap(httpserver.Options{Name: "api", Logger: log}, mux)
	return b
}

// request is one of an extension, whose token is good but for what edit changes.
type request struct {
	method, path, body string
	claims             func(jwt.MapClaims)
	edit               func(*http.Request)
}

func (b *bench) build(t testing.TB, url string, q request) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), q.method, url+Base+q.path, strings.NewReader(q.body))
	if err != nil {
		t.Fatal(err)
	}
	key := theSecret
	c := said(b.now(), q.claims)
	if c["aud"] == otherClient {
		key = otherSecret
	}
	req.Header.Set("Authorization", "Bearer "+sign(t, key, c))
	if q.body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if q.path == "/redemptions" {
		req.Header.Set(keyHeader, ulid.Make().String())
	}
	if q.edit != nil {
		q.edit(req)
	}
	return req
}

// reply is an answer as it came.
type reply struct {
	status int
	header http.Header
	body   string
}

// send hands a request to the handler without a network.
func (b *bench) send(t testing.TB, q request) reply {
	t.Helper()
	out := httptest.NewRecorder()
	b.wall.ServeHTTP(out, b.build(t, "", q))
	return reply{out.Code, out.Header(), out.Body.String()}
}

// post sends one over the network.
func post(t testing.TB, req *http.Request) reply {
	t.Helper()
	res, err := http.DefaultClient.Do(req)
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

// problem reads an answer as one, and holds it to its form.
func (r reply) problem(t testing.TB) problemAnswer {
	t.Helper()
	var p problemAnswer
	err := json.Unmarshal([]byte(r.body), &p)
	as := tellings[p.Code]
	if err != nil || r.header.Get("Content-Type") != "application/problem+json" || p.Type != noType || p.Status != r.status || as.status != r.status ||
		p.Title != http.StatusText(r.status) || !strings.HasPrefix(p.Detail, as.detail) || p.RequestID == "" || p.RequestID != r.header.Get("X-Request-Id") {
		t.Errorf("no problem: %d %s %v (%v)", r.status, r.body, r.header, err)
	}
	return p
}

// read decodes an answer.
func (r reply) read(t testing.TB, want int, into any) {
	t.Helper()
	if r.status != want || r.header.Get("Content-Type") != "application/json" {
		t.Fatalf("got %d %s, want %d", r.status, r.body, want)
	}
	if err := json.Unmarshal([]byte(r.body), into); err != nil {
		t.Fatal(err)
	}
}

// counted is the value of a counter, and -1 when it is not there.
func (b *bench) counted(t testing.TB, name string, labels map[string]string) float64 {
	t.Helper()
	families, err := b.figures.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			got := map[string]string{}
			for _, l := range m.GetLabel() {
				got[l.GetName()] = l.GetValue()
			}
			if f.GetName() == name && maps.Equal(got, labels) {
				return m.GetCounter().GetValue()
			}
		}
	}
	return -1
}

// The requests of an extension as they are when nothing is wrong with them.
const (
	goodQuery  = "/loyalty?customer_id=1&currency=GBP&locale=en-GB"
	goodBody   = `{"offer_id":"` + anID + `","customer_id":1,"location_id":7,"device_id":"till-1"}`
	goodCommit = `{"order_id":450789469,"executed_at":"2026-11-25T12:00:00Z"}`
)

var good = map[string]request{
	"loyalty": {method: "GET", path: goodQuery},
	"reserve": {method: "POST", path: "/redemptions", body: goodBody},
	"release": {method: "DELETE", path: "/redemptions/" + anID},
	"commit":  {method: "POST", path: "/redemptions/" + anID + "/commit", body: goodCommit},
}
