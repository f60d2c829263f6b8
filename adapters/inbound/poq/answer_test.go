// SPDX-License-Identifier: Apache-2.0

package poq

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/handoff"
	"github.com/cartage-dev/cartage/core/money"
	"github.com/cartage-dev/cartage/core/order"
	"github.com/cartage-dev/cartage/core/shop"
	"github.com/cartage-dev/cartage/ports/inbound"
)

var update = flag.Bool("update", false, "rewrite what answers are compared with")

// golden compares an answer, indented for reading, with a file.
func golden(t *testing.T, name, body string) {
	t.Helper()
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, []byte(body), "", "  "); err != nil {
		t.Fatalf("not JSON: %v: %s", err, body)
	}
	file := filepath.Join("testdata", name+".json")
	if *update {
		if err := os.WriteFile(file, pretty.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), pretty.String()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 22, 14, 15, 0, 999, time.FixedZone("", 2*60*60))
	for name, open := range map[string]handoff.Request{
		"get": {URL: "https://host.example/handoff/h_5Rk0Qm7yWc2Tn9xLb4Ze1A", Method: handoff.GET},
		"get-with-query": {URL: "https://shop.example/checkout?sessionid=abcd1234&x=<y>", Method: handoff.GET,
			Form: url.Values{"never": {"with GET"}}},
		"post-without-form": {URL: "https://shop.example/checkout", Method: handoff.POST},
		"post": {URL: "https://shop.example/handoff", Method: handoff.POST,
			Form:    url.Values{"v": {"1"}, "ref": {"a b&c=d"}, "note": {"größer", "+"}},
			Headers: []handoff.Header{{Name: "X-Handoff-Version", Value: "1"}, {Name: "X-Second", Value: `say "hi"`}},
			Cookies: []handoff.Cookie{
				{Name: "hs", Value: "c2Vzc2lvbg", Domain: ".shop.example", Path: "/", ExpiresAt: at, HTTPOnly: true, Secure: true},
				{Name: "session", Value: "x", Domain: "shop.example", Path: "/checkout", HTTPOnly: true, Secure: true},
			}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, demoShop())
			b.carts.answer = opens(open)
			got := b.post(t, sample, nil)
			if got.status != http.StatusOK || got.header.Get("Content-Type") != "application/json" || got.header.Get("Cache-Control") != "no-store" {
				t.Errorf("got %d with %v", got.status, got.header)
			}
			golden(t, "answer-"+name, got.body)
		})
	}
}

