// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"time"

	"github.com/cartage-dev/cartage/core/shop"
)

// Inbox keeps what we were told until it has been worked out.
type Inbox interface {
	// Put keeps a message under its key, unless there was one with that key before: then
	// fresh is false and nothing changes.
	Put(ctx context.Context, m Message) (fresh bool, err error)
	// Take hands over up to limit messages that are due at now, the longest due first, and
	// to nobody else until the lease has run out.
	Take(ctx context.Context, now, lease time.Time, limit int) ([]Message, error)
	// Done says that a message has been worked out. Its key is remembered, its body is not.
	Done(ctx context.Context, s shop.ID, key string, at time.Time) error
	// Later makes a message due again at then, one attempt on, with what went wrong.
	Later(ctx context.Context, s shop.ID, key string, then time.Time, why string) error
	// Backlog is how many messages wait, and since when the oldest does; zero when none do.
	Backlog(ctx context.Context) (n int, since time.Time, err error)
	// Sweeper forgets the keys of messages that were done ForgetDone ago.
	Sweeper
}

// ForgetDone is how long the key of a message that was worked out is remembered: longer than
// any channel tells the same again.
const ForgetDone = 90 * 24 * time.Hour

// Message is something that a shop's channel told us.
type Message struct {
	Shop       shop.ID
	Key        string // natural: the same news has the same key
	Body       []byte
	ReceivedAt time.Time
	Attempts   int    // that failed
	Why        string // the last of them did
}
