// SPDX-License-Identifier: Apache-2.0

package shadow_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cartage-dev/cartage/adapters/backend/shadow"
	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/handoff"
	"github.com/cartage-dev/cartage/core/money"
	"github.com/cartage-dev/cartage/ports/backend"
)

// told is a difference in one line.
func told(ds []shadow.Difference) []string {
	var lines []string
	for _, d := range ds {
		lines = append(lines, fmt.Sprintf("%s %s: %s -> %s", d.Kind, d.SKU, d.Primary.Text, d.Candidate.Text))
	}
	return lines
}

// changed is the catalogue's answer to a shirt and two socks, changed by edit.
func changed(edit func(a *backend.PutAnswer)) shadow.Said {
	a := catalogue.fill("GBP", twoItems)
	if edit != nil {
		edit(&a)
	}
	return shadow.Said{Answer: a}
}

var twoItems = backend.PutCart{WantPages: true, Items: []cart.Item{{SKU: "shirt", Quantity: 1}, {SKU: "sock", Quantity: 2}}}

// without takes a SKU out of a cart.
func without(sku string, reason cart.Reason) func(*backend.PutAnswer) {
	return func(a *backend.PutAnswer) {
		a.Cart.Lines = slices.DeleteFunc(a.Cart.Lines, func(l cart.Line) bool { return l.SKU == sku })
		a.Problems = []cart.Problem{{SKU: sku, Reason: reason}}
	}
}

func gbp(minor int64) *money.Amount { a := money.Of(minor, "GBP"); return &a }

func faulty(kind fault.Kind, code string) shadow.Said {
	return shadow.Said{Err: fault.New(kind, code, "token-of-the-shopper")}
}

var refuseAll = fault.New(fault.Internal, "checkout_url_rejected", "not a page of this shop")

