// SPDX-License-Identifier: Apache-2.0

package backendtest_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/order"
	"github.com/cartage-dev/cartage/ports/backend"
	"github.com/cartage-dev/cartage/ports/backend/backendtest"
)

var faultMutants = []breakage{
	{"faults without a code", refusing(func(f *fault.Error) error { f.Code = ""; return f }), []string{
		"carts.change.other_shop", "checkout.deliver.other_shop", "checkout.hand_off.other_shop",
		"carts.change.ordered_cart", "carts.change.unknown", "carts.put.ordered_cart_stays", "carts.put.refused_currency",
		"checkout.deliver.odd_address", "checkout.deliver.ordered_cart", "checkout.deliver.refused_country", "checkout.deliver.unknown",
		"checkout.deliver.unknown_option", "checkout.hand_off.ordered_cart", "checkout.hand_off.unknown", "faults.code",
		"loyalty.move.insufficient", "loyalty.move.key_of_another", "loyalty.move.key_reused", "loyalty.move.keys_of_shops", "loyalty.move.no_points",
		"loyalty.move.refused_key_is_free", "loyalty.move.repeated_after_unknown", "loyalty.move.takings_at_once", "loyalty.move.unknown_customer",
		"loyalty.moved.deadline", "loyalty.moved.refused", "loyalty.moved.unknown", "loyalty.points.strange", "loyalty.points.unknown",
	}},
	{"codes with spaces", refusing(func(f *fault.Error) error { f.Code = "Not OK"; return f }), []string{
		"carts.change.other_shop", "checkout.deliver.other_shop", "checkout.hand_off.other_shop",
		"carts.change.ordered_cart", "carts.change.unknown", "carts.put.ordered_cart_stays", "checkout.deliver.odd_address",
		"checkout.deliver.ordered_cart", "checkout.deliver.refused_country", "checkout.deliver.unknown", "checkout.deliver.unknown_option",
		"checkout.hand_off.ordered_cart", "checkout.hand_off.unknown", "faults.code",
		"loyalty.move.insufficient", "loyalty.move.key_of_another", "loyalty.move.key_reused", "loyalty.move.keys_of_shops", "loyalty.move.no_points",
		"loyalty.move.refused_key_is_free", "loyalty.move.repeated_after_unknown", "loyalty.move.takings_at_once", "loyalty.move.unknown_customer",
		"loyalty.moved.deadline", "loyalty.moved.refused", "loyalty.moved.unknown", "loyalty.points.strange", "loyalty.points.unknown",
	}},
	{"dots are segments of a path", dotted, []string{
		"carts.change.strange_codes", "carts.change.strange_ids", "carts.get.strange_ids", "carts.put.hostile_skus",
		"checkout.deliver.strange_ids", "checkout.hand_off.strange_ids", "orders.by_reference.strange",
		"loyalty.moved.strange_orders", "loyalty.points.strange",
	}},
	{"nobody's fault", refusing(func(f *fault.Error) error { f.Source = fault.Engine; return f }), []string{"faults.source"}},
	{"a secret in a fault", refusing(func(f *fault.Error) error { f.Message += " with " + secretCanary; return f }), []string{"faults.no_secret"}},
	{"a token in a field", refusing(func(f *fault.Error) error {
		return f.With(fault.Field{Path: "customer", Detail: "cartage-canary-customer-token-7f3a"})
	}), []string{"faults.no_secret"}},
	{"the shop's own error page in a fault", refusing(func(f *fault.Error) error { f.Message = "got <html><body>nginx"; return f }), []string{"faults.message"}},
	{"an address in a fault", refusing(func(f *fault.Error) error { f.Message = "GET https://10.1.2.3/rest/V1: refused"; return f }), []string{"faults.message"}},
	{"errors that are no faults", refusing(func(f *fault.Error) error { return errors.New(f.Message) }), []string{
		"carts.change.key_reused", "carts.change.other_shop", "carts.get.other_shop", "carts.put.key_reused",
		"checkout.deliver.key_reused", "checkout.deliver.other_shop", "checkout.hand_off.other_shop",
		"carts.change.deadline", "carts.change.impossible", "carts.change.ordered_cart", "carts.change.repeated_after_unknown",
		"carts.change.strange_ids", "carts.change.unknown", "carts.get.deadline", "carts.get.strange_ids", "carts.get.unknown", "carts.put.canceled",
		"carts.put.deadline", "carts.put.impossible", "carts.put.ordered_cart_stays", "carts.put.refused_currency",
		"carts.put.repeated_after_unknown", "carts.put.strange_customer", "checkout.deliver.deadline", "checkout.deliver.odd_address",
		"checkout.deliver.ordered_cart", "checkout.deliver.refused_country", "checkout.deliver.repeated_after_unknown",
		"checkout.deliver.strange_ids", "checkout.deliver.unknown", "checkout.deliver.unknown_option", "checkout.hand_off.deadline",
		"checkout.hand_off.ordered_cart", "checkout.hand_off.strange_customer", "checkout.hand_off.strange_ids", "checkout.hand_off.unknown",
		"faults.classified", "faults.code", "faults.source", "orders.by_reference.deadline", "orders.by_reference.not_yet",
		"orders.by_reference.strange", "orders.by_reference.unknown",
		"loyalty.move.deadline", "loyalty.points.deadline",
		"loyalty.move.insufficient", "loyalty.move.key_of_another", "loyalty.move.key_reused", "loyalty.move.keys_of_shops", "loyalty.move.no_points",
		"loyalty.move.refused_key_is_free", "loyalty.move.repeated_after_unknown", "loyalty.move.takings_at_once", "loyalty.move.unknown_customer",
		"loyalty.moved.deadline", "loyalty.moved.refused", "loyalty.moved.unknown", "loyalty.points.strange", "loyalty.points.unknown",
	}},
}

