// SPDX-License-Identifier: Apache-2.0

package backendtest

import (
	"context"
	"fmt"

	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/ports/backend"
)

func shortageRules() []Rule {
	return ofCarts([]Rule{
		{ID: "carts.put.unknown_sku", Promise: "A SKU that nobody knows is a problem, unknown_sku, and the rest of the cart is kept.", check: unknownSKU},
		{ID: "carts.put.all_unknown", Promise: "A cart of which nothing can be had is no fault: it has an id, no lines, and a problem for each SKU.", check: allUnknown},
		{ID: "carts.put.strict_refuses", Promise: "All or nothing makes no cart when a SKU is unknown: no id, and the problem.", check: strictRefuses},
		{ID: "carts.put.sold_out", Promise: "A SKU of which none is left is a problem, out_of_stock, and the rest of the cart is kept.", check: soldOut},
		{ID: "carts.put.not_for_sale", Promise: "A SKU that is not sold is a problem, not_for_sale, and the rest of the cart is kept.", check: notForSale},
		{ID: "carts.put.quantity_reduced", Promise: "Of a SKU with too little stock the cart holds what is left, and a problem says so: quantity_reduced.", check: quantityReduced},
		{ID: "carts.put.strict_refuses_too_many", Promise: "All or nothing makes no cart when stock does not suffice.", check: strictRefusesTooMany},
	})
}

// short asks for the sample's first SKU and one that cannot be had, and expects the first whole and the other a problem.
func (t *T) short(ctx context.Context, sku string, reason cart.Reason) {
	req := t.want(cart.Item{SKU: sku, Quantity: 2}, cart.Item{SKU: t.Sample.SKUs[0], Quantity: 1})
	answer, ok := t.made(ctx, t.Call("a"), req)
	if !ok {
		return
	}
	t.accounted(req.Items, answer)
	t.complete(req.Items[1:], answer)
	t.Expect(answer.Cart.ID != "", "a cart of the rest, with an id", "no id")
	t.reasoned(answer.Problems, sku, reason)
}

func (t *T) reasoned(problems []cart.Problem, sku string, want cart.Reason) {
	for _, p := range problems {
		if p.SKU == sku {
			t.Expect(p.Reason == want, fmt.Sprintf("the problem %s for %s", want, quote(sku)), either(string(p.Reason), "no reason"))
			return
		}
	}
	t.Breach(fmt.Sprintf("the problem %s for %s", want, quote(sku)), either(describeProblems(problems), "no problem"))
}

func unknownSKU(ctx context.Context, t *T) { t.short(ctx, t.Sample.UnknownSKU, cart.UnknownSKU) }

func soldOut(ctx context.Context, t *T) {
	if t.Sample.SoldOutSKU == "" {
		t.Skip("the sample names no sold_out_sku")
		return
	}
	t.short(ctx, t.Sample.SoldOutSKU, cart.OutOfStock)
}

func notForSale(ctx context.Context, t *T) {
	if t.Sample.NotForSaleSKU == "" {
		t.Skip("the sample names no not_for_sale_sku")
		return
	}
	t.short(ctx, t.Sample.NotForSaleSKU, cart.NotForSale)
}

func allUnknown(ctx context.Context, t *T) {
	req := t.want(cart.Item{SKU: t.Sample.UnknownSKU, Quantity: 1}, cart.Item{SKU: t.Sample.UnknownSKU + "-2", Quantity: 3})
	answer, ok := t.made(ctx, t.Call("a"), req)
	if !ok {
		return
	}
	t.accounted(req.Items, answer)
	t.Expect(answer.Cart.ID != "" && len(answer.Cart.Lines) == 0, "a cart with an id and no lines, whose page can explain", t.describeAnswer(answer))
}

// refused expects a strict request not to have made anything.
func (t *T) refused(ctx context.Context, req backend.PutCart, sku string) {
	req.AllOrNothing = true
	answer, ok := t.made(ctx, t.Call("a"), req)
	if !ok {
		return
	}
	t.Expect(answer.Cart.ID == "", "no cart, and so no id", "a cart with an id")
	for _, p := range answer.Problems {
		if p.SKU == sku {
			return
		}
	}
	t.Breach("a problem for "+quote(sku), either(describeProblems(answer.Problems), "no problem"))
}

func strictRefuses(ctx context.Context, t *T) {
	t.refused(ctx, t.want(cart.Item{SKU: t.Sample.SKUs[0], Quantity: 1}, cart.Item{SKU: t.Sample.UnknownSKU, Quantity: 1}), t.Sample.UnknownSKU)
}

func quantityReduced(ctx context.Context, t *T) {
	few := t.Sample.Limited
	if few.SKU == "" {
		t.Skip("the sample names no limited sku")
		return
	}
	req := t.want(cart.Item{SKU: few.SKU, Quantity: few.Stock + 1}, cart.Item{SKU: t.Sample.SKUs[0], Quantity: 1})
	answer, ok := t.made(ctx, t.Call("a"), req)
	if !ok {
		return
	}
	t.accounted(req.Items, answer)
	t.complete([]cart.Item{{SKU: few.SKU, Quantity: few.Stock}, req.Items[1]}, answer)
	t.reasoned(answer.Problems, few.SKU, cart.QuantityReduced)
}

func strictRefusesTooMany(ctx context.Context, t *T) {
	few := t.Sample.Limited
	if few.SKU == "" {
		t.Skip("the sample names no limited sku")
		return
	}
	t.refused(ctx, t.want(cart.Item{SKU: few.SKU, Quantity: few.Stock + 1}), few.SKU)
}