func TestCompare(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name               string
		primary, candidate func(*backend.PutAnswer)
		refused            bool // by the policy
		want               []string
	}{
		{name: "the same"},
		{name: "another cart, line and page", candidate: func(a *backend.PutAnswer) {
			a.Cart.ID, a.Cart.Lines[0].ID, a.Pages.Checkout.URL = "other", "other", "https://other.example/"
		}},
		{name: "lines in another order", candidate: func(a *backend.PutAnswer) { slices.Reverse(a.Cart.Lines) }},
		{name: "a line split", candidate: func(a *backend.PutAnswer) { split(&a.Cart, 1, 1) }},
		{name: "a line split with two prices of the same sum", candidate: func(a *backend.PutAnswer) {
			split(&a.Cart, 1, 1)
			a.Cart.Lines[1].UnitPrice, a.Cart.Lines[1].Total = *gbp(200), *gbp(200)
			a.Cart.Lines[2].UnitPrice, a.Cart.Lines[2].Total = *gbp(300), *gbp(300)
		}},
		{name: "unknown there", candidate: without("sock", cart.UnknownSKU), want: []string{"unknown_sku sock: 2 of 2 -> unknown"}},
		{name: "unknown here", primary: without("sock", cart.UnknownSKU), want: []string{"unknown_sku sock: unknown -> 2 of 2"}},
		{name: "unknown there, sold out here", primary: without("sock", cart.OutOfStock), candidate: without("sock", cart.UnknownSKU),
			want: []string{"unknown_sku sock: 0 of 2, out_of_stock -> unknown"}},
		{name: "unknown to both", primary: without("sock", cart.UnknownSKU), candidate: without("sock", cart.UnknownSKU)},
		{name: "none of it, for other reasons", primary: without("sock", cart.NotForSale), candidate: without("sock", cart.OutOfStock)},
		{name: "sold out there", candidate: without("sock", cart.OutOfStock), want: []string{"stock sock: 2 of 2 -> 0 of 2, out_of_stock"}},
		{name: "not sold there", candidate: without("sock", cart.NotForSale), want: []string{"stock sock: 2 of 2 -> 0 of 2, not_for_sale"}},
		{name: "fewer there", candidate: func(a *backend.PutAnswer) { a.Cart.Lines[1].Quantity, a.Cart.Lines[1].Total = 1, *gbp(250) },
			want: []string{"stock sock: 2 of 2 -> 1 of 2"}},
		{name: "a word from nowhere", candidate: without("sock", "\x1b[31m"), want: []string{"stock sock: 2 of 2 -> 0 of 2, out_of_stock"}},
		{name: "price", candidate: func(a *backend.PutAnswer) { a.Cart.Lines[0].UnitPrice, a.Cart.Lines[0].Total = *gbp(1290), *gbp(1290) },
			want: []string{"price shirt: GBP 12.30 -> GBP 12.90"}},
		{name: "price of what is fewer", candidate: func(a *backend.PutAnswer) {
			a.Cart.Lines[1].Quantity, a.Cart.Lines[1].UnitPrice, a.Cart.Lines[1].Total = 1, *gbp(5), *gbp(5)
		}, want: []string{"stock sock: 2 of 2 -> 1 of 2", "price sock: GBP 2.50 -> GBP 0.05"}},
		{name: "line total", candidate: func(a *backend.PutAnswer) { a.Cart.Lines[1].Total = *gbp(499) },
			want: []string{"line_total sock: GBP 5.00 -> GBP 4.99"}},
		{name: "line total beyond what can be counted", candidate: func(a *backend.PutAnswer) {
			split(&a.Cart, 1, 1)
			a.Cart.Lines[1].Total = *gbp(math.MaxInt64)
		}, want: []string{"line_total sock: GBP 5.00 -> too large"}},
		{name: "totals, in an order of their own", primary: func(a *backend.PutAnswer) {
			a.Cart.Totals.Shipping, a.Cart.Totals.Tax = gbp(300), gbp(20)
		}, candidate: func(a *backend.PutAnswer) {
			a.Cart.Totals = cart.Totals{Subtotal: *gbp(1), Discount: *gbp(2), Shipping: gbp(3), Tax: gbp(4), Total: *gbp(5)}
		}, want: []string{
			"subtotal : GBP 17.30 -> GBP 0.01", "discount : GBP 0.00 -> GBP 0.02", "shipping : GBP 3.00 -> GBP 0.03",
			"tax : GBP 0.20 -> GBP 0.04", "total : GBP 17.30 -> GBP 0.05",
		}},
		{name: "shipping and tax of one side", candidate: func(a *backend.PutAnswer) { a.Cart.Totals.Shipping, a.Cart.Totals.Tax = gbp(3), gbp(4) }},
		{name: "currency, and no amounts then", candidate: func(a *backend.PutAnswer) { *a = prices{"shirt": 5, "sock": 7}.fill("JPY", twoItems) },
			want: []string{"currency : GBP -> JPY"}},
		{name: "titles, once", candidate: func(a *backend.PutAnswer) { a.Cart.Lines[0].Title, a.Cart.Lines[1].Title = "Hemd", "Socke" },
			want: []string{"title :  -> "}},
		{name: "page refused", refused: true, want: []string{"page : a page -> refused: internal checkout_url_rejected"}},
		{name: "no page", candidate: func(a *backend.PutAnswer) { a.Pages = nil }, want: []string{"page : a page -> no page"}},
		{name: "no page on either side", refused: true, primary: func(a *backend.PutAnswer) { a.Pages = nil }, candidate: func(a *backend.PutAnswer) { a.Pages = nil }},
		{name: "a page refused where there was none", refused: true, primary: func(a *backend.PutAnswer) { a.Pages = nil },
			want: []string{"page : no page -> refused: internal checkout_url_rejected"}},
		{name: "no cart page, and none is needed", primary: func(a *backend.PutAnswer) { a.Pages.Cart = &handoff.Request{} }},
		{name: "no cart page when one is needed", primary: func(a *backend.PutAnswer) {
			a.Pages.Cart = &handoff.Request{}
			without("sock", cart.OutOfStock)(a)
		}, candidate: without("sock", cart.OutOfStock), want: []string{"page : a cart page -> no cart page"}},
		{name: "an answer that would be refused", candidate: func(a *backend.PutAnswer) { a.Cart.Lines[0].SKU = "hat" },
			want: []string{"error : answered -> internal bad_backend_answer"}},
		{name: "an answer that is refused now", primary: func(a *backend.PutAnswer) { a.Cart.Lines[0].Total.Currency = "EUR" },
			want: []string{"error : internal bad_backend_answer -> answered"}},
		{name: "no cart at all", candidate: func(a *backend.PutAnswer) { *a = backend.PutAnswer{} },
			want: []string{"error : answered -> internal bad_backend_answer"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			allowed := func(backend.Pages) error { return nil }
			if tt.refused {
				allowed = func(backend.Pages) error { return refuseAll }
			}
			got := told(shadow.Compare(twoItems, changed(tt.primary), changed(tt.candidate), allowed))
			if diff := cmp.Diff(got, tt.want); diff != "" {
				t.Errorf("Compare() (-got +want):\n%s", diff)
			}
		})
	}
}

