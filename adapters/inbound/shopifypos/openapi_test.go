// SPDX-License-Identifier: Apache-2.0

package shopifypos

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/cartage-dev/cartage/core/fault"
)

// document is openapi.yaml, with means to follow its references.
type document struct {
	t    *testing.T
	root map[string]any
}

func readDocument(t *testing.T) document {
	t.Helper()
	raw, err := os.ReadFile("openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	d := document{t: t}
	if err := yaml.Unmarshal(raw, &d.root); err != nil {
		t.Fatal(err)
	}
	return d
}

// at goes down from a node, through references.
func (d document) at(node any, steps ...string) any {
	d.t.Helper()
	for _, s := range append(steps, "") {
		m, _ := node.(map[string]any)
		if ref, ok := m["$ref"].(string); ok {
			node = d.at(d.root, strings.Split(strings.TrimPrefix(ref, "#/"), "/")...)
			m, _ = node.(map[string]any)
		}
		if s == "" {
			break
		}
		next, ok := m[s]
		if !ok {
			d.t.Fatalf("openapi.yaml: no %s in %v", s, slices.Sorted(maps.Keys(m)))
		}
		node = next
	}
	return node
}

func (d document) keys(node any) []string {
	m, _ := node.(map[string]any)
	return slices.Sorted(maps.Keys(m))
}

func (d document) words(node any) []string {
	var all []string
	list, _ := node.([]any)
	for _, word := range list {
		all = append(all, fmt.Sprint(word))
	}
	slices.Sort(all)
	return all
}

// references follows every reference there is.
func (d document) references(node any) (n int) {
	switch node := node.(type) {
	case map[string]any:
		if _, is := node["$ref"]; is {
			d.at(node)
			n++
		}
		for _, v := range node {
			n += d.references(v)
		}
	case []any:
		for _, v := range node {
			n += d.references(v)
		}
	}
	return n
}

func TestDocumentSaysWhatTheHandlerDoes(t *testing.T) {
	t.Parallel()
	d := readDocument(t)
	if v, _ := d.root["openapi"].(string); !strings.HasPrefix(v, "3.1.") {
		t.Errorf("openapi is %q", v)
	}
	if n := d.references(d.root); n < 30 {
		t.Errorf("followed %d references only", n)
	}
	if got := d.keys(d.at(d.root, "paths")); len(got) != len(endpoints) {
		t.Errorf("documented are %v", got)
	}
	for _, at := range endpoints {
		want, said := map[string][]string{"200": nil}, map[string][]string{}
		for _, code := range slices.Sorted(maps.Keys(tellings)) {
			as := tellings[code]
			status := strconv.Itoa(as.status)
			switch {
			case as.open && at == promotions:
				status = "200"
			case as.says:
				said[status] = append(said[status], code)
			}
			want[status] = append(want[status], code)
		}
		got := map[string][]string{}
		responses := d.at(d.root, "paths", "/pos/{app}/"+at.name(), "post", "responses")
		for _, status := range d.keys(responses) {
			response := d.at(responses, status)
			got[status] = d.words(d.at(response, "x-reasons"))
			if status == "200" {
				continue
			}
			if said[status] == nil {
				if slices.Contains(d.keys(response), "content") {
					t.Errorf("%s: %s has no body", at.name(), status)
				}
				continue
			}
			examples := d.at(response, "content", "application/json", "examples")
			if diff := cmp.Diff(said[status], d.keys(examples)); diff != "" {
				t.Errorf("%s: bodies of %s (-code +openapi.yaml):\n%s", at.name(), status, diff)
			}
			for _, code := range d.keys(examples) {
				if value := d.at(examples, code, "value"); !reflect.DeepEqual(value, map[string]any{"code": code}) {
					t.Errorf("example %s is %v", code, value)
				}
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: status to reasons (-code +openapi.yaml):\n%s", at.name(), diff)
		}
		d.at(responses, "405", "headers", "Allow", "schema")
	}
}

// fields are the members of a shape as the wire calls them.
func fields(shape any, needed bool) (all []string) {
	for f := range reflect.TypeOf(shape).Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !needed || options == "" {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return all
}

func TestDocumentHasTheShapes(t *testing.T) {
	t.Parallel()
	d := readDocument(t)
	schema := func(name, part string) any { return d.at(d.root, "components", "schemas", name, part) }
	for name, shape := range map[string]any{"Template": templateAnswer{}, "Action": actionAnswer{}, "Error": errorAnswer{}} {
		if diff := cmp.Diff(fields(shape, false), d.keys(schema(name, "properties"))); diff != "" {
			t.Errorf("%s has (-code +openapi.yaml):\n%s", name, diff)
		}
		if diff := cmp.Diff(fields(shape, true), d.words(schema(name, "required"))); diff != "" {
			t.Errorf("%s needs (-code +openapi.yaml):\n%s", name, diff)
		}
	}
	asked := append(fields(requestBody{}, false), "customer_email")
	slices.Sort(asked)
	for name, at := range map[string]endpoint{"Request": promotions, "ActionRequest": performAction} {
		if diff := cmp.Diff(asked, d.keys(schema(name, "properties"))); diff != "" {
			t.Errorf("%s has (-code +openapi.yaml):\n%s", name, diff)
		}
		if diff := cmp.Diff(required(t, at), d.words(schema(name, "required"))); diff != "" {
			t.Errorf("%s needs (-code +openapi.yaml):\n%s", name, diff)
		}
	}
	var example templateAnswer
	raw, _ := json.Marshal(d.at(d.root, "components", "examples", "unavailable", "value"))
	if err := json.Unmarshal(raw, &example); err != nil || !reflect.DeepEqual(example, unavailable()) {
		t.Errorf("unavailable is %+v", example)
	}
	action := schema("Action", "properties")
	for name, want := range map[string]int{"title": titleMax, "description": descriptionMax} {
		if got := d.at(action, name, "maxLength"); got != want {
			t.Errorf("%s has at most %v characters, not %d", name, got, want)
		}
	}
	if got := d.at(schema("Template", "properties"), "actions", "maxItems"); got != actionsMax {
		t.Errorf("actions are at most %v, not %d", got, actionsMax)
	}
}

// required are the fields without which the handler refuses.
func required(t *testing.T, at endpoint) (names []string) {
	t.Helper()
	for _, name := range fields(requestBody{}, false) {
		var body requestBody
		if err := json.Unmarshal([]byte(strings.Replace(sampleTap, `"`+name+`"`, `"-"`, 1)), &body); err != nil {
			t.Fatal(err)
		}
		if lacking := body.lacks(at); lacking == name {
			names = append(names, name)
		} else if lacking != "" {
			t.Errorf("without %s the body lacks %s", name, lacking)
		}
	}
	return names
}

// TestNothingElseIsAnswered goes through every fault there can be.
func TestNothingElseIsAnswered(t *testing.T) {
	t.Parallel()
	for _, kind := range append(fault.Kinds(), fault.Kind(200)) {
		for code := range tellings {
			for _, expired := range []bool{false, true} {
				f := fault.New(kind, code, "any")
				as, known := tellings[told(f, expired).code]
				if !known || as.status != 404 && as.status != 500 || (as.status == 404) != (kind == fault.NotFound) {
					t.Errorf("%v is answered %+v", f, as)
				}
			}
		}
	}
}
