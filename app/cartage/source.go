// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
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
func addOutput(c *cobra.Command, output *string) {
	c.Flags().StringVarP(output, "output", "o", "text", "how to print: text or json")
}

// show prints v as JSON, or calls text.
func show(w io.Writer, output string, v any, text func(io.Writer) error) error {
	switch output {
	case "json":
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(v)
	case "text":
		return text(w)
	}
	return knownOutput(output)
}

// knownOutput is nil for what --output may be.
func knownOutput(output string) error {
	if output == "text" || output == "json" {
		return nil
	}
	return fmt.Errorf("--output: %q is neither text nor json", output)
}