// A strict transfer is refused alike whether the backend made a cart or not.
func TestCompareAllOrNothing(t *testing.T) {
	t.Parallel()
	refusal := func(problems ...cart.Problem) func(*backend.PutAnswer) {
		return func(a *backend.PutAnswer) { *a = backend.PutAnswer{Problems: problems} }
	}
	soldOut := cart.Problem{SKU: "sock", Reason: cart.OutOfStock, Asked: 2}
	for _, tt := range []struct {
		name               string
		primary, candidate func(*backend.PutAnswer)
		want               []string
	}{
		{"both refuse", refusal(soldOut), refusal(soldOut), nil},
		{"both refuse, one with a cart", refusal(soldOut), without("sock", cart.OutOfStock), nil},
		{"one refuses", nil, refusal(soldOut), []string{"stock sock: 2 of 2 -> 0 of 2, out_of_stock"}},
		{"one does not know", refusal(soldOut), refusal(cart.Problem{SKU: "sock", Reason: cart.UnknownSKU}), []string{"unknown_sku sock: 0 of 2, out_of_stock -> unknown"}},
		{"the other refuses", refusal(cart.Problem{SKU: "sock", Reason: cart.OutOfStock, Got: 1}), nil, []string{"stock sock: 1 of 2 -> 2 of 2"}},
		{"numbers that make no sense", nil, refusal(cart.Problem{SKU: "sock", Reason: "what", Got: 2}), []string{"stock sock: 2 of 2 -> 0 of 2, out_of_stock"}},
		{"a refusal of nothing", nil, refusal(), []string{"error : answered -> internal bad_backend_answer"}},
		{"a refusal of what nobody asked", nil, refusal(cart.Problem{SKU: "hat"}), []string{"error : answered -> internal bad_backend_answer"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := twoItems
			req.AllOrNothing = true
			if diff := cmp.Diff(told(shadow.Compare(req, changed(tt.primary), changed(tt.candidate), nil)), tt.want); diff != "" {
				t.Errorf("Compare() (-got +want):\n%s", diff)
			}
		})
	}
}

