// SPDX-License-Identifier: Apache-2.0

package backendtest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/checkout"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/ports/backend"
)

// noSuchOption is a way of delivery that no shop has.
const noSuchOption checkout.OptionID = "cartage-no-such-option"

func optionRules() []Rule {
	return ofCheckout([]Rule{
		{ID: "checkout.deliver.offers_options", Promise: "To an address where goods are sent there are options, each with an id of its own, a name, and a price in the cart's currency.", check: offersOptions},
		{ID: "checkout.deliver.choose", Promise: "With one option of each group the answer lists those as chosen, and leaves nothing to choose.", check: choose},
		{ID: "checkout.deliver.sets_shipping", Promise: "With one option of each group the totals have their shipping, and add up.", check: setsShipping},
		{ID: "checkout.deliver.get_shows", Promise: "Get shows the shipping and the total that the answer has.", check: getShowsQuote},
		{ID: "checkout.deliver.choose_another", Promise: "Choosing another option takes the place of the first, and its shipping with it.", check: chooseAnother},
		{ID: "checkout.deliver.choice_taken_back", Promise: "Without an option nothing is chosen, and the totals are what they were at that address before any choice.", check: takeBack},
		{ID: "checkout.deliver.unknown_option", Promise: "An option that is not offered is NotFound (unknown_option), and the cart stays as it was.", check: unknownOption},
		{ID: "checkout.deliver.then_changed", Promise: "A cart that is changed after an option was chosen still adds up, and can be delivered.", check: thenChanged},
	})
}

// stands holds a quote to what every quote must be.
func (t *T) stands(q checkout.Quote) {
	if err := q.Check(); err != nil {
		t.Breach("a quote that a host takes", fault.From(err).Message+": "+t.describeQuote(q))
	}
}

// offered is a basket, and the ways in which it comes to the sample's buyer; a rule
// that needs several gives each a name.
func (t *T) offered(ctx context.Context, name ...string) (made cart.Cart, b checkout.Buyer, options []checkout.Option, ok bool) {
	key := "offered " + strings.Join(name, " ")
	if b, ok = t.addressed(); !ok {
		return made, b, nil, false
	}
	if made, ok = t.basket(ctx, "made, then "+key); !ok {
		return made, b, nil, false
	}
	q, ok := t.quoted(ctx, key, made.ID, b)
	return made, b, q.Options, ok && t.Expect(len(q.Options) > 0, "options, since the sample says that goods are sent there", "none")
}

// firstOfEach is one option of each group.
func firstOfEach(options []checkout.Option) (ids []checkout.OptionID) {
	var groups []string
	for _, o := range options {
		if !slices.Contains(groups, o.Group) {
			groups, ids = append(groups, o.Group), append(ids, o.ID)
		}
	}
	return ids
}

