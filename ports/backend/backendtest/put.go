// SPDX-License-Identifier: Apache-2.0

package backendtest

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/ports/backend"
)

func putRules() []Rule {
	rules := []Rule{
		{ID: "carts.put.makes_a_cart", Promise: "A cart of things that can be had has an id, and no problems.", check: makesACart},
		{ID: "carts.put.lines_as_asked", Promise: "The cart holds exactly what was asked for, each SKU as it was written.", check: linesAsAsked},
		{ID: "carts.put.strict_makes", Promise: "All or nothing makes the cart when all can be had.", check: strictMakes},
		{ID: "carts.put.supersedes", Promise: "A cart in the place of an earlier one holds the new items, and the earlier one no longer holds the old.", check: supersedes},
		{ID: "carts.put.supersedes_nothing", Promise: "A superseded cart that does not exist is no fault.", check: supersedesNothing},
		{ID: "carts.put.ordered_cart_stays", Promise: "A cart that has become an order is not replaced: Conflict, reference_completed.", check: orderedCartStays},
		{ID: "carts.put.any_shopper", Promise: "A cart is made wherever the shopper's address is from, IPv6 included.", check: anyShopper},
	}
	return ofCarts(rules)
}

func ofCarts(rules []Rule) []Rule {
	for i := range rules {
		rules[i].port = backend.PortCarts
	}
	return rules
}

func makesACart(ctx context.Context, t *T) {
	answer, ok := t.made(ctx, t.Call("a"), t.some())
	if !ok {
		return
	}
	t.Expect(answer.Cart.ID != "", "a cart with an id", "a cart without one")
	t.Expect(len(answer.Problems) == 0, "no problems, since the sample says that its skus can be had", "problems: "+describeProblems(answer.Problems))
}

func linesAsAsked(ctx context.Context, t *T) {
	req := t.some()
	if answer, ok := t.made(ctx, t.Call("a"), req); ok {
		t.accounted(req.Items, answer)
		t.complete(req.Items, answer)
	}
}

// held is how many units of each SKU the lines hold.
func held(lines []cart.Line) map[string]int64 {
	units := make(map[string]int64, len(lines))
	for _, l := range lines {
		units[l.SKU] += l.Quantity
	}
	return units
}

// complete expects all units of items in the cart.
func (t *T) complete(items []cart.Item, answer backend.PutAnswer) {
	units := held(answer.Cart.Lines)
	for _, i := range items {
		t.Expect(units[i.SKU] == i.Quantity, fmt.Sprintf("%d × %s, which the sample says can be had", i.Quantity, quote(i.SKU)), fmt.Sprintf("%d of it", units[i.SKU]))
	}
}

// accounted expects that every item is a line or a problem, that whatever is
// short is a problem that says so, and that nothing else is there.
func (t *T) accounted(items []cart.Item, answer backend.PutAnswer) {
	units, said := held(answer.Cart.Lines), make(map[string]cart.Problem, len(answer.Problems))
	for _, p := range answer.Problems {
		_, twice := said[p.SKU]
		t.Expect(!twice, "one problem for each SKU", "two for "+quote(p.SKU))
		said[p.SKU] = p
	}
	for _, i := range items {
		n, name := units[i.SKU], quote(i.SKU)
		p, problem := said[i.SKU]
		t.Expect(n >= 0 && n <= i.Quantity, fmt.Sprintf("at most the %d units of %s that were asked for", i.Quantity, name), fmt.Sprintf("%d units", n))
		t.Expect(n >= i.Quantity || problem, "a line or a problem for "+name, fmt.Sprintf("%d of %d units, and no problem that names it", n, i.Quantity))
		t.Expect(n < i.Quantity || !problem, "no problem about "+name+", which came whole", "the problem "+describeProblems([]cart.Problem{p}))
		if problem {
			t.Expect(p.Asked == i.Quantity && p.Got == n, fmt.Sprintf("the problem of %s counts %d of %d", name, n, i.Quantity), fmt.Sprintf("%d of %d", p.Got, p.Asked))
		}
		delete(units, i.SKU)
		delete(said, i.SKU)
	}
	for sku := range units {
		t.Breach("only lines that were asked for, spelled as they were asked", "a line of "+quote(sku))
	}
	for sku := range said {
		t.Breach("only problems of what was asked for, spelled as it was asked", "a problem of "+quote(sku))
	}
}

func strictMakes(ctx context.Context, t *T) {
	req := t.some()
	req.AllOrNothing = true
	if answer, ok := t.made(ctx, t.Call("a"), req); ok {
		t.Expect(answer.Cart.ID != "" && len(answer.Problems) == 0, "a cart with an id, and no problems", t.describeAnswer(answer))
	}
}

func supersedes(ctx context.Context, t *T) {
	first, second := t.want(cart.Item{SKU: t.Sample.SKUs[0], Quantity: 3}), t.want(cart.Item{SKU: t.Sample.SKUs[1], Quantity: 2})
	old, ok := t.made(ctx, t.Call("first"), first)
	if !ok {
		return
	}
	second.Supersedes = old.Cart.ID
	replaced, ok := t.made(ctx, t.Call("second"), second)
	if !ok {
		return
	}
	t.accounted(second.Items, replaced)
	t.complete(second.Items, replaced)
	if left, err := t.Get(ctx, t.Call(""), old.Cart.ID); err == nil {
		t.Expect(held(left.Lines)[first.Items[0].SKU] == 0, "the earlier cart to be gone, or not to hold what was replaced", t.describeCart(left))
	}
	if found, err := t.Get(ctx, t.Call(""), replaced.Cart.ID); t.unrefused(err, "the new cart") {
		t.Expect(held(found.Lines)[second.Items[0].SKU] == second.Items[0].Quantity, "the new cart to hold the new items", t.describeCart(found))
	}
}

func supersedesNothing(ctx context.Context, t *T) {
	req := t.some()
	req.Supersedes = t.noSuchCart()
	if answer, ok := t.made(ctx, t.Call("a"), req); ok {
		t.complete(req.Items, answer)
	}
}

// orderedCart is the cart that became the sample's order.
func (t *T) orderedCart(ctx context.Context) (cart.ID, bool) {
	if t.Sample.OrderReference == "" || t.backend.Orders == nil {
		t.Skip("the sample names no order_reference, or the backend offers no orders")
		return "", false
	}
	o, err := t.ByReference(ctx, t.Call(""), t.Sample.OrderReference)
	if !t.unrefused(err, "the sample's order") {
		return "", false
	}
	if o.Cart.ID == "" {
		t.Skip("the backend does not keep the id of an ordered cart")
	}
	return o.Cart.ID, o.Cart.ID != ""
}

func orderedCartStays(ctx context.Context, t *T) {
	id, ok := t.orderedCart(ctx)
	if !ok {
		return
	}
	req := t.some()
	req.Reference, req.Supersedes = t.Sample.OrderReference, id
	_, err := t.Put(ctx, t.Call("a"), req)
	t.Expect(isFault(err, "conflict reference_completed"), "Conflict (reference_completed)", DescribeFault(err))
}

func anyShopper(ctx context.Context, t *T) {
	for _, ip := range []string{"2001:db8::1", "203.0.113.7"} {
		call := t.Call(ip)
		call.ShopperIP = netip.MustParseAddr(ip)
		if answer, ok := t.made(ctx, call, t.some()); ok {
			t.Expect(answer.Cart.ID != "", "a cart", t.describeAnswer(answer))
		}
	}
}
