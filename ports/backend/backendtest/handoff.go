// SPDX-License-Identifier: Apache-2.0

package backendtest

import (
	"context"
	"fmt"
	"time"

	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/ports/backend"
)

// pageMin is how long the port promises a page to be good, less what a call and two clocks may differ by.
const pageMin = 15*time.Minute - 30*time.Second

func handOffRules() []Rule {
	return ofCheckout([]Rule{
		{ID: "checkout.hand_off.page", Promise: "The page passes what a host holds it to, at the shop's own address, and there is no cart page.", check: handOffPage},
		{ID: "checkout.hand_off.leads_to_the_cart", Promise: "Two carts have two pages.", check: handOffLeads},
		{ID: "checkout.hand_off.asked_again", Promise: "The page may be asked for again, before Deliver and after.", check: handOffAgain},
		{ID: "checkout.hand_off.lasts", Promise: "What the page comes with is good for a quarter of an hour at least.", check: handOffLasts},
		{ID: "checkout.hand_off.way_back", Promise: "Where the shopper goes afterwards may be said, and does not take the page's place.", check: handOffWayBack},
		{ID: "checkout.hand_off.strange_customer", Promise: "A customer token that is no good is a guest's page or Unauthenticated, and no bug.", check: handOffStrangeCustomer},
		{ID: "checkout.hand_off.unknown", Promise: "A cart that does not exist is NotFound (unknown_cart).", check: handOffUnknown},
		{ID: "checkout.hand_off.strange_ids", Promise: "An id that no cart could have is NotFound or Invalid, and no bug.", check: handOffStrange},
		{ID: "checkout.hand_off.ordered_cart", Promise: "A cart that has become an order has no page to pay on: Conflict, cart_completed.", check: handOffOrdered},
		{ID: "checkout.hand_off.deadline", Promise: "A call whose deadline passes, or that is canceled, comes back at once, as Unavailable or Unknown, and the next one is well.", check: handOffDeadline},
	})
}

// handed is HandOff where nothing but pages will do; ok is false after a fault.
func (t *T) handed(ctx context.Context, key string, id cart.ID, req backend.HandOff) (p backend.Pages, ok bool) {
	p, err := t.HandOff(ctx, t.Call(key), id, req)
	return p, t.unrefused(err, "pages")
}

// paysFor is a basket, and the pages on which it is paid for.
func (t *T) paysFor(ctx context.Context, name string, req backend.HandOff) (made cart.Cart, p backend.Pages, ok bool) {
	if made, ok = t.basket(ctx, "made "+name); ok {
		p, ok = t.handed(ctx, "hand off "+name, made.ID, req)
	}
	return made, p, ok
}

func handOffPage(ctx context.Context, t *T) {
	if _, p, ok := t.paysFor(ctx, "a", backend.HandOff{}); ok {
		t.page("checkout", p.Checkout, p.NeedLink)
		t.Expect(p.Cart == nil, "no cart page", describePages(&p))
	}
}

func handOffLeads(ctx context.Context, t *T) {
	seen := map[string]bool{}
	for _, name := range []string{"a", "b"} {
		_, p, ok := t.paysFor(ctx, name, backend.HandOff{})
		if !ok {
			return
		}
		seen[opened(p.Checkout)] = true
	}
	t.Expect(len(seen) == 2, "another page, cookie or form for each cart", "the same for both")
}

func handOffAgain(ctx context.Context, t *T) {
	made, _, ok := t.paysFor(ctx, "a", backend.HandOff{})
	if !ok {
		return
	}
	for _, key := range []string{"hand off a", "b", "after Deliver"} {
		if key == "after Deliver" {
			if _, ok := t.quoted(ctx, "deliver", made.ID, t.Sample.buyer()); !ok {
				return
			}
		}
		if p, ok := t.handed(ctx, key, made.ID, backend.HandOff{}); ok {
			t.Expect(p.Checkout.URL != "", "a page, as before", describePages(&p))
		}
	}
}

func handOffLasts(ctx context.Context, t *T) {
	_, p, ok := t.paysFor(ctx, "a", backend.HandOff{})
	if !ok {
		return
	}
	for _, c := range p.Checkout.Cookies {
		left := time.Until(c.ExpiresAt).Round(time.Second)
		t.Expect(c.ExpiresAt.IsZero() || left >= pageMin, "a cookie that lasts for a quarter of an hour", fmt.Sprintf("%s, which ends in %s", quote(c.Name), left))
	}
}

func handOffWayBack(ctx context.Context, t *T) {
	req := backend.HandOff{SuccessURL: "https://channel.example/thanks?id=a%20b", CancelURL: "https://channel.example/back#cart"}
	if _, p, ok := t.paysFor(ctx, "a", req); ok {
		t.page("checkout", p.Checkout, p.NeedLink)
		t.Expect(originOf(p.Checkout.URL) != "https://channel.example", "a page of the shop's own", describePage(p.Checkout))
	}
}

func handOffStrangeCustomer(ctx context.Context, t *T) {
	made, ok := t.basket(ctx, "made")
	if !ok {
		return
	}
	p, err := t.HandOff(ctx, t.Call("a"), made.ID, backend.HandOff{Customer: customerCanary})
	if err == nil {
		t.page("checkout", p.Checkout, p.NeedLink)
		return
	}
	switch k := fault.KindOf(err); k {
	case fault.Unauthenticated, fault.Denied, fault.Unsupported, fault.Invalid:
	default:
		t.Breach("a guest's page, or Unauthenticated", DescribeFault(err))
	}
}

func handOffUnknown(ctx context.Context, t *T) {
	_, err := t.HandOff(ctx, t.Call("a"), t.noSuchCart(), backend.HandOff{})
	t.isUnknownCart(err)
}

func handOffStrange(ctx context.Context, t *T) {
	t.noCarts(func(id cart.ID) (string, error) {
		p, err := t.HandOff(ctx, t.Call(string(id)), id, backend.HandOff{})
		return describePages(&p), err
	})
}

func handOffOrdered(ctx context.Context, t *T) {
	if id, ok := t.orderedCart(ctx); ok {
		_, err := t.HandOff(ctx, t.Call("a"), id, backend.HandOff{})
		t.isCompleted(err)
	}
}

func handOffDeadline(ctx context.Context, t *T) {
	made, ok := t.basket(ctx, "made")
	if !ok {
		return
	}
	t.hurriedWrite(ctx, func(ctx context.Context, key string) error {
		_, err := t.HandOff(ctx, t.Call(key), made.ID, backend.HandOff{})
		return err
	})
	t.handed(ctx, "after", made.ID, backend.HandOff{})
}
