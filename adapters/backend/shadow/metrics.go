// SPDX-License-Identifier: Apache-2.0

package shadow

import (
	"errors"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// The labels. Their words, like the names of the metrics, are ours and stay.
const (
	labelShop      = "shop"
	labelCandidate = "candidate"
	labelOutcome   = "outcome"
	labelKind      = "kind"
	labelSide      = "side"
)

// figures are the metrics of one shop and candidate, looked up once. They are not
// taken away with a shadow: the next one, which may be there before, goes on with them.
type figures struct {
	outcomes                         map[Outcome]prometheus.Counter
	kinds                            map[Kind]prometheus.Counter
	primarySeconds, candidateSeconds prometheus.Observer
}

func newFigures(shop, candidate string, r prometheus.Registerer, log *slog.Logger) figures {
	counter := func(name, help, label string) *prometheus.CounterVec {
		return register(r, log, prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, []string{labelShop, labelCandidate, label}))
	}
	transfers := counter("cartage_shadow_transfers_total", "Transfers chosen for a copy to the candidate, by what came of them.", labelOutcome)
	differences := counter("cartage_shadow_differences_total", "Copied transfers in which both sides differed, once for each kind of difference.", labelKind)
	seconds := register(r, log, prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "cartage_shadow_seconds", Help: "How long each side took for a transfer that was copied.",
		Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2, 3, 5, 10},
	}, []string{labelShop, labelCandidate, labelSide}))
	f := figures{
		outcomes: map[Outcome]prometheus.Counter{}, kinds: map[Kind]prometheus.Counter{},
		primarySeconds:   seconds.WithLabelValues(shop, candidate, "primary"),
		candidateSeconds: seconds.WithLabelValues(shop, candidate, "candidate"),
	}
	for _, o := range []Outcome{Same, Different, Failed, Skipped} {
		f.outcomes[o] = transfers.WithLabelValues(shop, candidate, string(o))
	}
	for _, k := range Kinds() {
		f.kinds[k] = differences.WithLabelValues(shop, candidate, string(k))
	}
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

func (f figures) count(c comparison, primary, candidate time.Duration) {
	f.outcomes[c.outcome].Inc()
	for kind := range c.kinds() {
		f.kinds[kind].Inc()
	}
	f.primarySeconds.Observe(primary.Seconds())
	f.candidateSeconds.Observe(candidate.Seconds())
}
