// SPDX-License-Identifier: Apache-2.0

package httpserver_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/cartage-dev/cartage/adapters/inbound/httpserver"
)

// wantRequests compares what was counted, by labels.
func wantRequests(t *testing.T, s *rig, want map[string]float64) {
	t.Helper()
	got := map[string]float64{}
	for key, n := range figures(t, s.metrics) {
		if labels, ok := strings.CutPrefix(key, "requests_total "); ok {
			got[labels] = n
		}
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("requests counted: got -, want +\n%s", diff)
	}
}

// routes has a route of every kind.
func routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /carts/{id}", say("cart"))
	mux.Handle("/any", say("any"))
	mux.Handle("/tree/", say("tree"))
	mux.HandleFunc("/nothing", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("/created", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusCreated) })
	mux.HandleFunc("/twice", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(http.StatusAccepted)
		w.WriteHeader(http.StatusTeapot)
	})
	return mux
}

func TestRequestsAreCountedByWhatNobodyInvents(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, line string // method and target
		want       string // route, method and status
	}{
		{"a route", "GET /carts/7", "method=GET route=GET /carts/{id} status=200"},
		{"a query", "GET /carts/7?token=stranger", "method=GET route=GET /carts/{id} status=200"},
		{"HEAD", "HEAD /carts/7", "method=HEAD route=GET /carts/{id} status=200"},
		{"an answer without a word", "GET /nothing", "method=GET route=/nothing status=200"},
		{"a status of its own", "PUT /created", "method=PUT route=/created status=201"},
		{"the first final status counts", "PATCH /twice", "method=PATCH route=/twice status=202"},
		{"no route", "GET /stranger", "method=GET route=none status=404"},
		{"no such method", "DELETE /carts/7", "method=DELETE route=none status=405"},
		{"an invented method", "STRANGER /any", "method=other route=/any status=200"},
		{"a known method in lower case", "get /any", "method=other route=/any status=200"},
		{"TRACE", "TRACE /any", "method=TRACE route=/any status=200"},
		{"an invented method without a route", "STRANGER /stranger", "method=other route=none status=404"},
		{"below a tree", "GET /tree/stranger", "method=GET route=/tree/ status=200"},
		{"on the way to a tree", "GET /tree", "method=GET route=/tree/ status=307"},
		{"on the way to a plain path", "GET /stranger/../any", "method=GET route=/any status=307"},
		{"a plain path that leads nowhere", "GET //stranger", "method=GET route=none status=307"},
		{"CONNECT to a host", "CONNECT stranger:443", "method=CONNECT route=none status=404"},
		{"CONNECT on the way to a tree", "CONNECT /tree", "method=CONNECT route=none status=307"},
		{"all of the server", "OPTIONS *", "method=OPTIONS route=none status=400"},
		{"another host's", "GET http://stranger/any", "method=GET route=/any status=200"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, routes(), nil)
			a := s.say(t, tt.line+" HTTP/1.1\r\nHost: stranger\r\nUser-Agent: stranger\r\nConnection: close\r\n\r\n")
			wantRequests(t, s, map[string]float64{"listener=api " + tt.want: 1})
			wantHeader(t, a.header, map[string]string{"X-Content-Type-Options": "nosniff"})
			if a.header.Get("X-Request-Id") == "" {
				t.Error("the answer has no request id")
			}
			if text := s.log.String(); strings.Contains(strings.ToLower(text), "stranger") {
				t.Errorf("the log has what a stranger chose:\n%s", text)
			}
		})
	}
}

func TestRequestsAreTimedByRoute(t *testing.T) {
	t.Parallel()
	s := start(t, routes(), nil)
	for _, path := range []string{"/any", "/any", "/stranger"} {
		s.get(t, path, nil)
	}
	got := figures(t, s.metrics)
	for key, want := range map[string]float64{"request_seconds listener=api route=/any": 2, "request_seconds listener=api route=none": 1} {
		if got[key] != want {
			t.Errorf("%s = %v, want %v", key, got[key], want)
		}
	}
}

func TestListenersShareFigures(t *testing.T) {
	t.Parallel()
	api := start(t, routes(), nil)
	admin := start(t, routes(), func(o *httpserver.Options) { o.Name, o.Registerer = "admin", api.metrics })
	none := start(t, routes(), func(o *httpserver.Options) { o.Registerer = nil })
	for _, s := range []*rig{api, admin, none} {
		s.get(t, "/any", nil)
	}
	wantRequests(t, api, map[string]float64{
		"listener=api method=GET route=/any status=200": 1, "listener=admin method=GET route=/any status=200": 1,
	})
}

func TestRegisterKeepsToItselfWhatCannotBeShared(t *testing.T) {
	t.Parallel()
	metrics := prometheus.NewRegistry()
	first := httpserver.Register(metrics, prometheus.NewCounter(prometheus.CounterOpts{Name: "n", Help: "h"}))
	if again := httpserver.Register(metrics, prometheus.NewCounter(prometheus.CounterOpts{Name: "n", Help: "h"})); again != first {
		t.Error("the same description gives another collector")
	}
	other := prometheus.NewGauge(prometheus.GaugeOpts{Name: "n", Help: "h"})
	if got := httpserver.Register(metrics, other); got != other {
		t.Error("a collector of another kind is not given back")
	}
}

func TestAnsweredRequestsAreLogged(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.Handle("GET /fine/{id}", say("four"))
	mux.HandleFunc("GET /down", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	s := start(t, mux, nil)
	given := func(h http.Header) { h.Set("X-Request-Id", "req-7") }
	s.get(t, "/fine/stranger", given)
	s.get(t, "/down", given)
	got := s.log.records(t, "request answered")
	for _, record := range got {
		if _, ok := record["took_ms"].(float64); !ok {
			t.Errorf("took_ms = %v, want a number", record["took_ms"])
		}
		if _, err := time.Parse(time.RFC3339Nano, fmt.Sprint(record["time"])); err != nil {
			t.Error(err)
		}
		delete(record, "took_ms")
		delete(record, "time")
	}
	record := func(level, route string, status, bytes float64) map[string]any {
		return map[string]any{
			"level": level, "msg": "request answered", "listener": "api", "request_id": "req-7", "route": route,
			"method": "GET", "status": status, "bytes": bytes, "client_ip": "127.0.0.1",
		}
	}
	want := []map[string]any{record("DEBUG", "GET /fine/{id}", 200, 4), record("INFO", "GET /down", 502, 0)}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("got -, want +\n%s", diff)
	}
}
