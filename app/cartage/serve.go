// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"github.com/spf13/cobra"
	"go.uber.org/dig"
	"go.uber.org/fx"

	"github.com/cartage-dev/cartage/app"
	"github.com/cartage-dev/cartage/config"
)

func newServe() *cobra.Command {
	var file string
	c := &cobra.Command{
		Use:   "serve",
		Short: "Run the host in production",
		Long: `Run the host with the given config until SIGTERM or an interrupt.

What is fit for a demonstration only is refused unless config names it under
allow: published secrets, demo backends, unpinned plugins, http:// addresses.
` + environmentHelp,
		Example: "  cartage serve --config /etc/cartage/cartage.yaml",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := load(file, config.Serve)
			if err != nil {
				return err
			}
			log := app.NewLogger(os.Stderr, cfg.Log)
			return host(c.Context(), cfg, config.Serve, log, func(at addresses) {
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
func host(ctx context.Context, cfg config.Config, mode config.Mode, log *slog.Logger, up func(addresses)) error {
	var api *app.API
	var admin *app.Admin
	h := app.New(cfg, mode, log, fx.Populate(&api, &admin))
	if err := h.Err(); err != nil {
		return unwrap(err)
	}
	starting, cancel := context.WithTimeout(ctx, h.StartTimeout())
	defer cancel()
	if err := h.Start(starting); err != nil {
		return unwrap(err)
	}
	up(addresses{api.Addr().String(), admin.Addr().String()})
	var failed error
	select {
	case <-ctx.Done():
		log.Info("stopping")
	case failed = <-api.Done():
	case failed = <-admin.Done():
	}
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), h.StopTimeout())
	defer cancel()
	if err := h.Stop(stopping); err != nil {
		return fmt.Errorf("stop: %w", err)
	}
	return failed
}

// unwrap leaves out what fx says about its own wiring: an operator wants the cause.
func unwrap(err error) error { return dig.RootCause(err) }
