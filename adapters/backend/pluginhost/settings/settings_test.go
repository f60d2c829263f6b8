// SPDX-License-Identifier: Apache-2.0

package settings_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cartage-dev/cartage/adapters/backend/pluginhost/settings"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/secret"
)

// acme is a schema as an author writes it.
const acme = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "$id": "https://acme.example/settings.json",
  "type": "object", "additionalProperties": false, "required": ["base_url", "token"],
  "$defs": {
    "site": {"type": "object", "additionalProperties": false, "required": ["code"], "properties": {
      "code": {"type": "string", "minLength": 2, "maxLength": 3},
      "weight": {"type": "number", "exclusiveMinimum": 0.5}
    }}
  },
  "properties": {
    "base_url": {"type": "string", "format": "uri", "pattern": "^https?://[^/]+$", "description": "Where\nthe shop\u001b[31m is."},
    "retries": {"type": "integer", "minimum": 0, "maximum": 5, "default": 2},
    "mode": {"enum": ["fast", "safe", 7], "default": "safe"},
    "sites": {"type": "array", "minItems": 1, "maxItems": 3, "uniqueItems": true, "items": {"$ref": "#/$defs/site"}},
    "main": {"$ref": "#/$defs/site", "description": "The main site."},
    "strict": {"type": ["boolean", "null"]},
    "token": {"type": "string", "writeOnly": true, "minLength": 8, "description": "Of the API."},
    "proxy_password": {"type": "string", "writeOnly": true, "default": "hush"}
  }
}`

func read(t testing.TB, schema string) settings.Schema {
	t.Helper()
	s, err := settings.Read([]byte(schema))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// said is each mistake in a line.
func said(fields []fault.Field) []string {
	var lines []string
	for _, f := range fields {
		lines = append(lines, f.Path+": "+f.Detail+" ("+f.Reason+")")
	}
	return lines
}

func TestCheck(t *testing.T) {
	t.Parallel()
	const url = `"base_url":"https://shop.example"`
	token := map[string]string{"token": "hush-hush"}
	for _, tt := range []struct {
		name, settings string
		secrets        map[string]string
		want           []string
	}{
		{"all is well", `{` + url + `,"retries":5,"mode":"fast","sites":[{"code":"uk","weight":1}],"strict":null}`, token, nil},
		{"nothing at all", `{}`, nil, []string{
			"secrets.token: missing; write it under secrets, as env:NAME or file:/path (required)",
			"settings.base_url: missing; write text (required)"}},
		{"an unknown key", `{"bas_url":"hush",` + url + `}`, token, []string{"settings.bas_url: unknown key; did you mean settings.base_url? (unknown_key)"}},
		{"an unknown key like no other", `{"zzzzzzzz":1,` + url + `}`, token, []string{
			"settings.zzzzzzzz: unknown key; valid here: base_url, main, mode, retries, sites, strict (unknown_key)"}},
		{"an unknown key that is a secret misspelt", `{"tokn":"hush",` + url + `}`, token, []string{"settings.tokn: unknown key; did you mean secrets.token? (unknown_key)"}},
		{"an unknown secret", `{` + url + `}`, map[string]string{"token": "hush-hush", "proxypassword": "hush"}, []string{
			"secrets.proxypassword: unknown key; did you mean secrets.proxy_password? (unknown_key)"}},
		{"a secret among the settings", `{"token":"hush-hush",` + url + `}`, nil, []string{
			"settings.token: a secret among the settings; write it under secrets, as env:NAME or file:/path (misplaced)"}},
		{"a secret in both places", `{"token":"hush-hush",` + url + `}`, token, []string{
			"settings.token: a secret among the settings; write it under secrets, as env:NAME or file:/path (misplaced)"}},
		{"a setting among the secrets", `{}`, map[string]string{"token": "hush-hush", "base_url": "hush"}, []string{
			"secrets.base_url: not a secret; write it under settings (misplaced)"}},
		{"a short secret", `{` + url + `}`, map[string]string{"token": "hush"}, []string{"secrets.token: too short; write at least 8 characters (too_short)"}},
		{"a wrong type", `{` + url + `,"retries":"hush"}`, token, []string{"settings.retries: text is not a whole number (wrong_type)"}},
		{"a fraction", `{` + url + `,"retries":1.5}`, token, []string{"settings.retries: a number is not a whole number (wrong_type)"}},
		{"one of two types", `{` + url + `,"strict":"hush"}`, token, []string{"settings.strict: text is not nothing or true or false (wrong_type)"}},
		{"too small", `{` + url + `,"retries":-1}`, token, []string{"settings.retries: too small; write 0 or more (out_of_range)"}},
		{"too large", `{` + url + `,"retries":6}`, token, []string{"settings.retries: too large; write 5 or less (out_of_range)"}},
		{"not allowed", `{` + url + `,"mode":"hush"}`, token, []string{"settings.mode: not a value that is allowed; write one of fast, safe, 7 (not_allowed)"}},
		{"another form", `{"base_url":"https://shop.example/hush"}`, token, []string{"settings.base_url: not of the form that is expected; it has to match ^https?://[^/]+$ (malformed)"}},
		{"not an address", `{"base_url":":hush"}`, token, []string{"settings.base_url: not of the format uri (malformed)"}},
		{"within a list", `{` + url + `,"sites":[{"code":"uk"},{"code":"h","weight":0.5,"cod":1},{}]}`, token, []string{
			"settings.sites[1].cod: unknown key; did you mean settings.sites[1].code? (unknown_key)",
			"settings.sites[1].code: too short; write at least 2 characters (too_short)",
			"settings.sites[1].weight: too small; write more than 0.5 (out_of_range)",
			"settings.sites[2].code: missing; write text (required)"}},
		{"none", `{` + url + `,"sites":[]}`, token, []string{"settings.sites: too few; name at least 1 (too_few)"}},
		{"twice", `{` + url + `,"sites":[{"code":"uk"},{"code":"uk"}]}`, token, []string{"settings.sites: the same at [0] and [1]; take one of them away (twice)"}},
		{"through a reference", `{` + url + `,"main":{"code":"hush"}}`, token, []string{"settings.main.code: too long; write at most 3 characters (too_long)"}},
		{"a key that holds more than a name", `{` + url + `,"token:hush":null}`, token, []string{"settings.token…: unknown key; valid here: base_url, main, mode, retries, sites, strict (unknown_key)"}},
		{"no object", `[]`, token, []string{"settings: not a group of keys (malformed)"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			hidden := map[string]secret.Text{}
			for name, text := range tt.secrets {
				hidden[name] = secret.New(text)
			}
			got := said(read(t, acme).Check([]byte(tt.settings), hidden))
			if diff := cmp.Diff(got, tt.want); diff != "" {
				t.Errorf("Check() (-got +want):\n%s", diff)
			}
			if strings.Contains(strings.Join(got, ""), "hush") {
				t.Errorf("a value is repeated: %q", got)
			}
		})
	}
}

// TestForms has the keywords that decide between forms.
func TestForms(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, schema, settings, want string }{
		{"no schema", ``, `{"anything":1}`, ""},
		{"an open schema", `{}`, `{"anything":1}`, ""},
		{"any of", `{"properties":{"a":{"anyOf":[{"type":"string"},{"type":"integer","minimum":3}]}}}`, `{"a":2}`, "settings.a: none of the forms that are allowed here (refused)"},
		{"one of", `{"properties":{"a":{"oneOf":[{"minimum":1},{"minimum":2}]}}}`, `{"a":3}`, "settings.a: more than one of the forms that are allowed here; keep to one (refused)"},
		{"all of", `{"allOf":[{"required":["a"]},{"properties":{"b":{"const":1}}}]}`, `{"b":2}`, "settings.a: missing (required)\nsettings.b: not the value that is allowed; write 1 (not_allowed)"},
		{"not", `{"properties":{"a":{"not":{"const":1}}}}`, `{"a":1}`, "settings.a: not accepted by the plugin's schema (refused)"},
		{"never", `{"properties":{"a":false}}`, `{"a":1}`, "settings.a: unknown key; did you mean settings.a? (unknown_key)"},
		{"beside", `{"dependentRequired":{"a":["b"]}}`, `{"a":1}`, "settings.b: missing beside a (required)"},
		{"names", `{"propertyNames":{"maxLength":2}}`, `{"abc":1}`, "settings.abc: not a key that is allowed here (bad_key)"},
		{"multiple", `{"properties":{"a":{"multipleOf":0.25}}}`, `{"a":0.3}`, "settings.a: not a multiple of 0.25 (out_of_range)"},
		{"many keys", `{"maxProperties":1}`, `{"a":1,"b":2}`, "settings: too many keys; write at most 1 (too_many)"},
		{"unevaluated", `{"allOf":[{"properties":{"a":true}}],"unevaluatedProperties":false}`, `{"a":1,"b":2}`, "settings.b: unknown key (unknown_key)"},
		{"a reference with more beside it", `{"$defs":{"n":{"type":"integer"}},"properties":{"a":{"$ref":"#/$defs/n","minimum":3}}}`, `{"a":2}`, "settings.a: too small; write 3 or more (out_of_range)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := strings.Join(said(read(t, tt.schema).Check([]byte(tt.settings), nil)), "\n"); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestOpenSchemaTakesAnySecret(t *testing.T) {
	t.Parallel()
	hidden := map[string]secret.Text{"more": secret.New("hush")}
	if got := read(t, `{}`).Check([]byte(`{}`), hidden); got != nil {
		t.Errorf("got %v", said(got))
	}
	if got := said(read(t, `{}`).Check([]byte(`{"more":1}`), hidden)); len(got) != 1 || !strings.HasPrefix(got[0], "secrets.more: given under settings as well") {
		t.Errorf("got %v", got)
	}
}

// TestHostileSchemas are refused soon, by whose fault it is, and in one line.
func TestHostileSchemas(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat(`{"not":`, 20) + `{}` + strings.Repeat(`}`, 20)
	var bomb strings.Builder // each definition refers twice to the next
	for i := range 40 {
		fmt.Fprintf(&bomb, `"d%d":{"anyOf":[{"$ref":"#/$defs/d%d"},{"$ref":"#/$defs/d%d"}]},`, i, i+1, i+1)
	}
	for _, tt := range []struct{ name, schema, want string }{
		{"not JSON", `{`, "not JSON"},
		{"two values", `{} {}`, "not JSON"},
		{"no object", `true`, "not an object"},
		{"settings that are a list", `{"type":"array"}`, "type is not object"},
		{"another dialect", `{"$schema":"http://json-schema.org/draft-07/schema#"}`, "$schema"},
		{"a dialect of its own", `{"$schema":"http://127.0.0.1:1/schema"}`, "$schema"},
		{"too long", `{"description":"` + strings.Repeat("x", 64<<10) + `"}`, "exceeds"},
		{"too deep", deep, "levels"},
		{"JSON that is too deep", strings.Repeat("[", 30000), "not JSON"},
		{"too many values", `{"enum":[` + strings.Repeat("1,", 5000) + `1]}`, "unfolds"},
		{"a bomb", `{"$defs":{` + bomb.String() + `"d40":{}},"$ref":"#/$defs/d0"}`, "levels"},
		{"a wide bomb", `{"$defs":{"a":{"enum":[` + strings.Repeat("1,", 200) + `1]}},"allOf":[` + strings.Repeat(`{"$ref":"#/$defs/a"},`, 50) + `{}]}`, "unfolds"},
		{"a circle", `{"$defs":{"a":{"not":{"$ref":"#/$defs/a"}}},"$ref":"#/$defs/a"}`, "back to itself"},
		{"itself", `{"properties":{"a":{"$ref":"#"}}}`, "$ref"},
		{"a file", `{"$ref":"file:///etc/passwd"}`, "$ref"},
		{"a remote schema", `{"properties":{"a":{"$ref":"https://example.com/a.json"}}}`, "$ref"},
		{"a reference that moves", `{"$dynamicRef":"#x"}`, "$dynamicRef"},
		{"an id within", `{"properties":{"a":{"$id":"https://example.com/"}}}`, "$id"},
		{"a number that fills the memory", `{"properties":{"a":{"minimum":1e999999999}}}`, "number"},
		{"a tiny number", `{"properties":{"a":{"multipleOf":1e-999999999}}}`, "number"},
		{"a pattern beyond RE2", `{"properties":{"a":{"pattern":"(?=a)b"}}}`, "settings schema"},
		{"a pattern that repeats", `{"properties":{"a":{"pattern":"((a{100}){10}b){20}"}}}`, "settings schema"},
		{"a pattern of many steps", `{"properties":{"a":{"pattern":"` + strings.Repeat("a{1000}", 11) + `"}}}`, "settings schema"},
		{"a long pattern", `{"properties":{"a":{"pattern":"` + strings.Repeat("a", 513) + `"}}}`, "settings schema"},
		{"a type nobody knows", `{"properties":{"a":{"type":"money"}}}`, "settings schema"},
		{"properties that are none", `{"properties":[]}`, "properties"},
		{"a secret that is no text", `{"properties":{"a":{"type":"integer","writeOnly":true}}}`, "not of type string"},
		{"a secret below the top", `{"properties":{"a":{"properties":{"b":{"writeOnly":true}}}}}`, "top level"},
		{"a secret that sometimes holds", `{"anyOf":[{"properties":{"b":{"writeOnly":true}}}]}`, "top level"},
		{"a secret that config cannot name", `{"properties":{"apiKey":{"writeOnly":true}}}`, "lower-case"},
		{"a terminal's command", `{"$ref":"\u001b]0;x\u0007"}`, "$ref"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			_, err := settings.Read([]byte(tt.schema))
			f := fault.From(err)
			if err == nil || f.Kind != fault.Internal || f.Source != fault.Plugin || f.Code != "bad_settings_schema" || !strings.Contains(f.Message, tt.want) {
				t.Fatalf("got %v, want bad_settings_schema that says %q", err, tt.want)
			}
			if strings.ContainsFunc(f.Message, func(r rune) bool { return r < ' ' }) || len(f.Message) > 512 {
				t.Errorf("not one plain line: %q", f.Message)
			}
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
}

func TestMistakesAreBounded(t *testing.T) {
	t.Parallel()
	many := map[string]int{}
	for i := range 5000 {
		many[fmt.Sprintf("k%d", i)] = i
	}
	given, err := json.Marshal(many)
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, `{"additionalProperties":false}`).Check(given, nil); len(got) != 100 {
		t.Errorf("got %d mistakes", len(got))
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	raw := func(s string) json.RawMessage { return json.RawMessage(s) }
	want := []settings.Key{
		{Path: "secrets.proxy_password", Type: "string", Secret: true},
		{Path: "secrets.token", Type: "string", Required: true, Secret: true, Description: "Of the API."},
		{Path: "settings.base_url", Type: "string", Required: true, Description: "Where the shop [31m is."},
		{Path: "settings.main", Type: "object", Description: "The main site."},
		{Path: "settings.main.code", Type: "string", Required: true},
		{Path: "settings.main.weight", Type: "number"},
		{Path: "settings.mode", Default: raw(`"safe"`), Allowed: []json.RawMessage{raw(`"fast"`), raw(`"safe"`), raw("7")}},
		{Path: "settings.retries", Type: "integer", Default: raw("2")},
		{Path: "settings.sites", Type: "array"},
		{Path: "settings.sites[].code", Type: "string", Required: true},
		{Path: "settings.sites[].weight", Type: "number"},
		{Path: "settings.strict", Type: "boolean or null"},
	}
	if diff := cmp.Diff(read(t, acme).Keys(), want); diff != "" {
		t.Errorf("Keys() (-got +want):\n%s", diff)
	}
	if got := read(t, "").Keys(); got != nil {
		t.Errorf("without a schema: %v", got)
	}
}

// TestMockSchema holds the mock's schema to what the host reads.
func TestMockSchema(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../../../../plugins/mock/settings.json")
	if err != nil {
		t.Fatal(err)
	}
	s := read(t, string(raw))
	if got := s.Check([]byte(`{"listen":"127.0.0.1:8082","public_url":"http://127.0.0.1:8082","data_dir":"data/mock"}`), nil); got != nil {
		t.Errorf("got %v", said(got))
	}
	if got := said(s.Check([]byte(`{"faults":{"fail_evry":3}}`), nil)); len(got) != 1 || !strings.Contains(got[0], "settings.faults.fail_every") {
		t.Errorf("got %v", got)
	}
}

// FuzzSchema feeds schemas and settings: whatever they are, an answer comes, and it repeats no value.
func FuzzSchema(f *testing.F) {
	f.Add([]byte(acme), []byte(`{"base_url":"hush-hush","sites":[{}]}`))
	f.Add([]byte(`{"anyOf":[{"$ref":"#/$defs/a"}],"$defs":{"a":{"pattern":"x"}}}`), []byte(`{"a":[1,{"b":null}]}`))
	f.Fuzz(func(t *testing.T, schema, given []byte) {
		s, err := settings.Read(schema)
		if err != nil {
			if fault.KindOf(err) != fault.Internal {
				t.Errorf("got %v", err)
			}
			return
		}
		s.Keys()
		for _, field := range s.Check(given, map[string]secret.Text{"token": secret.New("canary-canary")}) {
			if field.Path == "" || field.Reason == "" || field.Detail == "" || strings.Contains(field.Detail, "canary-canary") {
				t.Errorf("got %+v", field)
			}
		}
	})
}

func BenchmarkRead(b *testing.B) {
	for b.Loop() {
		if _, err := settings.Read([]byte(acme)); err != nil {
			b.Fatal(err)
		}
	}
}
