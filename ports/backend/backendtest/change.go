// SPDX-License-Identifier: Apache-2.0

package backendtest

import (
	"context"
	"fmt"

	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/ports/backend"
)

func changeRules() []Rule {
	return ofChange([]Rule{
		{ID: "carts.change.sets_quantities", Promise: "A quantity that is set is what the cart holds, and what is not named stays.", check: setsQuantities},
		{ID: "carts.change.puts_in", Promise: "A SKU that the cart does not hold is put in.", check: putsIn},
		{ID: "carts.change.takes_out", Promise: "Quantity 0 takes a SKU out, and the rest stays.", check: takesOut},
		{ID: "carts.change.empties", Promise: "A cart may be emptied, stays the same cart, and can be filled again.", check: empties},
		{ID: "carts.change.totals_add_up", Promise: "The sums of a changed cart add up as those of a new one do, in its currency, with nothing below zero.", check: changedAddsUp},
		{ID: "carts.change.said_twice", Promise: "Saying the same again changes nothing, under the same key and under another.", check: saidTwice},
		{ID: "carts.change.get_shows", Promise: "Get shows the cart as Change answered it.", check: getShowsChange},
		{ID: "carts.change.unknown_sku", Promise: "A SKU that nobody knows is a problem, unknown_sku, and the rest is done.", check: changeToUnknown},
		{ID: "carts.change.cannot_be_had", Promise: "A SKU that is sold out or not sold is a problem that says so, and the rest is done.", check: cannotBeHad},
		{ID: "carts.change.quantity_reduced", Promise: "A quantity above stock becomes what is left, and a problem says so: quantity_reduced.", check: changeReduced},
		{ID: "carts.change.big", Promise: fmt.Sprintf("%d quantities set at once are answered whole: each is a line or a problem.", cart.LinesMax), check: bigChange},
		{ID: "carts.change.impossible", Promise: "What no cart could hold is Invalid or a problem, and no bug: quantities beyond counting or below zero, a SKU twice.", check: impossibleChange},
		{ID: "carts.change.unknown", Promise: "A cart that does not exist is NotFound (unknown_cart).", check: changeUnknown},
		{ID: "carts.change.strange_ids", Promise: "An id that no cart could have is NotFound or Invalid, and no bug.", check: changeStrange},
		{ID: "carts.change.ordered_cart", Promise: "A cart that has become an order is not changed: Conflict, cart_completed.", check: changeOrdered},
		{ID: "carts.change.at_once", Promise: "Changes of one cart at the same time happen one after the other, and none is lost.", check: changesAtOnce},
		{ID: "carts.change.deadline", Promise: "A change whose deadline passes, or that is canceled, comes back at once, as Unavailable or Unknown, and the next one is well.", check: changeDeadline},
		{ID: "carts.change.repeated_after_unknown", Promise: "A change that got no answer in time is repeated with its key, and is then done.", check: changeRepeated},
		{ID: "carts.change.repeated_late", Promise: "A change that comes again with its key after a newer one has no second effect: the newer one stays.", check: changeRepeatedLate},
	})
}

// ofChange are rules that are skipped where a backend's carts cannot be changed.
func ofChange(rules []Rule) []Rule {
	for i := range rules {
		check := rules[i].check
		rules[i].check = func(ctx context.Context, t *T) {
			if t.changeable(ctx) {
				check(ctx, t)
			}
		}
	}
	return ofCarts(rules)
}

// What is known of a backend's carts.
const (
	canBeChanged = iota + 1
	cannotBeChanged
)

// changeable skips a backend that answers Unsupported to a change. It asks once,
// about a cart of its own: afterwards Unsupported is a fault like any other.
func (t *T) changeable(ctx context.Context) bool {
	if t.bench.changes.Load() == 0 {
		made, ok := t.basket(ctx, "changeable")
		if !ok {
			return false
		}
		_, err := t.Change(ctx, t.Call("changeable, then"), made.ID, t.setting(1))
		switch {
		case err == nil:
			t.bench.changes.Store(canBeChanged)
		case fault.KindOf(err) == fault.Unsupported:
			t.bench.changes.Store(cannotBeChanged)
		}
	}
	if t.bench.changes.Load() == cannotBeChanged {
		t.Skip("the backend cannot change a cart: it answers Unsupported")
		return false
	}
	return true
}

// basket is a cart of two units of the sample's first SKU and one of its second.
func (t *T) basket(ctx context.Context, key string) (cart.Cart, bool) {
	answer, ok := t.made(ctx, t.Call(key), t.some())
	return answer.Cart, ok
}

