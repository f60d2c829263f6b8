// SPDX-License-Identifier: Apache-2.0

package apptest

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/fx"

	"github.com/cartage-dev/cartage/app"
	"github.com/cartage-dev/cartage/config"
)

// The demo shop's published secrets.
const (
	Secret       = "demo-poq-secret"
	OrdersSecret = "demo-orders-secret"
)

// Options change what Start would do by itself.
type Options struct {
	// Environ holds overrides such as CARTAGE_SHOPS__DEMO__POQ__SHORTAGE=strict.
	Environ []string
	Log     *slog.Logger
	// Dir keeps the data; empty is a folder of the test's own.
	Dir string
	// File is read in the place of the demo config, and watched.
	File string
}

// Host is a running host.
type Host struct {
	API, Admin string // http://127.0.0.1:port
	Shop       string // the mock backend's web shop
	Dir        string
	stop       func()
}

// Start runs the demo config on free ports until the test ends.
func Start(t testing.TB, o Options) *Host {
	t.Helper()
	h, source, cfg := Configure(t, o)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	var api *app.API
	var admin *app.Admin
	running := app.New(source, cfg, o.Log, fx.Populate(&api, &admin))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := running.Start(ctx); err != nil {
		t.Fatalf("start: %v", err)
	}
	h.API, h.Admin = "http://"+api.Addr().String(), "http://"+admin.Addr().String()
	stopped := false
	h.stop = func() {
		if stopped {
			return
		}
		stopped = true
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := running.Stop(ctx); err != nil {
			t.Errorf("stop: %v", err)
		}
	}
	t.Cleanup(h.stop)
	return h
}

// Stop stops the host before the test ends.
func (h *Host) Stop() { h.stop() }

// Configure loads the demo config for free ports and a folder of its own.
func Configure(t testing.TB, o Options) (*Host, config.Source, config.Config) {
	t.Helper()
	if o.Dir == "" {
		o.Dir = t.TempDir()
	}
	h := &Host{Dir: o.Dir}
	source := config.Source{File: o.File, Environ: append(h.Environ(t, o.Dir), o.Environ...), Mode: config.Dev}
	if o.File == "" {
		source.Text = config.Demo
	}
	cfg, err := config.Load(source)
	if err != nil {
		t.Fatalf("config: %v", err)
	}
	return h, source, cfg
}

// Environ is what moves the demo config to free ports and into dir.
func (h *Host) Environ(t testing.TB, dir string) []string {
	t.Helper()
	api, admin, shop := freePort(t), freePort(t), freePort(t)
	h.API, h.Admin, h.Shop = "http://"+api, "http://"+admin, "http://"+shop
	env := map[string]string{
		"SERVER__LISTEN": api, "SERVER__PUBLIC_URL": h.API, "SERVER__READY_DELAY": "0s",
		"ADMIN__LISTEN":                    admin,
		"STORE__PATH":                      filepath.Join(dir, "cartage.db"),
		"PLUGINS__DIR":                     Build(t).Plugins(),
		"BACKENDS__MOCK__SETTINGS__LISTEN": shop, "BACKENDS__MOCK__SETTINGS__PUBLIC_URL": h.Shop,
		"BACKENDS__MOCK__SETTINGS__DATA_DIR": filepath.Join(dir, "mock"),
		"SHOPS__DEMO__CHECKOUT_HOSTS":        h.Shop,
	}
	all := make([]string, 0, len(env))
	for k, v := range env {
		all = append(all, fmt.Sprintf("CARTAGE_%s=%s", k, v))
	}
	return all
}

// freePort is an address that nobody listens at, as of now.
func freePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return strings.Clone(l.Addr().String())
}
