// SPDX-License-Identifier: Apache-2.0

package posui

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/money"
	"github.com/cartage-dev/cartage/ports/inbound"
)

// query is GET /loyalty with one field changed; nothing: left out.
func query(field string, values ...string) request {
	all := url.Values{"customer_id": {"1"}, "currency": {"GBP"}, "locale": {"en-GB"}}
	all[field] = values
	return request{method: "GET", path: "/loyalty?" + all.Encode()}
}

// body is a POST with one thing in another's place.
func body(of, before, after string) request {
	q := good[of]
	if !strings.Contains(q.body, before) {
		q.body = "not in the body: " + before
	}
	q.body = strings.Replace(q.body, before, after, 1)
	return q
}

func with(q request, edit func(*http.Request)) request {
	q.edit = edit
	return q
}

func header(name string, values ...string) func(*http.Request) {
	return func(r *http.Request) { r.Header[http.CanonicalHeaderKey(name)] = values }
}

func TestWire(t *testing.T) {
	t.Parallel()
	reserve, commit := good["reserve"], good["commit"]
	padded := reserve
	padded.body += strings.Repeat(" ", bodyMax-len(padded.body))
	beyond := padded
	beyond.body += " "
	for _, tt := range []struct {
		name string
		q    request
		want string // a code; empty: it is let through
	}{
		{"loyalty", good["loyalty"], ""},
		{"no customer", query("customer_id"), invalidRequest},
		{"customer zero", query("customer_id", "0"), invalidRequest},
		{"customer below zero", query("customer_id", "-1"), invalidRequest},
		{"customer with zeros", query("customer_id", "01"), invalidRequest},
		{"customer with a sign", query("customer_id", "+1"), invalidRequest},
		{"customer beyond all numbers", query("customer_id", "9223372036854775808"), invalidRequest},
		{"customer twice", query("customer_id", "1", "2"), invalidRequest},
		{"customer by address", query("customer_id", "gid://shopify/Customer/1"), invalidRequest},
		{"no currency", query("currency"), invalidRequest},
		{"currency twice", query("currency", "GBP", "USD"), invalidRequest},
		{"currency of nobody", query("currency", "XXX"), unknownCurrency},
		{"currency in lower case", query("currency", "gbp"), unknownCurrency},
		{"no locale", query("locale"), invalidRequest},
		{"locale that is none", query("locale", "../../etc"), ""},
		{"locale too long", query("locale", strings.Repeat("a-", 30)), ""},
		{"cart total", query("cart_total", "12.50"), ""},
		{"cart total of nothing", query("cart_total", "0"), ""},
		{"cart total below nothing", query("cart_total", "-1"), invalidRequest},
		{"cart total in words", query("cart_total", "much"), invalidRequest},
		{"cart total with a comma", query("cart_total", "12,50"), invalidRequest},
		{"cart total beyond all numbers", query("cart_total", "99999999999999999999"), invalidRequest},
		{"cart total twice", query("cart_total", "1", "2"), invalidRequest},
		{"cart total empty", query("cart_total", ""), invalidRequest},
		{"other fields", query("shop", "a", "b"), ""},
		{"a query that is none", request{method: "GET", path: "/loyalty?customer_id=%zz"}, invalidRequest},

		{"reserve", reserve, ""},
		{"no key", with(reserve, header(keyHeader)), keyRequired},
		{"empty key", with(reserve, header(keyHeader, "")), keyRequired},
		{"two keys", with(reserve, header(keyHeader, "a", "a")), keyRequired},
		{"longest key", with(reserve, header(keyHeader, strings.Repeat("k", keyMax))), ""},
		{"key too long", with(reserve, header(keyHeader, strings.Repeat("k", keyMax+1))), keyRequired},
		{"key with a space", with(reserve, header(keyHeader, "a b")), keyRequired},
		{"key beyond ASCII", with(reserve, header(keyHeader, "é")), keyRequired},
		{"64 KiB", padded, ""},
		{"one byte more", beyond, bodyTooLarge},
		{"no content type", with(reserve, header("Content-Type")), ""},
		{"text", with(reserve, header("Content-Type", "text/plain")), unsupportedMediaType},
		{"packed", with(reserve, header("Content-Encoding", "gzip")), unsupportedMediaType},
		{"empty", request{method: "POST", path: "/redemptions"}, invalidJSON},
		{"null", body("reserve", goodBody, "null"), invalidJSON},
		{"an array", body("reserve", goodBody, "["+goodBody+"]"), invalidJSON},
		{"trailing data", body("reserve", goodBody, goodBody+"{}"), invalidJSON},
		{"key of an object twice", body("reserve", "{", `{"customer_id":1,`), invalidJSON},
		{"key in another case", body("reserve", `"customer_id"`, `"Customer_ID"`), invalidJSON},
		{"not UTF-8", body("reserve", "till-1", "\xff"), invalidJSON},
		{"unknown fields", body("reserve", "{", `{"shop":"second","x":[1.5,null],`), ""},
		{"no offer", body("reserve", "offer_id", "x"), invalidRequest},
		{"offer is a number", body("reserve", `"`+anID+`"`, "1"), invalidJSON},
		{"customer of nobody", body("reserve", `"customer_id":1`, `"customer_id":null`), invalidRequest},
		{"customer is zero", body("reserve", `"customer_id":1`, `"customer_id":0`), invalidRequest},
		{"customer in quotes", body("reserve", `"customer_id":1`, `"customer_id":"1"`), invalidJSON},
		{"customer with an exponent", body("reserve", `"customer_id":1`, `"customer_id":1e3`), invalidJSON},
		{"no location", body("reserve", "location_id", "x"), invalidRequest},
		{"location below zero", body("reserve", `"location_id":7`, `"location_id":-7`), invalidRequest},
		{"no device", body("reserve", "device_id", "x"), invalidRequest},
		{"empty device", body("reserve", "till-1", ""), invalidRequest},
		{"device too long", body("reserve", "till-1", strings.Repeat("d", deviceMax+1)), invalidRequest},

		{"release", good["release"], ""},
		{"release without a key", with(good["release"], header(keyHeader)), ""},

		{"commit", commit, ""},
		{"no order", body("commit", `"order_id":450789469,`, ""), ""},
		{"order is null", body("commit", "450789469", "null"), ""},
		{"order zero", body("commit", "450789469", "0"), invalidRequest},
		{"order by address", body("commit", "450789469", `"gid://shopify/Order/1"`), invalidJSON},
		{"no time", body("commit", "executed_at", "x"), invalidRequest},
		{"time of another zone", body("commit", "12:00:00Z", "12:00:00.123+02:00"), ""},
		{"time in words", body("commit", "2026-11-25T12:00:00Z", "noon"), invalidRequest},
		{"time is a number", body("commit", `"2026-11-25T12:00:00Z"`, "1"), invalidJSON},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, nil)
			got := b.send(t, tt.q)
			if tt.want == "" {
				if got.status/100 != 2 || b.port.times() != 1 {
					t.Errorf("got %d %s", got.status, got.body)
				}
				return
			}
			if p := got.problem(t); p.Code != tt.want || b.port.times() > 0 {
				t.Errorf("got %+v, want %s, having asked %d times", p, tt.want, b.port.times())
			}
		})
	}
}

