// SPDX-License-Identifier: Apache-2.0

package poq

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func set(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

func add(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Add(name, value) }
}

func drop(name string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Del(name) }
}

func method(name string) func(*http.Request) {
	return func(r *http.Request) { r.Method = name }
}

func zipped(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(text))
	_ = w.Close()
	return b.String()
}

func TestJSON(t *testing.T) {
	t.Parallel()
	run(t, []scenario{
		{name: "empty", want: 400, code: "invalid_json", details: []string{"empty"}},
		{name: "white space", body: " \n", want: 400, code: "invalid_json", details: []string{"empty"}},
		{name: "null", body: "null", want: 400, code: "invalid_json", details: []string{"not_an_object"}},
		{name: "an array", body: "[" + sample + "]", want: 400, code: "invalid_json", details: []string{"not_an_object"}},
		{name: "a text", body: `"` + "x" + `"`, want: 400, code: "invalid_json", details: []string{"not_an_object"}},
		{name: "as Poq's page prints it, without braces", body: strings.Trim(sample, "{}"), want: 400, code: "invalid_json", details: []string{"not_an_object"}},
		{name: "cut off", body: sample[:len(sample)-1], want: 400, code: "invalid_json", details: []string{"unexpected_end"}},
		{name: "a comma too many", body: strings.Replace(sample, `}]`, `},]`, 1), want: 400, code: "invalid_json", details: []string{"items[2] syntax"}},
		{name: "trailing data", body: sample + "{}", want: 400, code: "invalid_json", details: []string{"trailing_data"}},
		{name: "trailing white space", body: sample + " \r\n", want: 200},
		{name: "byte order mark", body: "\ufeff" + sample, want: 400, code: "invalid_json", details: []string{"syntax"}},
		{name: "duplicate key", body: `{"reference":"r1",` + sample[1:], want: 400, code: "invalid_json", details: []string{"reference duplicate_key"}},
		{name: "duplicate key in an item", body: item("1", `"a","sku":"b"`), want: 400, code: "invalid_json", details: []string{"items[0].sku duplicate_key"}},
		{name: "key in another case", body: strings.Replace(sample, `"currency"`, `"Currency"`, 1), want: 400, code: "invalid_json", details: []string{"Currency case_variant_key"}},
		{name: "key twice in two cases", body: `{"REFERENCE":"r1",` + sample[1:], want: 400, code: "invalid_json", details: []string{"REFERENCE case_variant_key"}},
		{name: "key with a Kelvin sign", body: item("1", `"a","s`+"\u212a"+`u":"b"`), want: 400, code: "invalid_json", details: []string{"items[0].s\u212au case_variant_key"}},
		{name: "unknown keys are ignored", body: `{"store":{"id":[1.5,null]},` + sample[1:], want: 200},
		{name: "NUL", body: item("1", `"a\u0000b"`), want: 400, code: "invalid_json", details: []string{"nul"}},
		{name: "a raw NUL", body: item("1", "\"a\x00b\""), want: 400, code: "invalid_json", details: []string{"items[0].sku syntax"}},
		{name: "not UTF-8", body: item("1", "\"a\xffb\""), want: 400, code: "invalid_json", details: []string{"not_utf8"}},
		{name: "half a surrogate pair", body: item("1", `"a\ud800b"`), want: 400, code: "invalid_json", details: []string{"half_surrogate"}},
		{name: "nesting of 31 inside", body: `{"x":` + strings.Repeat("[", 31) + strings.Repeat("]", 31) + "," + sample[1:], want: 200},
		{name: "nesting of 100,000", body: `{"x":` + strings.Repeat("[", 100_000), want: 400, code: "invalid_json", details: []string{"x" + strings.Repeat("[0]", 31) + " too_deep"}},
		{name: "items is an object", body: `{"items":{},"currency":"GBP","reference":"r"}`, want: 400, code: "invalid_json", details: []string{"items not_an_array"}},
		{name: "an item is a number", body: `{"items":[7],"currency":"GBP","reference":"r"}`, want: 400, code: "invalid_json", details: []string{"items[0] not_an_object"}},
	})
}

