// SPDX-License-Identifier: Apache-2.0

// Package store is what the engine remembers: driven ports that a database adapter
// implements and that storetest judges.
//
// Every error is a *fault.Error: Unavailable when certainly nothing was written,
// Unknown when a commit got no answer. Whatever a method acknowledged survives the
// loss of the process and of power. Methods may be called concurrently; the caller
// sets the deadline. Closures run inside the store's transaction: they are pure, may
// run more than once, and wait for nothing.
package store

import (
	"context"
	"time"
)

// Store is everything one database remembers.
type Store struct {
	Handoffs    Handoffs
	Idempotency Idempotency
	Ledger      Ledger
	Offers      Offers
	Inbox       Inbox
	Movements   Movements
	Privacy     Privacy
	Health      Health
}

// Health tells whether the store can be written to.
type Health interface {
	// Ping answers nil when a write would be accepted now.
	Ping(ctx context.Context) error
}

// SweepMax bounds how many rows one Sweep removes, so that it never holds the
// writer for long; a caller sweeps again while the count comes back full.
const SweepMax = 500

// Sweeper forgets what is out of date.
type Sweeper interface {
	// Sweep removes at most SweepMax rows that may be forgotten at now, and says how many went.
	Sweep(ctx context.Context, now time.Time) (removed int, err error)
}
