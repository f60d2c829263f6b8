// SPDX-License-Identifier: Apache-2.0

package main

import "github.com/spf13/cobra"

func newPlugin() *cobra.Command {
	c := &cobra.Command{
		Use:   "plugin",
		Short: "Write, look at, judge and reset plugins",
		Long:  "A plugin is a program of its own that speaks for one commerce system. plugins/README.md tells how to write one.",
		Args:  cobra.NoArgs,
	}
	c.AddCommand(newPluginNew(), newPluginInspect(), newPluginVerify(), newPluginReset())
	return c
}
