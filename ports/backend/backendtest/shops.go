// SPDX-License-Identifier: Apache-2.0

package backendtest

import (
	"context"

	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/ports/backend"
)

// shopRules are for backends of several shops: the sample says whether this is one.
func shopRules() []Rule {
	return append(append(ofCarts([]Rule{
		{ID: "carts.get.other_shop", Promise: "To another shop a cart does not exist: NotFound.", check: getElsewhere},
		{ID: "carts.put.supersedes_other_shop", Promise: "A cart of another shop is not given up for a new one.", check: supersedesElsewhere},
		{ID: "carts.put.keys_of_shops", Promise: "The same key in another shop is another cart.", check: keysElsewhere},
	}), ofChange([]Rule{
		{ID: "carts.change.other_shop", Promise: "A cart of another shop is NotFound (unknown_cart), and stays as it was.", check: changeElsewhere},
	})...), ofCheckout([]Rule{
		{ID: "checkout.deliver.other_shop", Promise: "A cart of another shop is NotFound (unknown_cart), and stays as it was.", check: deliverElsewhere},
		{ID: "checkout.hand_off.other_shop", Promise: "A cart of another shop is NotFound (unknown_cart), and nobody is led to it.", check: handOffElsewhere},
	})...)
}

// elsewhere is a basket of the sample's shop, and Call for its other shop, with the same keys.
func (t *T) elsewhere(ctx context.Context) (made cart.Cart, call func(name string) backend.Call, ok bool) {
	if t.Sample.OtherShop == "" {
		t.Skip("the sample names no other_shop")
		return made, nil, false
	}
	made, ok = t.basket(ctx, "made")
	return made, t.there, ok
}

// there is Call for the other shop.
func (t *T) there(name string) backend.Call {
	c := t.Call(name)
	c.Shop = t.Sample.OtherShop
	return c
}

// stays expects the cart to be shown in its own shop as it was made.
func (t *T) stays(ctx context.Context, made cart.Cart) {
	if found, err := t.Get(ctx, t.Call(""), made.ID); t.unrefused(err, "the cart, in its own shop") {
		t.sameCart(made, found)
	}
}

func getElsewhere(ctx context.Context, t *T) {
	made, there, ok := t.elsewhere(ctx)
	if !ok {
		return
	}
	found, err := t.Get(ctx, there(""), made.ID)
	if t.Expect(err != nil, "NotFound in the other shop", t.describeCart(found)) {
		t.Expect(fault.KindOf(err) == fault.NotFound, "NotFound in the other shop", DescribeFault(err))
	}
	t.stays(ctx, made)
}

func supersedesElsewhere(ctx context.Context, t *T) {
	made, there, ok := t.elsewhere(ctx)
	if !ok {
		return
	}
	req := t.want(cart.Item{SKU: t.Sample.SKUs[1], Quantity: 2})
	req.Supersedes = made.ID
	answer, ok := t.made(ctx, there("there"), req) // for the other shop that is superseding nothing
	if !ok {
		return
	}
	t.Expect(answer.Cart.ID != made.ID, "a cart of the other shop's own", "that of the first shop")
	t.complete(req.Items, answer)
	t.stays(ctx, made)
}

func keysElsewhere(ctx context.Context, t *T) {
	made, there, ok := t.elsewhere(ctx)
	if !ok {
		return
	}
	if answer, ok := t.made(ctx, there("made"), t.some()); ok {
		t.Expect(answer.Cart.ID != made.ID, "a cart for each shop", "the same cart in both")
		t.stays(ctx, made)
	}
}

func changeElsewhere(ctx context.Context, t *T) {
	made, there, ok := t.elsewhere(ctx)
	if !ok {
		return
	}
	_, err := t.Change(ctx, there("there"), made.ID, t.setting(5))
	t.isUnknownCart(err)
	t.stays(ctx, made)
}

func deliverElsewhere(ctx context.Context, t *T) {
	made, there, ok := t.elsewhere(ctx)
	if !ok {
		return
	}
	_, err := t.Deliver(ctx, there("there"), made.ID, backend.Delivery{Buyer: t.Sample.buyer()})
	t.isUnknownCart(err)
	t.stays(ctx, made)
}

func handOffElsewhere(ctx context.Context, t *T) {
	made, there, ok := t.elsewhere(ctx)
	if !ok {
		return
	}
	_, err := t.HandOff(ctx, there("there"), made.ID, backend.HandOff{})
	t.isUnknownCart(err)
}
