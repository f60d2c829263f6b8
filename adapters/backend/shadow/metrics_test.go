// SPDX-License-Identifier: Apache-2.0

package shadow_test

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/cartage-dev/cartage/adapters/backend/shadow"
	"github.com/cartage-dev/cartage/core/fault"
)

func TestMetrics(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, all)
		r.primary.answer = after(100*time.Millisecond, catalogue.in("GBP"))
		r.candidate.answer = after(250*time.Millisecond, catalogue.in("GBP"))
		for _, answer := range []prices{catalogue, {"shirt": 1}, {"shirt": 1230, "sock": 1}} {
			r.candidate.answer = after(250*time.Millisecond, answer.in("GBP"))
			r.transfer(t, "shirt", "sock")
			time.Sleep(time.Second)
		}
		r.candidate.answer = after(250*time.Millisecond, failing(fault.New(fault.Limited, "", "")))
		r.transfer(t, "shirt", "sock")
		time.Sleep(time.Second)
		// The next shadow goes on with the record and the metrics, and the one before takes nothing away.
		next := shadow.New(r.record, shadow.Options{Share: 1, Registerer: r.metrics})
		r.Close()
		r.carts = next.Wrap(r.primary, r.candidate)
		r.candidate.answer = after(250*time.Millisecond, catalogue.in("GBP"))
		r.transfer(t, "shirt", "sock")
		time.Sleep(time.Second)
		next.Close()
		const labels = " candidate=shopify"
		want := map[string]float64{
			"cartage_shadow_transfers_total" + labels + " outcome=same shop=uk":       2,
			"cartage_shadow_transfers_total" + labels + " outcome=different shop=uk":  2,
			"cartage_shadow_transfers_total" + labels + " outcome=failed shop=uk":     1,
			"cartage_shadow_differences_total" + labels + " kind=error shop=uk":       1,
			"cartage_shadow_differences_total" + labels + " kind=price shop=uk":       2,
			"cartage_shadow_differences_total" + labels + " kind=unknown_sku shop=uk": 1,
			"cartage_shadow_differences_total" + labels + " kind=subtotal shop=uk":    2,
			"cartage_shadow_differences_total" + labels + " kind=total shop=uk":       2,
			"cartage_shadow_seconds" + labels + " shop=uk side=primary count":         5,
			"cartage_shadow_seconds" + labels + " shop=uk side=primary sum":           0.5,
			"cartage_shadow_seconds" + labels + " shop=uk side=candidate count":       5,
			"cartage_shadow_seconds" + labels + " shop=uk side=candidate sum":         1.25,
		}
		if diff := cmp.Diff(figures(t, r.metrics), want); diff != "" {
			t.Errorf("metrics (-got +want):\n%s", diff)
		}
		r.wantCounts(t, map[shadow.Outcome]int64{shadow.Same: 2, shadow.Different: 2, shadow.Failed: 1})
	})
}

func TestAMetricThatIsNotOurs(t *testing.T) {
	bubble(t, func(t *testing.T) {
		metrics, log := prometheus.NewRegistry(), &buffer{}
		metrics.MustRegister(prometheus.NewGauge(prometheus.GaugeOpts{Name: "cartage_shadow_seconds", Help: "taken"}))
		s := shadow.New(shadow.NewRecord("uk", "a", "b"), shadow.Options{Registerer: metrics, Logger: slog.New(slog.NewTextHandler(log, nil))})
		s.Close()
		if !strings.Contains(log.String(), "metric not registered") {
			t.Errorf("nobody was told: %s", log)
		}
	})
}
