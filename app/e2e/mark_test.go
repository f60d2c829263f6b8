// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/cartage-dev/cartage/adapters/inbound/orderhooks"
	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/secret"
)

// TestOrderWithoutItsAttribute delivers orders of which a discount's title alone says what they were paid with.
func TestOrderWithoutItsAttribute(t *testing.T) {
	t.Parallel()
	const key, path = "hush", "/hooks/shopify/demo"
	c := newClub(t, nil)
	hooks, err := orderhooks.New(orderhooks.Options{
		Apps: []orderhooks.App{{
			Name: "demo", Path: path, Secrets: []secret.Text{secret.New(key)},
			Installed: []orderhooks.Installed{{Domain: "demo-shop.myshopify.com", ShopID: 1, Shop: "demo"}},
		}},
		News: c.settlement, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := hooks.Drain(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	mux := http.NewServeMux()
	hooks.Register(mux)
	deliver := func(order, customer int, title string) {
		t.Helper()
		body := fmt.Sprintf(`{"id":%d,"currency":"GBP","total_price":"20.00","customer":{"id":%d},"note_attributes":[],"discount_applications":[{"type":"manual","title":%q,"value":"5.0"}]}`, order, customer, title)
		mac := hmac.New(sha256.New, []byte(key))
		mac.Write([]byte(body))
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("X-Shopify-Hmac-Sha256", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
		r.Header.Set("X-Shopify-Topic", "orders/create")
		r.Header.Set("X-Shopify-Shop-Domain", "demo-shop.myshopify.com")
		out := httptest.NewRecorder()
		mux.ServeHTTP(out, r)
		if out.Code != http.StatusOK {
			t.Fatalf("order %d: got %d", order, out.Code)
		}
		c.settled()
	}
	held := map[loyalty.CustomerID]loyalty.ActionID{}
	for _, customer := range []loyalty.CustomerID{"1", "2"} {
		c.endow(customer, 1500)
		held[customer] = c.show(customer)
		if _, err := c.pos.Perform(t.Context(), c.till(customer), held[customer]); err != nil {
			t.Fatal(err)
		}
	}
	owns := func(when string, one, two loyalty.Balance) {
		t.Helper()
		got := c.books("1", "2").balances
		if got["1"] != one || got["2"] != two {
			t.Errorf("%s: got %+v, want %+v and %+v", when, got, one, two)
		}
	}
	title := "£5 off · " + string(held["1"].Mark())
	deliver(11, 2, title)
	owns("another customer's mark, and 20 earned", loyalty.Balance{Available: 500, Held: 1000}, loyalty.Balance{Available: 520, Held: 1000})
	deliver(12, 1, "£5 off")
	owns("no mark", loyalty.Balance{Available: 520, Held: 1000}, loyalty.Balance{Available: 520, Held: 1000})
	deliver(13, 1, title)
	owns("the mark", loyalty.Balance{Available: 540}, loyalty.Balance{Available: 520, Held: 1000})
	deliver(14, 1, title)
	owns("the mark again", loyalty.Balance{Available: 560}, loyalty.Balance{Available: 520, Held: 1000})
}