func TestCompareErrors(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name               string
		primary, candidate shadow.Said
		want               []string
	}{
		{"the same", faulty(fault.Invalid, "bad"), faulty(fault.Invalid, "bad"), nil},
		{"another kind", faulty(fault.Invalid, "bad"), faulty(fault.Denied, "bad"), []string{"error : invalid bad -> denied bad"}},
		{"another code", faulty(fault.Invalid, "bad"), faulty(fault.Invalid, "worse"), []string{"error : invalid bad -> invalid worse"}},
		{"here", faulty(fault.Invalid, "bad"), changed(nil), []string{"error : invalid bad -> answered"}},
		{"there", changed(nil), faulty(fault.Limited, ""), []string{"error : answered -> limited"}},
		{"a code that is none", changed(nil), faulty(fault.Denied, "for token-of-the-shopper"), []string{"error : answered -> denied odd_code"}},
		{"a code that is too long", changed(nil), faulty(fault.Denied, strings.Repeat("x", 65)), []string{"error : answered -> denied odd_code"}},
		{"a deadline", changed(nil), shadow.Said{Err: context.DeadlineExceeded}, []string{"error : answered -> unknown deadline_exceeded"}},
		{"a stranger", changed(nil), shadow.Said{Err: errors.New("token-of-the-shopper")}, []string{"error : answered -> internal"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(told(shadow.Compare(twoItems, tt.primary, tt.candidate, nil)), tt.want); diff != "" {
				t.Errorf("Compare() (-got +want):\n%s", diff)
			}
		})
	}
}

func TestAmountsKeepTheirMinorUnits(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		currency money.Currency
		want     string
	}{{"GBP", "GBP 12.34"}, {"JPY", "JPY 1234"}, {"KWD", "KWD 1.234"}} {
		req := backend.PutCart{Items: []cart.Item{{SKU: "a", Quantity: 1}}}
		ds := shadow.Compare(req, shadow.Said{Answer: prices{"a": 1234}.fill(tt.currency, req)}, shadow.Said{Answer: prices{"a": 5}.fill(tt.currency, req)}, nil)
		minor := int64(1234)
		if diff := cmp.Diff(ds[0].Primary, shadow.Value{Text: tt.want, Minor: &minor, Currency: tt.currency}); diff != "" {
			t.Errorf("%s (-got +want):\n%s", tt.currency, diff)
		}
	}
}

// split takes n units of line i into a line of their own.
func split(c *cart.Cart, i int, n int64) {
	rest := c.Lines[i]
	c.Lines[i].Quantity, rest.Quantity = n, rest.Quantity-n
	c.Lines[i].Total = money.Of(rest.UnitPrice.Minor*n, c.Currency)
	rest.Total = money.Of(rest.Total.Minor-c.Lines[i].Total.Minor, c.Currency)
	c.Lines = append(c.Lines, rest)
}

// Neither the order of lines nor how they are split is a difference; and what is
// changed after that is found.
func TestCompareSeesThroughLines(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		req := backend.PutCart{WantPages: true, AllOrNothing: rapid.Bool().Draw(rt, "strict")}
		sold := prices{}
		for i := range rapid.IntRange(1, 8).Draw(rt, "items") {
			sku := fmt.Sprintf("sku-%d", i)
			req.Items = append(req.Items, cart.Item{SKU: sku, Quantity: rapid.Int64Range(1, 20).Draw(rt, "quantity")})
			if rapid.IntRange(0, 4).Draw(rt, "known") > 0 {
				sold[sku] = rapid.Int64Range(0, 1_000_000).Draw(rt, "price")
			}
		}
		one, other := sold.fill("GBP", req), sold.fill("GBP", req)
		for range rapid.IntRange(0, 10).Draw(rt, "splits") {
			if len(other.Cart.Lines) == 0 {
				break
			}
			if i := rapid.IntRange(0, len(other.Cart.Lines)-1).Draw(rt, "line"); other.Cart.Lines[i].Quantity > 1 {
				split(&other.Cart, i, rapid.Int64Range(1, other.Cart.Lines[i].Quantity-1).Draw(rt, "units"))
			}
		}
		other.Cart.Lines = rapid.Permutation(other.Cart.Lines).Draw(rt, "order")
		same := func(a, b backend.PutAnswer) []string {
			return told(shadow.Compare(req, shadow.Said{Answer: a}, shadow.Said{Answer: b}, nil))
		}
		if got := slices.Concat(same(one, one), same(one, other), same(other, one)); got != nil {
			rt.Fatalf("differences of the same: %q", got)
		}
		if len(other.Cart.Lines) == 0 {
			return
		}
		l := &other.Cart.Lines[rapid.IntRange(0, len(other.Cart.Lines)-1).Draw(rt, "changed")]
		l.Total.Minor++
		if got := same(one, other); len(got) != 1 {
			rt.Fatalf("a penny more on %s: %q", l.SKU, got)
		}
	})
}

