// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"time"

	"github.com/cartage-dev/cartage/core/handoff"
	"github.com/cartage-dev/cartage/core/shop"
)

// Handoff is a one-time link as it is kept: nothing in it can be turned back into the link.
type Handoff struct {
	Hash      handoff.Hash
	Shop      shop.ID
	Reference string // the channel's name for the order; one live link for each (shop, reference)
	Target    []byte // the request to open, sealed by the use case
	ExpiresAt time.Time
}

// Handoffs keeps one-time links.
type Handoffs interface {
	// Put keeps h and ends every other link of the same shop and reference, in one step.
	Put(ctx context.Context, h Handoff) error
	// Take uses the link up and returns it: exactly one of any number of callers
	// gets it. NotFound when there is no such link or it expired at now;
	// Conflict (handoff_ended) when it was used before or replaced by another.
	Take(ctx context.Context, hash handoff.Hash, now time.Time) (Handoff, error)
	// Live reports whether Take would succeed. It writes nothing.
	Live(ctx context.Context, hash handoff.Hash, now time.Time) (bool, error)
	// Sweeper forgets links a day after they expired, so that a late visitor is
	// still told that the link was used rather than that it never was.
	Sweeper
}
