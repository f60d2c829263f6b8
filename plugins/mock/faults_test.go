// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/cartage-dev/cartage/plugins/sdk"
)

func TestLostAnswerIsRecovered(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	m := start(t, map[string]any{"data_dir": dir, "faults": map[string]any{"lose_answer_every": 2}})
	m.put(call("first"), bag(sdk.Item{SKU: "item_1_sku", Quantity: 1}))
	req := bag(sdk.Item{SKU: "item_2_sku", Quantity: 1})
	if _, err := m.carts.Put(within(t), call("second"), req); kindOf(err) != "unknown fault_switch" {
		t.Fatalf("got %s, want a lost answer", kindOf(err))
	}
	before, err := os.ReadDir(filepath.Join(dir, kindCart))
	if err != nil || len(before) != 2 {
		t.Fatalf("%d carts after two writes, %v", len(before), err)
	}
	again := m.put(call("second"), req)
	if after, err := os.ReadDir(filepath.Join(dir, kindCart)); err != nil || len(after) != 2 || again.Cart.ID == "" {
		t.Errorf("the repetition made %d carts of two, %v", len(after), err)
	}
}

// TestLostChangesAreRecovered loses every answer, so that each write is known only by asking again.
func TestLostChangesAreRecovered(t *testing.T) {
	t.Parallel()
	shop := opened(t, "")
	id := shop.mustPut(t, "k1", sdk.Item{SKU: "item_1_sku", Quantity: 1})
	lossy := &hurdle{faults: faults{LoseAnswerEvery: 1}}
	carts, port := slowCarts{lossy, shop}, slowCheckout{lossy, checkout{shop.kept, shop.publicURL}}
	for range 2 {
		for name, write := range map[string]func() error{
			"change": func() (err error) {
				_, err = carts.Change(within(t), call("a"), id, set(sdk.Item{SKU: "item_1_sku", Quantity: 3}))
				return err
			},
			"deliver": func() (err error) {
				_, err = port.Deliver(within(t), call("a"), id, sdk.Delivery{Buyer: ann(), Options: []sdk.OptionID{express}})
				return err
			},
			"hand off": func() (err error) {
				_, err = port.HandOff(within(t), call("a"), id, sdk.HandOff{CancelURL: "https://channel.example"})
				return err
			},
		} {
			if got := kindOf(write()); got != "unknown fault_switch" {
				t.Errorf("%s: got %s, want a lost answer", name, got)
			}
		}
	}
	kept, _, err := shop.kept.cart(id)
	if err != nil || len(kept.Done) != 3 || kept.Option != express || kept.CancelURL != "https://channel.example" || kept.totals().Total.Minor != 4200+695 {
		t.Errorf("after three writes, each sent twice, the cart remembers %d, %v", len(kept.Done), err)
	}
}

func TestFailedCallDidNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	m := start(t, map[string]any{"data_dir": dir, "faults": map[string]any{"fail_every": 1}})
	_, err := m.carts.Put(within(t), call("k1"), bag(sdk.Item{SKU: "item_1_sku", Quantity: 1}))
	if kindOf(err) != "unavailable fault_switch" {
		t.Errorf("Put: %s", kindOf(err))
	}
	if _, err := m.carts.Get(within(t), call(""), "c"); kindOf(err) != "unavailable fault_switch" {
		t.Errorf("Get: %s", kindOf(err))
	}
	if _, err := m.carts.Change(within(t), call("k2"), "c", set()); kindOf(err) != "unavailable fault_switch" {
		t.Errorf("Change: %s", kindOf(err))
	}
	if _, err := m.checkout.Deliver(within(t), call("k2"), "c", sdk.Delivery{}); kindOf(err) != "unavailable fault_switch" {
		t.Errorf("Deliver: %s", kindOf(err))
	}
	if _, err := m.checkout.HandOff(within(t), call("k2"), "c", sdk.HandOff{}); kindOf(err) != "unavailable fault_switch" {
		t.Errorf("HandOff: %s", kindOf(err))
	}
	if _, err := m.orders.ByReference(within(t), call(""), "r1"); kindOf(err) != "unavailable fault_switch" {
		t.Errorf("ByReference: %s", kindOf(err))
	}
	if _, err := m.loyalty.Points(within(t), call(""), "1"); kindOf(err) != "unavailable fault_switch" {
		t.Errorf("Points: %s", kindOf(err))
	}
	if _, err := m.loyalty.Move(within(t), keyed(1), earn(1)); kindOf(err) != "unavailable fault_switch" {
		t.Errorf("Move: %s", kindOf(err))
	}
	if _, err := m.loyalty.Moved(within(t), call(""), keyed(1).Key); kindOf(err) != "unavailable fault_switch" {
		t.Errorf("Moved: %s", kindOf(err))
	}
	if made, err := os.ReadDir(filepath.Join(dir, kindCart)); err != nil || len(made) != 0 {
		t.Errorf("%d carts, %v", len(made), err)
	}
}

func TestDelayEndsWithTheCall(t *testing.T) {
	t.Parallel()
	shop := opened(t, "")
	slow := slowCarts{&hurdle{delay: time.Minute}, shop}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := slow.Put(ctx, call("k1"), sdk.PutCart{Items: []sdk.Item{{SKU: "item_1_sku", Quantity: 1}}}); kindOf(err) != "unavailable too_slow" {
		t.Errorf("got %s", kindOf(err))
	}
	if shop.kept.made != 0 {
		t.Error("a call that ran out of time made a cart")
	}
}
