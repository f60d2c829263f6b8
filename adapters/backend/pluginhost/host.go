// SPDX-License-Identifier: Apache-2.0

package pluginhost

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/plugins/protocol"
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
	log     *slog.Logger
	sockets *sockets
	family  *family
	spawner *spawner
	roster  *roster
	pace    pace
}

// New prepares a folder for sockets and starts nothing yet. It removes what a
// host that was killed left in the same place.
func New(o Options) (*Host, error) {
	s, err := openSockets(o.SocketDir)
	if err != nil {
		return nil, fmt.Errorf("prepare a folder for plugin sockets: %w", err)
	}
	h := &Host{log: o.Logger, sockets: s, family: newFamily(), roster: newRoster(), pace: defaultPace()}
	if err := o.Registerer.Register(h.roster); err != nil {
		return nil, errors.Join(fmt.Errorf("register metrics: %w", err), s.close())
	}
	h.spawner = newSpawner(startAlone(h.family.start))
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
	spec.Limits = spec.Limits.withDefaults()
	ctx, done, ok := h.roster.begin(ctx)
	if !ok {
		return nil, closed()
	}
	defer done()
	program, err := load(spec.Path, spec.SHA256)
	if err != nil {
		return nil, err
	}
	p := &Plugin{
		host: h, spec: spec, program: program, joined: make(chan struct{}), changed: make(chan struct{}),
		docket: newDocket(), forgive: make(chan struct{}, 1), redactor: newRedactor(spec.Secrets),
		log: h.log.With("backend", spec.Backend, "plugin", filepath.Base(spec.Path)),
	}
	p.stopping, p.stop = context.WithCancel(context.Background())
	p.patience, p.hurry = context.WithCancel(context.Background())
	p.become(Starting, func(s *Status) { s.SHA256 = program.sum })
	g, d, err := p.launch(ctx)
	if err == nil {
		if err = fit(d); err != nil {
			g.end(ctx, shutdownMax)
		}
	}
	if err != nil {
		p.giveUp()
		return nil, fmt.Errorf("plugin %s: %w", spec.Path, err)
	}
	p.description = d
	if !h.roster.add(p) {
		g.end(ctx, shutdownMax)
		p.giveUp()
		return nil, closed()
	}
	p.ready(g, 0) // before Launch returns, so that the first call finds it
	go p.own(g)   //nolint:contextcheck // the plugin outlives its launch
	return p, nil
}

func closed() *fault.Error {
	return fault.New(fault.Unavailable, "host_closed", "the host is being closed")
}

// nameMax bounds what a plugin calls itself and its version, in bytes.
const nameMax = 128

// fit refuses a plugin that says of itself what the host has no use for.
func fit(d protocol.Description) error {
	switch {
	case len(d.Info.Name) > nameMax || len(d.Info.Version) > nameMax:
		return unusable("plugin", "its name and its version exceed %d bytes", nameMax)
	case len(d.Ports) == 0:
		return unusable("plugin", "%s %s offers no port that this host knows", d.Info.Name, d.Info.Version)
	}
	return nil
}

// Close gives up what is being launched, stops every plugin at once and waits for
// the last; none outlives it. It may be called more than once.
func (h *Host) Close(context.Context) error {
	plugins, already := h.roster.close()
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
	endStrays(h.sockets.dir) // what was forked while it was looked for
	h.family.endOrphans("")
	h.family.close()
	return h.sockets.close()
}
