// SPDX-License-Identifier: Apache-2.0

package admin_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/cartage-dev/cartage/adapters/inbound/admin"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// part is a probe that always sees the same.
func part(name string, ok, required bool, detail map[string]string) admin.Probe {
	return func(context.Context) admin.Status {
		return admin.Status{Name: name, OK: ok, Required: required, Detail: detail}
	}
}

// serve is the address of an admin listener, until the test ends.
func serve(t *testing.T, ready *admin.Readiness, figures prometheus.Gatherer) string {
	t.Helper()
	mux := http.NewServeMux()
	admin.Register(mux, ready, figures)
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s.URL
}

// answer is what a client sees.
type answer struct {
	Status            int
	Type, Allow, Body string
}

func ask(t *testing.T, method, url string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{DisableKeepAlives: true}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header.Get("Content-Type"), resp.Header.Get("Allow"), string(body)}
}

const plain = "text/plain; charset=utf-8"

// A host that drains, or whose parts are down, is alive nevertheless: nobody should restart it.
func TestLivezIsOKInEveryState(t *testing.T) {
	t.Parallel()
	ready := admin.NewReadiness(part("store", false, true, nil))
	url := serve(t, ready, prometheus.NewRegistry()) + "/livez"
	for _, change := range []func(){func() {}, ready.Open, ready.Close} {
		change()
		if diff := cmp.Diff(ask(t, http.MethodGet, url), answer{200, plain, "", "ok\n"}); diff != "" {
			t.Errorf("got -, want +\n%s", diff)
		}
	}
}

func TestReadyz(t *testing.T) {
	t.Parallel()
	const asJSON = "application/json"
	var (
		store       = part("store", true, true, nil)
		storeDown   = part("store", false, true, map[string]string{"error": "disk full"})
		backend     = part("backend eu", true, false, map[string]string{"pid": "4711", "breaker": "closed"})
		backendDown = part("backend us", false, false, map[string]string{"breaker": "open"})

		open    = func(r *admin.Readiness) { r.Open() }
		drained = func(r *admin.Readiness) { r.Open(); r.Close() }
		begun   = func(*admin.Readiness) {}
	)
	for _, tt := range []struct {
		name   string
		probes []admin.Probe
		state  func(*admin.Readiness)
		query  string
		want   answer
	}{
		{"ready", []admin.Probe{store, backend}, open, "", answer{200, plain, "", "ok\n"}},
		{"ready without parts", nil, open, "", answer{200, plain, "", "ok\n"}},
		{"not yet open", []admin.Probe{store}, begun, "", answer{503, plain, "", "not ready\n"}},
		{"draining", []admin.Probe{store}, drained, "", answer{503, plain, "", "not ready\n"}},
		{"open once more", []admin.Probe{store}, func(r *admin.Readiness) { drained(r); open(r) }, "", answer{200, plain, "", "ok\n"}},
		{"a required part is down", []admin.Probe{storeDown, backend}, open, "", answer{503, plain, "", "not ready\n"}},
		{"a required part is down before others", []admin.Probe{storeDown, store}, open, "", answer{503, plain, "", "not ready\n"}},
		{"a backend is down", []admin.Probe{store, backendDown}, open, "", answer{200, plain, "", "ok\n"}},
		{"an unknown query", []admin.Probe{store}, open, "?x=1&output=xml", answer{200, plain, "", "ok\n"}},

		{"verbose, ready", []admin.Probe{store, backend, backendDown}, open, "?verbose", answer{200, plain, "", `[+] serving
[+] store
[+] backend eu breaker="closed" pid="4711"
[-] backend us breaker="open"
ready: true
`}},
		{"verbose with a value", nil, open, "?verbose=1", answer{200, plain, "", "[+] serving\nready: true\n"}},
		{"verbose, draining", []admin.Probe{store}, drained, "?verbose", answer{503, plain, "", "[-] serving\n[+] store\nready: false\n"}},
		{"verbose, a required part is down", []admin.Probe{storeDown}, open, "?verbose", answer{503, plain, "", `[+] serving
[-] store error="disk full"
ready: false
`}},
		{"verbose, a detail of several lines", []admin.Probe{part("x", true, false, map[string]string{"a": "b\n[+] y"})}, open, "?verbose", answer{
			200, plain, "", "[+] serving\n[+] x a=\"b\\n[+] y\"\nready: true\n",
		}},

		{"JSON, ready", []admin.Probe{store, backend}, open, "?output=json", answer{200, asJSON, "", `{"ready":true,"parts":[` +
			`{"name":"serving","ok":true,"required":true},{"name":"store","ok":true,"required":true},` +
			`{"name":"backend eu","ok":true,"required":false,"detail":{"breaker":"closed","pid":"4711"}}]}` + "\n"}},
		{"JSON, not yet open", nil, begun, "?output=json", answer{503, asJSON, "", `{"ready":false,"parts":[` +
			`{"name":"serving","ok":false,"required":true}]}` + "\n"}},
		{"JSON, a required part is down", []admin.Probe{storeDown}, open, "?output=json", answer{503, asJSON, "", `{"ready":false,"parts":[` +
			`{"name":"serving","ok":true,"required":true},{"name":"store","ok":false,"required":true,"detail":{"error":"disk full"}}]}` + "\n"}},
		{"JSON goes before verbose", nil, open, "?verbose&output=json", answer{200, asJSON, "", `{"ready":true,"parts":[` +
			`{"name":"serving","ok":true,"required":true}]}` + "\n"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			ready := admin.NewReadiness(tt.probes...)
			tt.state(ready)
			if diff := cmp.Diff(ask(t, http.MethodGet, serve(t, ready, prometheus.NewRegistry())+"/readyz"+tt.query), tt.want); diff != "" {
				t.Errorf("got -, want +\n%s", diff)
			}
		})
	}
}

