// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/cartage-dev/cartage/adapters/store/sqlite"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/shop"
	"github.com/cartage-dev/cartage/ports/store"
)

func newLedgerAdjust(at *location) *cobra.Command {
	var a adjustment
	var name, points, digits, output string
	c := &cobra.Command{
		Use:   "adjust CUSTOMER POINTS --shop SHOP --reason TEXT",
		Short: "Give a customer points by hand, or take some away",
		Long: `Book points between a customer and the shop's account adjust: 500 gives, -500 takes, and
never more than is available. The reason is kept in the journal for good, where it cannot
be changed or forgotten: write no personal data into it.

It needs the database to itself, so the host has to be stopped. --dry-run works beside it.

An adjustment is booked once for each --key. Without one a new key is made and printed;
give that when you do not know whether an attempt was booked. One that was says so.

More than --limit-points needs a second person, whom you name with --yes-by and whose
name is kept with yours behind the reason. Nothing proves who that was: it is a promise
in the books, not a lock.

Exit status: 0 when it is booked, now or before; 1 when not.`,
		Example: `  cartage ledger adjust 7712345 500 --shop uk --reason 'goodwill, ticket 4711' --config /etc/cartage/cartage.yaml
  cartage ledger adjust 7712345 -500 --shop uk --reason 'booked twice' --dry-run --config /etc/cartage/cartage.yaml`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(c *cobra.Command, args []string) (err error) {
			switch {
			case len(args) == 2 && digits == "":
				points = args[1]
			case len(args) == 1 && digits != "":
				points = "-" + digits
			default:
				return usage("name the customer and how many points, such as 500 or -500")
			}
			a.shop, a.customer = shop.ID(name), loyalty.CustomerID(args[0])
			if err := a.settle(points); err != nil {
				return usageOf(err)
			}
			d, err := at.find()
			if err != nil {
				return err
			}
			done, err := a.run(c.Context(), d)
			if err != nil {
				return err
			}
			return show(c.OutOrStdout(), output, done, done.print)
		},
	}
	addShop(c, &name)
	c.Flags().StringVar(&a.reason, "reason", "", "why, in words that may stay in the books for good (required)")
	_ = c.MarkFlagRequired("reason")
	c.Flags().StringVar(&a.key, "key", "", "name of this adjustment, such as that of a ticket or the key of an attempt before; letters, digits and . _ -")
	c.Flags().BoolVar(&a.dryRun, "dry-run", false, "say what would be booked, and book nothing")
	c.Flags().Int64Var(&a.limit, "limit-points", 100_000, "more points than this, given or taken, need a second person")
	c.Flags().StringVar(&a.second, "yes-by", "", "the second person's name")
	addJSON(c, &output)
	addDigits(c, &digits)
	return c
}

// addDigits makes -500 points instead of five unknown flags: each digit is a hidden flag, which adds itself to into.
func addDigits(c *cobra.Command, into *string) {
	f := c.Flags()
	for d := range 10 {
		digit := strconv.Itoa(d)
		f.BoolFuncP("minus-"+digit, digit, "", func(string) error {
			*into += digit
			return nil
		})
		f.Lookup("minus-" + digit).Hidden = true
	}
}

// adjustment is what the command line asks for.
type adjustment struct {
	shop        shop.ID
	customer    loyalty.CustomerID
	points      loyalty.Points // below zero takes
	reason, key string
	second      string
	limit       int64
	dryRun      bool
}

// adjusted is what came of it, as JSON has it.
type adjusted struct {
	Shop     shop.ID            `json:"shop"`
	Customer loyalty.CustomerID `json:"customer"`
	Points   loyalty.Points     `json:"points"`
	Key      string             `json:"key"`
	Reason   string             `json:"reason"`
	Outcome  string             `json:"outcome"` // booked, booked_before or dry_run
	Before   loyalty.Points     `json:"available_before"`
	After    loyalty.Points     `json:"available_after"`
}

