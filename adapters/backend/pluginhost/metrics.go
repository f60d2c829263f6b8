// SPDX-License-Identifier: Apache-2.0

package pluginhost

import "github.com/prometheus/client_golang/prometheus"

// counted are the figures of a backend that only grow. Plugins of one name share
// them, and they go with the last.
type counted struct{ restarts, renewals, dropped, refused *prometheus.CounterVec }

var backendLabel = []string{"backend"}

func newCounted() counted {
	return counted{
		restarts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cartage_plugin_restarts_total", Help: "Plugin processes started in the place of one that ended."}, backendLabel),
		renewals: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cartage_plugin_renewals_total", Help: "Plugin processes started beside one that stayed near its limit of memory, and in its place."}, backendLabel),
		dropped: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cartage_plugin_log_lines_dropped_total", Help: "Lines that a plugin logged faster than they are taken."}, backendLabel),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cartage_plugin_poison_refused_total", Help: "Calls not sent since the same request had ended the plugin's process time and again."}, backendLabel),
	}
}

func (c counted) all() []*prometheus.CounterVec {
	return []*prometheus.CounterVec{c.restarts, c.renewals, c.dropped, c.refused}
}

func (c counted) forget(backend string) {
	for _, v := range c.all() {
		v.DeleteLabelValues(backend)
	}
}
