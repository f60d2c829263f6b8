// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"time"

	"github.com/cartage-dev/cartage/plugins/sdk"
)

// The bounds of what a cart may hold; the money of both together stays far below an int64.
const (
	linesMax    = 500
	quantityMax = 9_999
)

// keptCart is a cart as the shop remembers it.
type keptCart struct {
	Shop      sdk.ShopID
	Reference string
	Currency  sdk.Currency
	Asked     []sdk.Item
	Lines     []keptLine
	Problems  []sdk.Problem
	MadeAt    time.Time
	GivenUp   bool // for another cart

	Codes      []string     `json:",omitzero"` // that took effect; those whose condition is no longer met rest, and may come back
	Buyer      address      `json:",omitzero"`
	Option     sdk.OptionID `json:",omitzero"` // chosen for the buyer's country
	SuccessURL string       `json:",omitzero"` // where the shopper goes after the order
	CancelURL  string       `json:",omitzero"`
	Done       []done       `json:",omitzero"` // the last changes that had a key
}

// keptLine is a line; Unit is the price of one, in minor units of the cart's currency.
type keptLine struct {
	SKU            string
	Quantity, Unit int64
}

// cart finds a cart that may still be shown.
func (s *state) cart(id sdk.CartID) (c keptCart, found bool, err error) {
	if c, found, err = s.anyCart(id); err != nil || !found || c.GivenUp {
		return keptCart{}, false, err
	}
	return c, true, nil
}

// anyCart also finds a cart that was given up for another.
func (s *state) anyCart(id sdk.CartID) (c keptCart, found bool, err error) {
	if !isDerived(string(id)) {
		return keptCart{}, false, nil
	}
	if found, err = s.load(kindCart, string(id), &c); err != nil || !found || s.now().Sub(c.MadeAt) > cartLife {
		return keptCart{}, false, err
	}
	return c, true, nil
}

// carts is the port.
type carts struct {
	kept       *state
	currencies []sdk.Currency
	publicURL  string
}

var _ sdk.Carts = (*carts)(nil)

// Put makes a cart, or finds the one that the same key made before.
func (c *carts) Put(ctx context.Context, call sdk.Call, req sdk.PutCart) (answer sdk.PutAnswer, err error) {
	if err := c.accept(call, req); err != nil {
		return sdk.PutAnswer{}, err
	}
	id := sdk.CartID(c.kept.derive("cart", string(call.Shop), string(call.Key)))
	if call.Key == "" {
		id = sdk.CartID(c.kept.derive("cart without key", rand.Text()))
	}
	err = c.kept.exclusive(ctx, func() error {
		answer, err = c.put(id, call, req)
		return err
	})
	if err != nil {
		return sdk.PutAnswer{}, err
	}
	return answer, nil
}

// put runs inside exclusive.
func (c *carts) put(id sdk.CartID, call sdk.Call, req sdk.PutCart) (sdk.PutAnswer, error) {
	before, found, err := c.kept.anyCart(id)
	if err != nil {
		return sdk.PutAnswer{}, err
	}
	if found {
		if before.Currency != call.Currency || before.Reference != req.Reference || !slices.Equal(before.Asked, req.Items) {
			return sdk.PutAnswer{}, sdk.NewFault(sdk.Conflict, "key_reused", "the key was used for another cart").By(sdk.SourceCaller)
		}
		return c.answer(id, before, req.WantPages), nil
	}
	old, superseding, err := c.superseded(call, req)
	if err != nil {
		return sdk.PutAnswer{}, err
	}
	lines, problems, err := c.kept.fit(id, req.Items, call.Currency)
	if err != nil {
		return sdk.PutAnswer{}, err
	}
	if req.AllOrNothing && len(problems) > 0 {
		return sdk.PutAnswer{Cart: keptCart{Currency: call.Currency}.describe(""), Problems: problems}, nil
	}
	if err := c.kept.grow(); err != nil {
		return sdk.PutAnswer{}, err
	}
	// The old cart first: should the process die in between, nobody can order a cart
	// that its channel has replaced, and the same call made again makes the new one.
	if superseding {
		old.GivenUp = true
		if err := c.kept.save(kindCart, string(req.Supersedes), old); err != nil {
			return sdk.PutAnswer{}, err
		}
	}
	made := keptCart{
		Shop: call.Shop, Reference: req.Reference, Currency: call.Currency,
		Asked: req.Items, Lines: lines, Problems: problems, MadeAt: c.kept.now().UTC(),
	}
	if err := c.kept.save(kindCart, string(id), made); err != nil {
		return sdk.PutAnswer{}, err
	}
	return c.answer(id, made, req.WantPages), nil
}