// run looks before it takes the database over, so that a mistake neither makes nor migrates one.
func (a adjustment) run(ctx context.Context, d database) (done adjusted, err error) {
	err = d.reading(ctx, func(r *sqlite.Reader) error {
		done, err = a.look(ctx, r.Ledger(), d.shops)
		return err
	})
	if err != nil || done.Outcome == "booked_before" || a.dryRun {
		return done, err
	}
	db, err := sqlite.Open(ctx, sqlite.Options{Path: d.path})
	if err != nil {
		return done, held(err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return a.book(ctx, db.Store().Ledger)
}

// look says what booking would do, by the ledger as it is now.
func (a adjustment) look(ctx context.Context, l store.Ledger, known map[shop.ID]string) (adjusted, error) {
	elsewhere, is := known[a.shop]
	if elsewhere != "" {
		return adjusted{}, fmt.Errorf("the points of shop %s are at backend %s: correct them there", a.shop, elsewhere)
	}
	if !is {
		if err := wantBook(ctx, l, a.shop); err != nil {
			return adjusted{}, err
		}
	}
	balance, err := l.Balance(ctx, a.shop, a.customer)
	if err != nil {
		return adjusted{}, err
	}
	before, err := a.bookedBefore(ctx, l)
	if err != nil {
		return adjusted{}, err
	}
	if before {
		return a.outcome("booked_before", balance.Available, balance.Available), nil
	}
	if err := a.fits(balance); err != nil {
		return adjusted{}, err
	}
	return a.outcome("dry_run", balance.Available, balance.Available+a.points), nil
}

// bookedBefore looks for the key among the customer's records. One that books something
// else is an error: whoever gave the key believes that it stands for this.
func (a adjustment) bookedBefore(ctx context.Context, l store.Ledger) (bool, error) {
	var last int64
	for {
		page, err := l.History(ctx, a.shop, a.customer, last, pageSize)
		if err != nil {
			return false, err
		}
		for _, r := range page {
			last = r.Sequence
			if r.Entry.Key != a.entry().Key {
				continue
			}
			if booked := -moved(r.Entry, loyalty.AccountAdjust); booked != a.points {
				return false, fmt.Errorf("record %d has booked %d points under the key %s, not %d", r.Sequence, booked, a.key, a.points)
			}
			return true, nil
		}
		if len(page) < pageSize {
			return false, nil
		}
	}
}

// fits refuses what would leave an impossible balance.
func (a adjustment) fits(b loyalty.Balance) error {
	if b.Available+a.points < 0 {
		return fmt.Errorf("customer %s has %d points available, and %d held; %d cannot be taken", plain(string(a.customer)), b.Available, b.Held, -a.points)
	}
	if b.Available+b.Held+a.points > loyalty.PointsMax {
		return fmt.Errorf("customer %s would own more than %d points", plain(string(a.customer)), loyalty.PointsMax)
	}
	return nil
}

func (a adjustment) book(ctx context.Context, l store.Ledger) (done adjusted, err error) {
	err = l.Do(ctx, store.Stamp{Shop: a.shop, RequestID: a.reason}, func(b store.Book) error {
		balance, err := b.Balance(a.customer)
		if err != nil {
			return err
		}
		if err := a.fits(balance); err != nil {
			return err
		}
		done = a.outcome("booked", balance.Available, balance.Available+a.points)
		return b.Write(store.Change{Entry: a.entry()})
	})
	f, is := errors.AsType[*fault.Error](err)
	switch {
	case is && f.Code == "already_booked":
		return done, fmt.Errorf("the key %s has been booked before, for another customer", a.key)
	case is && f.Kind == fault.Unknown:
		return done, fmt.Errorf("perhaps booked: say the same again with --key %s\n%w", a.key, err)
	}
	return done, err
}

func (a adjustment) entry() *loyalty.Entry {
	t := loyalty.Transfer{From: loyalty.Account{Name: loyalty.AccountAdjust}, To: loyalty.Account{Name: loyalty.AccountAvailable, Customer: a.customer}, Points: a.points}
	if a.points < 0 {
		t.From, t.To, t.Points = t.To, t.From, -a.points
	}
	return &loyalty.Entry{Key: "admn:" + a.key, Transfers: []loyalty.Transfer{t}}
}

func (a adjustment) outcome(word string, before, after loyalty.Points) adjusted {
	return adjusted{a.shop, a.customer, a.points, a.key, a.reason, word, before, after}
}

func (a adjusted) print(w io.Writer) error {
	var err error
	switch a.Outcome {
	case "booked_before":
		_, err = fmt.Fprintf(w, "the key %s has been booked before: customer %s has %d points available\n", a.Key, plain(string(a.Customer)), a.After)
	case "dry_run":
		_, err = fmt.Fprintf(w, "nothing is booked: customer %s would have %d points available instead of %d\n", plain(string(a.Customer)), a.After, a.Before)
	default:
		_, err = fmt.Fprintf(w, "booked under the key %s: customer %s has %d points available instead of %d\n", a.Key, plain(string(a.Customer)), a.After, a.Before)
	}
	return err
}
