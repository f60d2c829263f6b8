// SPDX-License-Identifier: Apache-2.0

package backend

import (
	"context"

	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/handoff"
)

// Carts makes and shows carts. Each method is one use case's worth of work,
// whatever number of calls it costs at the commerce system.
type Carts interface {
	// Put makes a cart that holds exactly req.Items, priced in call.Currency, and
	// says what could not be had. A SKU that is unknown, sold out or not for sale,
	// and a quantity above stock, are problems in the answer, not faults; with
	// req.AllOrNothing such a cart is not made at all: the answer then carries the
	// problems and a cart without an id.
	//
	// req.Supersedes names a cart of an earlier Put under the same reference: its
	// contents are replaced, or it is given up for a new one; either way Get no longer
	// shows what it held. It is Conflict
	// (reference_completed) when that cart has become an order, and a superseded cart that
	// no longer exists is no fault.
	//
	// Lines and problems repeat each SKU as asked, letter by letter, and every item is
	// one or the other. Totals add up: a line's total is its quantity times its unit
	// price, but for rounding; the subtotal is the sum of the lines; the total is that
	// less discount, with shipping, and with tax where prices are without it. A call
	// that is canceled, or whose deadline passes, comes back at once. Faults: Invalid for a request no backend could
	// take, Unauthenticated for a customer token that is no longer good, Limited,
	// Unavailable, Unknown. It may be repeated after Unknown under the same
	// call.Key when Info.KeyedWrites says so.
	Put(ctx context.Context, call Call, req PutCart) (PutAnswer, error)

	// Get shows a cart as it is now. NotFound when there is none. It may always be repeated.
	Get(ctx context.Context, call Call, id cart.ID) (cart.Cart, error)

	// Change gives a cart the quantities and coupon codes that req asks for, and answers
	// the cart as it then is, with the sums of Put. It says what is to be, not what to add, so
	// that repeating it changes nothing; changes to one cart at the same time happen one
	// after the other, and with Info.KeyedWrites one that comes again under its call.Key
	// after a newer one does not undo that. A SKU that cannot be had is a problem in the answer, as with Put, and a
	// code that does not take effect is refused there; either leaves all else of the
	// request done, and leaves the codes that were good before in effect if req still asks
	// for them. Faults: NotFound (unknown_cart), Conflict (cart_completed) when the
	// cart has become an order, Invalid, Unsupported where a cart cannot be changed,
	// Limited, Unavailable, Unknown. It may be repeated after Unknown under the same
	// call.Key when Info.KeyedWrites says so.
	Change(ctx context.Context, call Call, id cart.ID, req ChangeCart) (ChangeAnswer, error)
}

// PutCart is what Carts.Put is asked for.
type PutCart struct {
	Items []cart.Item // each SKU once
	// Reference is the channel's own name for the order to be; the backend keeps it
	// with the cart and writes it to the order.
	Reference    string
	Supersedes   cart.ID
	AllOrNothing bool
	// Customer is the token of a signed-in shopper at this backend, empty for a
	// guest. It is a secret.
	Customer string
	// WantPages asks where the shopper goes on; without it Pages stays nil.
	WantPages bool
}

// PutAnswer is what Carts.Put made.
type PutAnswer struct {
	Cart     cart.Cart
	Problems []cart.Problem
	Pages    *Pages
}

// ChangeCart is what Carts.Change is asked for.
type ChangeCart struct {
	// Set gives SKUs their quantity, each SKU once. A SKU that the cart does not hold is
	// put in, quantity 0 takes one out, and what is not named stays.
	Set []cart.Item
	// SetCodes makes Codes, in that order of preference, the only coupon codes of the
	// cart; without it the codes stay as they are.
	SetCodes bool
	Codes    []string
}

// ChangeAnswer is what Carts.Change made of a cart.
type ChangeAnswer struct {
	Cart     cart.Cart
	Problems []cart.Problem // of SKUs in ChangeCart.Set
	Refused  []cart.RefusedCode
}

// Pages say where a shopper goes on with a cart. The engine opens Checkout when all
// came as asked, and Cart when something has to be explained first; without a Cart
// page it opens Checkout all the same.
type Pages struct {
	Checkout handoff.Request
	Cart     *handoff.Request
	// NeedLink asks the engine to stand in with a one-time link of its own,
	// because these requests may be opened more than once by whoever knows them.
	// They must then do without cookies and headers.
	NeedLink bool
}
