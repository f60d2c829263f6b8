// SPDX-License-Identifier: Apache-2.0

package httpserver_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cartage-dev/cartage/adapters/inbound/httpserver"
	"github.com/cartage-dev/cartage/core/fault"
)

// document has every kind of field that DecodeStrict is made for.
type document struct {
	Name   *string  `json:"name"`
	Count  *int64   `json:"count"`
	Small  int8     `json:"small"`
	Flag   *bool    `json:"flag"`
	Kelvin string   `json:"kelvin"`
	Street string   `json:"straße"`
	Lines  []line   `json:"lines"`
	Inner  *inner   `json:"inner,omitempty"`
	Words  []string `json:"words"`
	Plain  int
	Hidden string `json:"-"`
}

type line struct {
	SKU string `json:"sku"`
	N   *int64 `json:"n"`
}

type inner struct {
	Deep *document `json:"deep"`
}

func ptr[T any](v T) *T { return &v }

// nested is n arrays, one in another.
func nested(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }

var acceptTable = []struct {
	name, body string
	want       document
}{
	{"an empty object", `{}`, document{}},
	{"white space around", " \t\r\n{ } \n", document{}},
	{"every kind", `{"name":"n","count":-5,"small":127,"flag":false,"lines":[{"sku":"a","n":1},{}],"words":["x",""],"Plain":3}`, document{
		Name: ptr("n"), Count: ptr(int64(-5)), Small: 127, Flag: ptr(false),
		Lines: []line{{SKU: "a", N: ptr(int64(1))}, {}}, Words: []string{"x", ""}, Plain: 3,
	}},
	{"objects in objects", `{"inner":{"deep":{"inner":{"deep":{"small":1}}}}}`, document{
		Inner: &inner{Deep: &document{Inner: &inner{Deep: &document{Small: 1}}}},
	}},
	{"null is not given", `{"name":null,"count":null,"small":null,"flag":null,"lines":null,"inner":null,"Plain":null}`, document{}},
	{"null in arrays", `{"lines":[null,{"n":null}],"words":[null]}`, document{Lines: []line{{}, {}}, Words: []string{""}}},
	{"the largest integer", `{"count":9223372036854775807}`, document{Count: ptr(int64(9223372036854775807))}},
	{"the least integer", `{"count":-9223372036854775808,"small":-128}`, document{Count: ptr(int64(-9223372036854775808)), Small: -128}},
	{"minus zero", `{"count":-0}`, document{Count: ptr(int64(0))}},
	{"unknown keys", `{"more":{"a":[1.5,1e400,true,null,"x"]},"x":"","y":1e2}`, document{}},
	{"a hidden field", `{"Hidden":1,"-":2}`, document{}},
	{"an empty key", `{"":1}`, document{}},
	{"escapes", `{"name":"\"\\\/\b\f\n\r\t\u00e9 \\u0000 \\ud800"}`, document{Name: ptr("\"\\/\b\f\n\r\té \\u0000 \\ud800")}},
	{"a whole surrogate pair", `{"name":"\ud83d\uDE00"}`, document{Name: ptr("😀")}},
	{"a key in escapes", `{"n\u0061me":"x"}`, document{Name: ptr("x")}},
	{"beyond ASCII", `{"name":"é😀\u2028` + "\u2028" + `","straße":"é"}`, document{Name: ptr("é😀\u2028\u2028"), Street: "é"}},
	{"the replacement character", `{"name":"` + "\ufffd" + `\ufffd"}`, document{Name: ptr("\ufffd\ufffd")}},
	{"a byte order mark in a string", `{"name":"` + "\ufeff" + `"}`, document{Name: ptr("\ufeff")}},
	{"as deep as can be", `{"more":` + nested(httpserver.DepthMax-1) + `}`, document{}},
	{"the same key in other objects", `{"lines":[{"sku":"a"},{"sku":"b"}],"inner":{"deep":{"lines":[]}}}`, document{
		Lines: []line{{SKU: "a"}, {SKU: "b"}}, Inner: &inner{Deep: &document{Lines: []line{}}},
	}},
	{"many keys", `{` + manyKeys(5_000) + `"small":1}`, document{Small: 1}},
}

func manyKeys(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `"k%d":%d,`, i, i)
	}
	return b.String()
}

func TestDecodeStrictAccepts(t *testing.T) {
	t.Parallel()
	for _, tt := range acceptTable {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got document
			if err := httpserver.DecodeStrict([]byte(tt.body), &got); err != nil {
				t.Fatalf("DecodeStrict = %+v", err)
			}
			if diff := cmp.Diff(got, tt.want); diff != "" {
				t.Errorf("got -, want +\n%s", diff)
			}
		})
	}
}

