// SPDX-License-Identifier: Apache-2.0

package poq

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// scenario is one request, and what becomes of it.
type scenario struct {
	name string
	body string
	edit func(*http.Request)
	want int
	code string
	// details are "field reason" or, where a SKU is repeated, "field reason sku".
	details []string
}

func run(t *testing.T, table []scenario) {
	t.Helper()
	b := newBench(t, demoShop())
	for _, tt := range table {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := b.post(t, tt.body, tt.edit)
			if got.status != tt.want {
				t.Fatalf("got %d, want %d: %.300s", got.status, tt.want, got.body)
			}
			if tt.want == http.StatusOK || got.body == "" { // a HEAD has no body
				return
			}
			refused := got.refused(t)
			if refused.Code != tt.code {
				t.Errorf("got code %s, want %s", refused.Code, tt.code)
			}
			var details []string
			for _, d := range refused.Details {
				details = append(details, strings.TrimSpace(d.Field+" "+d.Reason+" "+d.SKU))
			}
			if diff := cmp.Diff(tt.details, details); diff != "" {
				t.Errorf("details (-want +got):\n%s", diff)
			}
		})
	}
}

// item is a body with one line, written as given.
func item(quantity, sku string) string {
	return `{"items":[{"quantity":` + quantity + `,"sku":` + sku + `}],"currency":"GBP","reference":"r1"}`
}

// with is a body of one good line and these members.
func with(currency, reference string) string {
	return `{"items":[{"quantity":1,"sku":"a"}],"currency":` + currency + `,"reference":` + reference + `}`
}

func itemsOf(n int) string {
	one := strings.TrimSuffix(strings.Repeat(`{"quantity":1,"sku":"a"},`, n), ",")
	return `{"items":[` + one + `],"currency":"GBP","reference":"r1"}`
}

func TestContents(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("s", 129)
	run(t, []scenario{
		{name: "Poq's sample", body: sample, want: 200},
		{name: "least", body: item("1", `"a"`), want: 200},
		{name: "most units", body: item("9999", `"a"`), want: 200},
		{name: "one unit too many", body: item("10000", `"a"`), want: 422, code: "invalid_items", details: []string{"items[0].quantity out_of_range a"}},
		{name: "no unit", body: item("0", `"a"`), want: 422, code: "invalid_items", details: []string{"items[0].quantity out_of_range a"}},
		{name: "fewer than none", body: item("-1", `"a"`), want: 422, code: "invalid_items", details: []string{"items[0].quantity out_of_range a"}},
		{name: "minus zero", body: item("-0", `"a"`), want: 422, code: "invalid_items", details: []string{"items[0].quantity out_of_range a"}},
		{name: "half a unit", body: item("1.5", `"a"`), want: 400, code: "invalid_json", details: []string{"items[0].quantity not_an_integer"}},
		{name: "a whole unit with a fraction", body: item("1.0", `"a"`), want: 400, code: "invalid_json", details: []string{"items[0].quantity not_an_integer"}},
		{name: "an exponent", body: item("1e2", `"a"`), want: 400, code: "invalid_json", details: []string{"items[0].quantity not_an_integer"}},
		{name: "1e18", body: item("1e18", `"a"`), want: 400, code: "invalid_json", details: []string{"items[0].quantity not_an_integer"}},
		{name: "10^18 written out", body: item("1000000000000000000", `"a"`), want: 422, code: "invalid_items", details: []string{"items[0].quantity out_of_range a"}},
		{name: "largest int64", body: item("9223372036854775807", `"a"`), want: 422, code: "invalid_items", details: []string{"items[0].quantity out_of_range a"}},
		{name: "beyond int64", body: item("9223372036854775808", `"a"`), want: 400, code: "invalid_json", details: []string{"items[0].quantity out_of_range"}},
		{name: "a text for a number", body: item(`"1"`, `"a"`), want: 400, code: "invalid_json", details: []string{"items[0].quantity not_an_integer"}},
		{name: "NaN", body: item("NaN", `"a"`), want: 400, code: "invalid_json", details: []string{"items[0].quantity syntax"}},
		{name: "two lines wrap around", body: `{"items":[{"quantity":9999,"sku":"a"},{"quantity":1,"sku":"a"}],"currency":"GBP","reference":"r"}`, want: 422, code: "invalid_items", details: []string{"items[1].quantity out_of_range a"}},
		{name: "equal SKUs are summed", body: `{"items":[{"quantity":9998,"sku":"a"},{"quantity":1,"sku":" a "}],"currency":"GBP","reference":"r"}`, want: 200},
		{name: "no items", body: itemsOf(0), want: 422, code: "invalid_items", details: []string{"items count"}},
		{name: "500 items", body: itemsOf(500), want: 200},
		{name: "501 items", body: itemsOf(501), want: 422, code: "invalid_items", details: []string{"items count"}},
		{name: "10,000 items", body: `{"items":[` + strings.Repeat("{},", 9_999) + `{}],"currency":"GBP","reference":"r"}`, want: 422, code: "invalid_items", details: []string{"items count"}},
		{name: "empty SKU", body: item("1", `""`), want: 422, code: "invalid_items", details: []string{"items[0].sku required"}},
		{name: "SKU of white space", body: item("1", `" \t "`), want: 422, code: "invalid_items", details: []string{"items[0].sku required"}},
		{name: "SKU is a number", body: item("1", `12`), want: 400, code: "invalid_json", details: []string{"items[0].sku not_a_string"}},
		{name: "longest SKU", body: item("1", `"`+long[:128]+`"`), want: 200},
		{name: "SKU too long is not repeated whole", body: item("1", `"`+long+`"`), want: 422, code: "invalid_items", details: []string{"items[0].sku too_long " + long[:128] + "…"}},
		{name: "SKU with CRLF", body: item("1", `"a\r\nSet-Cookie: x=1"`), want: 422, code: "invalid_items", details: []string{`items[0].sku unprintable a\r\nSet-Cookie: x=1`}},
		{name: "SKU with an escape sequence", body: item("1", `"a\u001b[31m"`), want: 422, code: "invalid_items", details: []string{`items[0].sku unprintable a\x1b[31m`}},
		{name: "SKU that turns writing around", body: item("1", `"a\u202eb"`), want: 422, code: "invalid_items", details: []string{`items[0].sku unprintable a\u202eb`}},
		{name: "SKU with SQL is a SKU", body: item("1", `"'; DROP TABLE handoff; --"`), want: 200},
		{name: "SKU with HTML is a SKU", body: item("1", `"<script>alert(1)</script>"`), want: 200},
		{name: "SKU in Greek", body: item("1", `"κλειδί-7"`), want: 200},
		{name: "currency in lower case", body: with(`"gbp"`, `"r"`), want: 422, code: "invalid_currency", details: []string{"currency not_enabled"}},
		{name: "currency not sold in", body: with(`"USD"`, `"r"`), want: 422, code: "invalid_currency", details: []string{"currency not_enabled"}},
		{name: "currency nobody knows", body: with(`"XXX"`, `"r"`), want: 422, code: "invalid_currency", details: []string{"currency not_enabled"}},
		{name: "currency of four letters", body: with(`"GBPX"`, `"r"`), want: 422, code: "invalid_currency", details: []string{"currency not_enabled"}},
		{name: "currency is a number", body: with(`826`, `"r"`), want: 400, code: "invalid_json", details: []string{"currency not_a_string"}},
		{name: "reference of 32", body: with(`"GBP"`, `"`+strings.Repeat("r", 32)+`"`), want: 200},
		{name: "reference of 33", body: with(`"GBP"`, `"`+strings.Repeat("r", 33)+`"`), want: 200},
		{name: "reference is a UUID of 36", body: with(`"GBP"`, `"0192f3a1-b2c3-4d5e-8f90-a1b2c3d4e5f6"`), want: 200},
		{name: "reference of 37", body: with(`"GBP"`, `"`+strings.Repeat("r", 37)+`"`), want: 422, code: "invalid_reference", details: []string{"reference malformed"}},
		{name: "reference with a slash", body: with(`"GBP"`, `"../../etc"`), want: 422, code: "invalid_reference", details: []string{"reference malformed"}},
		{name: "reference with a line break", body: with(`"GBP"`, `"a\nb"`), want: 422, code: "invalid_reference", details: []string{"reference malformed"}},
		{name: "empty reference", body: with(`"GBP"`, `""`), want: 422, code: "invalid_reference", details: []string{"reference malformed"}},
		{name: "reference is a number", body: with(`"GBP"`, `7`), want: 400, code: "invalid_json", details: []string{"reference not_a_string"}},
		{name: "everything wrong at once", body: `{"items":[{"quantity":0,"sku":""},{"quantity":1,"sku":"ok"},{"quantity":-5,"sku":"b"}],"currency":"JPY","reference":"no!"}`,
			want: 422, code: "invalid_items", details: []string{"items[0].sku required", "items[0].quantity out_of_range", "items[2].quantity out_of_range b", "currency not_enabled", "reference malformed"}},
	})
}

