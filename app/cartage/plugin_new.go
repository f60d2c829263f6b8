// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/cartage-dev/cartage/app/scaffold"
	"github.com/cartage-dev/cartage/ports/backend"
)

func newPluginNew() *cobra.Command {
	var ports []string
	var yes bool
	p := scaffold.Project{Version: version}
	c := &cobra.Command{
		Use:   "new NAME",
		Short: "Write a plugin project that works from the start",
		Long: `Write a plugin project: a program with one file for each port, its settings, and a
stand-in for the commerce system, so that it builds, passes its conformance test and
serves a cart before you have written a line. Nothing is overwritten.

On a terminal it asks for what the flags leave open; --yes takes what it would suggest.
Without a terminal the name is required and the rest has defaults. A cartage that is no
release builds the project against the source it finds around itself, and says so.`,
		Example: "  cartage plugin new acme\n  cartage plugin new acme --ports carts,checkout --module example.com/acme --replace ../cartage",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) (err error) {
			if len(args) == 1 {
				p.Name = args[0]
			}
			if c.Flags().Changed("ports") {
				if _, err := scaffold.ParsePorts(ports); err != nil {
					return usage("--ports: %w", err)
				}
			}
			asked := asker{out: c.ErrOrStderr(), given: c.Flags().Changed}
			if !yes && isTerminal(c.InOrStdin()) {
				asked.in = bufio.NewReader(c.InOrStdin())
			}
			if err := asked.complete(c.Context(), &p, &ports); err != nil {
				return err
			}
			if p.Ports, err = scaffold.ParsePorts(ports); err != nil {
				return err
			}
			if p.Replace == "" && !scaffold.Released(p.Version) {
				if p.Replace, err = source(p.Version); err != nil {
					return err
				}
				_, _ = fmt.Fprintf(c.OutOrStdout(), "using the source at %s (--replace)\n", p.Replace)
			}
			files, err := p.Write()
			if err != nil {
				return err
			}
			written(c.OutOrStdout(), p, files)
			return nil
		},
	}
	c.Flags().StringSliceVar(&ports, "ports", nil, "ports it offers: "+scaffold.Join(backend.Ports())+"; checkout only beside carts (default: all of them)")
	c.Flags().StringVar(&p.Module, "module", "", "path of its Go module (default: example.com/NAME)")
	c.Flags().StringVar(&p.Dir, "dir", "", "folder to write it to (default: ./NAME)")
	c.Flags().StringVar(&p.Replace, "replace", "", "checkout of Cartage's source to build against, instead of a release (default: what is around a cartage that is none)")
	c.Flags().BoolVarP(&yes, "yes", "y", false, "ask nothing")
	return c
}

// checkout finds the source that this program was built from: around the working
// directory, or around the program.
func checkout() (string, bool) {
	if dir, err := os.Getwd(); err == nil {
		if found, ok := scaffold.CheckoutAbove(dir); ok {
			return found, true
		}
	}
	self, err := os.Executable()
	if err != nil {
		return "", false
	}
	return scaffold.CheckoutAbove(filepath.Dir(self))
}

// source is the checkout to build against where no go.mod can name the version of this program.
func source(version string) (string, error) {
	if found, ok := checkout(); ok {
		return found, nil
	}
	return "", fmt.Errorf("this cartage (%s) was built from source and is no release, so that a project cannot name the version to build against.\n"+
		"Build against the source instead: add --replace PATH, the folder of Cartage's own go.mod.\nNothing was written", version)
}

func written(w io.Writer, p scaffold.Project, files []string) {
	_, _ = fmt.Fprintf(w, "Wrote plugin %s with %s into %s:\n\n", p.Name, scaffold.Join(p.Ports), p.Dir)
	for _, name := range files {
		_, _ = fmt.Fprintf(w, "  %s\n", filepath.Join(p.Dir, name))
	}
	_, _ = fmt.Fprintf(w, "\nNext:\n\n  cd %s\n  make test     # build it, and hold it to what its ports promise\n  make verify   # the same for the program, rule by rule\n  make dev      # start Cartage with it\n\nREADME.md there tells how to go on.\n", p.Dir)
}
