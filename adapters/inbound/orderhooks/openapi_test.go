// SPDX-License-Identifier: Apache-2.0

package orderhooks

import (
	"encoding/json"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
)

func readDocument(t *testing.T) map[string]any {
	t.Helper()
	raw, err := os.ReadFile("openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var d map[string]any
	if err := yaml.Unmarshal(raw, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// at goes down from a node.
func at(t *testing.T, node any, steps ...string) map[string]any {
	t.Helper()
	for _, s := range steps {
		m, _ := node.(map[string]any)
		if node = m[s]; node == nil {
			t.Fatalf("openapi.yaml: no %s in %v", s, slices.Sorted(maps.Keys(m)))
		}
	}
	m, _ := node.(map[string]any)
	return m
}

func TestDocumentSaysWhatTheHandlerDoes(t *testing.T) {
	t.Parallel()
	d := readDocument(t)
	if v, _ := d["openapi"].(string); !strings.HasPrefix(v, "3.1.") {
		t.Errorf("openapi is %q", v)
	}
	if got := slices.Collect(maps.Keys(at(t, d, "paths", "/hooks/shopify/{app}"))); len(got) != 2 {
		t.Errorf("documented are %v", got)
	}
	want, got := map[string][]string{}, map[string][]string{}
	for _, code := range slices.Sorted(maps.Keys(tellings)) {
		status := strconv.Itoa(tellings[code].status)
		want[status] = append(want[status], code)
	}
	responses := at(t, d, "paths", "/hooks/shopify/{app}", "post", "responses")
	for status := range responses {
		outcomes, _ := at(t, responses, status)["x-outcomes"].([]any)
		for _, o := range outcomes {
			code, _ := o.(string)
			got[status] = append(got[status], code)
		}
		slices.Sort(got[status])
		if at(t, responses, status)["content"] != nil {
			t.Errorf("%s has a body", status)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("status to outcomes (-code +openapi.yaml):\n%s", diff)
	}
	if got := at(t, responses, "503", "headers", "Retry-After", "schema")["const"]; got != retryAfter {
		t.Errorf("Retry-After is %v", got)
	}
}

// TestDocumentNamesWhatIsRead compares the members that shape.go looks for with those of the schemas.
func TestDocumentNamesWhatIsRead(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("shape.go")
	if err != nil {
		t.Fatal(err)
	}
	want, got := map[string]bool{}, map[string]bool{}
	for _, found := range regexp.MustCompile(`"([a-z_]+)": &`).FindAllSubmatch(source, -1) {
		want[string(found[1])] = true
	}
	var collect func(node any)
	collect = func(node any) {
		switch node := node.(type) {
		case map[string]any:
			if properties, is := node["properties"].(map[string]any); is && node["type"] != nil {
				for name := range properties {
					got[name] = true
				}
			}
			for _, v := range node {
				collect(v)
			}
		case []any:
			for _, v := range node {
				collect(v)
			}
		}
	}
	collect(at(t, readDocument(t), "components", "schemas"))
	if diff := cmp.Diff(want, got); diff != "" || len(want) < 20 {
		t.Errorf("members (-shape.go +openapi.yaml):\n%s", diff)
	}
}

// TestBodiesAreOfTheirSchemas holds the bodies of testdata to the document.
func TestBodiesAreOfTheirSchemas(t *testing.T) {
	t.Parallel()
	raw, err := json.Marshal(readDocument(t))
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(string(raw)))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("openapi.json", document); err != nil {
		t.Fatal(err)
	}
	for schema, names := range map[string][]string{
		"Order":   {"create-till", "create-guest", "create-redemption", "create-marked", "create-test", "cancelled"},
		"Refund":  {"refund-part", "refund-of-nothing-paid", "refund-in-another-currency"},
		"Privacy": {"data-request", "customer-redact", "shop-redact"},
	} {
		compiled, err := compiler.Compile("openapi.json#/components/schemas/" + schema)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			body, err := jsonschema.UnmarshalJSON(strings.NewReader(sample(t, name)))
			if err != nil {
				t.Fatal(err)
			}
			if err := compiled.Validate(body); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}
