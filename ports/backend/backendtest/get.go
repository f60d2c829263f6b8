// SPDX-License-Identifier: Apache-2.0

package backendtest

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/money"
)

func getRules() []Rule {
	return ofCarts([]Rule{
		{ID: "carts.get.the_same_cart", Promise: "A cart is shown as it was made, however often it is asked for.", check: getSameCart},
		{ID: "carts.get.unknown", Promise: "A cart that does not exist is NotFound.", check: getUnknown},
		{ID: "carts.get.strange_ids", Promise: "An id that no cart could have is NotFound or Invalid, and no bug.", check: getStrange},
	})
}

func getSameCart(ctx context.Context, t *T) {
	answer, ok := t.made(ctx, t.Call("a"), t.some())
	if !ok {
		return
	}
	for range 2 {
		found, err := t.Get(ctx, t.Call(""), answer.Cart.ID)
		if !t.unrefused(err, "the cart") {
			return
		}
		t.Expect(found.ID == answer.Cart.ID, "the id that was asked for", t.nameOf(found.ID))
		t.sameCart(answer.Cart, found)
	}
}

// sameCart expects the same lines and money; ids are the caller's matter.
func (t *T) sameCart(want, got cart.Cart) {
	t.Expect(contents(want) == contents(got), "the same lines and totals as before: "+t.describeCart(want), t.describeCart(got))
}

// contents is what of a cart must stay the same, in words.
func contents(c cart.Cart) string {
	units, totals := held(c.Lines), map[string]int64{}
	for _, l := range c.Lines {
		totals[l.SKU] += l.Total.Minor
	}
	return fmt.Sprintf("%s %v %v %s %s %s %s %s", c.Currency, units, totals, c.Totals.Subtotal, c.Totals.Discount, c.Totals.Total, known(c.Totals.Shipping), known(c.Totals.Tax))
}

func known(a *money.Amount) string {
	if a == nil {
		return "unknown"
	}
	return a.String()
}

func getUnknown(ctx context.Context, t *T) {
	found, err := t.Get(ctx, t.Call(""), t.noSuchCart())
	if err == nil {
		t.Breach("NotFound", t.describeCart(found))
		return
	}
	t.Expect(fault.KindOf(err) == fault.NotFound, "NotFound", DescribeFault(err))
}

func getStrange(ctx context.Context, t *T) {
	t.noCarts(func(id cart.ID) (string, error) {
		found, err := t.Get(ctx, t.Call(""), id)
		return t.describeCart(found), err
	})
}

// noCarts expects of each id that no cart could have that call knows no cart of it. Of
// those, . and .. are whole segments of a path, which url.PathEscape leaves as they are.
func (t *T) noCarts(call func(id cart.ID) (came string, err error)) {
	for _, id := range []string{"0", "-1", ".", "..", "../../etc/passwd", "' OR '1'='1", "кошик-ü", "a\x00b", strings.Repeat("f", 32), strings.Repeat("x", 4096)} {
		came, err := call(cart.ID(id))
		if err == nil {
			t.Breach("no cart for the id "+quote(id), came)
			continue
		}
		k := fault.KindOf(err)
		t.Expect(k == fault.NotFound || k == fault.Invalid, "NotFound or Invalid for the id "+quote(id), DescribeFault(err))
	}
}

// noSuchCart is the id of a cart that does not exist.
func (t *T) noSuchCart() cart.ID { return cart.ID("cartage-no-such-cart-" + t.bench.nonce) }

// isUnknownCart expects the fault of a cart that does not exist.
func (t *T) isUnknownCart(err error) {
	t.Expect(isFault(err, "not_found unknown_cart"), "NotFound (unknown_cart)", DescribeFault(err))
}

// isFault reports whether err is a fault of that kind and code.
func isFault(err error, kindAndCode string) bool {
	f, ok := errors.AsType[*fault.Error](err)
	return ok && f.Kind.String()+" "+f.Code == kindAndCode
}
