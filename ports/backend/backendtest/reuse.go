// SPDX-License-Identifier: Apache-2.0

package backendtest

import (
	"context"

	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/ports/backend"
)

// reuseRules are about a key that comes with another request: a bug of the caller's, which
// must not be answered with what the first request did.
func reuseRules() []Rule {
	return append(append(ofCarts([]Rule{
		{ID: "carts.put.key_reused", Promise: "The same key with other items is Conflict, and the cart that it made stays.", check: putReused},
	}), ofChange([]Rule{
		{ID: "carts.change.key_reused", Promise: "The same key with another change of the cart is Conflict, and changes nothing.", check: changeReused},
	})...), ofCheckout([]Rule{
		{ID: "checkout.deliver.key_reused", Promise: "The same key with a buyer elsewhere is Conflict, and the cart stays as it was.", check: deliverReused},
	})...)
}

func (t *T) isReused(err error) {
	t.Expect(err != nil && fault.KindOf(err) == fault.Conflict, "Conflict, since the key stands for another request", DescribeFault(err))
}

func putReused(ctx context.Context, t *T) {
	if !t.keyed() {
		return
	}
	made, ok := t.basket(ctx, "a")
	if !ok {
		return
	}
	other := t.want(cart.Item{SKU: t.Sample.SKUs[1], Quantity: 3})
	other.Reference = t.some().Reference
	_, err := t.Put(ctx, t.Call("a"), other)
	t.isReused(err)
	t.stays(ctx, made)
}

func changeReused(ctx context.Context, t *T) {
	if !t.keyed() {
		return
	}
	made, ok := t.basket(ctx, "made")
	if !ok {
		return
	}
	changed, ok := t.changed(ctx, "a", made.ID, t.setting(3))
	if !ok {
		return
	}
	_, err := t.Change(ctx, t.Call("a"), made.ID, t.setting(5))
	t.isReused(err)
	t.stays(ctx, changed.Cart)
}

func deliverReused(ctx context.Context, t *T) {
	b, ok := t.addressed()
	if !ok || !t.keyed() {
		return
	}
	made, ok := t.basket(ctx, "made")
	if !ok {
		return
	}
	quoted, ok := t.quoted(ctx, "a", made.ID, b)
	if !ok {
		return
	}
	_, err := t.Deliver(ctx, t.Call("a"), made.ID, backend.Delivery{})
	t.isReused(err)
	t.stays(ctx, quoted.Cart)
}
