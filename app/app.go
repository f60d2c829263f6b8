// SPDX-License-Identifier: Apache-2.0

// Package app puts the host together: it is the one room that knows all others.
//
// Invariant: everything that runs is started by an fx hook and joined by one, in
// the order store, plugins, use cases, listeners, and back again.
package app

import (
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"go.uber.org/fx"
	"go.uber.org/fx/fxevent"

	"github.com/cartage-dev/cartage/config"
)

// startMax bounds the whole start; each plugin has a shorter bound of its own.
const startMax = time.Minute

// stopExtra is what a stop may take beyond the delays that config sets.
const stopExtra = 15 * time.Second

// New wires a host from a valid config, and from where that came, for a reload.
// Start it with its Start method and stop it with Stop; both are bounded.
func New(source config.Source, cfg config.Config, log *slog.Logger, more ...fx.Option) *fx.App {
	return fx.New(
		fx.Supply(source, source.Mode, cfg, log),
		fx.Provide(newRegistry),
		fx.WithLogger(func() fxevent.Logger {
			l := &fxevent.SlogLogger{Logger: log}
			l.UseLogLevel(slog.LevelDebug)
			return l
		}),
		fx.StartTimeout(startMax),
		fx.StopTimeout(cfg.Server.ReadyDelay+cfg.Server.DrainTimeout+stopExtra),
		storeModule, engineModule, usecaseModule, inboundModule,
		fx.Options(more...),
	)
}

// newRegistry holds the figures of this host alone, so that two hosts can live in one test.
func newRegistry() (*prometheus.Registry, prometheus.Registerer, prometheus.Gatherer) {
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return r, r, r
}
