// SPDX-License-Identifier: Apache-2.0

package poq

import (
	"bufio"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
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

// endpoints are where openapi.yaml describes what each place answers.
var endpoints = []struct {
	name, path, method string
	at                 place
}{
	{"transfer", "/poq/{shop}/cart-transfer", "post", atTransfer},
	{"orders", "/poq/{shop}/orders/{reference}", "get", atOrders},
}

func TestDocumentSaysWhatTheHandlerDoes(t *testing.T) {
	t.Parallel()
	d := readDocument(t)
	if v, _ := d.root["openapi"].(string); !strings.HasPrefix(v, "3.1.") {
		t.Errorf("openapi is %q", v)
	}
	if n := d.references(d.root); n < 50 {
		t.Errorf("followed %d references only", n)
	}
	if got := d.keys(d.at(d.root, "paths")); len(got) != len(endpoints) {
		t.Errorf("documented are %v", got)
	}
	for _, e := range endpoints {
		want := map[string][]string{"200": nil}
		for _, code := range slices.Sorted(maps.Keys(refusals)) {
			if r := refusals[code]; r.at&e.at != 0 {
				status := strconv.Itoa(r.status)
				want[status] = append(want[status], code)
			}
		}
		got := map[string][]string{"200": nil}
		responses := d.at(d.root, "paths", e.path, e.method, "responses")
		for _, status := range d.keys(responses) {
			examples := d.at(responses, status, "content", "application/json", "examples")
			if status == "200" {
				continue
			}
			got[status] = d.keys(examples)
			for _, code := range got[status] {
				d.checkExample(d.at(examples, code, "value", "error"), code)
			}
			for header, statuses := range map[string]string{"Retry-After": "429 503", "WWW-Authenticate": "401", "Allow": "405"} {
				if strings.Contains(statuses, status) {
					d.at(responses, status, "headers", header, "schema")
				}
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: status to codes (-code +openapi.yaml):\n%s", e.name, diff)
		}
	}
}

func (d document) checkExample(example any, code string) {
	d.t.Helper()
	if got := d.keys(example); !slices.Equal(got, []string{"code", "details", "message", "request_id"}) {
		d.t.Errorf("example %s has %v", code, got)
	}
	if got := d.at(example, "code"); got != code {
		d.t.Errorf("example %s has code %v", code, got)
	}
	if got, want := d.at(example, "message"), refusals[code].message; got != want {
		d.t.Errorf("example %s says %q, the handler %q", code, got, want)
	}
}

// TestNothingElseIsAnswered goes through every fault there can be: no answer is
// without its place in the table, and no place in the table is never reached.
func TestNothingElseIsAnswered(t *testing.T) {
	t.Parallel()
	codes := append(slices.Sorted(maps.Keys(refusals)), "", "unknown_shop", "made_up")
	for _, e := range endpoints {
		reached := map[string]bool{}
		for _, kind := range append(fault.Kinds(), fault.Kind(200)) {
			for _, source := range []fault.Source{fault.Engine, fault.Caller, fault.Backend, fault.Plugin, fault.Source(200)} {
				for i := range 2 * len(codes) {
					f := fault.New(kind, codes[i/2], "any").By(source)
					code := refusalOf(f, e.at, i%2 == 0)
					if refusals[code].at&e.at == 0 {
						t.Errorf("%s answers %v of %s with %q", e.name, f, source, code)
					}
					reached[code] = true
				}
			}
		}
		for code, r := range refusals {
			if r.at&e.at != 0 && !reached[code] {
				t.Errorf("%s never answers %s", e.name, code)
			}
		}
	}
}

func TestStatusesByTheirCodes(t *testing.T) {
	t.Parallel()
	for code, r := range refusals {
		if http.StatusText(r.status) == "" || r.status < 400 || r.message == "" || r.at == 0 {
			t.Errorf("%s: %+v", code, r)
		}
	}
}

// TestBodyThatDoesNotComeWhole speaks to the socket: no client sends this.
func TestBodyThatDoesNotComeWhole(t *testing.T) {
	t.Parallel()
	b := newBench(t, demoShop())
	conn, err := net.Dial("tcp", strings.TrimPrefix(b.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST /poq/demo/cart-transfer HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Length: 1000\r\n\r\n%s", theSecret, sample)
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusBadRequest || len(b.carts.asked) != 0 {
		t.Errorf("got %d, and %d transfers", res.StatusCode, len(b.carts.asked))
	}
}
