// SPDX-License-Identifier: Apache-2.0

package pluginhost

import (
	"context"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// roster is the plugins of a host, in the order in which they were launched. It
// shows how they are at the moment they are asked about: of several with one
// backend's name, as while one takes over from another, the youngest.
type roster struct {
	counted                                  counted
	up, quarantined, info, memory, memoryMax *prometheus.Desc

	closing context.Context // ended by close
	end     context.CancelFunc
	starts  sync.WaitGroup // launches under way

	mu      sync.Mutex
	plugins []*Plugin
	closed  bool
}

var _ prometheus.Collector = (*roster)(nil)

func newRoster() *roster {
	closing, end := context.WithCancel(context.Background())
	return &roster{
		closing: closing, end: end,
		counted:     newCounted(),
		up:          prometheus.NewDesc("cartage_plugin_up", "1 while the backend's plugin process is ready.", backendLabel, nil),
		quarantined: prometheus.NewDesc("cartage_plugin_quarantined", "1 while the backend's plugin is left alone since it ended too often.", backendLabel, nil),
		memory:      prometheus.NewDesc("cartage_plugin_memory_bytes", "Resident memory of the backend's plugin process.", backendLabel, nil),
		info: prometheus.NewDesc("cartage_plugin_info", "1, and labels that say which program the backend's plugin is.",
			[]string{"backend", "plugin", "version", "sha256"}, nil),
		memoryMax: prometheus.NewDesc("cartage_plugin_memory_limit_bytes", "Resident memory above which the backend's plugin process is killed.", backendLabel, nil),
	}
}

// Describe implements prometheus.Collector.
func (r *roster) Describe(to chan<- *prometheus.Desc) {
	to <- r.up
	to <- r.quarantined
	to <- r.memory
	to <- r.memoryMax
	to <- r.info
	for _, v := range r.counted.all() {
		v.Describe(to)
	}
}

// Collect implements prometheus.Collector.
func (r *roster) Collect(to chan<- prometheus.Metric) {
	for backend, p := range r.youngest() {
		s, is := p.Status(), p.description.Info
		to <- prometheus.MustNewConstMetric(r.info, prometheus.GaugeValue, 1, backend, is.Name, is.Version, s.ShortSHA256())
		to <- prometheus.MustNewConstMetric(r.up, prometheus.GaugeValue, oneIf(s.State == Ready), backend)
		to <- prometheus.MustNewConstMetric(r.quarantined, prometheus.GaugeValue, oneIf(s.State == Quarantined), backend)
		to <- prometheus.MustNewConstMetric(r.memory, prometheus.GaugeValue, float64(s.MemoryBytes), backend)
		to <- prometheus.MustNewConstMetric(r.memoryMax, prometheus.GaugeValue, float64(s.MemoryMax), backend)
	}
	for _, v := range r.counted.all() {
		v.Collect(to)
	}
}

func (r *roster) youngest() map[string]*Plugin {
	r.mu.Lock()
	defer r.mu.Unlock()
	youngest := map[string]*Plugin{}
	for _, p := range r.plugins {
		youngest[p.spec.Backend] = p
	}
	return youngest
}

func oneIf(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

// begin counts a launch in, which close will end and wait for; it is refused once
// the host is closed. The launch calls done.
func (r *roster) begin(ctx context.Context) (_ context.Context, done func(), ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return ctx, nil, false
	}
	r.starts.Add(1)
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(r.closing, cancel)
	return ctx, func() {
		stop()
		cancel()
		r.starts.Done()
	}, true
}

// add takes a plugin in, which is refused once the host is closed.
func (r *roster) add(p *Plugin) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.closed {
		r.plugins = append(r.plugins, p)
	}
	return !r.closed
}

// remove takes a plugin out that has ended.
func (r *roster) remove(gone *Plugin) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var left []*Plugin
	shared := false
	for _, p := range r.plugins {
		if p != gone {
			left = append(left, p)
			shared = shared || p.spec.Backend == gone.spec.Backend
		}
	}
	r.plugins = left
	if !shared {
		r.counted.forget(gone.spec.Backend)
	}
}

// close is what there was, to be stopped, once no launch is under way; already
// reports that it was closed before.
func (r *roster) close() (plugins []*Plugin, already bool) {
	r.mu.Lock()
	already, r.closed = r.closed, true
	r.mu.Unlock()
	r.end()
	r.starts.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.plugins, already
}
