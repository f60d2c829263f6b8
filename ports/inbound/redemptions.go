// SPDX-License-Identifier: Apache-2.0

package inbound

import (
	"context"
	"time"

	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/money"
	"github.com/cartage-dev/cartage/core/shop"
)

// Redemptions serves tills that put a discount on a cart by themselves: they hold its points
// first, and say what became of it. Its ids are POS's, and so are the points and their states.
type Redemptions interface {
	// Quote shows what the customer owns and the offers that it is good for. It writes nothing.
	// A cart's total leaves out what would take more off than there is; nil: any cart.
	// Faults: NotFound (unknown_shop), Unavailable when nobody can say what the balance is.
	Quote(ctx context.Context, at Till, cartTotal *money.Amount) (Quote, error)
	// Reserve holds the points of an offer, once for each id; the hold is short until Heard. The same
	// Reserve again is answered the same for as long as the points are held. Of the till it looks
	// at shop, customer and request; the currency is the one that the offer was shown in. Faults:
	// NotFound (unknown_shop; unknown_action for an id that is no good for this customer or no
	// longer), Conflict (insufficient_points; key_reused when the key came with something else;
	// already_reserved when the offer came under another key), Unavailable, Unknown (it may be
	// repeated with the same key), Internal.
	Reserve(ctx context.Context, at Till, r Reserve) (Reservation, error)
	// Heard is POS.Heard.
	Heard(at shop.ID, id loyalty.ActionID)
	// Release gives the points back, once, however often it is asked. Of the till it looks at shop
	// and request. Faults: NotFound (unknown_shop, unknown_action), Conflict (redemption_captured)
	// when an order has paid with them, Unavailable, Unknown, Internal.
	Release(ctx context.Context, at Till, id loyalty.ActionID) error
	// Commit hears from the till that the sale is done; order is empty where the till does not know it
	// yet. That alone burns nothing, since the shop's own news of orders is the authority: the
	// points stay held for as long as a hold may last, and captured is false, until the order has been
	// heard of. It may be repeated. Faults: NotFound (unknown_shop, unknown_action), Conflict
	// (redemption_released; redemption_captured when another order has paid with them), Unavailable,
	// Unknown, Internal.
	Commit(ctx context.Context, at Till, id loyalty.ActionID, order loyalty.OrderID) (captured bool, err error)
}

// Quote is what a customer's points are good for.
type Quote struct {
	Label     string
	Balance   loyalty.Balance
	Offers    []Offer
	ExpiresAt time.Time // of the offers' ids
}

// Reserve asks for an offer's points.
type Reserve struct {
	Offer loyalty.ActionID
	Key   string // the caller's own name for this request
	// Location and Device are where it came from; the same key belongs to both.
	Location, Device string
}

// Reservation is what points are held for.
type Reservation struct {
	ID        loyalty.ActionID
	Offer     loyalty.Offer
	Currency  money.Currency // the offer was shown in
	Title     string         // in the shop's language: it is the customer who reads it
	ExpiresAt time.Time
}
