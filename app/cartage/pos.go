// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/cartage-dev/cartage/config"
	"github.com/cartage-dev/cartage/core/money"
)

func newPOS() *cobra.Command {
	var f tillFlags
	c := &cobra.Command{
		Use:   "pos",
		Short: "Play a Shopify till against a running host",
		Long: `Play a till of Shopify POS with the cart app extension, and the webhooks about its
orders, against a running host. Every request is signed as Shopify signs, with the
app's secret from config; every answer is shown with its status and its time against
what Shopify waits. No Shopify account is needed, and nothing secret is printed.

A first try:

  1. cartage dev         in one terminal; customer 1 begins with 23867 points
  2. cartage pos --dev   in another; the till begins an order for customer 1
  3. 1                   taps the first offer: points fall, the discount is on the cart
  4. r                   takes it off again, and the points are back
  5. 1, then s           sells: orders/create names what was tapped
  6. t                   shows the last request and its answer in full

The commands, each by its word or its letter:

` + tillCommands + `

Without a terminal the commands come from --script, or from standard input line by
line, and the first answer that is not what was asked for ends it.

Exit status: 0 when every step was answered as Shopify documents for a step that is
done, 2 when the command line is wrong, 1 otherwise.`,
		Example: `  cartage pos --dev
  cartage pos --config /etc/cartage/cartage.yaml --shop uk --host http://127.0.0.1:8080 --customer 7712345
  cartage pos --dev --script "new 1; tap 1; expect balance 22867; revert; expect balance 23867"`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			t, err := f.till()
			if err != nil {
				return err
			}
			s := session{till: t, text: c.OutOrStdout()}
			if f.json {
				s.text = io.Discard
				t.printsJSON(c.OutOrStdout())
			}
			given := c.Flags().Changed("script")
			if s.asks = !given && isTerminal(c.InOrStdin()); s.asks && f.json {
				s.text = c.ErrOrStderr()
			}
			t.text = s.text
			if given {
				return s.run(c.Context(), strings.NewReader(f.script))
			}
			return s.run(c.Context(), c.InOrStdin())
		},
	}
	f.add(c)
	return c
}

// tillFlags are what a command line says of the till.
type tillFlags struct {
	file, host, app, shop, currency, locale, appID, script string
	customer                                               int64
	dev, json, real                                        bool
}

func (f *tillFlags) add(c *cobra.Command) {
	c.Flags().StringVarP(&f.file, "config", "c", "", "config file of the host")
	c.Flags().BoolVar(&f.dev, "dev", false, "take the built-in demo config, as cartage dev does without a file")
	c.MarkFlagsMutuallyExclusive("config", "dev")
	c.Flags().StringVar(&f.host, "host", "", "URL of the host (default: server.public_url, or server.listen)")
	c.Flags().StringVar(&f.app, "app", "", "name of the Shopify app, where config has several")
	c.Flags().StringVar(&f.shop, "shop", "", "name of the shop, where several have the app")
	c.Flags().Int64Var(&f.customer, "customer", 0, "customer of new orders, by Shopify's number (default: 1 with --dev, otherwise none)")
	c.Flags().StringVar(&f.currency, "currency", "", "currency of the till (default: that in which orders earn points, or the shop's first)")
	c.Flags().StringVar(&f.locale, "locale", "", "language of the staff, such as en or de-DE (default: the shop's)")
	c.Flags().StringVar(&f.appID, "app-id", "1", "the app's id at Shopify, as orders name it")
	c.Flags().StringVar(&f.script, "script", "", "commands to run, with semicolons between them")
	c.Flags().BoolVar(&f.json, "json", false, "print each exchange as a line of JSON")
	c.Flags().BoolVar(&f.real, "real", false, "play against a host that is not on this machine, where what is tapped and sold is booked")
}