func TestWhatIsNotGivenIsRequired(t *testing.T) {
	t.Parallel()
	run(t, []scenario{
		{name: "nothing", body: `{}`, want: 422, code: "invalid_items", details: []string{"items required", "currency required", "reference required"}},
		{name: "null is not given", body: `{"items":null,"currency":null,"reference":null}`, want: 422, code: "invalid_items", details: []string{"items required", "currency required", "reference required"}},
		{name: "an item of nothing", body: `{"items":[{"quantity":1,"sku":"a"},{}],"currency":"GBP","reference":"r"}`, want: 422, code: "invalid_items", details: []string{"items[1].sku required", "items[1].quantity required"}},
		{name: "an item that is null", body: `{"items":[null],"currency":"GBP","reference":"r"}`, want: 422, code: "invalid_items", details: []string{"items[0].sku required", "items[0].quantity required"}},
		{name: "no quantity", body: `{"items":[{"sku":"a"}],"currency":"GBP","reference":"r"}`, want: 422, code: "invalid_items", details: []string{"items[0].quantity required a"}},
		{name: "no SKU, and another quantity out of range", body: `{"items":[{"quantity":1},{"quantity":0,"sku":"b"}],"currency":"GBP","reference":"r"}`, want: 422, code: "invalid_items", details: []string{"items[0].sku required", "items[1].quantity out_of_range b"}},
		{name: "no currency", body: `{"items":[{"quantity":1,"sku":"a"}],"reference":"r"}`, want: 422, code: "invalid_currency", details: []string{"currency required"}},
		{name: "no reference", body: `{"items":[{"quantity":1,"sku":"a"}],"currency":"GBP"}`, want: 422, code: "invalid_reference", details: []string{"reference required"}},
		{name: "no reference and a bad currency", body: `{"items":[{"quantity":1,"sku":"a"}],"currency":"pounds"}`, want: 422, code: "invalid_currency", details: []string{"currency not_enabled", "reference required"}},
	})
}
