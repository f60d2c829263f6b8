// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/cartage-dev/cartage/adapters/store/sqlite"
	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/shop"
	"github.com/cartage-dev/cartage/ports/store"
)

const exportBuffer = 64 << 10

func newLedgerExport(at *location) *cobra.Command {
	var name, format, since, file string
	c := &cobra.Command{
		Use:   "export --shop SHOP --format csv|jsonl",
		Short: "Write a shop's journal as CSV or JSON lines",
		Long: `Write a shop's journal, as it is at one moment, beside a running host. Customers have the
journal's numbers, so what is exported says nothing about who they are.

  csv    one row for each transfer: sequence, time, key, from, to, points, request_id,
         host, hash. A text that a spreadsheet could take for a formula begins with an
         apostrophe.
  jsonl  one record for each line, with its transfers, every text as it is sealed.

A file is made whole or not at all, and never in the place of another.`,
		Example: `  cartage ledger export --shop uk --format csv --config /etc/cartage/cartage.yaml -o uk.csv
  cartage ledger export --shop uk --format jsonl --since 2026-11-01T00:00:00Z --config /etc/cartage/cartage.yaml | gzip > uk.jsonl.gz`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			e := export{begin: rowFormats[format]}
			if e.begin == nil {
				return usage("--format: %q is neither csv nor jsonl", format)
			}
			if since != "" {
				var err error
				if e.since, err = time.Parse(time.RFC3339, since); err != nil {
					return usage("--since: %q is no time such as 2026-11-01T00:00:00Z", since)
				}
			}
			return at.reading(c.Context(), func(r *sqlite.Reader) error {
				if err := wantBook(c.Context(), r.Ledger(), shop.ID(name)); err != nil {
					return err
				}
				e.ledger, e.shop = r.Ledger(), shop.ID(name)
				if file == "" {
					return e.write(c.Context(), c.OutOrStdout())
				}
				return newFile(file, func(w io.Writer) error { return e.write(c.Context(), w) })
			})
		},
	}
	addShop(c, &name)
	c.Flags().StringVar(&format, "format", "", "csv or jsonl (required)")
	_ = c.MarkFlagRequired("format")
	c.Flags().StringVar(&since, "since", "", "only records written at this time (RFC 3339) or later")
	c.Flags().StringVarP(&file, "output", "o", "", "a new file; without it standard output")
	return c
}

// export writes one shop's journal. It is the visitor of its ledger.
type export struct {
	ledger store.Ledger
	shop   shop.ID
	since  time.Time
	begin  func(io.Writer, shop.ID) rows
	rows   rows
	last   int64 // the record that was read last
}

// errJournalEnds ends a walk where the journal ends: what follows from it is not exported.
var errJournalEnds = errors.New("the journal ends")

func (e *export) write(ctx context.Context, w io.Writer) error {
	buffer := bufio.NewWriterSize(w, exportBuffer)
	e.rows = e.begin(buffer, e.shop)
	if err := e.rows.head(); err != nil {
		return err
	}
	if err := e.ledger.Walk(ctx, e.shop, e); err != nil && !errors.Is(err, errJournalEnds) {
		return fmt.Errorf("export after record %d of %s: %w", e.last, e.shop, err)
	}
	if err := e.rows.flush(); err != nil {
		return err
	}
	return buffer.Flush()
}

// Record implements store.Visitor.
func (e *export) Record(r loyalty.Record) error {
	e.last = r.Sequence
	if r.At.Before(e.since) {
		return nil
	}
	return e.rows.record(r)
}

// Head implements store.Visitor.
func (e *export) Head(int64, loyalty.Hash) error { return errJournalEnds }

// Customer implements store.Visitor.
func (e *export) Customer(loyalty.CustomerID, loyalty.Balance) error { return errJournalEnds }

// Account implements store.Visitor.
func (e *export) Account(loyalty.AccountName, loyalty.Points) error { return errJournalEnds }

// Action implements store.Visitor.
func (e *export) Action(loyalty.Action) error { return errJournalEnds }

// Sale implements store.Visitor.
func (e *export) Sale(loyalty.Sale) error { return errJournalEnds }

// newFile makes a file of what fn writes, whole and on disk, or none. What is there already
// stays: a link, unlike a rename, never replaces anything.
func newFile(path string, fn func(io.Writer) error) (err error) {
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("write %s: %w", path, fs.ErrExist)
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer func() { err = errors.Join(err, os.Remove(f.Name())) }()
	if err := fn(f); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.Link(f.Name(), path); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