func TestZeroReadinessIsNotReadyUntilOpen(t *testing.T) {
	t.Parallel()
	var ready admin.Readiness
	if ready.Look(t.Context()).Ready {
		t.Error("ready before Open")
	}
	ready.Open()
	if !ready.Look(t.Context()).Ready {
		t.Error("not ready after Open")
	}
}

// Every look asks anew, each part for itself and not for ever.
func TestProbesAreBoundedAndAskedEachTime(t *testing.T) {
	t.Parallel()
	var looks int
	probe := func(ctx context.Context) admin.Status {
		if at, ok := ctx.Deadline(); !ok || time.Until(at) > time.Second {
			t.Errorf("deadline %v, %t; want one within a second", at, ok)
		}
		looks++
		return admin.Status{Name: "x", OK: looks > 2, Required: true}
	}
	ready := admin.NewReadiness(probe, probe)
	ready.Open()
	for _, want := range []bool{false, true} {
		if got := ready.Look(t.Context()); got.Ready != want {
			t.Errorf("report %+v, want ready %t", got, want)
		}
	}
	if looks != 4 {
		t.Errorf("%d looks, want 4", looks)
	}
}

func TestProbesLearnThatNobodyWaits(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	admin.NewReadiness(func(ctx context.Context) admin.Status {
		if ctx.Err() == nil {
			t.Error("the probe's context lives on after the caller's")
		}
		return admin.Status{}
	}).Look(ctx)
}

func TestMetricsAreServed(t *testing.T) {
	t.Parallel()
	figures := prometheus.NewRegistry()
	sold := prometheus.NewCounter(prometheus.CounterOpts{Name: "sold_total", Help: "What was sold."})
	figures.MustRegister(sold)
	sold.Add(3)
	got := ask(t, http.MethodGet, serve(t, admin.NewReadiness(), figures)+"/metrics")
	want := "# HELP sold_total What was sold.\n# TYPE sold_total counter\nsold_total 3\n"
	if got.Status != http.StatusOK || !strings.HasPrefix(got.Type, "text/plain; version=0.0.4") || got.Body != want {
		t.Errorf("answer = %+v, want\n%s", got, want)
	}
}

func TestNothingElseIsServed(t *testing.T) {
	t.Parallel()
	url := serve(t, admin.NewReadiness(), prometheus.NewRegistry())
	for _, path := range []string{"/", "/healthz", "/livez/", "/livez/x", "/readyz/store", "/metrics/x", "/debug/pprof/", "/config", "/LIVEZ"} {
		if got := ask(t, http.MethodGet, url+path); got.Status != http.StatusNotFound {
			t.Errorf("GET %s = %+v, want 404", path, got)
		}
	}
}

func TestOnlyReadingIsServed(t *testing.T) {
	t.Parallel()
	ready := admin.NewReadiness()
	ready.Open()
	url := serve(t, ready, prometheus.NewRegistry())
	for _, path := range []string{"/livez", "/readyz", "/readyz?verbose", "/metrics"} {
		if got := ask(t, http.MethodHead, url+path); got.Status != http.StatusOK || got.Body != "" {
			t.Errorf("HEAD %s = %+v, want 200 and no body", path, got)
		}
		for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions, "BREW"} {
			if got := ask(t, method, url+path); got.Status != http.StatusMethodNotAllowed || got.Allow != "GET, HEAD" {
				t.Errorf("%s %s = %+v, want 405 and what is allowed", method, path, got)
			}
		}
	}
}
