// SPDX-License-Identifier: Apache-2.0

package shopifypos

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
	badID      = "bad_id"
	noPrice    = "no_price"
	badVariant = "bad_variant"
	tooMany    = "too_many"
)

// figures count and time what tills ask, and say which secret is still in use and
// which offers no till can be shown.
type figures struct {
	requests, secrets, leftOut *prometheus.CounterVec
	seconds                    *prometheus.HistogramVec
}

func newFigures(reg prometheus.Registerer, apps []*app) figures {
	f := figures{
		requests: httpserver.Register(reg, prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cartage_pos_requests_total", Help: "Requests of tills; outcome is done, not_delivered or the code of what went wrong, also where promotions are answered 200 all the same.",
		}, []string{"app", "endpoint", "outcome"})),
		seconds: httpserver.Register(reg, prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "cartage_pos_request_seconds", Help: "Time from a till's request to its answer; Shopify gives up at 3.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 1.5, 2, 2.5, 2.7, 3},
		}, []string{"app", "endpoint"})),
		secrets: httpserver.Register(reg, prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cartage_pos_secret_used_total", Help: "Requests with a good signature, by the place of the secret in the app's list.",
		}, []string{"app", "slot"})),
		leftOut: httpserver.Register(reg, prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cartage_pos_offers_left_out_total", Help: "Offers that an answer had no room for, or that cannot be written on this wire: bad_id, no_price, bad_variant, too_many.",
		}, []string{"app", "reason"})),
	}
	for _, a := range apps { // a counter that is not there yet looks like one that nobody uses
		for i := range a.Secrets {
			f.secretUsed(a, i)
		}
		for _, at := range endpoints {
			f.requests.WithLabelValues(a.Name, at.name(), done)
		}
	}
	return f
}

// secretUsed counts for a slot; people count from one.
func (f figures) secretUsed(a *app, slot int) prometheus.Counter {
	return f.secrets.WithLabelValues(a.Name, strconv.Itoa(slot+1))
}
