// SPDX-License-Identifier: Apache-2.0

package shopifypos

import (
	"net/http"
	"strings"
	"testing"

	"github.com/cartage-dev/cartage/core/loyalty"
)

func TestWire(t *testing.T) {
	t.Parallel()
	padded := sample + strings.Repeat(" ", bodyMax-len(sample))
	lacking := func(field string) string { return replaced(sample, `"`+field+`"`, `"x_`+field+`"`) }
	customer := func(value string) string { return replaced(sample, `"customer_id":1`, `"customer_id":`+value) }
	method := func(name string) func(*http.Request) { return func(r *http.Request) { r.Method = name } }
	for _, tt := range []struct {
		name string
		at   endpoint
		body string
		edit func(*http.Request)
		want string // an outcome
	}{
		{name: "as Shopify sends it", body: sample, want: done},
		{name: "GET", body: sample, edit: method("GET"), want: methodNotAllowed},
		{name: "HEAD", edit: method("HEAD"), want: methodNotAllowed},
		{name: "PUT", body: sample, edit: method("PUT"), want: methodNotAllowed},
		{name: "made-up method", body: sample, edit: method("TILL"), want: methodNotAllowed},
		{name: "64 KiB", body: padded, want: done},
		{name: "one byte more", body: padded + " ", want: bodyTooLarge},
		{name: "one byte more in chunks", edit: chunked(padded + " "), want: bodyTooLarge},
		{name: "too large and forged", body: padded + " ", edit: signed(""), want: bodyTooLarge},
		{name: "no content type", body: sample, edit: drop("Content-Type"), want: done},
		{name: "text", body: sample, edit: set("Content-Type", "text/plain"), want: unsupportedMediaType},
		{name: "form", body: "a=b", edit: set("Content-Type", "application/x-www-form-urlencoded"), want: unsupportedMediaType},
		{name: "text and forged", body: sample, edit: both(set("Content-Type", "text/plain"), signed("")), want: unauthorised},
		{name: "no JSON and forged", body: "{", edit: signed(""), want: unauthorised},
		{name: "a query changes nothing", body: sample, edit: func(r *http.Request) { r.URL.RawQuery = "shop_id=2" }, want: done},
		{name: "empty", want: invalidJSON},
		{name: "null", body: "null", want: invalidJSON},
		{name: "an array", body: "[" + sample + "]", want: invalidJSON},
		{name: "cut off", body: sample[:len(sample)-1], want: invalidJSON},
		{name: "trailing data", body: sample + "{}", want: invalidJSON},
		{name: "a quotation mark behind it, as in the example", body: sample + "'", want: invalidJSON},
		{name: "trailing white space", body: sample + "\n", want: done},
		{name: "byte order mark", body: "\ufeff" + sample, want: invalidJSON},
		{name: "duplicate key", body: replaced(sample, `{`, `{"shop_id":1,`), want: invalidJSON},
		{name: "key in another case", body: replaced(sample, `"shop_id"`, `"Shop_Id"`), want: invalidJSON},
		{name: "unknown key twice", body: replaced(sample, `{`, `{"staff":1,"staff":2,`), want: invalidJSON},
		{name: "unknown keys", body: replaced(sample, `{`, `{"staff":{"id":[1.5,null]},`), want: done},
		{name: "too deep", body: replaced(sample, `{`, `{"x":`+strings.Repeat("[", 40)+strings.Repeat("]", 40)+`,`), want: invalidJSON},
		{name: "not UTF-8", body: replaced(sample, `"en"`, "\"e\xff\""), want: invalidJSON},
		{name: "mail of another type, which is not read", body: replaced(sample, `"`+email+`"`, `null`), want: done},
		{name: "no shop_id", body: lacking("shop_id"), want: invalidRequest},
		{name: "no shopify_domain", body: lacking("shopify_domain"), want: invalidRequest},
		{name: "no locale", body: lacking("locale"), want: invalidRequest},
		{name: "no currency_code", body: lacking("currency_code"), want: invalidRequest},
		{name: "no supported_templates", body: lacking("supported_templates"), want: invalidRequest},
		{name: "no supported_actions", body: lacking("supported_actions"), want: invalidRequest},
		{name: "null is not given", body: replaced(sample, `"locale":"en"`, `"locale":null`), want: invalidRequest},
		{name: "nothing", body: "{}", want: invalidRequest},
		{name: "shop_id in quotes", body: replaced(sample, `"shop_id":1`, `"shop_id":"1"`), want: invalidJSON},
		{name: "shop_id with a fraction", body: replaced(sample, `"shop_id":1`, `"shop_id":1.0`), want: invalidJSON},
		{name: "templates are a text", body: replaced(sample, `["simple_action_list"]`, `"simple_action_list"`), want: invalidJSON},
		{name: "a template among others", body: replaced(sample, `["simple_action_list"]`, `["grid","simple_action_list",null]`), want: done},
		{name: "no templates", body: replaced(sample, `["simple_action_list"]`, `[]`), want: unsupportedTemplate},
		{name: "currency in lower case", body: replaced(sample, "USD", "usd"), want: unknownCurrency},
		{name: "currency of nothing", body: replaced(sample, "USD", ""), want: unknownCurrency},
		{name: "no customer", body: lacking("customer_id"), want: done},
		{name: "customer is null", body: customer("null"), want: done},
		{name: "customer is empty", body: customer(`""`), want: done},
		{name: "customer is blank", body: customer(`"  "`), want: done},
		{name: "customer is a line", body: customer(`"\n"`), want: invalidJSON},
		{name: "customer is a list", body: customer(`[]`), want: invalidJSON},
		{name: "customer is false", body: customer("false"), want: invalidJSON},
		{name: "tap without a customer", at: performAction, body: replaced(sampleTap, `"customer_id":1`, `"customer_id":""`), want: done},
		{name: "largest customer", body: customer("9223372036854775807"), want: done},
		{name: "customer beyond that", body: customer("9223372036854775808"), want: invalidJSON},
		{name: "customer with a fraction", body: customer("1.0"), want: invalidJSON},
		{name: "customer with an exponent", body: customer("1e3"), want: invalidJSON},
		{name: "customer in quotes", body: customer(`"1"`), want: invalidJSON},
		{name: "customer zero", body: customer("0"), want: invalidRequest},
		{name: "customer below zero", body: customer("-1"), want: invalidRequest},
		{name: "action", at: performAction, body: sampleTap, want: done},
		{name: "action for promotions is not looked at", body: sampleTap, want: done},
		{name: "no action", at: performAction, body: sample, want: invalidRequest},
		{name: "no action to revert", at: revertAction, body: sample, want: invalidRequest},
		{name: "action is null", at: revertAction, body: replaced(sampleTap, `"123ABC"`, "null"), want: invalidRequest},
		{name: "action is a number", at: performAction, body: replaced(sampleTap, `"123ABC"`, "123"), want: invalidJSON},
		{name: "empty action", at: performAction, body: replaced(sampleTap, "123ABC", ""), want: unknownAction},
		{name: "longest action", at: performAction, body: replaced(sampleTap, "123ABC", strings.Repeat("a", 64)), want: done},
		{name: "action too long", at: performAction, body: replaced(sampleTap, "123ABC", strings.Repeat("a", 65)), want: unknownAction},
		{name: "action with a quotation mark", at: revertAction, body: replaced(sampleTap, "123ABC", `a\"b`), want: unknownAction},
		{name: "action in a currency nobody knows", at: revertAction, body: replaced(sampleTap, "USD", "XXX"), want: unknownCurrency},
		{name: "action without a template", at: performAction, body: replaced(sampleTap, "simple_action_list", "grid"), want: unsupportedTemplate},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := served(t, demoApp())
			got := b.post(t, tt.at, tt.body, tt.edit)
			if n := b.outcome(t, tt.at, tt.want); n != 1 {
				t.Errorf("%s was counted %v times; got %d %s", tt.want, n, got.status, b.log)
			}
			as, refused := tellings[tt.want]
			want := http.StatusOK
			if refused && (!as.open || tt.at != promotions) {
				want = as.status
			}
			if got.status != want || (b.port.asked() > 0) == refused {
				t.Errorf("got %d, want %d, having asked the port %d times", got.status, want, b.port.asked())
			}
			if got.header.Get("Cache-Control") != "no-store" || got.header.Get("X-Content-Type-Options") != "nosniff" || (got.header.Get("Allow") == "POST") != (want == 405) {
				t.Errorf("got %v", got.header)
			}
		})
	}
}

