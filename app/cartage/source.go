// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/cartage-dev/cartage/config"
)

const environmentHelp = `
Every key can be overridden from the environment: CARTAGE_ and the key's path with
two underscores between levels, such as CARTAGE_SERVER__LISTEN=127.0.0.1:9000.
A config that cannot be used is reported whole, each mistake with its place, and
the exit code is 78.`

// load reads the file, or the built-in demo config in development mode without one.
func load(file string, mode config.Mode) (config.Source, config.Config, error) {
	source := config.Source{File: file, Environ: os.Environ(), Mode: mode}
	if file == "" {
		source.Text = config.Demo
	}
	cfg, err := config.Load(source)
	return source, cfg, err
}

// addOutput adds the flag --output.
func addOutput(c *cobra.Command, into *string) {
	*into = "text"
	c.Flags().VarP(textOrJSON{into}, "output", "o", "how to print: text or json")
}

// show prints v as JSON, or calls text.
func show(w io.Writer, output string, v any, text func(io.Writer) error) error {
	if output == "json" {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(v)
	}
	return text(w)
}