// answerOf makes an answer of bytes, mostly of a kind that a backend should not give.
func answerOf(raw []byte) shadow.Said {
	next := func() (b byte) {
		if len(raw) > 0 {
			b, raw = raw[0], raw[1:]
		}
		return b
	}
	skus := []string{"shirt", "sock", "hat"}
	currencies := []money.Currency{"GBP", "GBP", "GBP", "JPY", ""}
	amount := func() money.Amount {
		return money.Of(int64(int8(next()))<<(next()%57), currencies[int(next())%len(currencies)])
	}
	switch next() % 8 {
	case 0:
		return shadow.Said{Err: fault.New(fault.Kind(next()%12), string(raw), "")}
	case 1:
		return shadow.Said{Err: errors.New("stranger")}
	}
	a := catalogue.fill("GBP", twoItems)
	a.Cart.ID = cart.ID([]string{"", "c"}[next()%2])
	for range next() % 4 {
		l := cart.Line{SKU: skus[next()%3], Title: string(rune(next())), Quantity: int64(int8(next())), UnitPrice: amount(), Total: amount()}
		a.Cart.Lines = append(a.Cart.Lines, l)
	}
	if next()%2 == 0 {
		a.Cart.Lines = a.Cart.Lines[min(2, len(a.Cart.Lines)):]
	}
	for range next() % 4 {
		a.Problems = append(a.Problems, cart.Problem{SKU: skus[next()%3], Reason: cart.Reason([]string{"unknown_sku", "out_of_stock", "x"}[next()%3]), Got: int64(int8(next()))})
	}
	if next()%2 == 0 {
		tax, total := amount(), amount()
		a.Cart.Totals.Tax, a.Cart.Totals.Total = &tax, total
	}
	a.Pages = nil
	return shadow.Said{Answer: a}
}

// Whatever is answered, nothing differs from itself, and whether two sides differ
// does not depend on which is asked first.
func FuzzCompare(f *testing.F) {
	f.Add([]byte{2, 1}, []byte{2, 1}, false)
	f.Add([]byte{2, 0, 0, 0, 1, 0, 0, 1}, []byte{3, 1, 2, 1, 65, 1, 9, 0, 0, 9, 0, 0}, true)
	f.Add([]byte{0, 3, 'x'}, []byte{1}, false)
	f.Fuzz(func(t *testing.T, here, there []byte, strict bool) {
		req := twoItems
		req.AllOrNothing = strict
		p, c := answerOf(here), answerOf(there)
		for _, side := range []shadow.Said{p, c} {
			if got := shadow.Compare(req, side, side, nil); len(got) != 0 {
				t.Errorf("differs from itself: %q", told(got))
			}
		}
		forth, back := shadow.Compare(req, p, c, nil), shadow.Compare(req, c, p, nil)
		if len(forth) != len(back) {
			t.Fatalf("%q, and the other way %q", told(forth), told(back))
		}
		for i, d := range forth {
			mirrored := shadow.Difference{Kind: d.Kind, SKU: d.SKU, Primary: d.Candidate, Candidate: d.Primary}
			if diff := cmp.Diff(back[i], mirrored); diff != "" || !slices.Contains(shadow.Kinds(), d.Kind) {
				t.Errorf("the other way (-got +want):\n%s", diff)
			}
		}
	})
}
