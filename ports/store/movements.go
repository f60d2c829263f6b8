// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"time"

	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/shop"
)

// Movements remembers what keepers of points elsewhere are asked for: points that they take
// are written down before, and points that they give with the entry that gives them. What is
// booked and what a keeper does thereby come to the same, whoever dies in between.
type Movements interface {
	// Begin writes down, before its keeper is asked, a movement that is Taking, and hands back what is
	// kept: one that is there under the key stays as it is, and has Begun once more. Unavailable
	// (store_altered) when that one is not what was written.
	Begin(ctx context.Context, m Movement) (Movement, error)
	// Withdraw forgets a movement that is Taking and that its keeper refused, unless it has begun again since.
	Withdraw(ctx context.Context, m Movement) error
	// Take hands over up to limit movements that are due at now, the longest due first, and to
	// nobody else until the lease has run out. One that is not what was written goes to nobody and keeps
	// nobody waiting: Unavailable (store_altered) tells of it when no other is due.
	Take(ctx context.Context, now, lease time.Time, limit int) ([]Movement, error)
	// Settle says that the keeper and the book agree. A movement that was Giving is forgotten; one that was
	// Returning is Returned, remembered until then, without its customer.
	Settle(ctx context.Context, m Movement, then time.Time) error
	// Later makes a movement due again at then, one attempt on, with what went wrong.
	Later(ctx context.Context, m Movement, then time.Time, why string) error
	// Backlog is how many movements wait, and since when the oldest does; zero when none do. One that is Returning
	// does not once it was put off without a reason: it was looked for, and only watched in case that it still comes about.
	Backlog(ctx context.Context) (n int, since time.Time, err error)
	// Sweeper forgets what was Returned, when its time is over.
	Sweeper
}

// Movement is points that a keeper is asked to give, or to take when Points is below zero.
type Movement struct {
	Shop     shop.ID
	Key      string // of the entry that it is about
	Keeper   loyalty.Keeper
	Customer loyalty.CustomerID
	Points   loyalty.Points
	Order    loyalty.OrderID // that it is about, or empty
	State    MovementState
	Begun    int // how often it was begun
	At       time.Time
	DueAt    time.Time
	Attempts int    // that failed
	Why      string // the last of them did
}

// MovementState is where a movement stands. The words are stored.
type MovementState string

// The states.
const (
	Taking    MovementState = "taking"    // perhaps taken, and not booked yet
	Taken     MovementState = "taken"     // and booked, so that nothing is left to remember
	Returning MovementState = "returning" // not needed: to be given back, if it was taken
	Returned  MovementState = "returned"  // so that its key is not taken for another
	Giving    MovementState = "giving"    // booked, and to be given
)