var refuseTable = []struct {
	name, body string
	reason     string
	path       string
	at         string // line:column
}{
	{"nothing", "", "empty", "", "1:1"},
	{"white space", " \t\r\n ", "empty", "", "1:1"},
	{"a byte order mark alone", "\ufeff", "syntax", "", "1:1"},
	{"a byte order mark", "\ufeff{}", "syntax", "", "1:1"},
	{"UTF-16", "{\x00}\x00", "syntax", "", "1:2"},
	{"null", "null", "not_an_object", "", "1:1"},
	{"null in white space", "\n null ", "not_an_object", "", "2:2"},
	{"a number", "1", "not_an_object", "", "1:1"},
	{"a string", `"{}"`, "not_an_object", "", "1:1"},
	{"an array", `[{}]`, "not_an_object", "", "1:1"},
	{"true", "true", "not_an_object", "", "1:1"},
	{"a word", "tru", "unexpected_end", "", "1:4"},
	{"a wrong word", "True", "syntax", "", "1:1"},
	{"NaN", `{"count":NaN}`, "syntax", "count", "1:10"},
	{"a form", "name=x&count=1", "syntax", "", "1:2"},
	{"XML", "<a/>", "syntax", "", "1:1"},

	{"data behind", `{} {}`, "trailing_data", "", "1:4"},
	{"a bracket behind", "{}\n}", "trailing_data", "", "2:1"},
	{"a NUL behind", "{}\x00", "trailing_data", "", "1:3"},
	{"a comma behind", `{},`, "trailing_data", "", "1:3"},
	{"a no-break space behind", "{}\u00a0", "trailing_data", "", "1:3"},
	{"a word cut short behind", `{} tru`, "trailing_data", "", "1:4"},
	{"a comment", "{} // x", "trailing_data", "", "1:4"},

	{"ends at once", `{`, "unexpected_end", "", "1:2"},
	{"ends in a key", `{"na`, "unexpected_end", "", "1:5"},
	{"ends after a key", `{"name"`, "unexpected_end", "name", "1:8"},
	{"ends before a value", `{"name":`, "unexpected_end", "name", "1:9"},
	{"ends in a string", `{"name":"x`, "unexpected_end", "name", "1:11"},
	{"ends in an escape", `{"name":"\`, "unexpected_end", "name", "1:11"},
	{"ends in a number", `{"count":1`, "unexpected_end", "", "1:11"},
	{"ends after a minus", `{"count":-`, "unexpected_end", "count", "1:11"},
	{"ends in an array", `{"lines":[{"sku":"a"}`, "unexpected_end", "lines", "1:22"},
	{"ends deep inside", `{"lines":[{},{"sku":`, "unexpected_end", "lines[1].sku", "1:21"},
	{"ends after a comma", `{"small":1,`, "unexpected_end", "", "1:12"},

	{"a comma too many", `{"small":1,}`, "syntax", "", "1:12"},
	{"a comma too many in an array", `{"words":["a",]}`, "syntax", "words[1]", "1:15"},
	{"a comma first", `{,"small":1}`, "syntax", "", "1:2"},
	{"no comma", `{"small":1 "count":2}`, "syntax", "", "1:12"},
	{"no colon", `{"small" 1}`, "syntax", "small", "1:10"},
	{"two colons", `{"small"::1}`, "syntax", "small", "1:10"},
	{"no value", `{"small":}`, "syntax", "small", "1:10"},
	{"a key without quotes", `{small:1}`, "syntax", "", "1:2"},
	{"single quotes", `{'small':1}`, "syntax", "", "1:2"},
	{"a number for a key", `{1:1}`, "syntax", "", "1:2"},
	{"the wrong bracket", `{"words":["a"}`, "syntax", "words", "1:14"},
	{"a wrong word inside", "{\n  \"small\": 1,\n  \"flag\": fals\n}", "syntax", "flag", "3:15"},
	{"a leading zero", `{"count":01}`, "syntax", "", "1:11"},
	{"a leading plus", `{"count":+1}`, "syntax", "count", "1:10"},
	{"a hexadecimal number", `{"count":0x10}`, "syntax", "", "1:11"},
	{"a number with a dot and no more", `{"count":1.}`, "syntax", "count", "1:12"},
	{"a line end in a string", "{\"name\":\"a\nb\"}", "syntax", "name", "1:11"},
	{"a NUL in a string", "{\"name\":\"a\x00b\"}", "syntax", "name", "1:11"},
	{"a NUL between", "{\x00}", "syntax", "", "1:2"},
	{"a no-break space between", "{\u00a0}", "syntax", "", "1:2"},
	{"an unknown escape", `{"name":"\x41"}`, "syntax", "name", "1:11"},
	{"a short escape", `{"name":"\u12"}`, "syntax", "name", "1:14"},

	{"not UTF-8", "{\"name\":\"\xff\"}", "not_utf8", "", "1:10"},
	{"UTF-8 cut short", "{\"name\":\"\xe2\x82\"}", "not_utf8", "", "1:10"},
	{"a surrogate in UTF-8", "{\"name\":\"\xed\xa0\x80\"}", "not_utf8", "", "1:10"},
	{"an overlong slash", "{\"name\":\"\xc0\xaf\"}", "not_utf8", "", "1:10"},
	{"not UTF-8 in a key", "{\"\xff\":1}", "not_utf8", "", "1:3"},
	{"not UTF-8 behind", "{}\xff", "not_utf8", "", "1:3"},

	{"an escaped NUL", `{"name":"a\u0000"}`, "nul", "", "1:11"},
	{"an escaped NUL in a key", `{"a\u0000":1}`, "nul", "", "1:4"},
	{"an escaped NUL where nobody looks", `{"more":[{"x":"\\\u0000"}]}`, "nul", "", "1:18"},
	{"a high surrogate alone", `{"name":"\ud83d"}`, "half_surrogate", "", "1:10"},
	{"a low surrogate alone", `{"name":"\ude00"}`, "half_surrogate", "", "1:10"},
	{"surrogates the wrong way round", `{"name":"\ude00\ud83d"}`, "half_surrogate", "", "1:10"},
	{"a high surrogate before a letter", `{"name":"\ud83d\u0041"}`, "half_surrogate", "", "1:10"},
	{"a high surrogate before an escaped backslash", `{"name":"\ud83d\\ude00"}`, "half_surrogate", "", "1:10"},
	{"half a pair behind a whole one", `{"name":"\ud83d\ude00\ud83d"}`, "half_surrogate", "", "1:22"},
	{"half a pair in an unknown key", `{"\ud83d":1}`, "half_surrogate", "", "1:3"},

	{"a key twice", `{"name":"a","name":"a"}`, "duplicate_key", "name", "1:13"},
	{"an unknown key twice", `{"more":1,"x":2,"more":3}`, "duplicate_key", "more", "1:17"},
	{"an empty key twice", `{"":1,"":2}`, "duplicate_key", "", "1:7"},
	{"a key twice, once in escapes", `{"name":"a","n\u0061me":"b"}`, "duplicate_key", "name", "1:13"},
	{"a key twice, once null", `{"count":null,"count":1}`, "duplicate_key", "count", "1:15"},
	{"a key twice deep inside", `{"lines":[{"sku":"a"},{"sku":"a","n":1,"sku":"b"}]}`, "duplicate_key", "lines[1].sku", "1:40"},
	{"a key twice where nobody looks", `{"more":{"deep":[[{"a":1,"a":2}]]}}`, "duplicate_key", "more.deep[0][0].a", "1:26"},
	{"another case", `{"Name":"a"}`, "case_variant_key", "Name", "1:2"},
	{"all capitals", `{"lines":[{"SKU":"a"}]}`, "case_variant_key", "lines[0].SKU", "1:12"},
	{"another case of a field without a tag", `{"plain":1}`, "case_variant_key", "plain", "1:2"},
	{"both cases", `{"name":"a","NAME":"b"}`, "case_variant_key", "NAME", "1:13"},
	{"both cases of an unknown key", `{"more":1,"More":2}`, "case_variant_key", "More", "1:11"},
	{"the Kelvin sign", `{"` + "\u212a" + `elvin":"x"}`, "case_variant_key", "\u212aelvin", "1:2"},
	{"the Kelvin sign in escapes", `{"\u212Aelvin":"x"}`, "case_variant_key", "\u212aelvin", "1:2"},
	{"the long s", `{"` + "\u017f" + `mall":1}`, "case_variant_key", "\u017fmall", "1:2"},
	{"the capital sharp s", `{"stra` + "\u1e9e" + `e":"x"}`, "case_variant_key", "stra\u1e9ee", "1:2"},

	{"a fraction", `{"count":1.5}`, "not_an_integer", "count", "1:10"},
	{"a whole fraction", `{"count":1.0}`, "not_an_integer", "count", "1:10"},
	{"an exponent", `{"count":1e2}`, "not_an_integer", "count", "1:10"},
	{"a capital exponent", `{"count":1E+2}`, "not_an_integer", "count", "1:10"},
	{"a huge exponent", `{"count":1e999999999}`, "not_an_integer", "count", "1:10"},
	{"one too large", `{"count":9223372036854775808}`, "out_of_range", "count", "1:10"},
	{"one too small", `{"count":-9223372036854775809}`, "out_of_range", "count", "1:10"},
	{"too large for a byte", `{"small":128}`, "out_of_range", "small", "1:10"},
	{"a huge number", `{"count":` + strings.Repeat("9", 10_000) + `}`, "out_of_range", "count", "1:10"},
	{"a number in a string", `{"count":"1"}`, "not_an_integer", "count", "1:10"},
	{"true for a number", `{"lines":[{"n":true}]}`, "not_an_integer", "lines[0].n", "1:16"},
	{"a number for a string", `{"name":1}`, "not_a_string", "name", "1:9"},
	{"an array for a string", `{"words":["a",["b"]]}`, "not_a_string", "words[1]", "1:15"},
	{"a string for true", `{"flag":"true"}`, "not_a_boolean", "flag", "1:9"},
	{"a number for true", `{"flag":1}`, "not_a_boolean", "flag", "1:9"},
	{"an object for an array", `{"lines":{"0":{}}}`, "not_an_array", "lines", "1:10"},
	{"a string for an array", `{"words":"a"}`, "not_an_array", "words", "1:10"},
	{"an array for an object", `{"inner":[]}`, "not_an_object", "inner", "1:10"},
	{"a string for an object", `{"lines":[{},"x"]}`, "not_an_object", "lines[1]", "1:14"},

	{"a level too deep", `{"more":` + nested(httpserver.DepthMax) + `}`, "too_deep", "more" + strings.Repeat("[0]", httpserver.DepthMax-1), "1:40"},
	{"far too deep", strings.Repeat(`{"a":`, 100_000), "too_deep", strings.Repeat(".a", httpserver.DepthMax)[1:], "1:161"},
	{"far too deep where nobody looks", `{"more":` + strings.Repeat("[", 100_000), "too_deep", "more" + strings.Repeat("[0]", httpserver.DepthMax-1), "1:40"},
	{"a long key", `{"` + strings.Repeat("k", 100) + `":{"a":1,"a":2}}`, "duplicate_key", strings.Repeat("k", 61) + "….a", "1:112"},
	{"a key that does not print", `{"a\r\n\u202e":{"a":1,"a":2}}`, "duplicate_key", `a\r\n\u202e.a`, "1:23"},
}

func TestDecodeStrictRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range refuseTable {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var into document
			err := httpserver.DecodeStrict([]byte(tt.body), &into)
			f, ok := errors.AsType[*fault.Error](err)
			if !ok || f.Kind != fault.Invalid || f.Source != fault.Caller || f.Code != httpserver.InvalidJSON || len(f.Fields) != 1 {
				t.Fatalf("DecodeStrict = %v, want the caller's invalid_json with one field", err)
			}
			lineNo, column, _ := strings.Cut(tt.at, ":")
			want := fault.Field{Path: tt.path, Reason: tt.reason, Detail: "line " + lineNo + ", column " + column}
			if diff := cmp.Diff(f.Fields[0], want); diff != "" {
				t.Errorf("got -, want +\n%s", diff)
			}
			if diff := cmp.Diff(into, document{}); diff != "" {
				t.Errorf("something was decoded all the same: got -, want +\n%s", diff)
			}
		})
	}
}

func TestDecodeStrictOtherTypes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, body string
		into       any
		want       string // reason at path; or the value, as JSON
	}{
		{"a slice", `[1,2]`, &[]int{}, `[1,2]`},
		{"a slice of another", `[1,"2"]`, &[]int{}, "not_an_integer at [1]"},
		{"null for a slice", `null`, &[]int{}, `null`},
		{"a string", `"x"`, new(string), `"x"`},
		{"a pointer to a pointer", `{"sku":"x"}`, new(*line), `{"sku":"x","n":null}`},
		{"anything", `{"a":[1]}`, new(any), `{"a":[1]}`},
		{"anything twice", `{"a":[{"b":1,"b":1}]}`, new(any), "duplicate_key at a[0].b"},
		{"raw JSON", `{"a":{"b":1.0}}`, &map[string]json.RawMessage{}, `{"a":{"b":1.0}}`},
		{"a kind it was not made for", `{"a":"x"}`, &map[string]uint{}, "wrong_type at "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := httpserver.DecodeStrict([]byte(tt.body), tt.into)
			var got string
			if err != nil {
				f := fault.From(err)
				if f.Kind != fault.Invalid || len(f.Fields) != 1 {
					t.Fatalf("DecodeStrict = %v", err)
				}
				got = f.Fields[0].Reason + " at " + f.Fields[0].Path
			} else if text, err := json.Marshal(tt.into); err != nil {
				t.Fatal(err)
			} else {
				got = string(text)
			}
			if got != tt.want {
				t.Errorf("DecodeStrict: %s, want %s", got, tt.want)
			}
		})
	}
	for _, into := range []any{nil, document{}, (*document)(nil)} {
		if err := httpserver.DecodeStrict([]byte(`{}`), into); err == nil || fault.KindOf(err) != fault.Internal {
			t.Errorf("DecodeStrict into %#v = %v, want a fault of our own", into, err)
		}
	}
}
