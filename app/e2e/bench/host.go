// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/fx"

	"github.com/cartage-dev/cartage/adapters/backend/guard"
	"github.com/cartage-dev/cartage/app"
	"github.com/cartage-dev/cartage/app/e2e/bench/httpcart"
	"github.com/cartage-dev/cartage/app/usecase"
	"github.com/cartage-dev/cartage/config"
	"github.com/cartage-dev/cartage/core/shop"
	"github.com/cartage-dev/cartage/ports/backend"
)

// runHost runs the whole host as `cartage dev` does. With inProcess set, the same
// adapter is called in the host's own process, behind a guard of the same numbers.
func runHost(inProcess bool, shopURL string) error {
	source := config.Source{File: os.Args[len(os.Args)-1], Environ: os.Environ(), Mode: config.Dev}
	cfg, err := config.Load(source)
	if err != nil {
		return err
	}
	more := fx.Options()
	if inProcess {
		more = fx.Invoke(func(lc fx.Lifecycle, shops *usecase.Directory, log *slog.Logger) {
			lc.Append(fx.StartHook(func() error { return callInProcess(shops, shopURL, log) }))
		})
	}
	log := app.NewLogger(os.Stderr, cfg.Log)
	host := app.New(source, cfg, log, more)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := host.Start(ctx); err != nil {
		return fmt.Errorf("start: %w", err)
	}
	<-ctx.Done()
	stopping, cancel := context.WithTimeout(context.Background(), host.StopTimeout())
	defer cancel()
	return host.Stop(stopping)
}

func callInProcess(shops *usecase.Directory, shopURL string, log *slog.Logger) error {
	entry, err := shops.Shop("bench")
	if err != nil {
		return err
	}
	d := config.DefaultBackend().Guard
	g := guard.New("in_process", guard.Settings{
		Timeout: d.Timeout, ProbeTimeout: d.ProbeTimeout, Concurrency: d.Concurrency, Queue: d.Queue, QueueWait: d.QueueWait,
		Window: d.Window, MinRequests: d.MinRequests, FailureRatio: d.FailureRatio, OpenFor: d.OpenFor, Probes: d.Probes,
	}, guard.Options{Logger: log, Registerer: prometheus.NewRegistry()})
	entry.Backend = g.Wrap(backend.Backend{Info: backend.Info{Name: "httpcart", Version: "0.0.1"}, Carts: httpcart.New(shopURL)})
	shops.Replace(usecase.Table{Shops: map[shop.ID]usecase.Entry{"bench": entry}})
	return nil
}
