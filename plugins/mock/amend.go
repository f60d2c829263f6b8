// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"reflect"
	"slices"

	"github.com/cartage-dev/cartage/plugins/sdk"
)

// doneMax is how many changes of one cart are known again by their keys; a host repeats one at once or never.
const doneMax = 32

// done is a change that had a key, so that the same change sent again has no
// second effect, even where others came in between.
type done struct {
	Key, Request string // derived: neither can be read
	Problems     []sdk.Problem
	Refused      []sdk.RefusedCode
}

// operation is a change of a cart as the host asks for it.
type operation struct {
	name string // keys of different operations do not meet
	req  any
	// do changes the cart, or nothing when it returns a fault.
	do func(*keptCart) (done, error)
}

// amend does an operation to an open cart of the call's shop, once for each key, and
// answers the cart as it now is with what the operation had to say.
func (s *state) amend(ctx context.Context, call sdk.Call, id sdk.CartID, op operation) (now keptCart, said done, err error) {
	err = s.exclusive(ctx, func() error {
		now, said, err = s.amendInside(call, id, op)
		return err
	})
	if err != nil {
		return keptCart{}, done{}, err
	}
	return now, said, nil
}

// amendInside runs inside exclusive.
func (s *state) amendInside(call sdk.Call, id sdk.CartID, op operation) (keptCart, done, error) {
	before, err := s.open(call.Shop, id)
	if err != nil {
		return keptCart{}, done{}, err
	}
	raw, err := json.Marshal(op.req)
	if err != nil { // cannot happen: requests are strings and numbers
		return keptCart{}, done{}, err
	}
	key, request := s.derive(op.name, string(call.Key)), s.derive("request", string(raw))
	if at := slices.IndexFunc(before.Done, func(d done) bool { return d.Key == key }); at >= 0 && call.Key != "" {
		if before.Done[at].Request != request {
			return keptCart{}, done{}, sdk.NewFault(sdk.Conflict, "key_reused", "the key was used for another change").By(sdk.SourceCaller)
		}
		return before, before.Done[at], nil
	}
	after := before
	said, err := op.do(&after)
	if err != nil {
		return keptCart{}, done{}, err
	}
	if call.Key != "" {
		said.Key, said.Request = key, request
		after.Done = append(slices.Clone(before.Done[max(0, len(before.Done)+1-doneMax):]), said)
	}
	if reflect.DeepEqual(before, after) {
		return after, said, nil
	}
	return after, said, s.save(kindCart, string(id), after)
}

// open finds a cart that may be changed.
func (s *state) open(shop sdk.ShopID, id sdk.CartID) (keptCart, error) {
	o, ordered, err := s.orderOf(id)
	switch {
	case err != nil:
		return keptCart{}, err
	case ordered && o.Cart.Shop == shop:
		return keptCart{}, sdk.NewFault(sdk.Conflict, "cart_completed", "the cart has become an order").By(sdk.SourceCaller)
	}
	kept, found, err := s.cart(id)
	switch {
	case err != nil:
		return keptCart{}, err
	case !found || ordered || kept.Shop != shop:
		return keptCart{}, unknownCart()
	}
	return kept, nil
}

func unknownCart() error {
	return sdk.NewFault(sdk.NotFound, "unknown_cart", "no such cart").By(sdk.SourceCaller)
}
