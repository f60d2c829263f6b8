// SPDX-License-Identifier: Apache-2.0

package orderhooks

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/ports/inbound"
)

// FuzzSignedBody: whatever is signed, the answer is a documented one without a body, and what
// reaches a port makes sense.
func FuzzSignedBody(f *testing.F) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, t := range topics {
			f.Add(raw, string(t), "application/json")
		}
	}
	for _, body := range []string{
		"", "{}", "null", "[]", order(""), order(`"id":1e9`), order(`"customer":[]`), order(`"line_items":[{"properties":[{"name":"_redemption","value":"` + string(firstID) + `"}]}]`),
		order(`"discount_applications":[{"title":"Five off · 0K7Q2"},{"title":7},null]`), order(`"discount_applications":{"title":" · 0K7Q2"}`), order(`"discount_applications":[{"title":" \u00b7 \u0030K7Q2","title":""}]`),
		`{"x":` + strings.Repeat("[", 64), `{"id":2,"order_id":1,"refund_line_items":[{"subtotal":1e-9}]}`, "\ufeff{}", "\x1f\x8b\x08", `{"id":1,"id":2}`,
	} {
		f.Add([]byte(body), "orders/create", "application/json")
		f.Add([]byte(body), "refunds/create", "")
	}
	b := newBench(f, func(o *Options) { o.Logger, o.Registerer = discard(), nil })
	f.Fuzz(func(t *testing.T, body []byte, named, mediaType string) {
		b.desk.told, b.desk.asked = nil, nil
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, thePath, strings.NewReader(string(body)))
		r.Header = http.Header{
			"Content-Type": {mediaType}, signatureHeader: {sign(theSecret, body)}, topicHeader: {named}, domainHeader: {theDomain},
		}
		out := httptest.NewRecorder()
		b.wall.ServeHTTP(out, r)
		if !slices.Contains([]int{200, 400, 404, 413, 415}, out.Code) || out.Body.Len() > 0 {
			t.Fatalf("got %d %q", out.Code, out.Body)
		}
		if len(b.desk.told)+len(b.desk.asked) > 1 || len(b.desk.told)+len(b.desk.asked) == 1 && out.Code != http.StatusOK {
			t.Fatalf("got %d, and told %+v and %+v", out.Code, b.desk.told, b.desk.asked)
		}
		for _, n := range b.desk.told {
			makesSense(t, n)
		}
		for _, p := range b.desk.asked {
			if p.Shop != "demo" || (p.Kind == ShopErasure) != (p.Customer == "") || p.Customer != "" && !isNumber(string(p.Customer)) {
				t.Errorf("asked %+v", p)
			}
		}
	})
}

func makesSense(t *testing.T, n inbound.News) {
	t.Helper()
	if n.Shop != "demo" || !isNumber(string(n.Order)) || n.At.IsZero() || n.Customer != "" && !isNumber(string(n.Customer)) || len(n.Actions) > actionsMax || len(n.Marks) > marksMax {
		t.Errorf("told %+v", n)
	}
	amount, refund := n.Total, n.Kind == inbound.OrderRefunded
	if refund {
		amount = n.Refund.Amount
	}
	if !amount.Currency.Known() || refund != isNumber(string(n.Refund.ID)) || !refund && amount.IsNegative() {
		t.Errorf("told %+v", n)
	}
	for _, id := range n.Actions {
		if _, ok := id.Read(); !ok {
			t.Errorf("told of %q", id)
		}
	}
	for _, m := range n.Marks {
		if again, ok := loyalty.MarkOf(m.Behind()); !ok || again != m {
			t.Errorf("told of the mark %q", m)
		}
	}
}

func isNumber(text string) bool {
	return text != "" && text[0] != '0' && strings.Trim(text, "0123456789") == ""
}
