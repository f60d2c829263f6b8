// SPDX-License-Identifier: Apache-2.0

package shopifypos

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/cartage-dev/cartage/adapters/inbound/httpserver"
	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/ports/inbound"
)

// FuzzBody: whatever is signed, the answer is a documented one, and what reaches the port is of
// an installed shop and bounded.
func FuzzBody(f *testing.F) {
	for i, body := range []string{
		sample, sampleTap, "", "{}", "null", "\ufeff" + sample, sample + "x", "\x1f\x8b\x08", `{"shop_id":1,"Shop_id":2}`,
		strings.Replace(sample, `"en"`, `"\ud800"`, 1), strings.Replace(sample, `"customer_id":1`, `"customer_id":1e3`, 1),
		strings.Replace(sample, `"customer_id":1`, `"customer_id":" "`, 1),
		strings.Replace(sampleTap, "USD", "JPY", 1), strings.Replace(sampleTap, "123ABC", `\u0000`, 1), strings.Replace(sample, `[`, `[[`, 1),
	} {
		f.Add(uint8(i), "application/json", []byte(body))
	}
	f.Add(uint8(1), "text/plain; charset=\x00", []byte(sampleTap))
	p := &port{answer: shows(inbound.Screen{Label: strings.Repeat("é", 50), Balance: loyalty.PointsMax, Known: true, Offers: offers()})}
	h, err := New(Options{Apps: []App{demoApp()}, POS: p, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		f.Fatal(err)
	}
	mux := http.NewServeMux()
	h.Register(mux)
	wall := httpserver.Wrap(httpserver.Options{Name: "api", Logger: slog.New(slog.DiscardHandler)}, mux)
	f.Fuzz(func(t *testing.T, which uint8, contentType string, body []byte) {
		at := endpoints[int(which)%len(endpoints)]
		req := call(t, "", at, string(body), nil)
		req.Header["Content-Type"] = []string{contentType}
		p.tills, p.ids, p.heard = nil, nil, nil
		out := httptest.NewRecorder()
		wall.ServeHTTP(out, req)
		switch out.Code {
		case http.StatusOK:
			checkTemplate(t, out.Body.Bytes())
		case http.StatusNotFound, http.StatusRequestEntityTooLarge:
			if out.Body.Len() > 0 {
				t.Errorf("%d says %s", out.Code, out.Body)
			}
		default:
			var says errorAnswer
			if err := json.Unmarshal(out.Body.Bytes(), &says); err != nil || tellings[says.Code].status != out.Code || !tellings[says.Code].says {
				t.Errorf("%d says %s: %v", out.Code, out.Body, err)
			}
			if out.Code == http.StatusInternalServerError && (says.Code != unsupportedTemplate || at == promotions) {
				t.Errorf("%s: %d says %s", at.name(), out.Code, out.Body)
			}
		}
		for i, till := range p.tills {
			if till.Shop != "demo" && till.Shop != "second" || !till.Currency.Known() || len(till.Locale) > localeMax || len(till.Kinds) > 3 ||
				strings.Trim(string(till.Customer), "0123456789") != "" || at != promotions && !isActionID(p.ids[i]) {
				t.Errorf("the port was asked for %q by %+v", p.ids[i], till)
			}
		}
		if told := at == performAction && out.Code == http.StatusOK; (len(p.heard) == 1) != told {
			t.Errorf("%s: %d, and the port heard of %v", at.name(), out.Code, p.heard)
		}
	})
}

// checkTemplate holds a template to its bounds.
func checkTemplate(t *testing.T, raw []byte) {
	t.Helper()
	var got templateAnswer
	if err := json.Unmarshal(raw, &got); err != nil || got.Type != simpleActionList || got.Actions == nil || len(got.Actions) > actionsMax {
		t.Fatalf("got %s: %v", raw, err)
	}
	if got.PointsBalance == "" || strings.Trim(got.PointsBalance, "0123456789") != "" || len([]rune(got.PointsLabel)) > titleMax {
		t.Errorf("got %s %q", got.PointsLabel, got.PointsBalance)
	}
	for _, a := range got.Actions {
		if len([]rune(a.Title)) > titleMax || len([]rune(a.Description)) > descriptionMax || !isActionID(loyalty.ActionID(a.ActionID)) || a.Value == "" {
			t.Errorf("got %+v", a)
		}
	}
}
