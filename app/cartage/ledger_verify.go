// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/cartage-dev/cartage/adapters/store/sqlite"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/shop"
	"github.com/cartage-dev/cartage/ports/store"
)

func newLedgerVerify(at *location) *cobra.Command {
	var output string
	c := &cobra.Command{
		Use:   "verify [SHOP...]",
		Short: "Reckon points again from the journal and compare",
		Long: `Read the whole journal of each shop, or of those named, follow its chain of hashes,
reckon every balance, account, action and order again from it, and compare with what
the host believes. It says what does not agree, and at which record.

It looks at one moment of the database, beside a running host. Meanwhile the host's
write-ahead log cannot shrink, so verify a very large ledger on a copy.

What it cannot see is a journal that somebody has cut off at the end and reckoned anew:
note the last record and its hash elsewhere now and then, and compare.

Exit status: 0 when everything agrees, 1 when something does not or cannot be read.`,
		Example: `  cartage ledger verify --config /etc/cartage/cartage.yaml
  cartage ledger verify uk de --config /etc/cartage/cartage.yaml --json
  cartage ledger verify --database /backup/cartage.db`,
		RunE: func(c *cobra.Command, args []string) error {
			return at.reading(c.Context(), func(r *sqlite.Reader) error {
				return verifyLedgers(c, r.Ledger(), args, output)
			})
		},
	}
	addJSON(c, &output)
	return c
}

func verifyLedgers(c *cobra.Command, l store.Ledger, named []string, output string) error {
	records, err := l.Shops(c.Context())
	if err != nil {
		return err
	}
	shops := slices.Sorted(maps.Keys(records))
	if len(named) > 0 {
		shops = shops[:0:0]
		for _, name := range named {
			if _, is := records[shop.ID(name)]; !is {
				return noBook(shop.ID(name))
			}
			if !slices.Contains(shops, shop.ID(name)) {
				shops = append(shops, shop.ID(name))
			}
		}
	}
	report := audited{OK: true, Ledgers: []auditedLedger{}}
	wrong := 0
	for _, s := range shops {
		a := auditLedger(c.Context(), l, s, newProgress(c.ErrOrStderr(), string(s), records[s]))
		if err := c.Context().Err(); err != nil {
			return fmt.Errorf("verify ledger of %s: stopped at record %d: %w", s, a.Records, err)
		}
		if !a.OK {
			report.OK = false
			wrong++
		}
		report.Ledgers = append(report.Ledgers, a)
		if output == "text" {
			if err := a.print(c.OutOrStdout()); err != nil {
				return err
			}
		}
	}
	if err := show(c.OutOrStdout(), output, report, func(w io.Writer) error {
		if len(shops) == 0 {
			_, err := fmt.Fprintln(w, "no points have ever been booked")
			return err
		}
		return nil
	}); err != nil {
		return err
	}
	if wrong > 0 {
		return fmt.Errorf("%d of %d ledgers do not agree, or cannot be read", wrong, len(shops))
	}
	return nil
}

// audited is what verify found, as JSON has it.
type audited struct {
	OK      bool            `json:"ok"`
	Ledgers []auditedLedger `json:"ledgers"`
}

type auditedLedger struct {
	Shop      shop.ID                                `json:"shop"`
	OK        bool                                   `json:"ok"`
	Records   int64                                  `json:"records"`
	LastHash  string                                 `json:"last_hash"`
	Customers int64                                  `json:"customers"`
	Available loyalty.Points                         `json:"available"`
	Held      loyalty.Points                         `json:"held"`
	Accounts  map[loyalty.AccountName]loyalty.Points `json:"accounts"`
	Found     []foundDiscrepancy                     `json:"discrepancies"`
	// Unread says where reading ended before all was read; nothing below that is known then.
	Unread string `json:"unread,omitempty"`
}

type foundDiscrepancy struct {
	Record int64  `json:"record,omitempty"`
	What   string `json:"what"`
}