// optionsOf is what of the options must stay the same, in words.
func optionsOf(q checkout.Quote) string {
	all := make([]string, 0, len(q.Options))
	for _, o := range q.Options {
		all = append(all, fmt.Sprintf("%s of group %s at %s", quote(string(o.ID)), quote(o.Group), o.Price))
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

func chosenOf(ids []checkout.OptionID) string {
	return describeOptionIDs(slices.Sorted(slices.Values(ids)))
}

// chosen expects exactly these options to be chosen.
func (t *T) chosen(q checkout.Quote, ids []checkout.OptionID) {
	t.Expect(chosenOf(q.Chosen) == chosenOf(ids), "chosen: "+chosenOf(ids), "chosen: "+either(chosenOf(q.Chosen), "none"))
}

// selected is a basket that comes by the first option of each group.
func (t *T) selected(ctx context.Context) (q checkout.Quote, ids []checkout.OptionID, ok bool) {
	made, b, options, ok := t.offered(ctx)
	if !ok {
		return q, nil, false
	}
	ids = firstOfEach(options)
	q, ok = t.quoted(ctx, "selected", made.ID, b, ids...)
	return q, ids, ok
}

func offersOptions(ctx context.Context, t *T) {
	b, ok := t.addressed()
	if !ok {
		return
	}
	made, ok := t.basket(ctx, "made")
	if !ok {
		return
	}
	q, ok := t.quoted(ctx, "offered", made.ID, b)
	if !ok {
		return
	}
	t.stands(q)
	t.Expect(len(q.Options) > 0, "options, since the sample says that goods are sent there", "none")
	t.Expect(q.NeedsDelivery, "a cart that needs delivery", "one that needs none")
	t.Expect(q.Cart.ID == made.ID, "the cart that was asked for", t.nameOf(q.Cart.ID))
	t.becomes(t.items(2, 1), backend.ChangeAnswer{Cart: q.Cart})
	for _, o := range q.Options {
		t.Expect(strings.TrimSpace(o.Name) != "", "a name for the option "+quote(string(o.ID)), "none")
	}
}

func choose(ctx context.Context, t *T) {
	if q, ids, ok := t.selected(ctx); ok {
		t.chosen(q, ids)
		t.Expect(q.Settled(), "nothing left to choose", t.describeQuote(q))
	}
}

func setsShipping(ctx context.Context, t *T) {
	q, _, ok := t.selected(ctx)
	if !ok {
		return
	}
	t.Expect(q.Cart.Totals.Shipping != nil, "what shipping costs", "none that is known")
	t.addsUp(q.Cart)
}

func getShowsQuote(ctx context.Context, t *T) {
	if q, _, ok := t.selected(ctx); ok {
		t.showsQuote(ctx, q)
	}
}

func (t *T) showsQuote(ctx context.Context, q checkout.Quote) {
	found, err := t.Get(ctx, t.Call(""), q.Cart.ID)
	if !t.unrefused(err, "the cart") {
		return
	}
	want, got := q.Cart.Totals, found.Totals
	t.Expect(known(want.Shipping) == known(got.Shipping) && want.Total == got.Total,
		fmt.Sprintf("shipping %s, total %s, as Deliver answered", known(want.Shipping), want.Total), fmt.Sprintf("shipping %s, total %s", known(got.Shipping), got.Total))
}

// chooseAnother moves one group to another of its options, if any group has two.
func chooseAnother(ctx context.Context, t *T) {
	made, b, options, ok := t.offered(ctx)
	if !ok {
		return
	}
	before := firstOfEach(options)
	var left, taken checkout.Option
	after := slices.Clone(before)
	for i, id := range before {
		at := slices.IndexFunc(options, func(o checkout.Option) bool { return o.ID == id })
		for _, o := range options {
			if taken.ID == "" && o.Group == options[at].Group && o.ID != id {
				left, taken, after[i] = options[at], o, o.ID
			}
		}
	}
	if taken.ID == "" {
		t.Skip("the goods come in one way alone")
		return
	}
	first, ok := t.quoted(ctx, "first", made.ID, b, before...)
	if !ok {
		return
	}
	second, ok := t.quoted(ctx, "second", made.ID, b, after...)
	if !ok {
		return
	}
	t.chosen(second, after)
	t.addsUp(second.Cart)
	one, other := first.Cart.Totals.Shipping, second.Cart.Totals.Shipping
	if one != nil && other != nil {
		t.Expect(cmp.Compare(one.Minor, other.Minor) == cmp.Compare(left.Price.Minor, taken.Price.Minor),
			fmt.Sprintf("shipping that follows the option's price, from %s to %s", left.Price, taken.Price), fmt.Sprintf("from %s to %s", one, other))
	}
	t.showsQuote(ctx, second)
}

// takeBack chooses, and then says the same address and another without a choice.
func takeBack(ctx context.Context, t *T) {
	made, b, options, ok := t.offered(ctx)
	if !ok {
		return
	}
	another := b
	another.Address.Line1, another.Address.Line2, another.Address.Phone = "2 Cartage Way", "", ""
	for i, where := range []checkout.Buyer{b, another} {
		before, ok := t.quoted(ctx, fmt.Sprint("before", i), made.ID, where)
		if !ok {
			return
		}
		if _, ok = t.quoted(ctx, fmt.Sprint("chosen", i), made.ID, b, firstOfEach(options)...); !ok {
			return
		}
		after, ok := t.quoted(ctx, fmt.Sprint("after", i), made.ID, where)
		if !ok {
			return
		}
		t.Expect(len(after.Chosen) == 0, "no option chosen, since none was", describeOptionIDs(after.Chosen))
		t.sameCart(before.Cart, after.Cart)
		t.showsQuote(ctx, after)
	}
}

func unknownOption(ctx context.Context, t *T) {
	before, _, ok := t.selected(ctx)
	if !ok {
		return
	}
	_, err := t.Deliver(ctx, t.Call("unknown"), before.Cart.ID, backend.Delivery{Buyer: t.Sample.buyer(), Options: []checkout.OptionID{noSuchOption}})
	t.Expect(isFault(err, "not_found unknown_option"), "NotFound (unknown_option)", DescribeFault(err))
	if found, err := t.Get(ctx, t.Call(""), before.Cart.ID); t.unrefused(err, "the cart") {
		t.sameCart(before.Cart, found)
	}
}

func thenChanged(ctx context.Context, t *T) {
	if !t.changeable(ctx) {
		return
	}
	q, _, ok := t.selected(ctx)
	if !ok {
		return
	}
	answer, ok := t.changed(ctx, "changed", q.Cart.ID, t.setting(5))
	if !ok {
		return
	}
	t.becomes(t.items(5, 1), answer)
	t.addsUp(answer.Cart)
	if found, err := t.Get(ctx, t.Call(""), q.Cart.ID); t.unrefused(err, "the changed cart") {
		t.sameCart(answer.Cart, found)
	}
	if again, ok := t.quoted(ctx, "again", q.Cart.ID, t.Sample.buyer()); ok {
		t.becomes(t.items(5, 1), backend.ChangeAnswer{Cart: again.Cart})
		t.Expect(len(again.Options) > 0, "options, as before the change", "none")
		t.addsUp(again.Cart)
	}
}
