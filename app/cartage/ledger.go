// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/cartage-dev/cartage/adapters/store/sqlite"
	"github.com/cartage-dev/cartage/config"
	"github.com/cartage-dev/cartage/core/shop"
	"github.com/cartage-dev/cartage/ports/store"
)

func newLedger() *cobra.Command {
	var at location
	c := &cobra.Command{
		Use:   "ledger",
		Short: "Verify, show, correct and export points",
		Long: `Each shop's points are kept in a journal that only grows, with balances and all else
reckoned from it, in the host's database. The journal knows a customer by a number of
its own, which says nothing about whom.

verify, show and export look beside a running host and change nothing. adjust books,
and needs the database to itself.

The database is the one that config names, or --database: use that where the config's
secrets are not at hand. Of a config only the path counts, and the names of shops; it is
read as cartage dev would, so that nothing needs to be allowed.`,
		Args: cobra.NoArgs,
	}
	c.PersistentFlags().StringVarP(&at.file, "config", "c", "", "config file of the host")
	c.PersistentFlags().BoolVar(&at.dev, "dev", false, "take the built-in demo config, as cartage dev does without a file")
	c.PersistentFlags().StringVar(&at.database, "database", "", "database file, such as a copy of the host's; no config is read")
	c.MarkFlagsMutuallyExclusive("config", "dev", "database")
	c.AddCommand(newLedgerVerify(&at), newLedgerShow(&at), newLedgerAdjust(&at), newLedgerExport(&at))
	return c
}

// location is where a command line says that the database is.
type location struct {
	file, database string
	dev            bool
}

// database is a file, and the shops that config knows beside it, with the backend of each that
// has its points, or nothing when they are in the file.
type database struct {
	path  string
	shops map[shop.ID]string
}

func (l location) find() (database, error) {
	d := database{path: l.database, shops: map[shop.ID]string{}}
	if l.database != "" {
		return d, nil
	}
	if l.file == "" && !l.dev {
		return d, usage("--config is required, or --database for a file, or --dev for the built-in demo")
	}
	_, cfg, err := load(l.file, config.Dev)
	if err != nil {
		return d, err
	}
	for name, s := range cfg.Shops {
		d.shops[shop.ID(name)] = s.Backends["loyalty"]
	}
	d.path = cfg.Store.Path
	return d, nil
}

// reading runs fn with the ledger open for reading, beside a host or without one.
func (l location) reading(ctx context.Context, fn func(*sqlite.Reader) error) error {
	d, err := l.find()
	if err != nil {
		return err
	}
	return d.reading(ctx, fn)
}

func (d database) reading(ctx context.Context, fn func(*sqlite.Reader) error) (err error) {
	r, err := sqlite.OpenReader(ctx, d.path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	return fn(r)
}

// wantBook refuses a shop that has no book.
func wantBook(ctx context.Context, l store.Ledger, s shop.ID) error {
	shops, err := l.Shops(ctx)
	if err != nil {
		return err
	}
	if _, is := shops[s]; !is {
		return noBook(s)
	}
	return nil
}

func noBook(s shop.ID) error {
	return fmt.Errorf("no points have ever been booked for a shop %s", plain(string(s)))
}

// addShop adds the required flag --shop.
func addShop(c *cobra.Command, s *string) {
	c.Flags().StringVar(s, "shop", "", "the shop's name in config (required)")
	_ = c.MarkFlagRequired("shop")
}

// addJSON adds --output, and --json for short.
func addJSON(c *cobra.Command, output *string) {
	addOutput(c, output)
	c.Flags().BoolFunc("json", "short for --output json", func(string) error {
		*output = "json"
		return nil
	})
}

// plain shows what strangers wrote, such as the name of an order, without what would move a terminal's cursor.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '\uFFFD'
	}, text)
}

// held adds to the refusal of a database that a host has open what to do about it.
func held(err error) error {
	if !errors.Is(err, sqlite.ErrHeld) {
		return err
	}
	return fmt.Errorf(`%w
Only the process that has the database open can book. Stop that host first, adjust, and
start it again; an admin endpoint of the running host will come later`, err)
}