func TestMethodsAndOrigins(t *testing.T) {
	t.Parallel()
	want := map[string]string{
		"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "Authorization, Content-Type, Idempotency-Key",
		"Access-Control-Allow-Methods": "GET, POST, DELETE, OPTIONS", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
	}
	for endpoint, q := range good {
		served := q.method
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "TILL"} {
			b := newBench(t, nil)
			q.method = method
			q.edit = func(r *http.Request) {
				r.Header.Set("Origin", "https://extensions.shopifycdn.com")
				if method == http.MethodOptions {
					r.Header.Del("Authorization")
					r.Header.Set("Access-Control-Request-Method", served)
				}
			}
			got := b.send(t, q)
			for name, value := range want {
				if got.header.Get(name) != value {
					t.Errorf("%s %s: %s is %q", method, endpoint, name, got.header.Get(name))
				}
			}
			if got.header.Get("Access-Control-Allow-Credentials") != "" || len(got.header.Values("Vary")) > 0 {
				t.Errorf("%s %s: got %v", method, endpoint, got.header)
			}
			switch method {
			case served:
				if got.status/100 != 2 {
					t.Errorf("%s %s: got %d", method, endpoint, got.status)
				}
			case http.MethodOptions:
				if got.status != http.StatusNoContent || got.body != "" || b.port.times() > 0 {
					t.Errorf("%s: got %d %q", endpoint, got.status, got.body)
				}
			default:
				if got.status != http.StatusMethodNotAllowed || got.header.Get("Allow") != served+", OPTIONS" || b.port.times() > 0 {
					t.Errorf("%s %s: got %d %v", method, endpoint, got.status, got.header)
				}
			}
		}
	}
}

