// SPDX-License-Identifier: Apache-2.0

package pluginhost

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/cartage-dev/cartage/core/fault"
)

// Options are the settings of a Host.
type Options struct {
	Logger *slog.Logger
	// SocketDir is where a private folder for sockets is made; empty: the system's
	// folder for temporary files. Paths of sockets are short: so must this one be.
	SocketDir  string
	Registerer prometheus.Registerer
}

// Host runs plugins until Close.
type Host struct {
	log      *slog.Logger
	sockets  *sockets
	spawner  *spawner
	up       *prometheus.GaugeVec
	restarts *prometheus.CounterVec
	dropped  *prometheus.CounterVec

	mu      sync.Mutex
	plugins []*Plugin
	closed  bool
}

// New prepares a folder for sockets and starts nothing yet. It removes what a
// host that was killed left in the same place.
func New(o Options) (*Host, error) {
	s, err := openSockets(o.SocketDir)
	if err != nil {
		return nil, fmt.Errorf("prepare a folder for plugin sockets: %w", err)
	}
	label := []string{"backend"}
	h := &Host{
		log: o.Logger, sockets: s, spawner: newSpawner(),
		up: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "cartage_plugin_up", Help: "1 while the backend's plugin process is ready."}, label),
		restarts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cartage_plugin_restarts_total", Help: "Plugin processes started in the place of one that ended."}, label),
		dropped: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cartage_plugin_log_lines_dropped_total", Help: "Lines that a plugin logged faster than they are taken."}, label),
	}
	for _, c := range []prometheus.Collector{h.up, h.restarts, h.dropped} {
		if err := o.Registerer.Register(c); err != nil {
			return nil, errors.Join(fmt.Errorf("register metrics: %w", err), s.close())
		}
	}
	return h, nil
}

// Launch starts the plugin of one backend and returns when it is ready to be
// called. What config has wrong is an Invalid fault (plugin_unusable,
// invalid_settings) whose fields name keys of the backend's config: plugin,
// sha256, settings.*. No process is left when Launch does not succeed.
func (h *Host) Launch(ctx context.Context, spec Spec) (*Plugin, error) {
	if spec.StartTimeout <= 0 {
		spec.StartTimeout = startMax
	}
	program, err := load(spec.Path, spec.SHA256)
	if err != nil {
		return nil, err
	}
	p := &Plugin{
		host: h, spec: spec, program: program, joined: make(chan struct{}), changed: make(chan struct{}),
		log: h.log.With("backend", spec.Backend, "plugin", filepath.Base(spec.Path)),
	}
	p.stopping, p.stop = context.WithCancel(context.Background())
	p.become(Starting, func(s *Status) { s.SHA256 = program.sum })
	g, d, err := p.launch(ctx)
	if err == nil && len(d.Ports) == 0 {
		g.end(ctx, shutdownMax)
		err = unusable("plugin", "%s %s offers no port that this host knows", d.Info.Name, d.Info.Version)
	}
	if err != nil {
		p.stop()
		program.close()
		return nil, fmt.Errorf("plugin %s: %w", spec.Path, err)
	}
	p.description = d
	if !h.adopt(p) {
		g.end(ctx, shutdownMax)
		p.stop()
		program.close()
		return nil, fault.New(fault.Unavailable, "host_closed", "the host is being closed")
	}
	p.ready(g, 0) // before Launch returns, so that the first call finds it
	go p.own(g)   //nolint:contextcheck // the plugin outlives its launch
	return p, nil
}

// adopt takes a plugin in that Close will stop.
func (h *Host) adopt(p *Plugin) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.closed {
		h.plugins = append(h.plugins, p)
	}
	return !h.closed
}

// Close stops every plugin at once and waits for the last; none outlives it. It
// may be called more than once.
func (h *Host) Close(context.Context) error {
	h.mu.Lock()
	plugins := h.plugins
	already := h.closed
	h.plugins, h.closed = nil, true
	h.mu.Unlock()
	for _, p := range plugins {
		p.stop()
	}
	for _, p := range plugins {
		<-p.joined // bounded: calls in flight get drainMax, the process shutdownMax
	}
	if already {
		return nil
	}
	h.spawner.close()
	return h.sockets.close()
}
