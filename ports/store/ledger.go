// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"time"

	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/shop"
)

// Ledger keeps points: for each shop a journal that only grows, and what follows from it.
type Ledger interface {
	// Do lets fn read and write the shop's book, as one serialised step. What fn wrote is
	// kept as a whole when it returns nil; an error of fn is returned as it is, and nothing
	// is kept. When an error of the store says Unavailable nothing is kept either.
	Do(ctx context.Context, by Stamp, fn func(Book) error) error
	// Balance is what a customer owns; nothing for one that nobody has heard of. It never
	// waits for a writer.
	Balance(ctx context.Context, s shop.ID, c loyalty.CustomerID) (loyalty.Balance, error)
	// RunningOut lists up to limit held actions of a shop whose holds run out at or before then, those that
	// run out first first, without the first few.
	RunningOut(ctx context.Context, s shop.ID, then time.Time, without, limit int) ([]loyalty.Action, error)
	// Held lists up to limit actions of a shop that are held, after the id, in the order of their ids.
	Held(ctx context.Context, s shop.ID, after loyalty.ActionID, limit int) ([]loyalty.Action, error)
	// History reads up to limit records that concern a customer, after the sequence, in order.
	History(ctx context.Context, s shop.ID, c loyalty.CustomerID, after int64, limit int) ([]loyalty.Record, error)
	// Walk hands over the shop's whole book as it is at one moment: each record of the journal,
	// in order, and then all that has been reckoned from them. An error of v is returned as it is.
	// Unavailable store_altered comes after everything has been shown, and names the first row that is not what was written.
	Walk(ctx context.Context, s shop.ID, v Visitor) error
	// Shops lists the shops that have a book, and how many records each has.
	Shops(ctx context.Context) (map[shop.ID]int64, error)
}

// Stamp says on whose behalf a book is written.
type Stamp struct {
	Shop      shop.ID
	RequestID string
}

// Book is a shop's ledger inside Do. It is not for concurrent use, nor after fn has
// returned. Its errors are for fn to return.
type Book interface {
	// Now is the time to reckon with: it never goes back, whatever the clock does.
	Now() time.Time
	// Balance is Ledger.Balance with what fn has written so far.
	Balance(c loyalty.CustomerID) (loyalty.Balance, error)
	// Action finds an action; found is false for one that nobody has heard of.
	Action(id loyalty.ActionID) (a loyalty.Action, found bool, err error)
	// Held lists up to HeldMax actions of a customer that are held, the one held longest first.
	Held(c loyalty.CustomerID) ([]loyalty.Action, error)
	// Booked finds the entry that has been booked under a key, with the journal's names for customers.
	Booked(key string) (e loyalty.Entry, found bool, err error)
	// Sale finds a sale, or begins one that has only its order.
	Sale(o loyalty.OrderID) (loyalty.Sale, error)
	// Write keeps what is not nil of a change. An entry whose key has been booked before is
	// Conflict (already_booked), and one that overdraws a customer Internal. A movement is kept as it
	// is, in the place of one with its key; when it is Taken there must be one that is Taking: Conflict (not_taking).
	Write(c Change) error
}

// HeldMax bounds Book.Held: far more than one customer taps in the time of a hold.
const HeldMax = 100

// Change is what one transition makes of a book.
type Change struct {
	Action *loyalty.Action
	Sale   *loyalty.Sale
	Entry  *loyalty.Entry
	// Movements at keepers come with the entries that they are about.
	Movements []Movement
}

// Visitor is shown a book. Customers have the journal's names.
type Visitor interface {
	Record(r loyalty.Record) error
	// Head is where the ledger believes the journal to end.
	Head(sequence int64, hash loyalty.Hash) error
	Customer(c loyalty.CustomerID, b loyalty.Balance) error
	// Account is one of the shop's own.
	Account(a loyalty.AccountName, sum loyalty.Points) error
	Action(a loyalty.Action) error
	Sale(s loyalty.Sale) error
}
