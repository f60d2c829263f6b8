// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/cartage-dev/cartage/adapters/store/sqlite"
	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/shop"
	"github.com/cartage-dev/cartage/ports/store"
)

const (
	pageSize  = 500 // records of one look at the database
	settleMax = 5   // looks at a history that a host is just adding to
)

func newLedgerShow(at *location) *cobra.Command {
	var name, output string
	var limit int
	c := &cobra.Command{
		Use:   "show CUSTOMER --shop SHOP",
		Short: "Print a customer's points and how they came about",
		Long: `Print what a customer owns and each record of the journal that concerns them, the
newest last. CUSTOMER is what the channel's shop calls them, such as the digits of a
Shopify customer. AVAILABLE and HELD are what the record changed and, behind the arrow,
what was there after it; tills show what is available. Where the shop's points are at a
backend, what it was asked to give or take stands behind WHAT.

With --json each record is a line of its own.

Exit status: 0, or 1 when nobody has heard of the customer.`,
		Example: `  cartage ledger show 7712345 --shop uk --config /etc/cartage/cartage.yaml
  cartage ledger show 7712345 --shop uk --config /etc/cartage/cartage.yaml --limit 20 --json`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if limit < 0 {
				return usage("--limit: it cannot be below nothing; 0 is without a limit")
			}
			return at.reading(c.Context(), func(r *sqlite.Reader) error {
				s, customer := shop.ID(name), loyalty.CustomerID(args[0])
				if err := wantBook(c.Context(), r.Ledger(), s); err != nil {
					return err
				}
				number, found, err := r.Customer(c.Context(), s, customer)
				if err != nil {
					return err
				}
				if !found {
					return fmt.Errorf("nobody has heard of a customer %s in shop %s", plain(args[0]), s)
				}
				h := history{customer: customer, number: number, keep: limit}
				if err := h.read(c.Context(), r.Ledger(), s); err != nil {
					return err
				}
				if output == "json" {
					return h.printJSON(c.OutOrStdout())
				}
				return h.print(c.OutOrStdout())
			})
		},
	}
	addShop(c, &name)
	c.Flags().IntVar(&limit, "limit", 100, "print only so many of the newest records; 0 prints all")
	addJSON(c, &output)
	return c
}

// history is what the journal says of one customer.
type history struct {
	customer, number loyalty.CustomerID // as the shop calls them, and as the journal does
	keep             int                // of the newest lines; 0 is all
	lines            []historyLine
	left             int64 // lines that are not kept
	last             int64 // sequence
	balance          loyalty.Balance
}

// historyLine is a record from the customer's view, as JSON has it.
type historyLine struct {
	Sequence        int64          `json:"sequence"`
	At              time.Time      `json:"time"`
	What            string         `json:"what"`
	Key             string         `json:"key"`
	RequestID       string         `json:"request_id"`
	ChangeAvailable loyalty.Points `json:"change_available"`
	ChangeHeld      loyalty.Points `json:"change_held"`
	ChangeElsewhere loyalty.Points `json:"change_elsewhere,omitempty"` // at the backend that has the shop's points
	Available       loyalty.Points `json:"available"`
	Held            loyalty.Points `json:"held"`
}

// read reads until the records account for the balance: a host may book between two looks.
func (h *history) read(ctx context.Context, l store.Ledger, s shop.ID) error {
	var believed loyalty.Balance
	for range settleMax {
		if err := h.readOn(ctx, l, s); err != nil {
			return err
		}
		var err error
		if believed, err = l.Balance(ctx, s, h.customer); err != nil {
			return err
		}
		if believed == h.balance {
			return nil
		}
	}
	return fmt.Errorf("by the journal the customer owns %d and %d held, and the host believes %d and %d: run cartage ledger verify %s",
		h.balance.Available, h.balance.Held, believed.Available, believed.Held, s)
}

func (h *history) readOn(ctx context.Context, l store.Ledger, s shop.ID) error {
	for {
		page, err := l.History(ctx, s, h.customer, h.last, pageSize)
		if err != nil {
			return fmt.Errorf("after record %d: %w", h.last, err)
		}
		for _, r := range page {
			h.add(r)
		}
		if len(page) < pageSize {
			return nil
		}
	}
}

func (h *history) add(r loyalty.Record) {
	change := changeOf(r.Entry, h.number)
	h.last = r.Sequence
	h.balance.Available += change.Available
	h.balance.Held += change.Held
	_, elsewhere := r.Entry.Elsewhere()
	h.lines = append(h.lines, historyLine{
		Sequence: r.Sequence, At: r.At, What: inWords(r, h.number), Key: r.Entry.Key, RequestID: r.RequestID,
		ChangeAvailable: change.Available, ChangeHeld: change.Held, ChangeElsewhere: elsewhere, Available: h.balance.Available, Held: h.balance.Held,
	})
	if h.keep > 0 && len(h.lines) >= 2*h.keep+pageSize { // now and then, not at each
		h.forget()
	}
}

// forget keeps the newest lines.
func (h *history) forget() {
	if old := len(h.lines) - h.keep; h.keep > 0 && old > 0 {
		h.left += int64(old)
		h.lines = append([]historyLine(nil), h.lines[old:]...)
	}
}

// changeOf is what an entry adds to a customer's accounts.
func changeOf(e loyalty.Entry, customer loyalty.CustomerID) (b loyalty.Balance) {
	move := func(a loyalty.Account, n loyalty.Points) {
		switch {
		case a.Customer != customer:
		case a.Name == loyalty.AccountAvailable:
			b.Available += n
		case a.Name == loyalty.AccountHeld:
			b.Held += n
		}
	}
	for _, t := range e.Transfers {
		move(t.From, -t.Points)
		move(t.To, t.Points)
	}
	return b
}

func (h *history) printJSON(w io.Writer) error {
	h.forget()
	e := json.NewEncoder(w)
	for _, line := range h.lines {
		if err := e.Encode(line); err != nil {
			return err
		}
	}
	return nil
}

func (h *history) print(w io.Writer) error {
	h.forget()
	_, _ = fmt.Fprintf(w, "customer %s (%s in the journal): %d points available, %d held\n",
		plain(string(h.customer)), h.number, h.balance.Available, h.balance.Held)
	if h.left > 0 {
		_, _ = fmt.Fprintf(w, "%d older records are not shown: see --limit\n", h.left)
	}
	if len(h.lines) == 0 {
		_, err := fmt.Fprintln(w, "the journal has no record of them")
		return err
	}
	_, _ = fmt.Fprintln(w)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(t, "SEQUENCE\tTIME\tAVAILABLE\tHELD\tWHAT")
	for _, line := range h.lines {
		if line.ChangeElsewhere != 0 {
			line.What += fmt.Sprintf(" (%+d elsewhere)", line.ChangeElsewhere)
		}
		_, _ = fmt.Fprintf(t, "%d\t%s\t%s\t%s\t%s\n", line.Sequence, line.At.Format(time.RFC3339),
			step(line.ChangeAvailable, line.Available), step(line.ChangeHeld, line.Held), plain(line.What))
	}
	return t.Flush()
}

// step is a change and what was there after it.
func step(change, after loyalty.Points) string {
	if change == 0 {
		return fmt.Sprintf("-> %d", after)
	}
	return fmt.Sprintf("%+d -> %d", change, after)
}
