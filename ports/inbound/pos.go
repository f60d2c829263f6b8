// SPDX-License-Identifier: Apache-2.0

package inbound

import (
	"context"

	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/money"
	"github.com/cartage-dev/cartage/core/shop"
)

// POS shows a till what a customer's points are good for, and holds them for a cart.
type POS interface {
	// Promotions shows the offers that the till can make and the customer can pay for. It
	// writes nothing and asks no backend; when the ledger does not answer it shows what
	// costs nothing, and Screen.Known is false. Faults: NotFound (unknown_shop).
	Promotions(ctx context.Context, at Till) (Screen, error)
	// Perform taps an offer: it holds its points, once for each id. The hold is short until
	// Heard. Faults: NotFound (unknown_action) for an id that is no good for this customer or
	// no longer, Conflict (insufficient_points), Unavailable, Unknown (it may be repeated with
	// the same id), Internal.
	Perform(ctx context.Context, at Till, id loyalty.ActionID) (Screen, error)
	// Heard says that the till was told of a hold. It waits for nothing; a hold of which
	// nobody heard is given back after a quarter of an hour.
	Heard(at shop.ID, id loyalty.ActionID)
	// Revert takes an offer back, for the customer it is bound to. Faults: NotFound (unknown_action)
	// for an id that never was good or that an order has paid for, Unavailable, Unknown, Internal.
	Revert(ctx context.Context, at Till, id loyalty.ActionID) (Screen, error)
}

// Till is who asks.
type Till struct {
	Shop     shop.ID
	Customer loyalty.CustomerID // empty when the cart has none
	Locale   string             // BCP 47, of the member of staff
	Currency money.Currency
	// Kinds are what the till can do to a cart; none: anything.
	Kinds     []loyalty.Kind
	RequestID string
}

// Screen is what a till shows.
type Screen struct {
	Label   string
	Balance loyalty.Points // what the customer can spend
	Known   bool           // false: nobody could say what the balance is
	Offers  []Offer
}

// Offer is an offer on a screen, under the id to tap it by.
type Offer struct {
	ID                 loyalty.ActionID
	Offer              loyalty.Offer
	Title, Description string
}
