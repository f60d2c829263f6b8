// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/cartage-dev/cartage/plugins/sdk"
)

// keptOrder is an order as the shop remembers it. It is there or not with one
// write, and everything else follows from it.
type keptOrder struct {
	CartID   sdk.CartID
	Cart     keptCart
	Number   string
	Address  address
	PlacedAt time.Time
}

// token names the order page of a cart; it is not the order's number, since it opens the address.
func (s *state) token(id sdk.CartID) string { return s.derive("order", string(id)) }

// orderOf finds what became of a cart.
func (s *state) orderOf(id sdk.CartID) (o keptOrder, found bool, err error) {
	return s.order(s.token(id))
}

// order finds an order by its page's token.
func (s *state) order(token string) (o keptOrder, found bool, err error) {
	if !isDerived(token) {
		return keptOrder{}, false, nil
	}
	found, err = s.load(kindOrder, token, &o)
	return o, found, err
}

// placing is how an attempt to order ended.
type placing uint8

const (
	placed   placing = iota // now or before
	noCart                  // there is no such cart to order
	sellout                 // something was bought by others meanwhile; the cart now holds what is left
	cartVoid                // and that is nothing
	differs                 // it is not what the shopper was shown
)

// purchase is what a shopper agrees to: where the goods go, which way, and what of
// the cart was shown.
type purchase struct {
	To     address
	Option sdk.OptionID // empty when nothing is sent
	Shown  string       // the cart's mark
}

// attempt is what came of placing an order: its page's token, or what was short.
type attempt struct {
	how   placing
	token string
	short []sdk.Problem
}

// place turns a cart into an order, once: whoever asks again is told of the same order.
func (s *state) place(ctx context.Context, id sdk.CartID, p purchase) (done attempt, err error) {
	done.token = s.token(id)
	err = s.exclusive(ctx, func() error {
		_, found, err := s.order(done.token)
		if err != nil || found {
			return err
		}
		c, found, err := s.cart(id)
		if err != nil || !found {
			done.how = noCart
			return err
		}
		if done.short, err = s.refit(id, &c); err != nil {
			return err
		}
		c.Buyer, c.Option, c.Done = p.To, p.Option, nil
		_, offered := c.chosen()
		switch {
		case len(c.Lines) == 0:
			done.how = cartVoid
			return nil
		case len(done.short) > 0:
			done.how = sellout
			return nil
		case offered != c.needsDelivery() || c.mark() != p.Shown:
			done.how = differs
			return nil
		}
		return s.writeOrder(done.token, keptOrder{CartID: id, Cart: c, Number: s.number(id), Address: p.To, PlacedAt: s.now().UTC()})
	})
	return done, err
}

// writeOrder writes the order last: what an order that was not written leaves behind counts for nothing.
func (s *state) writeOrder(token string, o keptOrder) error {
	if err := s.take(o.CartID, o.Cart.Lines); err != nil {
		return err
	}
	if err := s.save(kindReference, s.reference(o.Cart.Shop, o.Cart.Reference), token); err != nil {
		return err
	}
	return s.save(kindOrder, token, o)
}

// refit lowers a cart's lines to what is left, keeps it when that changed it, and
// says what changed. The shopper never gets more than was shown, nor at another price.
func (s *state) refit(id sdk.CartID, c *keptCart) ([]sdk.Problem, error) {
	wanted, unit := make([]sdk.Item, 0, len(c.Lines)), make(map[string]int64, len(c.Lines))
	for _, l := range c.Lines {
		wanted = append(wanted, sdk.Item{SKU: l.SKU, Quantity: l.Quantity})
		unit[l.SKU] = l.Unit
	}
	lines, short, err := s.fit(id, wanted, c.Currency)
	if err != nil || len(short) == 0 {
		return nil, err
	}
	for i := range lines {
		lines[i].Unit = unit[lines[i].SKU]
	}
	c.Lines, c.Problems = lines, worsen(c.Problems, short)
	return short, s.save(kindCart, string(id), *c)
}

// worsen adds problems to those there were; of a SKU that had one, what was asked for at first stays.
func worsen(before, now []sdk.Problem) []sdk.Problem {
	all := slices.Clone(before)
	for _, p := range now {
		if i := slices.IndexFunc(all, func(b sdk.Problem) bool { return b.SKU == p.SKU }); i >= 0 {
			p.Asked = all[i].Asked
			all[i] = p
			continue
		}
		all = append(all, p)
	}
	return all
}

// number is what the shopper reads out on the telephone.
func (s *state) number(id sdk.CartID) string {
	digits := strings.ToUpper(s.derive("number", string(id)))
	return "HH-" + digits[:4] + "-" + digits[4:8]
}

func (s *state) reference(shop sdk.ShopID, reference string) string {
	return s.derive("reference", string(shop), reference)
}

// orders is the port.
type orders struct{ kept *state }

var _ sdk.Orders = orders{}

// ByReference finds the order of the last cart that was ordered under a reference.
func (o orders) ByReference(_ context.Context, call sdk.Call, reference string) (sdk.Order, error) {
	var token string
	var found keptOrder
	known, err := o.kept.load(kindReference, o.kept.reference(call.Shop, reference), &token)
	if err == nil && known {
		found, known, err = o.kept.order(token)
	}
	if err != nil {
		return sdk.Order{}, err
	}
	if !known {
		return sdk.Order{}, sdk.NewFault(sdk.NotFound, "unknown_reference", "no order carries this reference").By(sdk.SourceCaller)
	}
	return sdk.Order{
		ID: sdk.OrderID(found.Number), Number: found.Number, Reference: found.Cart.Reference,
		Status: sdk.Placed, Cart: found.Cart.describe(found.CartID), PlacedAt: found.PlacedAt,
	}, nil
}
