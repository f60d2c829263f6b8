// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/cartage-dev/cartage/plugins/protocol"
)

func newVersion() *cobra.Command {
	var output string
	c := &cobra.Command{
		Use:   "version",
		Short: "Print the version of this program and of the plugin protocol it speaks",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			about := map[string]any{
				"version": version, "protocol": protocol.Version,
				"go": runtime.Version(), "platform": runtime.GOOS + "/" + runtime.GOARCH,
			}
			return show(c.OutOrStdout(), output, about, func(w io.Writer) error {
				_, err := fmt.Fprintf(w, "cartage %s (plugin protocol %d, %s, %s/%s)\n", version, protocol.Version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
				return err
			})
		},
	}
	addOutput(c, &output)
	return c
}