// till is a till of the shop that the flags choose.
func (f *tillFlags) till() (*till, error) {
	if f.file == "" && !f.dev {
		return nil, usage("--config is required, or --dev for the built-in demo")
	}
	_, cfg, err := load(f.file, config.Dev)
	if err != nil {
		return nil, err
	}
	name, err := f.choose(cfg)
	if err != nil {
		return nil, err
	}
	t := &till{shopName: name, app: cfg.Shops[name].Shopify.App, appID: f.appID, at: *cfg.Shops[name].Shopify, locale: f.locale, customer: f.customer, now: time.Now}
	if strings.ContainsAny(f.appID, `"\`) || f.appID == "" {
		return nil, usage("--app-id: %q cannot stand in an order's attribute", f.appID)
	}
	if t.customer < 0 {
		return nil, usage("--customer: it cannot be below zero; 0 is none")
	}
	if t.customer == 0 && f.dev {
		t.customer = 1
	}
	if t.locale == "" {
		t.locale = cfg.Shops[name].Locale
	}
	if t.currency, err = f.money(cfg.Shops[name]); err != nil {
		return nil, err
	}
	app := cfg.Shopify.Apps[t.app]
	t.posPath, t.hooksPath, t.percentScale = app.POSPath, app.HooksPath, int64(app.PercentScale)
	at, err := f.where(cfg.Server)
	if err != nil {
		return nil, err
	}
	t.wire = newTillWire(at, t.app, name, app.Secrets[0])
	return t, nil
}

// choose finds the one shop that the flags leave.
func (f *tillFlags) choose(cfg config.Config) (string, error) {
	var left, all []string
	for _, name := range sorted(cfg.Shops) {
		s := cfg.Shops[name].Shopify
		if s == nil {
			continue
		}
		all = append(all, fmt.Sprintf("%s (app %s)", name, s.App))
		if (f.app == "" || f.app == s.App) && (f.shop == "" || f.shop == name) {
			left = append(left, name)
		}
	}
	switch {
	case len(all) == 0:
		return "", errors.New("no shop in config has shopify, which says what it is to Shopify: see config/example.yaml")
	case len(left) == 0:
		return "", usage("no shop fits --app and --shop: there is %s", strings.Join(all, ", "))
	case len(left) > 1:
		return "", usage("name one shop with --shop: %s", strings.Join(left, ", "))
	}
	return left[0], nil
}

func (f *tillFlags) money(s config.Shop) (money.Currency, error) {
	code := f.currency
	if code == "" && s.Loyalty != nil && s.Loyalty.Earn != nil {
		code = s.Loyalty.Earn.Currency
	}
	if code == "" && len(s.Currencies) > 0 {
		code = s.Currencies[0]
	}
	c, err := money.ParseCurrency(strings.ToUpper(code))
	if err != nil {
		return "", usage("--currency: %w", err)
	}
	return c, nil
}

// where is the URL of the host. One elsewhere has to be meant, since points are money.
func (f *tillFlags) where(s config.Server) (string, error) {
	at, key := f.host, "--host"
	if at == "" {
		at, key = s.PublicURL, "server.public_url"
	}
	if fallback := config.Default().Server; f.host == "" && at == fallback.PublicURL && s.Listen != fallback.Listen {
		at, key = "http://"+reachable(s.Listen), "server.listen"
	}
	u, err := url.Parse(at)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
		return "", fmt.Errorf("%s: %q is not the URL of a host, such as http://127.0.0.1:8080", key, plain(at))
	}
	if ip := net.ParseIP(u.Hostname()); !f.real && u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return "", fmt.Errorf("%s: %s is not on this machine, and what a till does there is booked.\n"+
			"Add --real when that is meant, or name another with --host", key, u.Host)
	}
	return strings.TrimSuffix(u.Scheme+"://"+u.Host+u.Path, "/"), nil
}

// reachable is where a listener of every address is reached on this machine.
func reachable(listen string) string {
	h, port, err := net.SplitHostPort(listen)
	if err == nil && slices.Contains([]string{"", "0.0.0.0", "::"}, h) {
		return net.JoinHostPort("127.0.0.1", port)
	}
	return listen
}
