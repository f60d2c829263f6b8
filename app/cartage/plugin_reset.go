// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/http"
	"net/url"

	"github.com/spf13/cobra"
)

func newPluginReset() *cobra.Command {
	var admin, output string
	c := &cobra.Command{
		Use:   "reset NAME",
		Short: "Give a backend's plugin another chance at once",
		Long: `Tell a running host that the cause is mended: the plugin of the backend that config
calls NAME is started at once if it is in quarantine or waits for its next start, its
crashes so far are forgotten, and requests that were refused since they ended it are
sent again. A plugin that runs goes on running.

It answers when the plugin is ready, or has ended too often again, with the state
that it was in and is in. Exit status: 0 when it is ready, 1 when it is not.`,
		Example: "  cartage plugin reset webshop\n  cartage plugin reset webshop --admin http://127.0.0.1:8081 --output json",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return ask(c, http.MethodPost, admin, "/backends/"+url.PathEscape(args[0])+"/reset", output)
		},
	}
	addAdmin(c, &admin)
	addOutput(c, &output)
	return c
}
