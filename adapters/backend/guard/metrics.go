// SPDX-License-Identifier: Apache-2.0

package guard

import (
	"errors"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/sony/gobreaker/v2"

	"github.com/cartage-dev/cartage/core/fault"
)

// The labels. Their words, like the names of the metrics, are ours and stay.
const (
	labelBackend = "backend"
	labelOp      = "op"
	labelKind    = "kind"
	labelReason  = "reason"
)

// figures are the metrics of one guard. The vectors are shared by all guards of
// one Registerer; the rest is this backend's own.
type figures struct {
	calls, retries, refused *prometheus.CounterVec
	seconds                 *prometheus.HistogramVec
	breaker, flying         *prometheus.GaugeVec

	busy, open, noTime prometheus.Counter
	state, inFlight    prometheus.Gauge
}

func newFigures(name string, r prometheus.Registerer, log *slog.Logger) figures {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return register(r, log, prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels))
	}
	gauge := func(name, help string) *prometheus.GaugeVec {
		return register(r, log, prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, []string{labelBackend}))
	}
	f := figures{
		calls: counter("cartage_backend_calls_total", "Calls sent to the backend, retries included, by what came of them.",
			labelBackend, labelOp, labelKind),
		retries: counter("cartage_backend_retries_total", "Calls that were tried a second time.", labelBackend, labelOp),
		refused: counter("cartage_backend_refused_total", "Calls that were not sent: no place, breaker open, or no time left.",
			labelBackend, labelReason),
		seconds: register(r, log, prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "cartage_backend_call_seconds", Help: "How long the backend took for a call that was sent.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2, 3, 5, 10},
		}, []string{labelBackend, labelOp})),
		breaker: gauge("cartage_breaker_state", "0 closed, 1 half-open, 2 open."),
		flying:  gauge("cartage_backend_in_flight", "Calls at the backend now."),
	}
	f.busy = f.refused.WithLabelValues(name, "busy")
	f.open = f.refused.WithLabelValues(name, "open")
	f.noTime = f.refused.WithLabelValues(name, "no_time")
	f.state, f.inFlight = f.breaker.WithLabelValues(name), f.flying.WithLabelValues(name)
	return f
}

// register returns the collector that counts: c, or the one registered before it.
func register[C prometheus.Collector](r prometheus.Registerer, log *slog.Logger, c C) C {
	if r == nil {
		return c
	}
	err := r.Register(c)
	if known, ok := errors.AsType[prometheus.AlreadyRegisteredError](err); ok {
		if existing, ok := known.ExistingCollector.(C); ok {
			return existing
		}
	}
	if err != nil {
		log.Error("metric not registered", slog.Any("error", err))
	}
	return c
}

// setState shows the state of the breaker.
func (f figures) setState(s gobreaker.State) {
	switch s {
	case gobreaker.StateHalfOpen:
		f.state.Set(1)
	case gobreaker.StateOpen:
		f.state.Set(2)
	default:
		f.state.Set(0)
	}
}

// remove takes a backend's series away.
func (f figures) remove(name string) {
	which := prometheus.Labels{labelBackend: name}
	for _, vec := range []interface{ DeletePartialMatch(prometheus.Labels) int }{
		f.calls, f.retries, f.refused, f.seconds, f.breaker, f.flying,
	} {
		vec.DeletePartialMatch(which)
	}
}

// operationFigures are one operation's metrics, looked up once so that a call
// costs no look-up and a call after Close brings no series back.
type operationFigures struct {
	ok      prometheus.Counter
	faults  []prometheus.Counter // by fault.Kind
	retries prometheus.Counter
	seconds prometheus.Observer
}

func (f figures) of(name, op string) operationFigures {
	o := operationFigures{
		ok:      f.calls.WithLabelValues(name, op, "ok"),
		retries: f.retries.WithLabelValues(name, op),
		seconds: f.seconds.WithLabelValues(name, op),
	}
	for _, k := range fault.Kinds() {
		o.faults = append(o.faults, f.calls.WithLabelValues(name, op, k.String()))
	}
	return o
}

// faulty counts a fault; one of no known kind is our own bug.
func (o operationFigures) faulty(k fault.Kind) prometheus.Counter {
	if int(k) < len(o.faults) {
		return o.faults[k]
	}
	return o.faults[fault.Internal]
}