// TestWhatThePortIsAsked holds requests to what becomes of them.
func TestWhatThePortIsAsked(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	name := func(r *http.Request) { r.Header.Set("X-Request-Id", "till-7"); r.Header.Set(keyHeader, "key-1") }
	q := query("cart_total", "12.5")
	for _, q := range []request{with(q, name), with(good["reserve"], name), with(good["release"], name), with(good["commit"], name), with(body("commit", "450789469", "null"), name)} {
		if got := b.send(t, q); got.status/100 != 2 {
			t.Fatalf("got %d %s", got.status, got.body)
		}
	}
	b.send(t, with(query("locale", "x y"), name))
	alone := inbound.Till{Shop: "demo", RequestID: "till-7"}
	whole := inbound.Till{Shop: "demo", RequestID: "till-7", Customer: "1", Locale: "en-GB", Currency: "GBP"}
	nowhere, reserving := whole, alone
	nowhere.Locale, reserving.Customer = "", "1"
	total := money.Of(1250, "GBP")
	for what, diff := range map[string]string{
		"tills":  cmp.Diff([]inbound.Till{whole, reserving, alone, alone, alone, nowhere}, b.port.tills),
		"totals": cmp.Diff([]*money.Amount{&total, nil}, b.port.totals),
		"asked":  cmp.Diff([]inbound.Reserve{{Offer: anID, Key: "key-1", Location: "7", Device: "till-1"}}, b.port.asked),
		"ids":    cmp.Diff([]loyalty.ActionID{anID, anID, anID}, b.port.ids),
		"orders": cmp.Diff([]loyalty.OrderID{"450789469", ""}, b.port.orders),
		"heard":  cmp.Diff([]loyalty.ActionID{anID}, b.port.heardOf()),
	} {
		if diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
}

func TestHundredths(t *testing.T) {
	t.Parallel()
	for basisPoints, want := range map[int64]string{1: "0.01", 10: "0.1", 99: "0.99", 100: "1", 1000: "10", 1250: "12.5", 3333: "33.33", 10_000: "100"} {
		if got := hundredths(basisPoints); got != want {
			t.Errorf("%d basis points are %s, want %s", basisPoints, got, want)
		}
	}
}

func TestMarkedTitles(t *testing.T) {
	t.Parallel()
	for title, want := range map[string]string{
		"":                      " · 0K7Q2",
		"Five off":              "Five off · 0K7Q2",
		strings.Repeat("ö", 32): strings.Repeat("ö", 32) + " · 0K7Q2",
		strings.Repeat("語", 33): strings.Repeat("語", 31) + "… · 0K7Q2",
	} {
		if got := marked(title, anID); got != want || len([]rune(got)) > titleMax {
			t.Errorf("%q is %q, want %q", title, got, want)
		}
	}
}