// items are so many units of the sample's first SKUs, one after the other.
func (t *T) items(quantities ...int64) []cart.Item {
	var all []cart.Item
	for i, n := range quantities {
		if n > 0 {
			all = append(all, cart.Item{SKU: t.Sample.SKUs[i], Quantity: n})
		}
	}
	return all
}

// setting gives the sample's first SKUs these quantities, one after the other.
func (t *T) setting(quantities ...int64) (req backend.ChangeCart) {
	for i, n := range quantities {
		req.Set = append(req.Set, cart.Item{SKU: t.Sample.SKUs[i], Quantity: n})
	}
	return req
}

// changed is Change where nothing but a cart will do; ok is false after a fault.
func (t *T) changed(ctx context.Context, key string, id cart.ID, req backend.ChangeCart) (answer backend.ChangeAnswer, ok bool) {
	answer, err := t.Change(ctx, t.Call(key), id, req)
	return answer, t.unrefused(err, "the changed cart")
}

// becomes expects the cart to hold exactly these items, which can be had.
func (t *T) becomes(items []cart.Item, a backend.ChangeAnswer) {
	made := backend.PutAnswer{Cart: a.Cart, Problems: a.Problems}
	t.accounted(items, made)
	t.complete(items, made)
}

// addsUp expects of a cart all that money.go judges.
func (t *T) addsUp(c cart.Cart) {
	t.inOneCurrency(c, t.Sample.Currency)
	t.isNotNegative(c)
	t.linesAddUp(c)
	t.sumsAddUp(c)
}

// steps changes a basket step by step, and hands each answer to look.
func (t *T) steps(ctx context.Context, steps [][]int64, look func(step []int64, a backend.ChangeAnswer)) {
	made, ok := t.basket(ctx, "made")
	for i := 0; ok && i < len(steps); i++ {
		var answer backend.ChangeAnswer
		if answer, ok = t.changed(ctx, fmt.Sprint("step", i), made.ID, t.setting(steps[i]...)); ok {
			t.Expect(answer.Cart.ID == made.ID, "the cart that was asked for", t.nameOf(answer.Cart.ID))
			look(steps[i], answer)
		}
	}
}

func setsQuantities(ctx context.Context, t *T) {
	t.steps(ctx, [][]int64{{3}, {1}, {5}}, func(step []int64, a backend.ChangeAnswer) {
		t.becomes(t.items(step[0], 1), a)
	})
}

func putsIn(ctx context.Context, t *T) {
	made, ok := t.made(ctx, t.Call("made"), t.want(t.items(2)...))
	if !ok {
		return
	}
	if answer, ok := t.changed(ctx, "put in", made.Cart.ID, backend.ChangeCart{Set: t.items(0, 4)}); ok {
		t.becomes(t.items(2, 4), answer)
	}
}

func takesOut(ctx context.Context, t *T) {
	t.steps(ctx, [][]int64{{0}}, func(_ []int64, a backend.ChangeAnswer) { t.becomes(t.items(0, 1), a) })
}

func empties(ctx context.Context, t *T) {
	t.steps(ctx, [][]int64{{0, 0}, {1, 0}}, func(step []int64, a backend.ChangeAnswer) {
		t.becomes(t.items(step...), a)
		t.addsUp(a.Cart)
	})
}

func changedAddsUp(ctx context.Context, t *T) {
	few := [][]int64{{3}, {1, 2}, {0, 3}, {7, 5}}
	if len(t.Sample.SKUs) > 2 {
		few = append(few, []int64{1, 0, 3}, []int64{0, 0, 1})
	}
	t.steps(ctx, append(few, []int64{cart.QuantityMax, 1}), func(_ []int64, a backend.ChangeAnswer) { t.addsUp(a.Cart) })
}

func saidTwice(ctx context.Context, t *T) {
	made, ok := t.basket(ctx, "made")
	if !ok {
		return
	}
	first, ok := t.changed(ctx, "a", made.ID, t.setting(4, 0))
	for _, key := range []string{"a", "b"} {
		if !ok {
			return
		}
		var again backend.ChangeAnswer
		if again, ok = t.changed(ctx, key, made.ID, t.setting(4, 0)); ok {
			t.becomes(t.items(4), again)
			t.sameCart(first.Cart, again.Cart)
		}
	}
}

func getShowsChange(ctx context.Context, t *T) {
	t.steps(ctx, [][]int64{{3, 2}, {0}}, func(_ []int64, a backend.ChangeAnswer) {
		if found, err := t.Get(ctx, t.Call(""), a.Cart.ID); t.unrefused(err, "the changed cart") {
			t.sameCart(a.Cart, found)
		}
	})
}
