// SPDX-License-Identifier: Apache-2.0

package backendtest

import (
	"context"
	"fmt"

	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/money"
)

func moneyRules() []Rule {
	return ofCarts([]Rule{
		{ID: "carts.put.one_currency", Promise: "The cart and every amount in it are in the currency that was asked for.", check: oneCurrency},
		{ID: "carts.put.never_negative", Promise: "No amount is below zero, and no line is without units.", check: neverNegative},
		{ID: "carts.put.line_totals", Promise: "A line's total is its quantity times its unit price, to half a minor unit for each unit.", check: lineTotals},
		{ID: "carts.put.totals_add_up", Promise: "The subtotal is the sum of the lines; the total is that, less discount, with shipping, and with tax where prices are without it.", check: totalsAddUp},
		{ID: "carts.put.known_prices", Promise: "What a unit costs is what the sample says, in minor units.", check: knownPrices},
		{ID: "carts.put.refused_currency", Promise: "A currency that the shop does not sell in is Invalid or Unsupported, with a code, and never a cart in another one.", check: refusedCurrency},
	})
}

// priced asks for a cart of one, two and three units: with one unit there is nothing to round.
func (t *T) priced(ctx context.Context) (cart.Cart, bool) {
	var all []cart.Item
	for i, sku := range t.Sample.SKUs[:min(3, len(t.Sample.SKUs))] {
		all = append(all, cart.Item{SKU: sku, Quantity: int64(i + 1)})
	}
	answer, ok := t.made(ctx, t.Call("priced"), t.want(all...))
	return answer.Cart, ok
}

func amounts(c cart.Cart) map[string]money.Amount {
	all := map[string]money.Amount{"subtotal": c.Totals.Subtotal, "discount": c.Totals.Discount, "total": c.Totals.Total}
	if c.Totals.Shipping != nil {
		all["shipping"] = *c.Totals.Shipping
	}
	if c.Totals.Tax != nil {
		all["tax"] = *c.Totals.Tax
	}
	for _, l := range c.Lines {
		all["unit price of "+quote(l.SKU)], all["total of "+quote(l.SKU)] = l.UnitPrice, l.Total
	}
	return all
}

func oneCurrency(ctx context.Context, t *T) {
	c, ok := t.priced(ctx)
	if !ok {
		return
	}
	t.inOneCurrency(c, t.Sample.Currency)
}

func (t *T) inOneCurrency(c cart.Cart, want money.Currency) {
	t.Expect(c.Currency == want, "a cart in "+string(want), "one in "+either(string(c.Currency), "no currency"))
	for what, a := range amounts(c) {
		if a != (money.Amount{}) { // left out altogether: none of it
			t.Expect(a.Currency == c.Currency, "the "+what+" in the cart's currency", a.String())
		}
	}
}

func neverNegative(ctx context.Context, t *T) {
	if c, ok := t.priced(ctx); ok {
		t.isNotNegative(c)
	}
}

func (t *T) isNotNegative(c cart.Cart) {
	for what, a := range amounts(c) {
		t.Expect(!a.IsNegative(), "the "+what+" to be zero or more", a.String())
	}
	for _, l := range c.Lines {
		t.Expect(l.Quantity > 0, "a line of at least one unit", fmt.Sprintf("%d × %s", l.Quantity, quote(l.SKU)))
	}
}

func lineTotals(ctx context.Context, t *T) {
	if c, ok := t.priced(ctx); ok {
		t.linesAddUp(c)
	}
}

func (t *T) linesAddUp(c cart.Cart) {
	for _, l := range c.Lines {
		exact, err := l.UnitPrice.Times(l.Quantity)
		if !t.Expect(err == nil, "a line that can be counted", fmt.Sprintf("%d × %s", l.Quantity, l.UnitPrice)) {
			continue
		}
		off := exact.Minor - l.Total.Minor
		t.Expect(2*max(off, -off) <= l.Quantity, // half a unit each, and so none for a single one
			fmt.Sprintf("%d × %s = %s for %s", l.Quantity, l.UnitPrice, exact, quote(l.SKU)), l.Total.String())
	}
}

func totalsAddUp(ctx context.Context, t *T) {
	if c, ok := t.priced(ctx); ok {
		t.sumsAddUp(c)
	}
}

func (t *T) sumsAddUp(c cart.Cart) {
	sum := int64(0)
	for _, l := range c.Lines {
		sum += l.Total.Minor
	}
	t.Expect(c.Totals.Subtotal.Minor == sum, fmt.Sprintf("subtotal %s, the sum of the lines", money.Of(sum, c.Currency)), c.Totals.Subtotal.String())
	included := c.Totals.Subtotal.Minor - c.Totals.Discount.Minor
	if c.Totals.Shipping != nil {
		included += c.Totals.Shipping.Minor
	}
	want := "total " + money.Of(included, c.Currency).String()
	ok := c.Totals.Total.Minor == included
	if c.Totals.Tax != nil && c.Totals.Tax.Minor != 0 {
		onTop := included + c.Totals.Tax.Minor
		ok = ok || c.Totals.Total.Minor == onTop
		want += fmt.Sprintf(", or %s where tax comes on top", money.Of(onTop, c.Currency))
	}
	t.Expect(ok, want, c.Totals.Total.String())
}

func knownPrices(ctx context.Context, t *T) {
	if len(t.Sample.Prices) == 0 {
		t.Skip("the sample names no prices")
		return
	}
	var items []cart.Item
	for _, sku := range t.Sample.SKUs {
		if _, known := t.Sample.Prices[sku]; known {
			items = append(items, cart.Item{SKU: sku, Quantity: 1})
		}
	}
	answer, ok := t.made(ctx, t.Call("a"), t.want(items...))
	if !ok {
		return
	}
	for _, l := range answer.Cart.Lines {
		if want, known := t.Sample.Prices[l.SKU]; known {
			t.Expect(l.UnitPrice == want, fmt.Sprintf("%s for %s, as the sample says (%d minor units)", want, quote(l.SKU), want.Minor),
				fmt.Sprintf("%s (%d)", l.UnitPrice, l.UnitPrice.Minor))
		}
	}
}

func refusedCurrency(ctx context.Context, t *T) {
	c := t.Sample.RefusedCurrency
	named := c != ""
	if !named { // hardly any shop sells in it; one that does answers with such a cart
		if c = "VUV"; t.Sample.Currency == c {
			c = "KMF"
		}
	}
	call := t.Call("a")
	call.Currency = c
	answer, err := t.Put(ctx, call, t.some())
	want := fmt.Sprintf("Invalid or Unsupported with a code, since the shop does not sell in %s", c)
	if err != nil {
		f := fault.From(err)
		t.Expect((f.Kind == fault.Invalid || f.Kind == fault.Unsupported) && f.Code != "", want, DescribeFault(err))
		return
	}
	t.Expect(!named && answer.Cart.Currency == c, want, t.describeAnswer(answer))
}
