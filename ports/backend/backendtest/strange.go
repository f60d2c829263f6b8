// SPDX-License-Identifier: Apache-2.0

package backendtest

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/ports/backend"
)

func strangeRules() []Rule {
	return ofCarts([]Rule{
		{ID: "carts.put.big_cart", Promise: fmt.Sprintf("A cart of %d items is answered whole: each is a line or a problem.", cart.LinesMax), check: bigCart},
		{ID: "carts.put.unicode", Promise: "A SKU comes back letter by letter, whatever script, accents and signs it is written in.", check: unicodeSKUs},
		{ID: "carts.put.sku_as_asked", Promise: "A SKU in another spelling comes back as it was asked for, or is unknown.", check: skuAsAsked},
		{ID: "carts.put.hostile_skus", Promise: "A SKU that looks like a command is an unknown SKU.", check: hostileSKUs},
		{ID: "carts.put.long_sku", Promise: fmt.Sprintf("A SKU of %d characters is answered, and one of thousands is Invalid or a problem.", cart.SKUMax), check: longSKU},
		{ID: "carts.put.many_units", Promise: fmt.Sprintf("%d units are had, or are a problem, and the money still adds up.", cart.QuantityMax), check: manyUnits},
		{ID: "carts.put.impossible", Promise: "What no shop could take is Invalid or a problem, and no bug: quantities beyond counting, a SKU twice, no items.", check: impossible},
		{ID: "carts.put.strange_customer", Promise: "A customer token that is no good makes a guest's cart or is a fault, and no bug.", check: strangeCustomer},
	})
}

// manyItems are as many as may be in one cart: what is known at both ends, and as much
// as there is in between.
func (t *T) manyItems() []cart.Item {
	skus := t.Sample.SKUs
	items := []cart.Item{{SKU: skus[0], Quantity: 1}}
	for _, sku := range skus[2:min(len(skus), cart.LinesMax)] {
		items = append(items, cart.Item{SKU: sku, Quantity: 1})
	}
	for i := len(items) + 1; i < cart.LinesMax; i++ {
		items = append(items, cart.Item{SKU: fmt.Sprintf("%s-%03d", t.Sample.UnknownSKU, i), Quantity: int64(i%9 + 1)})
	}
	return append(items, cart.Item{SKU: skus[1], Quantity: 2})
}

func bigCart(ctx context.Context, t *T) {
	items := t.manyItems()
	answer, ok := t.made(ctx, t.Call("a"), t.want(items...))
	if !ok {
		return
	}
	t.accounted(items, answer)
	t.complete([]cart.Item{items[0], items[len(items)-1]}, answer)
}

// unknowns asks for unknown SKUs beside one that is known, and expects each back as it was.
func (t *T) unknowns(ctx context.Context, skus ...string) {
	items := make([]cart.Item, 0, len(skus)+1)
	for _, sku := range skus {
		items = append(items, cart.Item{SKU: sku, Quantity: 1})
	}
	items = append(items, cart.Item{SKU: t.Sample.SKUs[0], Quantity: 1})
	answer, ok := t.made(ctx, t.Call(skus[0]), t.want(items...))
	if !ok {
		return
	}
	t.accounted(items, answer)
	t.complete(items[len(skus):], answer)
	for _, sku := range skus {
		t.reasoned(answer.Problems, sku, cart.UnknownSKU)
	}
}

func unicodeSKUs(ctx context.Context, t *T) {
	t.unknowns(ctx, "größe-42", "gro\u0308ße-42", "東京タワー", "مقاس-٤٢", "👟-42", "Ⅷ½", "a b\u00a0c", "K", "\u212a") // composed and not, and two signs that look like K
}

func skuAsAsked(ctx context.Context, t *T) {
	sku := t.Sample.SKUs[0]
	other := strings.ToUpper(sku)
	if other == sku {
		other = strings.ToLower(sku)
	}
	if other == sku || slices.Contains(t.Sample.SKUs, other) {
		t.Skip("the sample's first sku has no other spelling")
		return
	}
	req := t.want(cart.Item{SKU: other, Quantity: 1}, cart.Item{SKU: t.Sample.SKUs[1], Quantity: 1})
	if answer, ok := t.made(ctx, t.Call("a"), req); ok {
		t.accounted(req.Items, answer)
	}
}

func hostileSKUs(ctx context.Context, t *T) {
	t.unknowns(ctx, "' OR '1'='1", "1; DROP TABLE products", "../../etc/passwd", ".", "..", "%s%n", `{"sku":"x"}`, "<script>alert(1)</script>", "${jndi:x}", "*", "%00", "a,b", "\\")
}

func longSKU(ctx context.Context, t *T) {
	t.unknowns(ctx, strings.Repeat("s", cart.SKUMax), strings.Repeat("ß", cart.SKUMax))
	item := cart.Item{SKU: strings.Repeat("s", 4000), Quantity: 1}
	answer, err := t.Put(ctx, t.Call("long"), t.want(item))
	if t.invalidOr(err, "Invalid, or a problem for the SKU of 4000 characters") {
		t.accounted([]cart.Item{item}, answer)
	}
}

// invalidOr expects no fault but Invalid; it is true when there is an answer to look at.
func (t *T) invalidOr(err error, want string) bool {
	if err != nil {
		t.Expect(fault.KindOf(err) == fault.Invalid, want, DescribeFault(err))
	}
	return err == nil
}

func manyUnits(ctx context.Context, t *T) {
	req := t.want(cart.Item{SKU: t.Sample.SKUs[0], Quantity: cart.QuantityMax})
	if answer, ok := t.made(ctx, t.Call("a"), req); ok {
		t.accounted(req.Items, answer)
		t.linesAddUp(answer.Cart)
		t.sumsAddUp(answer.Cart)
		t.isNotNegative(answer.Cart)
	}
}

func impossible(ctx context.Context, t *T) {
	a, b := t.Sample.SKUs[0], t.Sample.SKUs[1]
	for _, tt := range []struct {
		name  string
		items []cart.Item
	}{
		{"2^62", []cart.Item{{SKU: a, Quantity: 1 << 62}}},
		{"max", []cart.Item{{SKU: a, Quantity: math.MaxInt64}, {SKU: b, Quantity: math.MaxInt64}}},
		{"twice", []cart.Item{{SKU: a, Quantity: 1}, {SKU: a, Quantity: 1}}},
		{"none", nil},
	} {
		answer, err := t.Put(ctx, t.Call(tt.name), t.want(tt.items...))
		if t.invalidOr(err, "Invalid, or a problem") {
			t.isNotNegative(answer.Cart)
			t.linesAddUp(answer.Cart)
		}
	}
}

func strangeCustomer(ctx context.Context, t *T) {
	req := t.some()
	req.Customer = customerCanary
	answer, err := t.Put(ctx, t.Call("a"), req)
	if err == nil {
		t.complete(req.Items, backend.PutAnswer{Cart: answer.Cart})
		return
	}
	switch k := fault.KindOf(err); k {
	case fault.Unauthenticated, fault.Denied, fault.Unsupported, fault.Invalid:
	default:
		t.Breach("a guest's cart, or Unauthenticated", DescribeFault(err))
	}
}

// customerCanary is a token that no backend gave out; it must show up in no fault.
const customerCanary = "cartage-canary-customer-token-7f3a"
