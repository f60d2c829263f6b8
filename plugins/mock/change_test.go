// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cartage-dev/cartage/plugins/sdk"
)

func (m *tried) change(c sdk.Call, id sdk.CartID, req sdk.ChangeCart) sdk.ChangeAnswer {
	m.t.Helper()
	answer, err := m.carts.Change(within(m.t), c, id, req)
	if err != nil {
		m.t.Fatalf("change: %v", err)
	}
	return answer
}

func set(items ...sdk.Item) sdk.ChangeCart { return sdk.ChangeCart{Set: items} }

func codes(all ...string) sdk.ChangeCart { return sdk.ChangeCart{SetCodes: true, Codes: all} }

// holding is a cart as SKUs with their quantities, in order.
func holding(c sdk.Cart) string {
	var all []string
	for _, l := range c.Lines {
		all = append(all, fmt.Sprint(l.Quantity, " ", l.SKU))
	}
	return strings.Join(all, ", ")
}

func TestChangeSetsQuantities(t *testing.T) {
	t.Parallel()
	m := start(t, nil)
	id := m.put(call("k1"), bag(sdk.Item{SKU: "item_1_sku", Quantity: 1}, sdk.Item{SKU: "item_2_sku", Quantity: 2})).Cart.ID
	tests := []struct { // one after another, on one cart
		name     string
		set      []sdk.Item
		want     string
		problems []sdk.Problem
	}{
		{"another quantity", []sdk.Item{{SKU: "item_1_sku", Quantity: 4}}, "4 item_1_sku, 2 item_2_sku", nil},
		{"one out, one in", []sdk.Item{{SKU: "item_1_sku"}, {SKU: "teapot_slate", Quantity: 1}}, "2 item_2_sku, 1 teapot_slate", nil},
		{"out again, what is not there", []sdk.Item{{SKU: "item_1_sku"}, {SKU: "no_such_sku"}}, "2 item_2_sku, 1 teapot_slate", nil},
		{"what cannot be had", []sdk.Item{{SKU: "last_three_sku", Quantity: 5}, {SKU: "sold_out_sku", Quantity: 1}, {SKU: "item_2_sku", Quantity: 1}}, "1 item_2_sku, 1 teapot_slate, 3 last_three_sku",
			[]sdk.Problem{{SKU: "last_three_sku", Reason: sdk.QuantityReduced, Asked: 5, Got: 3}, {SKU: "sold_out_sku", Reason: sdk.OutOfStock, Asked: 1}}},
		{"all out", []sdk.Item{{SKU: "item_2_sku"}, {SKU: "teapot_slate"}, {SKU: "last_three_sku"}, {SKU: "sold_out_sku"}}, "", nil},
		{"and in again", []sdk.Item{{SKU: "item_2_sku", Quantity: 9}}, "9 item_2_sku", nil},
	}
	for _, tt := range tests {
		for _, key := range []string{tt.name, tt.name, "", "another " + tt.name} { // repeating it changes nothing
			answer := m.change(call(key), id, set(tt.set...))
			if diff := cmp.Diff(tt.problems, answer.Problems); holding(answer.Cart) != tt.want || diff != "" {
				t.Errorf("%s: the cart holds %s; problems (-want +got):\n%s", tt.name, holding(answer.Cart), diff)
			}
			found, err := m.carts.Get(within(t), call(""), id)
			if diff := cmp.Diff(answer.Cart, found); err != nil || diff != "" {
				t.Errorf("%s: %v; Get shows another cart:\n%s", tt.name, err, diff)
			}
		}
	}
}

