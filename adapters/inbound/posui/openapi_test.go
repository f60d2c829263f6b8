// SPDX-License-Identifier: Apache-2.0

package posui

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
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

// ofBodies are the statuses of what only a request with a body can do wrong.
var ofBodies = []int{http.StatusRequestTimeout, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType}

func TestDocumentSaysWhatTheHandlerDoes(t *testing.T) {
	t.Parallel()
	d := readDocument(t)
	if v, _ := d.root["openapi"].(string); !strings.HasPrefix(v, "3.1.") {
		t.Errorf("openapi is %q", v)
	}
	if n := d.references(d.root); n < 60 {
		t.Errorf("followed %d references only", n)
	}
	servers, _ := d.root["servers"].([]any)
	if url := fmt.Sprint(d.at(servers[0], "url")); !strings.HasSuffix(url, Base) {
		t.Errorf("it is served at %s", url)
	}
	if got := d.keys(d.at(d.root, "paths")); len(got) != len(endpoints) {
		t.Errorf("documented are %v", got)
	}
	for i := range endpoints {
		at := &endpoints[i]
		want := map[string][]string{strconv.Itoa(at.status): nil}
		for _, code := range slices.Sorted(maps.Keys(tellings)) {
			as := tellings[code]
			status := strconv.Itoa(as.status)
			switch {
			case at.method != http.MethodPost && slices.Contains(ofBodies, as.status):
			case as.detail == "": // an answer without a body has no code
			default:
				want[status] = append(want[status], code)
			}
		}
		method := strings.ToLower(at.method)
		path := d.at(d.root, "paths", at.path)
		if got := slices.DeleteFunc(d.keys(path), func(k string) bool { return k == "parameters" }); !slices.Contains(got, method) || !slices.Contains(got, "options") || len(got) != 2 {
			t.Errorf("%s serves %v", at.path, got)
		}
		if got := d.at(path, method, "operationId"); got != at.name {
			t.Errorf("%s is called %v", at.name, got)
		}
		got := map[string][]string{}
		responses := d.at(path, method, "responses")
		for _, status := range d.keys(responses) {
			got[status] = nil
			if status[0] == '2' {
				d.at(responses, status, "content", "application/json", "schema", "properties")
				continue
			}
			got[status] = d.words(d.at(responses, status, "x-codes"))
			d.at(responses, status, "content", "application/problem+json", "schema", "properties", "code")
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: status to codes (-code +openapi.yaml):\n%s", at.name, diff)
		}
		d.at(responses, "401", "headers", "WWW-Authenticate", "schema")
		d.at(responses, "405", "headers", "Allow", "schema")
		d.at(responses, "429", "headers", "Retry-After", "schema")
		d.at(responses, "503", "headers", "Retry-After", "schema")
	}
}

// TestDocumentOfOrigins holds the document to what OPTIONS is answered.
func TestDocumentOfOrigins(t *testing.T) {
	t.Parallel()
	d := readDocument(t)
	headers := http.Header{}
	allow(headers)
	for i := range endpoints {
		said := d.at(d.root, "paths", endpoints[i].path, "options", "responses", "204", "headers")
		for _, name := range d.keys(said) {
			if got := d.at(said, name, "schema", "const"); got != headers.Get(name) {
				t.Errorf("%s: %s is %v", endpoints[i].name, name, got)
			}
		}
		if len(d.keys(said)) != 3 {
			t.Errorf("%s: headers are %v", endpoints[i].name, d.keys(said))
		}
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
	schema := func(name string, part ...string) any {
		return d.at(d.root, append([]string{"components", "schemas", name}, part...)...)
	}
	for name, shape := range map[string]any{
		"Loyalty": loyaltyAnswer{}, "Offer": offerAnswer{}, "Redemption": redemptionBody{}, "Reserved": redemptionAnswer{}, "Apply": applyAnswer{},
		"Property": propertyAnswer{}, "Released": stateAnswer{}, "Committed": stateAnswer{}, "Commit": commitBody{}, "Problem": problemAnswer{},
	} {
		if diff := cmp.Diff(fields(shape, false), d.keys(schema(name, "properties"))); diff != "" {
			t.Errorf("%s has (-code +openapi.yaml):\n%s", name, diff)
		}
		needed := fields(shape, true)
		if name == "Commit" {
			needed = []string{"executed_at"}
		}
		if diff := cmp.Diff(needed, d.words(schema(name, "required"))); diff != "" {
			t.Errorf("%s needs (-code +openapi.yaml):\n%s", name, diff)
		}
	}
	for what, pair := range map[string][2]any{
		"title":    {d.at(schema("Apply", "properties", "title"), "maxLength"), titleMax},
		"device":   {d.at(schema("Redemption", "properties", "device_id"), "maxLength"), deviceMax},
		"property": {schema("Property", "properties", "name", "const"), cartProperty},
		"type":     {schema("Problem", "properties", "type", "const"), noType},
		"reserved": {schema("Reserved", "properties", "state", "const"), reserved},
		"released": {schema("Released", "properties", "state", "const"), released},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s is %v, not %v", what, pair[0], pair[1])
		}
	}
	if got := d.words(schema("Committed", "properties", "state", "enum")); !slices.Equal(got, []string{captured, pendingOrder}) {
		t.Errorf("states are %v", got)
	}
}

// TestRequiredFieldsAreRequired leaves each out of a request in turn.
func TestRequiredFieldsAreRequired(t *testing.T) {
	t.Parallel()
	d := readDocument(t)
	for name, of := range map[string]string{"Redemption": "reserve", "Commit": "commit"} {
		needed := d.words(d.at(d.root, "components", "schemas", name, "required"))
		var whole map[string]any
		if err := json.Unmarshal([]byte(good[of].body), &whole); err != nil {
			t.Fatal(err)
		}
		for field := range whole {
			part := maps.Clone(whole)
			delete(part, field)
			text, _ := json.Marshal(part)
			q := good[of]
			q.body = string(text)
			if got := newBench(t, nil).send(t, q); (got.status == http.StatusBadRequest) != slices.Contains(needed, field) {
				t.Errorf("%s without %s: got %d", of, field, got.status)
			}
		}
	}
	parameters, _ := d.at(d.root, "paths", "/loyalty", "get", "parameters").([]any)
	for _, p := range parameters {
		field, needed := fmt.Sprint(d.at(p, "name")), slices.Contains(d.keys(p), "required")
		if got := newBench(t, nil).send(t, query(field)); (got.status == http.StatusBadRequest) != needed && field != "cart_total" {
			t.Errorf("without %s: got %d", field, got.status)
		}
	}
}
