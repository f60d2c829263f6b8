// SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"errors"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/cartage-dev/cartage/adapters/backend/pluginhost"
	"github.com/cartage-dev/cartage/config"
	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/shop"
	"github.com/cartage-dev/cartage/ports/store"
)

// Findings is what Check found out.
type Findings struct {
	OK       bool             `json:"ok"`
	Backends []BackendFinding `json:"backends"`
	Shops    []ShopFinding    `json:"shops"`
}

// BackendFinding is one backend; Problem is empty when it is well.
type BackendFinding struct {
	Backend string   `json:"backend"`
	Plugin  string   `json:"plugin"`
	Version string   `json:"version"`
	Ports   []string `json:"ports"`
	SHA256  string   `json:"sha256"`
	Demo    bool     `json:"demo"`
	Problem string   `json:"problem,omitempty"`

	mistakes config.Mistakes // when Problem is the config's
}

// Refused reports whether config is to blame for Problem; Findings.Err then says it with its place.
func (f BackendFinding) Refused() bool { return f.mistakes != nil }

// Err is nil when every backend is well, and config.Mistakes when config is to blame for one that is not.
func (f Findings) Err() error {
	var mistakes config.Mistakes
	for _, b := range f.Backends {
		mistakes = append(mistakes, b.mistakes...)
	}
	switch {
	case mistakes != nil:
		return mistakes
	case !f.OK:
		return errors.New("not every backend is well")
	}
	return nil
}

// ShopFinding is one shop with where its ports lead.
type ShopFinding struct {
	Shop     string            `json:"shop"`
	Backends map[string]string `json:"backends"`
	Poq      string            `json:"poq,omitempty"`
	Tills    string            `json:"tills,omitempty"` // path prefix of the Shopify app
}

// Check starts each plugin of cfg, which source gave, one after another so that the report names them
// in order, and stops them again. The error is of the host alone; what is wrong with a backend is a finding.
func Check(ctx context.Context, source config.Source, cfg config.Config, log *slog.Logger) (found Findings, err error) {
	figures := prometheus.NewRegistry()
	host, err := pluginhost.New(pluginhost.Options{Logger: log, SocketDir: cfg.Plugins.SocketDir, Registerer: figures})
	if err != nil {
		return Findings{}, err
	}
	defer func() { err = errors.Join(err, host.Close(context.WithoutCancel(ctx))) }()
	l, backends := newLauncher(host, source.Mode, loyalty.Keyring{}, store.Store{}, log, figures), map[string]*running{}
	defer func() {
		for _, r := range backends {
			r.guard.Close()
		}
	}()
	found.OK = true
	for _, name := range sortedKeys(cfg.Backends) {
		finding := BackendFinding{Backend: name, Plugin: cfg.Backends[name].Plugin}
		r, err := l.launch(ctx, cfg, name)
		if err != nil {
			err = source.Locate(err)
			finding.Problem, found.OK = err.Error(), false
			_ = errors.As(err, &finding.mistakes)
		} else {
			backends[name] = r
			finding.describe(r)
			if err := r.plugin.Check(ctx); err != nil {
				finding.Problem, found.OK = r.plugin.Status().Checked, false
			}
		}
		found.Backends = append(found.Backends, finding)
	}
	for _, name := range sortedKeys(cfg.Shops) {
		c := cfg.Shops[name]
		finding := ShopFinding{Shop: name, Backends: c.Backends}
		if c.Poq != nil {
			finding.Poq = c.Poq.Path
		}
		if c.Shopify != nil {
			finding.Tills = cfg.Shopify.Apps[c.Shopify.App].POSPath
		}
		found.Shops = append(found.Shops, finding)
		if _, err := newEntry(shop.ID(name), c, backends, l.keys); err != nil && found.OK {
			return found, err
		}
	}
	return found, nil
}

func (f *BackendFinding) describe(r *running) {
	about := r.plugin.Description()
	f.Plugin, f.Version, f.Demo, f.SHA256 = about.Info.Name, about.Info.Version, about.Info.Demo, r.plugin.Status().SHA256
	for _, p := range about.Ports {
		f.Ports = append(f.Ports, string(p))
	}
}
