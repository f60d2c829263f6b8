// SPDX-License-Identifier: Apache-2.0

package backend

import (
	"context"

	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/checkout"
)

// Checkout leads a cart that Carts made to its order. A backend that offers
// Checkout offers Carts.
type Checkout interface {
	// Deliver says who buys a cart, where its goods go and how, and answers what that
	// costs. It says all that is known each time, so that a backend need not
	// remember an earlier answer, and repeating it changes nothing. Without an option the
	// answer tells which there are, and none is chosen, whatever was before: shipping is
	// what it was at that address before any choice, and nil where nobody knows it. With
	// one of each group the cart's totals have their shipping. Carts.Get shows the same
	// as the answer. An address of which parts
	// are missing is no fault as long as no option is chosen: the answer then offers what
	// can be told from the rest, which may be nothing.
	//
	// Faults: NotFound (unknown_cart); NotFound (unknown_option) when an option is not
	// offered for this cart and address, or no longer; Invalid (invalid_address) for an
	// address that this backend cannot accept, with fields such as address.country;
	// Conflict (cart_completed) when the cart has become an order; Limited, Unavailable,
	// Unknown. No fault repeats anything of the buyer. It may be repeated after Unknown
	// under the same call.Key when Info.KeyedWrites says so.
	Deliver(ctx context.Context, call Call, id cart.ID, req Delivery) (checkout.Quote, error)

	// HandOff says where the shopper pays for a cart; Pages.Cart stays nil. It may be
	// asked often, also before Deliver, since the page asks for what is missing. Each
	// answer is good for a quarter of an hour at least, and leads to this cart alone. Faults:
	// NotFound (unknown_cart), Conflict (cart_completed), Unauthenticated for a
	// customer token that is no longer good, Limited, Unavailable, Unknown. It may be
	// repeated like Deliver.
	HandOff(ctx context.Context, call Call, id cart.ID, req HandOff) (Pages, error)
}

// Delivery is what Checkout.Deliver is asked for.
type Delivery struct {
	Buyer   checkout.Buyer
	Options []checkout.OptionID // chosen, at most one of each group
}

// HandOff is what Checkout.HandOff is asked for.
type HandOff struct {
	// SuccessURL and CancelURL are where the shopper's browser goes after the order, and
	// instead of it. Empty, or where a backend cannot lead back: the backend's own pages.
	SuccessURL, CancelURL string
	// Customer is the token of a signed-in shopper at this backend, empty for a
	// guest. It is a secret.
	Customer string
}
