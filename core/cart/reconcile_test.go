// SPDX-License-Identifier: Apache-2.0

package cart_test

import (
	"errors"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/money"
)

func line(sku string, n int64) cart.Line {
	return cart.Line{ID: "l-" + sku, SKU: sku, Quantity: n, UnitPrice: money.Of(100, "GBP"), Total: money.Of(100, "GBP")}
}

// holding is a cart as a healthy backend answers it.
func holding(lines ...cart.Line) cart.Cart {
	return cart.Cart{
		ID: "c-1", Currency: "GBP", Lines: lines,
		Totals: cart.Totals{Subtotal: money.Of(100, "GBP"), Discount: money.Zero("GBP"), Total: money.Of(100, "GBP")},
	}
}

// but is a healthy cart, changed by how.
func but(how func(*cart.Cart)) cart.Cart {
	c := holding(line("A", 2))
	how(&c)
	return c
}

func TestReconcile(t *testing.T) {
	t.Parallel()
	two := []cart.Item{{SKU: "A", Quantity: 2}}
	minus, euros := money.Of(-1, "GBP"), money.Of(1, "EUR")
	for _, tt := range []struct {
		name  string
		asked []cart.Item
		got   cart.Cart
		said  []cart.Problem
		want  []cart.Problem
		bad   bool
	}{
		{"all as asked", two, holding(line("A", 2)), nil, nil, false},
		{"in two lines", two, holding(line("A", 1), line("A", 1)), nil, nil, false},
		{"as asked and complained about", two, holding(line("A", 2)), []cart.Problem{{SKU: "A", Reason: cart.OutOfStock}}, nil, false},
		{"fewer", two, holding(line("A", 1)), nil, []cart.Problem{{"A", cart.QuantityReduced, 2, 1}}, false},
		{"fewer, and the reason contradicts", two, holding(line("A", 1)), []cart.Problem{{SKU: "A", Reason: cart.UnknownSKU}}, []cart.Problem{{"A", cart.QuantityReduced, 2, 1}}, false},
		{"none, unsaid", two, holding(), nil, []cart.Problem{{"A", cart.OutOfStock, 2, 0}}, false},
		{"none, unknown", two, holding(), []cart.Problem{{SKU: "A", Reason: cart.UnknownSKU}}, []cart.Problem{{"A", cart.UnknownSKU, 2, 0}}, false},
		{"none, not for sale", two, holding(), []cart.Problem{{SKU: "A", Reason: cart.NotForSale}}, []cart.Problem{{"A", cart.NotForSale, 2, 0}}, false},
		{"none, said to be reduced", two, holding(), []cart.Problem{{SKU: "A", Reason: cart.QuantityReduced}}, []cart.Problem{{"A", cart.OutOfStock, 2, 0}}, false},
		{"none, for a reason of no list", two, holding(), []cart.Problem{{SKU: "A", Reason: "<b>"}}, []cart.Problem{{"A", cart.OutOfStock, 2, 0}}, false},
		{"numbers of the backend's own", two, holding(line("A", 1)), []cart.Problem{{"A", cart.QuantityReduced, 99, 98}}, []cart.Problem{{"A", cart.QuantityReduced, 2, 1}}, false},
		{"a complaint about something else", two, holding(line("A", 2)), []cart.Problem{{SKU: "Z", Reason: cart.OutOfStock}}, nil, false},
		{"in the order asked", []cart.Item{{"B", 1}, {"A", 1}, {"C", 1}}, holding(line("A", 1)), nil, []cart.Problem{{"B", cart.OutOfStock, 1, 0}, {"C", cart.OutOfStock, 1, 0}}, false},

		{"more than asked", two, holding(line("A", 3)), nil, nil, true},
		{"more in two lines", two, holding(line("A", 2), line("A", 1)), nil, nil, true},
		{"something else as well", two, holding(line("A", 2), line("Z", 1)), nil, nil, true},
		{"something else instead", two, holding(line("Z", 2)), nil, nil, true},
		{"another case", two, holding(line("a", 2)), nil, nil, true},
		{"a line of nothing", two, holding(line("A", 2), line("A", 0)), nil, nil, true},
		{"a line below zero", two, holding(line("A", 3), line("A", -1)), nil, nil, true},
		{"lines that wrap around to what was asked", []cart.Item{{"A", 1}}, holding(line("A", math.MaxInt64), line("A", math.MaxInt64), line("A", 3)), nil, nil, true},
		{"lines that wrap around below zero", two, holding(line("A", math.MaxInt64), line("A", math.MaxInt64)), nil, nil, true},
		{"no id", two, but(func(c *cart.Cart) { c.ID = "" }), nil, nil, true},
		{"no currency", two, but(func(c *cart.Cart) { c.Currency = "" }), nil, nil, true},
		{"unknown currency", two, but(func(c *cart.Cart) { c.Currency = "XXX" }), nil, nil, true},
		{"unit price in another currency", two, but(func(c *cart.Cart) { c.Lines[0].UnitPrice = euros }), nil, nil, true},
		{"line total in another currency", two, but(func(c *cart.Cart) { c.Lines[0].Total = euros }), nil, nil, true},
		{"line total without a currency", two, but(func(c *cart.Cart) { c.Lines[0].Total = money.Amount{} }), nil, nil, true},
		{"subtotal in another currency", two, but(func(c *cart.Cart) { c.Totals.Subtotal = euros }), nil, nil, true},
		{"tax in another currency", two, but(func(c *cart.Cart) { c.Totals.Tax = &euros }), nil, nil, true},
		{"unit price below zero", two, but(func(c *cart.Cart) { c.Lines[0].UnitPrice = minus }), nil, nil, true},
		{"total below zero", two, but(func(c *cart.Cart) { c.Totals.Total = minus }), nil, nil, true},
		{"discount below zero", two, but(func(c *cart.Cart) { c.Totals.Discount = minus }), nil, nil, true},
		{"shipping below zero", two, but(func(c *cart.Cart) { c.Totals.Shipping = &minus }), nil, nil, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := cart.Reconcile(tt.asked, tt.got, tt.said)
			if tt.bad {
				f, ok := errors.AsType[*fault.Error](err)
				if !ok || f.Kind != fault.Internal || f.Source != fault.Backend || f.Code != "bad_backend_answer" {
					t.Errorf("Reconcile() = %v, %v; want bad_backend_answer by the backend", got, err)
				}
				return
			}
			if diff := cmp.Diff(got, tt.want); err != nil || diff != "" {
				t.Errorf("Reconcile() %v (-got +want):\n%s", err, diff)
			}
		})
	}
}

