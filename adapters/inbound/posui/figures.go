// SPDX-License-Identifier: Apache-2.0

package posui

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/cartage-dev/cartage/adapters/inbound/httpserver"
)

// The outcomes beside the codes of refusals.
const (
	done         = "done"
	notDelivered = "not_delivered" // done, and the till was not told, or too late
)

// Why an offer is left out of an answer.
const (
	noPrice    = "no_price"
	badVariant = "bad_variant"
)

// figures count and time what extensions ask, and say which secret is still in use, why
// tokens are no good and which offers no till can be shown.
type figures struct {
	requests, secrets, tokens, leftOut *prometheus.CounterVec
	seconds                            *prometheus.HistogramVec
}

func newFigures(reg prometheus.Registerer, apps []*app) figures {
	f := figures{
		requests: httpserver.Register(reg, prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cartage_posui_requests_total", Help: "Requests of POS UI extensions; outcome is done, not_delivered or the code of what went wrong, and app is none where no token said whose it is.",
		}, []string{"app", "endpoint", "outcome"})),
		seconds: httpserver.Register(reg, prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "cartage_posui_request_seconds", Help: "Time from an extension's request to its answer.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 1.5, 2, 2.5, 2.7, 3},
		}, []string{"endpoint"})),
		secrets: httpserver.Register(reg, prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cartage_posui_secret_used_total", Help: "Requests with a good token, by the place of the secret in the app's list.",
		}, []string{"app", "slot"})),
		tokens: httpserver.Register(reg, prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cartage_posui_tokens_refused_total", Help: "Tokens that were no good: not_sent, malformed, forged, wrong_audience, lacks_claims, expired, not_yet, wrong_shop, replayed.",
		}, []string{"app", "reason"})),
		leftOut: httpserver.Register(reg, prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cartage_posui_offers_left_out_total", Help: "Offers that cannot be written on this wire: no_price, bad_variant.",
		}, []string{"app", "reason"})),
	}
	for _, a := range apps { // a counter that is not there yet looks like one that nobody uses
		for i := range a.Secrets {
			f.secretUsed(a, i)
		}
		for i := range endpoints {
			f.requests.WithLabelValues(a.Name, endpoints[i].name, done)
		}
	}
	return f
}

// secretUsed counts for a slot; people count from one.
func (f figures) secretUsed(a *app, slot int) prometheus.Counter {
	return f.secrets.WithLabelValues(a.Name, strconv.Itoa(slot+1))
}