func TestTransport(t *testing.T) {
	t.Parallel()
	basic := func(user, password string) func(*http.Request) {
		return func(r *http.Request) { r.SetBasicAuth(user, password) }
	}
	chunked := func(r *http.Request) { r.Body, r.ContentLength = io.NopCloser(strings.NewReader(sample)), -1 }
	customer := func(value string) func(*http.Request) { return set("X-Customer-Authorization", value) }
	badCustomer := func(reason string) []string { return []string{"X-Customer-Authorization " + reason} }
	padded := sample + strings.Repeat(" ", bodyMax-len(sample))
	run(t, []scenario{
		{name: "GET", edit: method("GET"), want: 405, code: "method_not_allowed"},
		{name: "HEAD", edit: method("HEAD"), want: 405},
		{name: "PUT", body: sample, edit: method("PUT"), want: 405, code: "method_not_allowed"},
		{name: "made-up method", body: sample, edit: method("TRANSFER"), want: 405, code: "method_not_allowed"},
		{name: "no content type", body: sample, edit: drop("Content-Type"), want: 200},
		{name: "with a charset", body: sample, edit: set("Content-Type", "Application/JSON; charset=UTF-8"), want: 200},
		{name: "another charset", body: sample, edit: set("Content-Type", "application/json; charset=utf-16"), want: 415, code: "unsupported_media_type"},
		{name: "text", body: sample, edit: set("Content-Type", "text/plain"), want: 415, code: "unsupported_media_type"},
		{name: "form", body: "a=b", edit: set("Content-Type", "application/x-www-form-urlencoded"), want: 415, code: "unsupported_media_type"},
		{name: "garbage for a type", body: sample, edit: set("Content-Type", "json;;"), want: 415, code: "unsupported_media_type"},
		{name: "two content types", body: sample, edit: add("Content-Type", "application/json"), want: 415, code: "unsupported_media_type"},
		{name: "gzip, and said so", body: zipped(sample), edit: set("Content-Encoding", "gzip"), want: 415, code: "unsupported_media_type"},
		{name: "gzip unsaid", body: zipped(sample), want: 400, code: "invalid_json", details: []string{"not_utf8"}},
		{name: "identity is no coding", body: sample, edit: set("Content-Encoding", "identity"), want: 200},
		{name: "chunked", edit: chunked, want: 200},
		{name: "256 KiB", body: padded, want: 200},
		{name: "one byte more", body: padded + " ", want: 413, code: "body_too_large"},
		{name: "too large without a secret", body: padded + " ", edit: drop("Authorization"), want: 413, code: "body_too_large"},
		{name: "a query changes nothing", body: sample, edit: func(r *http.Request) { r.URL.RawQuery = url.Values{"secret": {"x"}}.Encode() }, want: 200},
		{name: "no secret", body: sample, edit: drop("Authorization"), want: 401, code: "unauthorised"},
		{name: "no secret and no JSON", body: "{", edit: drop("Authorization"), want: 401, code: "unauthorised"},
		{name: "wrong secret", body: sample, edit: set("Authorization", "Bearer "+theSecret+"x"), want: 401, code: "unauthorised"},
		{name: "secret in another case", body: sample, edit: set("Authorization", "Bearer "+strings.ToUpper(theSecret)), want: 401, code: "unauthorised"},
		{name: "the secret of orders", body: sample, edit: set("Authorization", "Bearer "+ordersKey), want: 401, code: "unauthorised"},
		{name: "bare secret", body: sample, edit: set("Authorization", theSecret), want: 401, code: "unauthorised"},
		{name: "empty bearer", body: sample, edit: set("Authorization", "Bearer "), want: 401, code: "unauthorised"},
		{name: "scheme in another case", body: sample, edit: set("Authorization", "bEARER "+theSecret), want: 200},
		{name: "the other secret", body: sample, edit: set("Authorization", "Bearer "+otherSecret), want: 200},
		{name: "basic", body: sample, edit: basic("poq", theSecret), want: 200},
		{name: "basic without a user", body: sample, edit: basic("", otherSecret), want: 200},
		{name: "basic with the secret as user", body: sample, edit: basic(theSecret, ""), want: 401, code: "unauthorised"},
		{name: "basic of garbage", body: sample, edit: set("Authorization", "Basic %%%"), want: 401, code: "unauthorised"},
		{name: "another scheme", body: sample, edit: set("Authorization", "Digest "+theSecret), want: 401, code: "unauthorised"},
		{name: "two Authorization headers", body: sample, edit: add("Authorization", "Bearer "+theSecret), want: 401, code: "unauthorised"},
		{name: "secret in the query", body: sample, edit: func(r *http.Request) { r.Header.Del("Authorization"); r.URL.RawQuery = "access_token=" + theSecret }, want: 401, code: "unauthorised"},
		{name: "customer", body: sample, edit: customer("tok_1"), want: 200},
		{name: "customer with a scheme", body: sample, edit: customer("Bearer tok_1"), want: 200},
		{name: "longest customer", body: sample, edit: customer("Bearer " + strings.Repeat("t", 4096)), want: 200},
		{name: "customer too long", body: sample, edit: customer(strings.Repeat("t", 4097)), want: 400, code: "invalid_customer_token", details: badCustomer("too_long")},
		{name: "customer of two words", body: sample, edit: customer("Bearer a b"), want: 400, code: "invalid_customer_token", details: badCustomer("malformed")},
		{name: "customer beyond ASCII", body: sample, edit: customer("tök"), want: 400, code: "invalid_customer_token", details: badCustomer("malformed")},
		{name: "two customers", body: sample, edit: func(r *http.Request) { customer("a")(r); add("X-Customer-Authorization", "b")(r) }, want: 400, code: "invalid_customer_token", details: badCustomer("given_twice")},
		{name: "bad customer without a secret", body: sample, edit: func(r *http.Request) { customer("a b")(r); drop("Authorization")(r) }, want: 401, code: "unauthorised"},
	})
}