// superseded finds the cart to give up, where there still is one.
func (c *carts) superseded(call sdk.Call, req sdk.PutCart) (old keptCart, found bool, err error) {
	if req.Supersedes == "" {
		return keptCart{}, false, nil
	}
	made, ordered, err := c.kept.orderOf(req.Supersedes)
	if err != nil {
		return keptCart{}, false, err
	}
	if ordered && made.Cart.Shop == call.Shop {
		return keptCart{}, false, sdk.NewFault(sdk.Conflict, "reference_completed", "the cart has become an order").By(sdk.SourceCaller)
	}
	old, found, err = c.kept.cart(req.Supersedes)
	return old, found && old.Shop == call.Shop, err
}

// Get shows a cart that is open or has been ordered.
func (c *carts) Get(_ context.Context, call sdk.Call, id sdk.CartID) (sdk.Cart, error) {
	made, found, err := c.kept.orderOf(id)
	kept := made.Cart
	if err == nil && !found {
		kept, found, err = c.kept.cart(id)
	}
	if err != nil {
		return sdk.Cart{}, err
	}
	if !found || kept.Shop != call.Shop {
		return sdk.Cart{}, unknownCart()
	}
	return kept.describe(id), nil
}

// accept refuses what no shop could take.
func (c *carts) accept(call sdk.Call, req sdk.PutCart) error {
	if !slices.Contains(c.currencies, call.Currency) {
		return sdk.NewFault(sdk.Invalid, "invalid_currency", "currency cannot be accepted").By(sdk.SourceCaller).
			With(sdk.Field{Path: "currency", Reason: "not_enabled", Detail: "not a currency this shop sells in"})
	}
	var wrong []sdk.Field
	if len(req.Items) == 0 || len(req.Items) > linesMax {
		wrong = append(wrong, sdk.Field{Path: "items", Reason: "count", Detail: fmt.Sprintf("must hold 1 to %d items", linesMax)})
	}
	seen := make(map[string]bool, len(req.Items))
	for i, item := range req.Items {
		if item.Quantity < 1 || item.Quantity > quantityMax {
			wrong = append(wrong, sdk.Field{Path: fmt.Sprintf("items[%d].quantity", i), Reason: "out_of_range", Detail: fmt.Sprintf("must be 1 to %d", quantityMax)})
		}
		if seen[item.SKU] {
			wrong = append(wrong, sdk.Field{Path: fmt.Sprintf("items[%d].sku", i), Reason: "repeated", Detail: "each sku may be there once"})
		}
		seen[item.SKU] = true
	}
	if wrong != nil {
		return sdk.NewFault(sdk.Invalid, "invalid_items", "items cannot be accepted").By(sdk.SourceCaller).With(wrong...)
	}
	return nil
}

func (c *carts) answer(id sdk.CartID, kept keptCart, wantPages bool) sdk.PutAnswer {
	answer := sdk.PutAnswer{Cart: kept.describe(id), Problems: kept.Problems}
	if wantPages {
		pages := checkoutPages(c.publicURL, id)
		pages.Cart = &sdk.WebRequest{URL: c.publicURL + "/cart/" + string(id), Method: sdk.GET}
		answer.Pages = &pages
	}
	return answer
}
