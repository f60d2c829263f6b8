// SPDX-License-Identifier: Apache-2.0

package backendtest

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/order"
	"github.com/cartage-dev/cartage/ports/backend"
)

func orderRules() []Rule {
	rules := []Rule{
		{ID: "orders.by_reference.unknown", Promise: "A reference that no order carries is NotFound.", check: orderUnknown},
		{ID: "orders.by_reference.not_yet", Promise: "A cart that was not ordered is no order: NotFound.", check: orderNotYet},
		{ID: "orders.by_reference.strange", Promise: "A reference that no channel could give is NotFound or Invalid, and no bug.", check: orderStrange},
		{ID: "orders.by_reference.finds", Promise: "An order has an id, a number, its reference, a status and when it was placed.", check: orderFound},
		{ID: "orders.by_reference.totals", Promise: "What was bought adds up, in one currency, with nothing below zero.", check: orderTotals},
		{ID: "orders.by_reference.deadline", Promise: "A search whose deadline passes, or that is canceled, comes back at once, and the next one is well.", check: orderDeadline},
	}
	for i := range rules {
		rules[i].port = backend.PortOrders
	}
	return rules
}

func (t *T) noOrder(ctx context.Context, reference string, alsoInvalid bool) {
	found, err := t.ByReference(ctx, t.Call(""), reference)
	if err == nil {
		t.Breach("no order for "+quote(reference), t.describeOrder(found))
		return
	}
	k := fault.KindOf(err)
	if alsoInvalid {
		t.Expect(k == fault.NotFound || k == fault.Invalid, "NotFound or Invalid for "+quote(reference), DescribeFault(err))
		return
	}
	t.Expect(k == fault.NotFound, "NotFound for "+quote(reference), DescribeFault(err))
}

func orderUnknown(ctx context.Context, t *T) { t.noOrder(ctx, t.Reference("none"), false) }

func orderNotYet(ctx context.Context, t *T) {
	if t.backend.Carts == nil {
		t.Skip("the backend offers no carts")
		return
	}
	req := t.some()
	if _, ok := t.made(ctx, t.Call("a"), req); ok {
		t.noOrder(ctx, req.Reference, false)
	}
}

func orderStrange(ctx context.Context, t *T) {
	for _, reference := range []string{".", "..", "../../etc/passwd", "' OR '1'='1", "%", "*", "bestellung-ü-注文", strings.Repeat("r", 4096)} {
		t.noOrder(ctx, reference, true)
	}
}

// sampleOrder is the order that the sample names.
func (t *T) sampleOrder(ctx context.Context) (order.Order, bool) {
	if t.Sample.OrderReference == "" {
		t.Skip("the sample names no order_reference")
		return order.Order{}, false
	}
	o, err := t.ByReference(ctx, t.Call(""), t.Sample.OrderReference)
	return o, t.unrefused(err, "the sample's order")
}

func orderFound(ctx context.Context, t *T) {
	o, ok := t.sampleOrder(ctx)
	if !ok {
		return
	}
	t.Expect(o.ID != "" && o.Number != "", "an id and a number", fmt.Sprintf("id given: %t, number %s", o.ID != "", quote(o.Number)))
	t.Expect(o.Reference == t.Sample.OrderReference, "the reference "+quote(t.Sample.OrderReference), quote(o.Reference))
	t.Expect(o.Status == order.Placed || o.Status == order.Cancelled, "the status placed or cancelled", quote(string(o.Status)))
	t.Expect(!o.PlacedAt.IsZero() && o.PlacedAt.Before(time.Now().Add(clockSkew)), "when it was placed, in the past", o.PlacedAt.String())
}

// clockSkew is how far a backend's clock may be ahead of ours.
const clockSkew = 5 * time.Minute

func orderTotals(ctx context.Context, t *T) {
	o, ok := t.sampleOrder(ctx)
	if !ok {
		return
	}
	t.Expect(len(o.Cart.Lines) > 0, "what was bought", "no lines")
	t.inOneCurrency(o.Cart, o.Cart.Currency)
	t.isNotNegative(o.Cart)
	t.linesAddUp(o.Cart)
	t.sumsAddUp(o.Cart)
}