func TestCodesFollowTheLines(t *testing.T) {
	t.Parallel()
	m := start(t, nil)
	id := m.put(call("k1"), bag(sdk.Item{SKU: "item_1_sku", Quantity: 2})).Cart.ID
	refused := []sdk.RefusedCode{{Code: "FIVEROFF", Reason: sdk.NotApplicable}}
	tests := []struct { // one after another, on one cart
		name    string
		req     sdk.ChangeCart
		want    []string
		off     int64
		refused []sdk.RefusedCode
	}{
		{"two codes", codes("FIVEROFF", "welcome10"), []string{"FIVEROFF", "welcome10"}, 780, nil},
		{"one rests", set(sdk.Item{SKU: "item_1_sku", Quantity: 1}), []string{"welcome10"}, 140, refused},
		{"still rests where it is asked for", codes("FIVEROFF", "welcome10"), []string{"welcome10"}, 140, refused},
		{"and comes back", set(sdk.Item{SKU: "item_1_sku", Quantity: 3}), []string{"FIVEROFF", "welcome10"}, 920, nil},
		{"one is gone", codes("welcome10"), []string{"welcome10"}, 420, nil},
		{"fewer", set(sdk.Item{SKU: "item_1_sku", Quantity: 1}), []string{"welcome10"}, 140, nil},
		{"what is refused", codes("welcome10", "FIVEROFF", "SPRING"), []string{"welcome10"}, 140, append(refused, sdk.RefusedCode{Code: "SPRING", Reason: sdk.ExpiredCode})},
		{"is forgotten", set(sdk.Item{SKU: "item_1_sku", Quantity: 3}), []string{"welcome10"}, 420, nil},
		{"none", codes(), nil, 0, nil},
	}
	for _, tt := range tests {
		for _, key := range []string{tt.name, tt.name, ""} {
			answer := m.change(call(key), id, tt.req)
			got := answer.Cart.Totals
			if diff := cmp.Diff(tt.want, answer.Cart.Codes) + cmp.Diff(tt.refused, answer.Refused); diff != "" || got.Discount.Minor != tt.off {
				t.Errorf("%s: %d off; codes and refused (-want +got):\n%s", tt.name, got.Discount.Minor, diff)
			}
			if got.Total.Minor != got.Subtotal.Minor-got.Discount.Minor+got.Shipping.Minor {
				t.Errorf("%s: %+v does not add up", tt.name, got)
			}
		}
	}
}

// TestGiftCardsCountForNothing holds that what is not sent decides neither about codes nor about delivery.
func TestGiftCardsCountForNothing(t *testing.T) {
	t.Parallel()
	m := start(t, nil)
	id := m.put(call("k1"), bag(sdk.Item{SKU: "gift_card", Quantity: 4})).Cart.ID
	answer := m.change(call("k2"), id, codes("WELCOME10", "FIVEROFF"))
	if got := answer.Cart.Totals; len(answer.Refused) != 2 || got.Total != sdk.Of(10_000, "GBP") || got.Shipping.Minor != 0 {
		t.Errorf("gift cards alone: %+v, refused %v", got, answer.Refused)
	}
	answer = m.change(call("k3"), id, sdk.ChangeCart{Set: []sdk.Item{{SKU: "item_1_sku", Quantity: 1}}, SetCodes: true, Codes: []string{"WELCOME10"}})
	if got := answer.Cart.Totals; got.Discount.Minor != 140 || got.Shipping.Minor != 395 || got.Total.Minor != 10_000+1400-140+395 {
		t.Errorf("with a mug: %+v", got)
	}
}

func TestChangeOfOtherCarts(t *testing.T) {
	t.Parallel()
	m := start(t, nil)
	item := sdk.Item{SKU: "item_1_sku", Quantity: 2}
	ordered, old, open := m.put(call("k1"), bag(item)), m.put(call("k2"), bag(item)), m.put(call("k3"), bag(item))
	if page := m.post(ordered.Pages.Checkout.URL, rightForm()); page.status != http.StatusSeeOther {
		t.Fatalf("order: %d", page.status)
	}
	next := bag(item)
	next.Supersedes = old.Cart.ID
	m.put(call("k4"), next)
	elsewhere := call("k5")
	elsewhere.Shop = "second"
	for _, tt := range []struct {
		name string
		call sdk.Call
		id   sdk.CartID
		want string
	}{
		{"ordered", call("k5"), ordered.Cart.ID, "conflict cart_completed"},
		{"ordered, asked by another shop", elsewhere, ordered.Cart.ID, "not_found unknown_cart"},
		{"another shop's", elsewhere, open.Cart.ID, "not_found unknown_cart"},
		{"given up", call("k5"), old.Cart.ID, "not_found unknown_cart"},
		{"never made", call("k5"), "0123456789abcdef0123456789abcdef", "not_found unknown_cart"},
		{"no id of this shop", call("k5"), "../carts", "not_found unknown_cart"},
	} {
		if _, err := m.carts.Change(within(t), tt.call, tt.id, set(item)); kindOf(err) != tt.want {
			t.Errorf("change of a cart that is %s: %s, want %s", tt.name, kindOf(err), tt.want)
		}
		if _, err := m.checkout.Deliver(within(t), tt.call, tt.id, sdk.Delivery{}); kindOf(err) != tt.want {
			t.Errorf("delivery of a cart that is %s: %s, want %s", tt.name, kindOf(err), tt.want)
		}
		if _, err := m.checkout.HandOff(within(t), tt.call, tt.id, sdk.HandOff{}); kindOf(err) != tt.want {
			t.Errorf("hand-off of a cart that is %s: %s, want %s", tt.name, kindOf(err), tt.want)
		}
	}
}

