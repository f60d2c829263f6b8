// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/cartage-dev/cartage/app"
	"github.com/cartage-dev/cartage/config"
)

func newDev() *cobra.Command {
	var file string
	c := &cobra.Command{
		Use:   "dev",
		Short: "Run the host on this machine with the mock backend, ready to try",
		Long: `Run the host for development: with the given config, or with a built-in one (shop
demo, mock backend, SQLite in data/). Demo secrets, the mock backend and http:// are
allowed, so it is not for production.
` + environmentHelp,
		Example: "  cartage dev\n  cartage dev --config config/demo.yaml",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			source, cfg, err := load(file, config.Dev)
			if err != nil {
				return err
			}
			out := c.OutOrStdout()
			return host(c.Context(), source, cfg, app.NewLogger(os.Stderr, cfg.Log), func(at addresses) { welcome(out, cfg, at, guide(file)) })
		},
	}
	c.Flags().StringVarP(&file, "config", "c", "", "config file (default: the built-in demo)")
	return c
}

// welcome says in a few lines what runs where, and what to do next.
func welcome(w io.Writer, cfg config.Config, at addresses, guide string) {
	line := func(format string, args ...any) { _, _ = fmt.Fprintf(w, format+"\n", args...) }
	line("")
	line("  Cartage %s in development mode. NOT FOR PRODUCTION: demo secrets are accepted.", version)
	line("")
	line("  API      http://%s", at.api)
	line("  Admin    http://%s/readyz?verbose   (and /metrics)", at.admin)
	line("  Store    %s", cfg.Store.Path)
	for _, name := range sorted(cfg.Backends) {
		b := cfg.Backends[name]
		where := ""
		if url, ok := b.Settings["public_url"].(string); ok {
			where = "   " + url
		}
		line("  Backend  %s (plugin %s)%s", name, b.Plugin, where)
	}
	for _, name := range sorted(cfg.Shops) {
		if p := cfg.Shops[name].Poq; p != nil {
			line("  Shop     %s: POST http://%s%s", name, at.api, p.Path)
		}
		if s := cfg.Shops[name].Shopify; s != nil {
			line("  Tills    %s: POST http://%s%s/promotions   (signed, as Shopify does)", name, at.api, cfg.Shopify.Apps[s.App].POSPath)
		}
	}
	line("")
	line("  Try the first curl of %s. Stop with Ctrl-C.", guide)
	line("")
}

// guide names the README.md whose curls fit the config: the one beside it, as a
// plugin's project has it, or Cartage's own.
func guide(file string) string {
	if beside, err := filepath.Abs(filepath.Join(filepath.Dir(file), "README.md")); file != "" && err == nil {
		if _, err := os.Stat(beside); err == nil {
			return beside
		}
	}
	return "Cartage's README.md"
}

func sorted[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
