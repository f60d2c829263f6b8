// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/checkout"
	"github.com/cartage-dev/cartage/core/customer"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/money"
	"github.com/cartage-dev/cartage/ports/backend"
)

// TestNodeLeadsToTheOrder goes the way of a cart that a channel leads to its order:
// changed, delivered, handed off, paid for on the shop's page, and back.
func TestNodeLeadsToTheOrder(t *testing.T) {
	p, _ := mustLaunchNode(t, map[string]any{})
	b, ctx := p.Backend(), within(t, time.Minute)
	made, err := b.Carts.Put(ctx, inPounds, backend.PutCart{Reference: "led", Items: []cart.Item{{SKU: "item_1_sku", Quantity: 1}, {SKU: "item_2_sku", Quantity: 2}}})
	if err != nil {
		t.Fatal(err)
	}
	id := made.Cart.ID
	changed, err := b.Carts.Change(ctx, inPounds, id, backend.ChangeCart{
		Set:      []cart.Item{{SKU: "item_1_sku", Quantity: 2}, {SKU: "item_2_sku", Quantity: 0}, {SKU: "scarce_sku", Quantity: 3}},
		SetCodes: true, Codes: []string{"NONE", "TENTH", "FIFTH"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]cart.Problem{{SKU: "scarce_sku", Reason: cart.QuantityReduced, Asked: 3, Got: 2}}, changed.Problems); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]cart.RefusedCode{{Code: "NONE", Reason: cart.UnknownCode}, {Code: "FIFTH", Reason: cart.NotCombinable}}, changed.Refused); diff != "" {
		t.Errorf("refused codes (-want +got):\n%s", diff)
	}
	const goods = 2*2450 + 2*3100
	quote, err := b.Checkout.Deliver(ctx, inPounds, id, backend.Delivery{
		Buyer: checkout.Buyer{Address: customer.Address{Country: "GB"}}, Options: []checkout.OptionID{"van"},
	})
	if want := money.Of(goods-goods/10+395, "GBP"); err != nil || !quote.Settled() || quote.Cart.Totals.Total != want {
		t.Errorf("got the quote %+v, %v, want a total of %s", quote.Cart.Totals, err, want)
	}
	channel := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte(r.URL.Path)) }))
	t.Cleanup(channel.Close)
	pages, err := b.Checkout.HandOff(ctx, inPounds, id, backend.HandOff{SuccessURL: channel.URL + "/thanks"})
	if err != nil || !pages.NeedLink || pages.Cart != nil {
		t.Fatalf("got the pages %+v, %v", pages, err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, pages.Checkout.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	if status, answer := do(t, req); status != http.StatusOK || string(answer) != "/thanks" {
		t.Errorf("ordering led to %d %s", status, answer)
	}
	bought, err := b.Orders.ByReference(ctx, inPounds, "led")
	if err != nil || bought.Cart.Totals.Total != quote.Cart.Totals.Total {
		t.Errorf("got the order %+v, %v", bought, err)
	}
	_, change := b.Carts.Change(ctx, inPounds, id, backend.ChangeCart{})
	_, deliver := b.Checkout.Deliver(ctx, inPounds, id, backend.Delivery{})
	_, handOff := b.Checkout.HandOff(ctx, inPounds, id, backend.HandOff{})
	for _, err := range []error{change, deliver, handOff} {
		if f := fault.From(err); f.Kind != fault.Conflict || f.Code != "cart_completed" {
			t.Errorf("of the cart that was bought: got %v, want cart_completed", err)
		}
	}
}

// TestNodeVerifyFile reads the file that plugins/protocol/ANY_LANGUAGE.md verifies the plugin with.
func TestNodeVerifyFile(t *testing.T) {
	file := filepath.Join(filepath.Dir(nodePlugin(t)), "verify.yaml")
	got := cartage(t, nil, "plugin", "verify", nodePlugin(t), "--settings", file, "--rule", "carts.change.two_codes", "--rule", "checkout.deliver.refused_country")
	if got.code != 0 || !strings.Contains(got.out, "2 passed") {
		t.Errorf("it ended with %d: %s%s", got.code, got.out, got.err)
	}
}
