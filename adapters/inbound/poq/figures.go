// SPDX-License-Identifier: Apache-2.0

package poq

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/cartage-dev/cartage/adapters/inbound/httpserver"
	"github.com/cartage-dev/cartage/core/shop"
)

// The doors that secrets open, as the label slot begins with them.
const (
	transferDoor = ""
	ordersDoor   = "orders_"
)

// The outcomes of a transfer beside the codes of refusals.
const (
	transferred = "transferred"
	replayed    = "replayed"
)

// figures count transfers, by how they ended, and secrets, so that an operator
// sees when an old one is used no more.
type figures struct {
	transfers, secrets, longURLs *prometheus.CounterVec
}

func newFigures(reg prometheus.Registerer, shops []Shop) figures {
	f := figures{
		transfers: httpserver.Register(reg, prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cartage_poq_transfers_total", Help: "Cart transfers asked for by Poq; outcome is transferred, replayed or the code of the error.",
		}, []string{"shop", "outcome"})),
		secrets: httpserver.Register(reg, prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cartage_poq_secret_used_total", Help: "Requests let in, by the place of the secret they knew in the shop's list; those for orders begin with orders_.",
		}, []string{"shop", "slot"})),
		longURLs: httpserver.Register(reg, prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cartage_poq_url_too_long_total", Help: "Answers withheld because their URL is longer than every app opens; a bug of ours, and worth an alarm.",
		}, []string{"shop"})),
	}
	for _, s := range shops { // a counter that is not there yet looks like one that nobody uses
		f.longURLs.WithLabelValues(string(s.ID))
		for i := range s.Secrets {
			f.secretUsed(s.ID, transferDoor, i)
		}
		for i := range s.OrdersSecrets {
			f.secretUsed(s.ID, ordersDoor, i)
		}
	}
	return f
}

// secretUsed counts for a slot; people count from one.
func (f figures) secretUsed(id shop.ID, door string, slot int) prometheus.Counter {
	return f.secrets.WithLabelValues(string(id), door+strconv.Itoa(slot+1))
}
