// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/cartage-dev/cartage/app"
	"github.com/cartage-dev/cartage/config"
)

func newCheck() *cobra.Command {
	var file, output string
	var dev, verbose bool
	c := &cobra.Command{
		Use:   "check",
		Short: "Check a config and start each of its plugins once",
		Long: `Check the config as serve would, start each plugin, shake hands, hand over its
settings, ask whether its commerce system answers, print what it offers, and stop it
again. Nothing listens and nothing is stored.
` + environmentHelp,
		Example: "  cartage check --config /etc/cartage/cartage.yaml\n  cartage check --dev --config config/demo.yaml --output json",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			mode := config.Serve
			if dev {
				mode = config.Dev
			}
			if !dev && file == "" {
				return usage("--config is required, or --dev for the built-in demo")
			}
			source, cfg, err := load(file, mode)
			if err != nil {
				return err
			}
			log := slog.New(slog.DiscardHandler)
			if verbose {
				log = app.NewLogger(os.Stderr, cfg.Log)
			}
			found, err := app.Check(c.Context(), source, cfg, log)
			if err != nil {
				return err
			}
			if err := show(c.OutOrStdout(), output, found, func(w io.Writer) error { return printFindings(w, found) }); err != nil {
				return err
			}
			return found.Err()
		},
	}
	c.Flags().StringVarP(&file, "config", "c", "", "config file")
	c.Flags().BoolVar(&dev, "dev", false, "check as `cartage dev` would, without --config the built-in demo")
	c.Flags().BoolVar(&verbose, "verbose", false, "show the host's and the plugins' log")
	addOutput(c, &output)
	return c
}

func printFindings(w io.Writer, found app.Findings) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(t, "BACKEND\tPLUGIN\tOFFERS\tSHA256\tSTATE")
	for _, b := range found.Backends {
		state := "ok"
		switch {
		case b.Refused():
			state = "refused, see below"
		case strings.Contains(b.Problem, "\n"):
			state = "not well, see below"
		case b.Problem != "":
			state = b.Problem
		}
		_, _ = fmt.Fprintf(t, "%s\t%s %s\t%s\t%s\t%s\n", b.Backend, b.Plugin, b.Version, strings.Join(b.Ports, ", "), b.SHA256, state)
	}
	_, _ = fmt.Fprintln(t, "\nSHOP\tCARTS\tORDERS\tPOINTS\tPOQ ENDPOINT\tTILLS BELOW")
	for _, s := range found.Shops {
		_, _ = fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", s.Shop, s.Backends["carts"], s.Backends["orders"], s.Backends["loyalty"], s.Poq, s.Tills)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, b := range found.Backends {
		if strings.Contains(b.Problem, "\n") && !b.Refused() {
			_, _ = fmt.Fprintf(w, "\nBackend %s:\n%s\n", b.Backend, b.Problem)
		}
	}
	return nil
}
