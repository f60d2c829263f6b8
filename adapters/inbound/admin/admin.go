// SPDX-License-Identifier: Apache-2.0

// Package admin answers an operator and a supervisor: is the host alive, is it
// ready, what are its figures.
//
// Invariant: all that anybody can change here is that the operator's own config is
// read again and that a plugin is tried again, and nothing here shows a setting or a
// secret. It listens apart from the API, on loopback unless config says otherwise.
package admin

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// probeMax bounds one look at one part of the host.
const probeMax = time.Second

// Status is how one part of the host is.
type Status struct {
	Name string `json:"name"`
	OK   bool   `json:"ok"`
	// Required parts that are not OK make the host unready; a backend that is down
	// does not, since other shops still sell.
	Required bool              `json:"required"`
	Detail   map[string]string `json:"detail,omitempty"`
}

// Probe looks at one part of the host.
type Probe func(ctx context.Context) Status

// Readiness gathers probes. The zero Readiness is not ready until Open.
type Readiness struct {
	open   atomic.Bool
	probes []Probe
	also   func() []Probe
}

// NewReadiness looks through these probes, in this order.
func NewReadiness(probes ...Probe) *Readiness { return &Readiness{probes: probes} }

// Also looks after those through the probes of parts that come and go, as they are
// at each look. It is for before the first one.
func (r *Readiness) Also(probes func() []Probe) { r.also = probes }

// Open says that the host takes requests; Close that it is about to stop.
func (r *Readiness) Open() { r.open.Store(true) }

// Close makes the host unready, so that a load balancer looks elsewhere.
func (r *Readiness) Close() { r.open.Store(false) }

// Report is what /readyz?verbose shows.
type Report struct {
	Ready bool     `json:"ready"`
	Parts []Status `json:"parts"`
}

// Look asks every probe.
func (r *Readiness) Look(ctx context.Context) Report {
	serving := r.open.Load()
	report := Report{Ready: serving, Parts: []Status{{Name: "serving", OK: serving, Required: true}}}
	probes := r.probes
	if r.also != nil {
		probes = slices.Concat(probes, r.also())
	}
	for _, probe := range probes {
		report.Parts = append(report.Parts, look(ctx, probe))
	}
	for _, s := range report.Parts {
		report.Ready = report.Ready && (s.OK || !s.Required)
	}
	return report
}

func look(ctx context.Context, probe Probe) Status {
	ctx, cancel := context.WithTimeout(ctx, probeMax)
	defer cancel()
	return probe(ctx)
}

// Register serves /livez, /readyz and /metrics.
func Register(mux *http.ServeMux, ready *Readiness, figures prometheus.Gatherer) {
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") })
	mux.HandleFunc("GET /readyz", ready.serve)
	mux.Handle("GET /metrics", promhttp.HandlerFor(figures, promhttp.HandlerOpts{}))
}

// serve answers 200 or 503; ?verbose adds a line for each part, ?output=json the same as JSON.
func (r *Readiness) serve(w http.ResponseWriter, req *http.Request) {
	report := r.Look(req.Context())
	asJSON := req.URL.Query().Get("output") == "json"
	if asJSON {
		w.Header().Set("Content-Type", "application/json")
	} else {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	}
	if !report.Ready {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	switch {
	case asJSON:
		_ = json.NewEncoder(w).Encode(report)
	case req.URL.Query().Has("verbose"):
		report.print(w)
	case report.Ready:
		_, _ = io.WriteString(w, "ok\n")
	default:
		_, _ = io.WriteString(w, "not ready\n")
	}
}

func (p Report) print(w io.Writer) {
	for _, s := range p.Parts {
		mark := "+"
		if !s.OK {
			mark = "-"
		}
		_, _ = fmt.Fprintf(w, "[%s] %s%s\n", mark, s.Name, details(s.Detail))
	}
	_, _ = fmt.Fprintf(w, "ready: %t\n", p.Ready)
}