var orderMutants = []breakage{
	{"carts are orders", func(m *mutant) {
		put, find := m.put, m.find
		var mu sync.Mutex
		put2 := map[string]cart.Cart{}
		m.put = func(ctx context.Context, call backend.Call, req backend.PutCart) (backend.PutAnswer, error) {
			a, err := put(ctx, call, req)
			mu.Lock()
			defer mu.Unlock()
			put2[req.Reference] = a.Cart
			return a, err
		}
		m.find = func(ctx context.Context, call backend.Call, reference string) (order.Order, error) {
			mu.Lock()
			defer mu.Unlock()
			if c, made := put2[reference]; made && reference != orderedReference {
				return order.Order{ID: "o", Cart: c, Reference: reference}, nil
			}
			return find(ctx, call, reference)
		}
	}, []string{"orders.by_reference.not_yet"}},
	{"an order under another reference", finding(func(o *order.Order) { o.Reference = "000000123" }), []string{"orders.by_reference.finds"}},
	{"an order without a number", finding(func(o *order.Order) { o.Number = "" }), []string{"orders.by_reference.finds"}},
	{"an order in the future", finding(func(o *order.Order) { o.PlacedAt = time.Now().Add(time.Hour) }), []string{"orders.by_reference.finds"}},
	{"an order without what was bought", finding(func(o *order.Order) { o.Cart = cart.Cart{Currency: "GBP"} }), []string{"orders.by_reference.totals"}},
	{"an order whose lines do not add up", finding(func(o *order.Order) { o.Cart.Lines[0].Total.Minor -= 7 }), []string{"orders.by_reference.totals"}},
	{"any order for a wildcard", func(m *mutant) {
		find := m.find
		m.find = func(ctx context.Context, call backend.Call, reference string) (order.Order, error) {
			if reference == "%" {
				reference = orderedReference
			}
			return find(ctx, call, reference)
		}
	}, []string{"orders.by_reference.strange"}},
}

// breakage is one way in which a backend may be broken.
type breakage struct {
	name  string
	spoil func(m *mutant)
	want  []string // exactly the rules that must fail
}

func mutants() []breakage {
	return slices.Concat(putMutants, changeMutants, codeMutants, deliverMutants, handOffMutants, orderMutants, faultMutants, shopMutants, reuseMutants, queueMutants, loyaltyMutants, movementMutants)
}

// sums are the rules beside that look at all the sums of a cart.
func sums(also ...string) []string {
	return append(also, "carts.change.code", "carts.change.empties", "carts.change.totals_add_up",
		"checkout.deliver.choose_another", "checkout.deliver.sets_shipping", "checkout.deliver.then_changed")
}

// TestMutants proves that the kit catches each broken backend, by exactly the
// rules that it should, and every rule catches one.
func TestMutants(t *testing.T) {
	t.Parallel()
	for _, tt := range mutants() {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := newMemory()
			broken := mutantOf(m)
			tt.spoil(broken)
			b := m.backend()
			b.Info, b.Carts, b.Checkout, b.Orders, b.Loyalty = broken.info, broken, broken, broken, broken
			if broken.noCarts {
				b.Carts = nil
			}
			var caught []string
			for _, r := range judge(t, b, sample()).Results {
				if r.Outcome == backendtest.Failed {
					caught = append(caught, r.Rule)
				}
			}
			slices.Sort(caught)
			want := slices.Sorted(slices.Values(tt.want))
			if diff := cmp.Diff(want, caught); diff != "" {
				t.Errorf("caught by other rules than it should (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEveryRuleCatchesAMutant(t *testing.T) {
	t.Parallel()
	for _, r := range backendtest.Rules() {
		if !slices.ContainsFunc(mutants(), func(m breakage) bool { return slices.Contains(m.want, r.ID) }) {
			t.Errorf("no mutant is caught by %s", r.ID)
		}
	}
}