func TestParseReason(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		want bool
	}{{"unknown_sku", true}, {"out_of_stock", true}, {"quantity_reduced", true}, {"not_for_sale", true}, {"", false}, {"OUT_OF_STOCK", false}, {"sold", false}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got, ok := cart.ParseReason(tt.name); ok != tt.want || ok && string(got) != tt.name {
				t.Errorf("ParseReason(%q) = %q, %t", tt.name, got, ok)
			}
		})
	}
}

// reconcile holds Reconcile to its promises over any lines: what came is counted
// without wrapping, extras are refused, and exactly what came short is named.
func reconcile(t reporter, asked []cart.Item, lines []cart.Line, said []cart.Problem) {
	t.Helper()
	came, odd := map[string]float64{}, false
	for _, l := range lines {
		came[l.SKU] += float64(l.Quantity) // cannot wrap; exact for every sum that could be accepted
		odd = odd || l.Quantity < 1
	}
	var want []cart.Problem
	for _, a := range asked {
		n := came[a.SKU]
		odd = odd || n > float64(a.Quantity)
		if n < float64(a.Quantity) {
			want = append(want, cart.Problem{SKU: a.SKU, Asked: a.Quantity, Got: int64(n)})
		}
		delete(came, a.SKU)
	}
	got, err := cart.Reconcile(asked, holding(lines...), said)
	if odd || len(came) > 0 {
		if err == nil {
			t.Errorf("Reconcile(%v, %v) accepted a cart with more than was asked for", asked, lines)
		}
		return
	}
	if err != nil || len(got) != len(want) {
		t.Fatalf("Reconcile(%v, %v) = %v, %v; want %v", asked, lines, got, err, want)
	}
	for i := range got {
		if _, known := cart.ParseReason(string(got[i].Reason)); !known || (got[i].Reason == cart.QuantityReduced) != (got[i].Got > 0) {
			t.Errorf("Reconcile() gives the reason %q for %d", got[i].Reason, got[i].Got)
		}
		got[i].Reason = ""
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("Reconcile(%v, %v) (-got +want):\n%s", asked, lines, diff)
	}
}

func TestReconcileKeepsItsPromises(t *testing.T) {
	t.Parallel()
	sku := rapid.SampledFrom([]string{"A", "B", "C", "a"})
	rapid.Check(t, func(t *rapid.T) {
		skus := rapid.SliceOfNDistinct(sku, 1, 4, rapid.ID[string]).Draw(t, "skus")
		var asked []cart.Item
		var lines []cart.Line
		for _, s := range skus {
			asked = append(asked, cart.Item{SKU: s, Quantity: rapid.Int64Range(1, 4).Draw(t, "asked")})
		}
		for range rapid.IntRange(0, 5).Draw(t, "lines") {
			n := rapid.OneOf(rapid.Int64Range(1, 3), rapid.SampledFrom([]int64{0, -1, math.MaxInt64, math.MinInt64, 9_999, 10_000})).Draw(t, "quantity")
			lines = append(lines, line(sku.Draw(t, "sku"), n))
		}
		reason := rapid.SampledFrom([]cart.Reason{cart.UnknownSKU, cart.OutOfStock, cart.QuantityReduced, cart.NotForSale, "", "other"})
		reconcile(t, asked, lines, []cart.Problem{{SKU: sku.Draw(t, "said"), Reason: reason.Draw(t, "reason")}})
	})
}

func FuzzReconcile(f *testing.F) {
	f.Add(int64(1), int64(math.MaxInt64), int64(math.MaxInt64), int64(3), "unknown_sku")
	f.Add(int64(2), int64(1), int64(1), int64(0), "")
	f.Add(int64(5), int64(2), int64(2), int64(1), "out_of_stock")
	f.Fuzz(func(t *testing.T, asked, n1, n2, n3 int64, reason string) {
		asked = 1 + int64(uint64(asked)%cart.QuantityMax) // what Combine lets through
		lines := []cart.Line{line("A", n1), line("A", n2), line("A", n3)}
		reconcile(t, []cart.Item{{SKU: "A", Quantity: asked}}, lines, []cart.Problem{{SKU: "A", Reason: cart.Reason(reason)}})
	})
}