// auditLedger reckons one shop's book. Whatever goes wrong is in what it returns.
func auditLedger(ctx context.Context, l store.Ledger, s shop.ID, p *progress) auditedLedger {
	v := auditor{audit: loyalty.NewAudit(s), progress: p}
	v.result = auditedLedger{Shop: s, Accounts: map[loyalty.AccountName]loyalty.Points{}, Found: []foundDiscrepancy{}}
	err := l.Walk(ctx, s, &v)
	p.clear()
	a := v.result
	var last loyalty.Hash
	a.Records, last = v.audit.Records()
	a.LastHash = last.String()
	altered := coded(err, "store_altered")
	if err != nil && altered == nil {
		a.Unread = v.unread(a.Records, err)
		return a
	}
	if !v.headed {
		v.audit.Head(0, loyalty.Hash{}) // the ledger believes nothing at all
	}
	for _, d := range v.audit.Close() {
		a.Found = append(a.Found, foundDiscrepancy{d.Sequence, d.What})
	}
	if altered != nil {
		a.Found = append(a.Found, foundDiscrepancy{What: altered.Message})
	}
	a.OK = len(a.Found) == 0
	return a
}

// coded is the fault in err that has the code, or nil.
func coded(err error, code string) *fault.Error {
	if f, is := errors.AsType[*fault.Error](err); is && f.Code == code {
		return f
	}
	return nil
}

// auditor shows a book to an audit, and counts what passes.
type auditor struct {
	audit    *loyalty.Audit
	progress *progress
	result   auditedLedger
	headed   bool
}

var _ store.Visitor = (*auditor)(nil)

// Record implements store.Visitor.
func (v *auditor) Record(r loyalty.Record) error {
	v.audit.Record(r)
	v.progress.add()
	return nil
}

// Head implements store.Visitor.
func (v *auditor) Head(sequence int64, hash loyalty.Hash) error {
	v.headed = true
	v.progress.say("balances, actions and orders")
	v.audit.Head(sequence, hash)
	return nil
}

// Customer implements store.Visitor.
func (v *auditor) Customer(c loyalty.CustomerID, b loyalty.Balance) error {
	v.result.Customers++
	v.result.Available += b.Available
	v.result.Held += b.Held
	v.audit.Customer(c, b)
	return nil
}

// Account implements store.Visitor.
func (v *auditor) Account(a loyalty.AccountName, sum loyalty.Points) error {
	v.result.Accounts[a] = sum
	v.audit.Account(a, sum)
	return nil
}

// Action implements store.Visitor.
func (v *auditor) Action(a loyalty.Action) error {
	v.audit.Action(a)
	return nil
}

// Sale implements store.Visitor.
func (v *auditor) Sale(s loyalty.Sale) error {
	v.audit.Sale(s)
	return nil
}

// unread says how far reading came, and why no further.
func (v *auditor) unread(last int64, err error) string {
	where := fmt.Sprintf("record %d cannot be read; record %d is the last that was read well", last+1, last)
	switch {
	case v.headed:
		where = fmt.Sprintf("all %d records were read well, but not all that follows from them", last)
	case last == 0:
		where = "record 1 cannot be read"
	}
	if coded(err, "store_damaged") != nil {
		return fmt.Sprintf("%s; the database file is damaged, restore a backup: %v", where, err)
	}
	return fmt.Sprintf("%s: %v", where, err)
}

func (a auditedLedger) print(w io.Writer) error {
	verdict := "everything agrees"
	switch {
	case a.Unread != "":
		verdict = "CANNOT BE READ"
	case len(a.Found) >= loyalty.DiscrepanciesMax:
		verdict = fmt.Sprintf("%d things or more DO NOT AGREE", len(a.Found))
	case len(a.Found) > 1:
		verdict = fmt.Sprintf("%d things DO NOT AGREE", len(a.Found))
	case len(a.Found) == 1:
		verdict = "one thing DOES NOT AGREE"
	}
	_, _ = fmt.Fprintf(w, "%s: %s\n", plain(string(a.Shop)), verdict)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintf(t, "  records\t%d\n  last hash\t%s\n", a.Records, a.LastHash)
	if a.Unread == "" {
		_, _ = fmt.Fprintf(t, "  customers\t%d, with %d points available and %d held\n", a.Customers, a.Available, a.Held)
		for _, name := range slices.Sorted(maps.Keys(a.Accounts)) {
			_, _ = fmt.Fprintf(t, "  %s\t%d\n", plain(string(name)), a.Accounts[name])
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if a.Unread != "" {
		_, _ = fmt.Fprintf(w, "  ! %s\n", plain(a.Unread))
	}
	for _, d := range a.Found {
		where := ""
		if d.Record != 0 {
			where = fmt.Sprintf("record %d: ", d.Record)
		}
		if _, err := fmt.Fprintf(w, "  ! %s%s\n", where, plain(d.What)); err != nil {
			return err
		}
	}
	return nil
}
