// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/cartage-dev/cartage/config"
)

const (
	askMax   = 2 * time.Minute // a reload may take one
	askBytes = 8 << 20
)

// What a host has explained already.
var (
	errRefused  = errors.New("the host refused")
	errNotReady = errors.New("the backend is not ready")
)

func newReload() *cobra.Command {
	var admin, output string
	c := &cobra.Command{
		Use:   "reload",
		Short: "Let a running host take its config over",
		Long: `Ask a running host to read its config, secrets and plugin programs again and to take
over what changed, while requests run. It answers once no request is at work with
the old config any more. What is wrong is reported, and then nothing has changed.`,
		Example: "  cartage reload\n  cartage reload --admin http://127.0.0.1:8081 --output json",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return ask(c, http.MethodPost, admin, "/reload", output)
		},
	}
	addAdmin(c, &admin)
	addOutput(c, &output)
	return c
}

func newShadow() *cobra.Command {
	c := &cobra.Command{
		Use:   "shadow",
		Short: "See what a swap of backends would change",
		Long: `A shop whose config has shadow makes a share of its new carts at another backend as
well. Shoppers see nothing of it; what the two backends say is compared.`,
	}
	var admin, output string
	report := &cobra.Command{
		Use:   "report",
		Short: "Print how the answers of the two backends differed so far",
		Long: `Print, for each shop that rehearses, how many of its carts came out the same at the
other backend, and how the others differ: unknown SKUs, prices, stock, totals, pages,
errors and latency. The counts begin when the host began to rehearse with that pair.`,
		Example: "  cartage shadow report\n  cartage shadow report --admin http://127.0.0.1:8081 --output json",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return ask(c, http.MethodGet, admin, "/shadow", output)
		},
	}
	addAdmin(report, &admin)
	addOutput(report, &output)
	c.AddCommand(report)
	return c
}

// addAdmin adds the flag --admin.
func addAdmin(c *cobra.Command, admin *string) {
	c.Flags().StringVar(admin, "admin", "http://"+config.Default().Admin.Listen, "where the host's admin listener is")
}

// ask prints what a running host's admin listener says. An answer that is a
// refusal is printed as well, and is an error.
func ask(c *cobra.Command, method, admin, path, output string) error {
	at, err := url.Parse(admin)
	if err != nil || at.Scheme != "http" && at.Scheme != "https" || at.Host == "" {
		return usage("--admin: %q is not the URL of a host, such as http://127.0.0.1:8081", admin)
	}
	req, err := http.NewRequestWithContext(c.Context(), method, strings.TrimSuffix(admin, "/")+path+"?output="+output, nil)
	if err != nil {
		return fmt.Errorf("--admin: %w", err)
	}
	res, err := (&http.Client{Timeout: askMax}).Do(req)
	if err != nil {
		return fmt.Errorf("no host answers: %w\nName its admin listener, which is admin.listen in its config, with --admin", err)
	}
	defer func() { _ = res.Body.Close() }()
	if _, err := io.Copy(c.OutOrStdout(), io.LimitReader(res.Body, askBytes)); err != nil {
		return fmt.Errorf("read the host's answer: %w", err)
	}
	switch {
	case res.StatusCode == http.StatusUnprocessableEntity:
		return errRefused
	case res.StatusCode == http.StatusServiceUnavailable:
		return errNotReady
	case res.StatusCode != http.StatusOK:
		return fmt.Errorf("the host answered %s to %s %s", res.Status, method, path)
	}
	return nil
}
