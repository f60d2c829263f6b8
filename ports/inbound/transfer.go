// SPDX-License-Identifier: Apache-2.0

// Package inbound is what those who call the engine may ask of it: the driving
// ports, implemented by use cases and called by inbound adapters.
//
// Every error is a *fault.Error. The package knows nothing of HTTP or of any channel's wire.
package inbound

import (
	"context"
	"net/netip"

	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/handoff"
	"github.com/cartage-dev/cartage/core/order"
	"github.com/cartage-dev/cartage/core/shop"
)

// CartTransfer hands a channel's cart over to the shop's backend.
type CartTransfer interface {
	// Transfer makes a cart with exactly the asked items and says which page to
	// open. It is idempotent by (shop, reference): the same contents give the same
	// answer while its link lives, other contents replace the cart and end the old link.
	//
	// Faults: Invalid (invalid_items, invalid_currency, invalid_reference; fields
	// named), NotFound (unknown_shop), Conflict (reference_completed),
	// Unauthenticated (the shopper's token is no longer good; the backend says so),
	// Unsupported, Limited, Unavailable and Unknown (may be repeated as it is),
	// Internal with Source Backend or Plugin when the backend's answer cannot be used.
	Transfer(ctx context.Context, req TransferCart) (Transferred, error)
}

// TransferCart is a cart as a channel hands it over.
type TransferCart struct {
	Shop      shop.ID
	Items     []cart.Item // as asked; equal SKUs are summed
	Currency  string      // ISO 4217
	Reference string      // 1 to 36 of A-Z a-z 0-9 _ -
	Customer  string      // token of a signed-in shopper, a secret; empty for a guest
	ShopperIP netip.Addr
}

// Transferred says how the shopper goes on.
type Transferred struct {
	Open     handoff.Request
	Problems []cart.Problem // what did not come as asked; empty under the strict policy
	Replayed bool           // the answer was given before
}

// HandoffLinks opens the one-time links that Transfer gave out.
type HandoffLinks interface {
	// Open uses the link up and returns the request it stands for. NotFound for a
	// token that never was or has expired, Conflict (handoff_ended) for one that was
	// used or replaced; Unavailable when the store cannot say.
	Open(ctx context.Context, token handoff.Token) (handoff.Request, error)
}

// OrderLookup finds the order that came of a transferred cart.
type OrderLookup interface {
	// ByReference asks the shop's backend. NotFound for an unknown shop
	// (unknown_shop) or when no order carries the reference (unknown_reference).
	ByReference(ctx context.Context, id shop.ID, reference string) (order.Order, error)
}