func TestWhatThePortIsAsked(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, before, after string
		customer            loyalty.CustomerID
		locale              string
		kinds               int
	}{
		{"as sent", "", "", "1", "en", 3},
		{"customer by mail alone is nobody", `"customer_id":1,`, ``, "", "en", 3},
		{"null is nobody", `"customer_id":1,`, `"customer_id":null,`, "", "en", 3},
		{"an empty text is nobody", `"customer_id":1,"customer_email":"` + email + `"`, `"customer_id":"","customer_email":""`, "", "en", 3},
		{"a blank is nobody", `"customer_id":1,`, `"customer_id":" ",`, "", "en", 3},
		{"digits of a large number", `"customer_id":1,`, `"customer_id":6543210987654321,`, "6543210987654321", "en", 3},
		{"language and country", `"en"`, `"zh-Hant-TW"`, "1", "zh-Hant-TW", 3},
		{"a locale that is none", `"en"`, `"../../etc"`, "1", "", 3},
		{"a locale too long", `"en"`, `"` + strings.Repeat("a-", 30_000) + `a"`, "1", "", 3},
		{"an empty locale", `"en"`, `""`, "1", "", 3},
		{"actions that nobody knows", `"percent_discount","add_variant"`, `"gift_card","FLAT_DISCOUNT"`, "1", "en", 1},
		{"actions given twice", `"add_variant"`, `"flat_discount","flat_discount"`, "1", "en", 2},
		{"no actions", `"flat_discount","percent_discount","add_variant"`, ``, "1", "en", 0},
	} {
		b := newBench(t, demoApp())
		if got := b.direct(t, promotions, replaced(sample, tt.before, tt.after), nil); got.status != 200 {
			t.Errorf("%s: got %d", tt.name, got.status)
			continue
		}
		till := b.port.tills[0]
		if till.Customer != tt.customer || till.Locale != tt.locale || len(till.Kinds) != tt.kinds {
			t.Errorf("%s: asked %+v", tt.name, till)
		}
	}
	b := newBench(t, demoApp())
	b.direct(t, promotions, sample, set("X-Request-Id", "till-7"))
	if b.port.tills[0].RequestID != "till-7" {
		t.Errorf("asked %+v", b.port.tills[0])
	}
}
