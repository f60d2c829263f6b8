// SPDX-License-Identifier: Apache-2.0

package orderhooks

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/cartage-dev/cartage/adapters/inbound/httpserver"
)

// figures count and time deliveries, and say which secret is still in use.
type figures struct {
	deliveries, secrets *prometheus.CounterVec
	seconds             *prometheus.HistogramVec
}

func newFigures(reg prometheus.Registerer, apps []*app) figures {
	f := figures{
		deliveries: httpserver.Register(reg, prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cartage_webhooks_total", Help: "Deliveries of Shopify; outcome is told, or why it was not. Of unreadable and invalid nothing comes again, although they were answered 200.",
		}, []string{"app", "topic", "outcome"})),
		seconds: httpserver.Register(reg, prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "cartage_webhook_seconds", Help: "Time from a delivery to its answer; Shopify gives up at 5.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, .9, 1, 2, 3, 5},
		}, []string{"app"})),
		secrets: httpserver.Register(reg, prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cartage_webhook_secret_used_total", Help: "Deliveries with a good signature, by the place of the secret in the app's list.",
		}, []string{"app", "slot"})),
	}
	for _, a := range apps { // a counter that is not there yet looks like one that nobody uses
		for i := range a.Secrets {
			f.secretUsed(a, i)
		}
		for _, t := range topics {
			f.deliveries.WithLabelValues(a.Name, string(t), told)
		}
		for _, t := range []topic{ordersCreate, ordersCancelled, refundsCreate} { // alarms look at these
			f.deliveries.WithLabelValues(a.Name, string(t), unreadable)
			f.deliveries.WithLabelValues(a.Name, string(t), invalid)
		}
	}
	return f
}

// secretUsed counts for a slot; people count from one.
func (f figures) secretUsed(a *app, slot int) prometheus.Counter {
	return f.secrets.WithLabelValues(a.Name, strconv.Itoa(slot+1))
}
