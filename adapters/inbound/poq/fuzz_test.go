// SPDX-License-Identifier: Apache-2.0

package poq

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/cartage-dev/cartage/adapters/inbound/httpserver"
	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/handoff"
	"github.com/cartage-dev/cartage/core/order"
)

// FuzzTransferBody: whatever comes, the answer is a documented one, and what
// reaches the port is a cart that core accepts.
func FuzzTransferBody(f *testing.F) {
	for _, body := range []string{
		sample, "", "{}", "null", `{"items":null}`, item("1e18", `"a"`), item("-1", `"a\r\nb"`), with(`"gbp"`, `"../x"`),
		"\ufeff" + sample, sample + "x", `{"items":[{}],"Items":[]}`, `{"x":` + strings.Repeat("[", 64), item("1", `"a\ud800"`), "\x1f\x8b\x08",
	} {
		f.Add([]byte(body), "application/json", "")
	}
	f.Add([]byte(sample), "text/plain; charset=\x00", "Bearer t\xff")
	port := &carts{answer: opens(handoff.Request{URL: "https://shop.example/", Method: handoff.GET})}
	h, err := New(Options{Shops: []Shop{demoShop()}, Transfer: port, Orders: ledger(nil), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		f.Fatal(err)
	}
	mux := http.NewServeMux()
	h.Register(mux)
	wall := httpserver.Wrap(httpserver.Options{Name: "api", Logger: slog.New(slog.DiscardHandler)}, mux)
	f.Fuzz(func(t *testing.T, body []byte, contentType, customer string) {
		req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/poq/demo/cart-transfer", strings.NewReader(string(body)))
		req.Header.Set("Authorization", "Bearer "+theSecret)
		req.Header["Content-Type"] = []string{contentType}
		req.Header["X-Customer-Authorization"] = []string{customer}
		port.asked = nil
		out := httptest.NewRecorder()
		wall.ServeHTTP(out, req)
		if out.Code == http.StatusOK {
			asked := port.asked[0]
			if _, err := cart.Combine(asked.Items); err != nil || order.CheckReference(asked.Reference) != nil || len(asked.Customer) > customerTokenMax {
				t.Errorf("the port was asked for %+v", asked)
			}
			return
		}
		var got errorAnswer
		if err := json.Unmarshal(out.Body.Bytes(), &got); err != nil || got.Error.Details == nil {
			t.Fatalf("%d without an error body: %v", out.Code, err)
		}
		if r := refusals[got.Error.Code]; r.status != out.Code || r.at&atTransfer == 0 || r.status >= 500 {
			t.Errorf("got %d %s", out.Code, got.Error.Code)
		}
		for _, d := range got.Error.Details {
			if d.Field != httpserver.Printable(d.Field) || d.SKU != httpserver.Printable(d.SKU) || len(d.SKU) > 2048 || d.Reason != word(d.Reason) {
				t.Errorf("detail %+v", d)
			}
		}
	})
}
