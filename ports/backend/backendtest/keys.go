// SPDX-License-Identifier: Apache-2.0

package backendtest

import (
	"context"
	"fmt"
	"sync"

	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/ports/backend"
)

// crowd is how many ask at the same time.
const crowd = 16

func keyRules() []Rule {
	return ofCarts([]Rule{
		{ID: "carts.put.same_key_one_cart", Promise: "A write that is repeated with its key has one effect: the same cart.", check: sameKey},
		{ID: "carts.put.same_key_at_once", Promise: "The same write many times at once makes one cart.", check: sameKeyAtOnce},
		{ID: "carts.put.other_key_other_cart", Promise: "The same items under another key are another cart.", check: otherKey},
		{ID: "carts.put.carts_at_once", Promise: fmt.Sprintf("%d different carts made at once do not mix.", crowd), check: cartsAtOnce},
	})
}

// keyed skips a backend that does not promise keyed writes.
func (t *T) keyed() bool {
	if !t.backend.Info.KeyedWrites {
		t.Skip("the backend does not promise keyed writes")
	}
	return t.backend.Info.KeyedWrites
}

func sameKey(ctx context.Context, t *T) {
	if !t.keyed() {
		return
	}
	first, ok := t.made(ctx, t.Call("a"), t.some())
	if !ok {
		return
	}
	if again, ok := t.made(ctx, t.Call("a"), t.some()); ok {
		t.Expect(again.Cart.ID == first.Cart.ID, "the same cart", "another: "+t.describeCart(again.Cart))
		t.sameCart(first.Cart, again.Cart)
	}
}

func sameKeyAtOnce(ctx context.Context, t *T) {
	if !t.keyed() {
		return
	}
	var mu sync.Mutex
	ids := map[cart.ID]bool{}
	t.together(crowd, func(int) {
		answer, err := t.Put(ctx, t.Call("a"), t.some())
		if err != nil { // one of many may be asked to come again
			t.Expect(fault.KindOf(err).MayRepeat(true) || fault.KindOf(err) == fault.Limited, "a cart, or a fault that lets the call be repeated", DescribeFault(err))
			return
		}
		mu.Lock()
		defer mu.Unlock()
		ids[answer.Cart.ID] = true
	})
	if last, ok := t.made(ctx, t.Call("a"), t.some()); ok {
		ids[last.Cart.ID] = true
	}
	t.Expect(len(ids) == 1, "one cart for one key", fmt.Sprintf("%d carts", len(ids)))
}

func otherKey(ctx context.Context, t *T) {
	first, ok := t.made(ctx, t.Call("a"), t.some())
	if !ok {
		return
	}
	if second, ok := t.made(ctx, t.Call("b"), t.some()); ok {
		t.Expect(second.Cart.ID != first.Cart.ID, "two carts", "the same cart twice")
	}
}

func cartsAtOnce(ctx context.Context, t *T) {
	reqs, answers := make([]backend.PutCart, crowd), make([]backend.PutAnswer, crowd)
	ids := map[cart.ID]bool{}
	t.together(crowd, func(i int) {
		n := int64(i)
		reqs[i] = t.want(cart.Item{SKU: t.Sample.SKUs[0], Quantity: n%4 + 1}, cart.Item{SKU: t.Sample.SKUs[1], Quantity: n/4 + 1})
		reqs[i].Reference = t.Reference(fmt.Sprint("c", i))
		answer, ok := t.made(ctx, t.Call(fmt.Sprint("c", i)), reqs[i])
		if !ok {
			return
		}
		answers[i] = answer
		t.accounted(reqs[i].Items, answer)
		t.complete(reqs[i].Items, answer)
	})
	for i, a := range answers {
		if a.Cart.ID == "" {
			continue // its breach has been said
		}
		t.Expect(!ids[a.Cart.ID], "an id for each cart", "two carts with the same one")
		ids[a.Cart.ID] = true
		if found, err := t.Get(ctx, t.Call(""), a.Cart.ID); t.unrefused(err, "the cart that was made") {
			t.complete(reqs[i].Items, backend.PutAnswer{Cart: found})
		}
	}
}