func TestWhatThePortIsAsked(t *testing.T) {
	t.Parallel()
	s := demoShop()
	s.Budget = time.Minute // beyond what any call may take
	b := newBench(t, s)
	var left time.Duration
	b.carts.answer = func(ctx context.Context, _ inbound.TransferCart) (inbound.Transferred, error) {
		deadline, _ := ctx.Deadline()
		left = time.Until(deadline)
		return inbound.Transferred{Open: handoff.Request{URL: "https://shop.example/", Method: handoff.GET}}, nil
	}
	got := b.post(t, sample, func(r *http.Request) {
		r.Header.Set("X-Customer-Authorization", "bearer  tok_1")
		r.Header.Set("X-Forwarded-For", "203.0.113.7")
	})
	if got.status != http.StatusOK {
		t.Fatalf("got %d: %s", got.status, got.body)
	}
	want := inbound.TransferCart{
		Shop: "demo", Items: []cart.Item{{SKU: "item_1_sku", Quantity: 1}, {SKU: "item_2_sku", Quantity: 5}},
		Currency: "GBP", Reference: "9f1c0a3d5b7e4c2f8a6d1e0b3c5f7a9d", Customer: "tok_1", ShopperIP: netip.MustParseAddr("203.0.113.7"),
	}
	if diff := cmp.Diff([]inbound.TransferCart{want}, b.carts.asked, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
	if left <= 4*time.Second || left > BudgetMax {
		t.Errorf("the port had %v, want a little less than %v", left, BudgetMax)
	}
}

func TestBudgetByDefault(t *testing.T) {
	t.Parallel()
	b := newBench(t, demoShop())
	b.carts.answer = func(ctx context.Context, _ inbound.TransferCart) (inbound.Transferred, error) {
		deadline, ok := ctx.Deadline()
		if left := time.Until(deadline); !ok || left <= time.Second || left > BudgetDefault {
			t.Errorf("the port had %v, want a little less than %v", left, BudgetDefault)
		}
		return inbound.Transferred{}, nil
	}
	b.post(t, sample, nil)
}

func TestGuestsHaveNoToken(t *testing.T) {
	t.Parallel()
	for _, value := range []string{"", "Bearer", "Bearer  "} {
		b := newBench(t, demoShop())
		b.post(t, sample, set("X-Customer-Authorization", value))
		if len(b.carts.asked) != 1 || b.carts.asked[0].Customer != "" {
			t.Errorf("%q was taken for a token: %v", value, b.carts.asked)
		}
	}
}

func TestOrders(t *testing.T) {
	t.Parallel()
	yen := func(n int64) money.Amount { return money.Of(n, "JPY") }
	gbp := func(n int64) money.Amount { return money.Of(n, "GBP") }
	placed := time.Date(2026, 11, 22, 14, 15, 0, 0, time.FixedZone("", 2*60*60))
	for name, o := range map[string]order.Order{
		"gbp": {ID: "4711", Number: "100004711", Reference: "r1", Status: order.Placed, PlacedAt: placed, Cart: cart.Cart{
			Currency: "GBP", Totals: cart.Totals{Total: gbp(3250)},
			Lines: []cart.Line{{SKU: "item_1_sku", Title: `Linen "shirt" <M>`, Quantity: 2, UnitPrice: gbp(1625), Total: gbp(3250)}, {SKU: "free", Quantity: 1, UnitPrice: gbp(0), Total: gbp(0)}},
		}},
		"jpy": {ID: "1", Reference: "r1", Status: order.Cancelled, PlacedAt: placed, Cart: cart.Cart{Currency: "JPY", Totals: cart.Totals{Total: yen(9_007_199_254_740_993)}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, demoShop())
			b.orders = func(context.Context, shop.ID, string) (order.Order, error) { return o, nil }
			got := b.order(t, "r1", nil)
			if got.status != http.StatusOK {
				t.Fatalf("got %d: %s", got.status, got.body)
			}
			golden(t, "order-"+name, got.body)
		})
	}
}

func TestOrdersRefused(t *testing.T) {
	t.Parallel()
	mixed := order.Order{ID: "1", Reference: "r1", Cart: cart.Cart{Currency: "GBP", Totals: cart.Totals{Total: money.Of(1, "JPY")}}}
	b := newBench(t, demoShop())
	b.orders = func(_ context.Context, id shop.ID, reference string) (order.Order, error) {
		if id == "demo" && reference == "mixed" {
			return mixed, nil
		}
		return order.Order{}, notFound("unknown_reference")
	}
	for _, tt := range []struct {
		name, reference string
		edit            func(*http.Request)
		want            int
		code            string
	}{
		{"none carries it", "r1", nil, 404, "unknown_reference"},
		{"not a reference", strings.Repeat("r", 37), nil, 422, "invalid_reference"},
		{"an escaped slash", "a%2Fb", nil, 422, "invalid_reference"},
		{"amounts in two currencies", "mixed", nil, 502, "platform_error"},
		{"no secret", "r1", drop("Authorization"), 401, "unauthorised"},
		{"the secret of transfers", "r1", set("Authorization", "Bearer "+theSecret), 401, "unauthorised"},
		{"POST", "r1", method("POST"), 405, "method_not_allowed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := b.order(t, tt.reference, tt.edit)
			if got.status != tt.want || got.code(t) != tt.code {
				t.Errorf("got %d %s, want %d %s", got.status, got.code(t), tt.want, tt.code)
			}
		})
	}
	t.Run("not served without secrets", func(t *testing.T) {
		t.Parallel()
		s := demoShop()
		s.OrdersSecrets = nil
		if got := newBench(t, s).order(t, "r1", nil); got.status != http.StatusNotFound {
			t.Errorf("got %d", got.status)
		}
	})
}
