// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
	"go.uber.org/dig"
	"go.uber.org/fx"

	"github.com/cartage-dev/cartage/adapters/backend/pluginhost"
	"github.com/cartage-dev/cartage/app"
	"github.com/cartage-dev/cartage/config"
)

func newServe() *cobra.Command {
	var file string
	c := &cobra.Command{
		Use:   "serve",
		Short: "Run the host in production",
		Long: `Run the host with the given config until SIGTERM or an interrupt. It takes backends
and shops over when the file or a secret's file changes, at SIGHUP, and at POST
/reload on the admin listener, while requests run; what is wrong changes nothing.

What is fit for a demonstration only is refused unless config names it under
allow: published secrets, demo backends, unpinned plugins, http:// addresses.
` + environmentHelp,
		Example: "  cartage serve --config /etc/cartage/cartage.yaml",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			source, cfg, err := load(file, config.Serve)
			if err != nil {
				return err
			}
			log := app.NewLogger(os.Stderr, cfg.Log)
			return host(c.Context(), source, cfg, log, func(at addresses) {
				log.Info("serving", "version", version, "api", at.api, "admin", at.admin)
			})
		},
	}
	c.Flags().StringVarP(&file, "config", "c", "", "config file (required)")
	_ = c.MarkFlagRequired("config")
	return c
}

// addresses is where a running host listens.
type addresses struct{ api, admin string }

// host runs until ctx ends, then stops within config's bounds.
func host(ctx context.Context, source config.Source, cfg config.Config, log *slog.Logger, up func(addresses)) error {
	var api *app.API
	var admin *app.Admin
	var engine *app.Engine
	h := app.New(source, cfg, log, fx.Invoke((*pluginhost.Host).Adopt), fx.Populate(&api, &admin, &engine))
	if err := h.Err(); err != nil {
		return unwrap(err)
	}
	starting, cancel := context.WithTimeout(ctx, h.StartTimeout())
	defer cancel()
	if err := h.Start(starting); err != nil {
		return source.Locate(unwrap(err))
	}
	up(addresses{api.Addr().String(), admin.Addr().String()})
	failed := reloadOnHangup(ctx, engine, api, admin)
	if failed == nil {
		log.Info("stopping")
	}
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), h.StopTimeout())
	defer cancel()
	if err := h.Stop(stopping); err != nil {
		return fmt.Errorf("stop: %w", err)
	}
	return failed
}

// reloadOnHangup runs until ctx ends or a listener fails, and takes config over at each SIGHUP.
func reloadOnHangup(ctx context.Context, engine *app.Engine, api *app.API, admin *app.Admin) error {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	for {
		select {
		case <-hangup:
			go func() { _, _ = engine.Reload("SIGHUP") }() // it logs how that went; the host's stop waits for it
		case <-ctx.Done():
			return nil
		case err := <-api.Done():
			return err
		case err := <-admin.Done():
			return err
		}
	}
}

// unwrap leaves out what fx says about its own wiring: an operator wants the cause.
func unwrap(err error) error { return dig.RootCause(err) }
