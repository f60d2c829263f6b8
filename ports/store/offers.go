// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"

	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/shop"
)

// Offers keeps every version of an offer that a shop has ever shown, for the ids that carry it.
type Offers interface {
	// Keep remembers versions; one that is known already costs nothing.
	Keep(ctx context.Context, s shop.ID, versions []loyalty.Offer) error
	// Find is the version that ref names. NotFound (unknown_offer) when the shop never had it.
	Find(ctx context.Context, s shop.ID, ref loyalty.OfferRef) (loyalty.Offer, error)
}