func TestChangeRefuses(t *testing.T) {
	t.Parallel()
	shop := opened(t, "")
	id := shop.mustPut(t, "k1", sdk.Item{SKU: "item_1_sku", Quantity: 1})
	for _, tt := range []struct {
		name  string
		req   sdk.ChangeCart
		field string
	}{
		{"too many units", set(sdk.Item{SKU: "item_1_sku", Quantity: quantityMax + 1}), "set[0].quantity"},
		{"less than none", set(sdk.Item{SKU: "item_1_sku", Quantity: -1}), "set[0].quantity"},
		{"a sku twice", set(sdk.Item{SKU: "a"}, sdk.Item{SKU: "a"}), "set[1].sku"},
		{"too many lines", set(make([]sdk.Item, linesMax+1)...), "set"},
		{"too many codes", codes(strings.Split(strings.Repeat("a,", codesMax)+"b", ",")...), "codes"},
		{"a long code", codes("A", strings.Repeat("ß", codeMax+1)), "codes[1]"},
		{"no code at all", codes(""), "codes[0]"},
	} {
		_, err := shop.Change(within(t), call("k2"), id, tt.req)
		f, ok := errors.AsType[*sdk.Fault](err)
		if !ok || f.Kind != sdk.Invalid || len(f.Fields) == 0 || f.Fields[0].Path != tt.field {
			t.Errorf("%s: got %v, want Invalid for %s", tt.name, err, tt.field)
		}
	}
	if c, err := shop.Get(within(t), call(""), id); err != nil || holding(c) != "1 item_1_sku" {
		t.Errorf("after refusals the cart holds %s, %v", holding(c), err)
	}
}

// TestChangeOncePerKey repeats a change late, when another has come in between.
func TestChangeOncePerKey(t *testing.T) {
	t.Parallel()
	m := start(t, nil)
	id := m.put(call("k1"), bag(sdk.Item{SKU: "item_1_sku", Quantity: 1})).Cart.ID
	first := set(sdk.Item{SKU: "last_three_sku", Quantity: 4})
	m.change(call("a"), id, first)
	m.change(call("b"), id, set(sdk.Item{SKU: "last_three_sku", Quantity: 2}))
	if late := m.change(call("a"), id, first); holding(late.Cart) != "1 item_1_sku, 2 last_three_sku" || len(late.Problems) != 1 || late.Problems[0].Got != 3 {
		t.Errorf("repeated late: the cart holds %s, with %v", holding(late.Cart), late.Problems)
	}
	if _, err := m.carts.Change(within(t), call("a"), id, set()); kindOf(err) != "conflict key_reused" {
		t.Errorf("the key for another change: %s", kindOf(err))
	}
	for i := range 2 * doneMax { // what is remembered is bounded, and the last is
		m.change(call(fmt.Sprint("c", i)), id, set(sdk.Item{SKU: "item_1_sku", Quantity: int64(i + 1)}))
	}
	if again := m.change(call(fmt.Sprint("c", 2*doneMax-2)), id, set(sdk.Item{SKU: "item_1_sku", Quantity: 2*doneMax - 1})); again.Cart.Lines[0].Quantity != 2*doneMax {
		t.Errorf("an earlier change was done again: %s", holding(again.Cart))
	}
}

func TestChangesAtOnceOfTwoProcesses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	shops := []*carts{opened(t, dir), opened(t, dir)}
	id := shops[0].mustPut(t, "k1", sdk.Item{SKU: "item_1_sku", Quantity: 1})
	skus := []string{"item_2_sku", "teapot_slate", "plate_chalk", "bowl_indigo", "jug_blush", "board_ash", "mug_moss", "jar_ink"}
	var all sync.WaitGroup
	for i, sku := range skus {
		all.Go(func() {
			if _, err := shops[i%2].Change(within(t), call(sku), id, set(sdk.Item{SKU: sku, Quantity: int64(i + 1)})); err != nil {
				t.Errorf("change: %v", err)
			}
		})
	}
	all.Wait()
	c, err := shops[0].Get(within(t), call(""), id)
	if err != nil || len(c.Lines) != len(skus)+1 {
		t.Errorf("a change was lost: %s, %v", holding(c), err)
	}
}
