// SPDX-License-Identifier: Apache-2.0

package backendtest

import (
	"context"
	"fmt"

	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/checkout"
	"github.com/cartage-dev/cartage/ports/backend"
)

func deliverRules() []Rule {
	return append([]Rule{
		{ID: "checkout.offers_carts", Promise: "A backend that offers Checkout offers Carts.", port: backend.PortCheckout, check: offersCarts},
	}, ofCheckout([]Rule{
		{ID: "checkout.deliver.unknown", Promise: "A cart that does not exist is NotFound (unknown_cart).", check: deliverUnknown},
		{ID: "checkout.deliver.strange_ids", Promise: "An id that no cart could have is NotFound or Invalid, and no bug.", check: deliverStrange},
		{ID: "checkout.deliver.ordered_cart", Promise: "A cart that has become an order is not delivered anew: Conflict, cart_completed.", check: deliverOrdered},
		{ID: "checkout.deliver.said_twice", Promise: "Saying the same again gives the same answer, under the same key and under another.", check: deliverTwice},
		{ID: "checkout.deliver.carts_at_once", Promise: fmt.Sprintf("%d carts delivered at once do not mix.", changers), check: deliverAtOnce},
		{ID: "checkout.deliver.deadline", Promise: "A call whose deadline passes, or that is canceled, comes back at once, as Unavailable or Unknown, and the next one is well.", check: deliverDeadline},
		{ID: "checkout.deliver.repeated_after_unknown", Promise: "A call that got no answer in time is repeated with its key, and is then done.", check: deliverRepeated},
	})...)
}

// ofCheckout are rules that need carts to begin with, and so are skipped without them.
func ofCheckout(rules []Rule) []Rule {
	for i := range rules {
		check := rules[i].check
		rules[i].port, rules[i].check = backend.PortCheckout, func(ctx context.Context, t *T) {
			if t.backend.Carts == nil {
				t.Skip("the backend does not offer the port " + string(backend.PortCarts))
				return
			}
			check(ctx, t)
		}
	}
	return rules
}

func offersCarts(_ context.Context, t *T) {
	t.Expect(t.backend.Carts != nil, "the port carts", "checkout without carts")
}

func deliverUnknown(ctx context.Context, t *T) {
	_, err := t.Deliver(ctx, t.Call("a"), t.noSuchCart(), backend.Delivery{Buyer: t.Sample.buyer()})
	t.isUnknownCart(err)
}

func deliverStrange(ctx context.Context, t *T) {
	t.noCarts(func(id cart.ID) (string, error) {
		q, err := t.Deliver(ctx, t.Call(string(id)), id, backend.Delivery{Buyer: t.Sample.buyer()})
		return t.describeQuote(q), err
	})
}

func deliverOrdered(ctx context.Context, t *T) {
	if id, ok := t.orderedCart(ctx); ok {
		_, err := t.Deliver(ctx, t.Call("a"), id, backend.Delivery{Buyer: t.Sample.buyer()})
		t.isCompleted(err)
	}
}

func deliverTwice(ctx context.Context, t *T) {
	made, b, offered, ok := t.offered(ctx)
	if !ok {
		return
	}
	for _, options := range [][]checkout.OptionID{nil, firstOfEach(offered)} {
		name := fmt.Sprint(len(options))
		first, ok := t.quoted(ctx, "a"+name, made.ID, b, options...)
		if !ok {
			return
		}
		for _, key := range []string{"a", "b"} {
			if again, ok := t.quoted(ctx, key+name, made.ID, b, options...); ok {
				t.sameCart(first.Cart, again.Cart)
				same := optionsOf(first) == optionsOf(again) && chosenOf(first.Chosen) == chosenOf(again.Chosen) && first.NeedsDelivery == again.NeedsDelivery
				t.Expect(same, "the same answer: "+t.describeQuote(first), t.describeQuote(again))
			}
		}
	}
}

func deliverAtOnce(ctx context.Context, t *T) {
	b := t.Sample.buyer()
	var made [changers]cart.Cart
	var items [changers][]cart.Item
	for i := range made {
		items[i] = t.items(int64(i%4+1), int64(i/4+1))
		answer, ok := t.made(ctx, t.Call(fmt.Sprint("made", i)), t.want(items[i]...))
		if !ok {
			return
		}
		made[i] = answer.Cart
	}
	t.together(changers, func(i int) {
		if q, ok := t.quoted(ctx, fmt.Sprint("deliver", i), made[i].ID, b); ok {
			t.Expect(q.Cart.ID == made[i].ID, "the cart that was asked for", t.nameOf(q.Cart.ID))
			t.becomes(items[i], backend.ChangeAnswer{Cart: q.Cart})
		}
	})
}

func deliverDeadline(ctx context.Context, t *T) {
	made, ok := t.basket(ctx, "made")
	if !ok {
		return
	}
	req := backend.Delivery{Buyer: t.Sample.buyer()}
	t.hurriedWrite(ctx, func(ctx context.Context, key string) error {
		_, err := t.Deliver(ctx, t.Call(key), made.ID, req)
		return err
	})
	t.quoted(ctx, "after", made.ID, req.Buyer)
}

// deliverRepeated takes a cart for each try, since what got no answer may be done late.
func deliverRepeated(ctx context.Context, t *T) {
	if !t.keyed() {
		return
	}
	for i, after := range brief {
		made, b, offered, ok := t.offered(ctx, fmt.Sprint(i))
		if !ok {
			return
		}
		key, req := fmt.Sprint("deliver", i), backend.Delivery{Buyer: b, Options: firstOfEach(offered)}
		prompt := t.hurried(ctx, deadline, after, func(ctx context.Context) error {
			_, err := t.Deliver(ctx, t.Call(key), made.ID, req)
			return err
		})
		if !prompt {
			return
		}
		q, ok := t.quoted(ctx, key, made.ID, b, req.Options...)
		if !ok {
			return
		}
		t.chosen(q, req.Options)
		t.showsQuote(ctx, q)
	}
}
