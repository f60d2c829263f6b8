// SPDX-License-Identifier: Apache-2.0

package backendtest

import (
	"context"
	"math"

	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/ports/backend"
)

// fallsShort sets a SKU that comes as so many units beside one that can be had, and
// expects the one a problem and the other done.
func (t *T) fallsShort(ctx context.Context, want cart.Item, got int64, reason cart.Reason) {
	made, ok := t.basket(ctx, "made "+want.SKU)
	if !ok {
		return
	}
	answer, ok := t.changed(ctx, "short of "+want.SKU, made.ID, backend.ChangeCart{Set: append([]cart.Item{want}, t.items(3)...)})
	if !ok {
		return
	}
	as := backend.PutAnswer{Cart: answer.Cart, Problems: answer.Problems}
	t.accounted(append(t.items(3, 1), want), as)
	t.complete(append(t.items(3, 1), cart.Item{SKU: want.SKU, Quantity: got}), as)
	t.reasoned(answer.Problems, want.SKU, reason)
}

func changeToUnknown(ctx context.Context, t *T) {
	t.fallsShort(ctx, cart.Item{SKU: t.Sample.UnknownSKU, Quantity: 2}, 0, cart.UnknownSKU)
}

func cannotBeHad(ctx context.Context, t *T) {
	if t.Sample.SoldOutSKU == "" && t.Sample.NotForSaleSKU == "" {
		t.Skip("the sample names no sold_out_sku and no not_for_sale_sku")
	}
	if sku := t.Sample.SoldOutSKU; sku != "" {
		t.fallsShort(ctx, cart.Item{SKU: sku, Quantity: 1}, 0, cart.OutOfStock)
	}
	if sku := t.Sample.NotForSaleSKU; sku != "" {
		t.fallsShort(ctx, cart.Item{SKU: sku, Quantity: 1}, 0, cart.NotForSale)
	}
}

func changeReduced(ctx context.Context, t *T) {
	few := t.Sample.Limited
	if few.SKU == "" {
		t.Skip("the sample names no limited sku")
		return
	}
	t.fallsShort(ctx, cart.Item{SKU: few.SKU, Quantity: few.Stock + 1}, few.Stock, cart.QuantityReduced)
}

func bigChange(ctx context.Context, t *T) {
	made, ok := t.basket(ctx, "made")
	if !ok {
		return
	}
	items := t.manyItems()
	if answer, ok := t.changed(ctx, "big", made.ID, backend.ChangeCart{Set: items}); ok {
		as := backend.PutAnswer{Cart: answer.Cart, Problems: answer.Problems}
		t.accounted(items, as)
		t.complete([]cart.Item{items[0], items[len(items)-1]}, as)
	}
}

func impossibleChange(ctx context.Context, t *T) {
	made, ok := t.basket(ctx, "made")
	if !ok {
		return
	}
	sku := t.Sample.SKUs[0]
	for _, tt := range []struct {
		name string
		set  []cart.Item
	}{
		{"2^62", t.items(1 << 62)},
		{"max", t.items(math.MaxInt64, math.MaxInt64)},
		{"below zero", []cart.Item{{SKU: sku, Quantity: -1}}},
		{"twice", []cart.Item{{SKU: sku, Quantity: 1}, {SKU: sku, Quantity: 2}}},
	} {
		answer, err := t.Change(ctx, t.Call(tt.name), made.ID, backend.ChangeCart{Set: tt.set})
		if t.invalidOr(err, "Invalid, or a problem") {
			t.isNotNegative(answer.Cart)
			t.linesAddUp(answer.Cart)
		}
	}
}

func changeUnknown(ctx context.Context, t *T) {
	_, err := t.Change(ctx, t.Call("a"), t.noSuchCart(), t.setting(1))
	t.isUnknownCart(err)
}

func changeStrange(ctx context.Context, t *T) {
	t.noCarts(func(id cart.ID) (string, error) {
		answer, err := t.Change(ctx, t.Call(string(id)), id, t.setting(1))
		return t.describeChanged(answer), err
	})
}

func changeOrdered(ctx context.Context, t *T) {
	if id, ok := t.orderedCart(ctx); ok {
		_, err := t.Change(ctx, t.Call("a"), id, t.setting(1))
		t.isCompleted(err)
	}
}

// isCompleted expects the fault of a cart that has become an order.
func (t *T) isCompleted(err error) {
	t.Expect(isFault(err, "conflict cart_completed"), "Conflict (cart_completed)", DescribeFault(err))
}
