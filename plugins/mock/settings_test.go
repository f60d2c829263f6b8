// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cartage-dev/cartage/plugins/sdk"
	"github.com/cartage-dev/cartage/plugins/sdk/sdktest"
)

func TestWrongSettingsAreNamed(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		set  map[string]any
		want []string
	}{
		{"negative delay", map[string]any{"delay_ms": -1}, []string{"settings.delay_ms"}},
		{"long delay", map[string]any{"delay_ms": 60_001}, []string{"settings.delay_ms"}},
		{"url with a path", map[string]any{"public_url": "http://shop.example/x"}, []string{"settings.public_url"}},
		{"url with a user", map[string]any{"public_url": "http://me@shop.example"}, []string{"settings.public_url"}},
		{"url of another kind", map[string]any{"public_url": "ftp://shop.example"}, []string{"settings.public_url"}},
		{"no currency", map[string]any{"currencies": []string{}}, []string{"settings.currencies"}},
		{"two wrong", map[string]any{"currencies": []string{"GBP", "EUR"}, "delay_ms": -1}, []string{"settings.delay_ms", "settings.currencies[1]"}},
		{"points that nobody owns", map[string]any{"loyalty": map[string]any{"customers": map[string]any{"2": -1, "1": 1_000_000_000_001}, "welcome": -1}},
			[]string{"settings.loyalty.customers.1", "settings.loyalty.customers.2", "settings.loyalty.welcome"}},
		{"unknown", map[string]any{"lisen": ""}, []string{"settings.lisen"}},
		{"no address to listen at", map[string]any{"listen": "nowhere"}, []string{"settings.listen"}},
		{"no folder", map[string]any{"data_dir": "/dev/null/x"}, []string{"settings.data_dir"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := sdktest.Start(t, plugin(), tt.set, nil)
			f, ok := errors.AsType[*sdk.Fault](err)
			if !ok || f.Kind != sdk.Invalid || f.Code != "invalid_settings" {
				t.Fatalf("got %v", err)
			}
			var paths []string
			for _, field := range f.Fields {
				paths = append(paths, field.Path)
			}
			if diff := cmp.Diff(tt.want, paths); diff != "" {
				t.Errorf("fields (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSchemaListsTheSettings(t *testing.T) {
	t.Parallel()
	type object struct {
		Properties           map[string]json.RawMessage
		AdditionalProperties *bool
	}
	var schema object
	if err := json.Unmarshal(settingsSchema, &schema); err != nil {
		t.Fatal(err)
	}
	inner := func(o object, name string) (in object) {
		if err := json.Unmarshal(o.Properties[name], &in); err != nil {
			t.Fatal(err)
		}
		return in
	}
	ofFaults := inner(schema, "faults")
	for _, tt := range []struct {
		of   any
		said object
	}{{settings{}, schema}, {programme{}, inner(schema, "loyalty")}, {faults{}, ofFaults}, {moveFaults{}, inner(ofFaults, "moves")}} {
		want, got := map[string]bool{}, map[string]bool{}
		for i := range reflect.TypeOf(tt.of).NumField() {
			want[reflect.TypeOf(tt.of).Field(i).Tag.Get("json")] = true
		}
		for name := range tt.said.Properties {
			got[name] = true
		}
		if diff := cmp.Diff(want, got); diff != "" || tt.said.AdditionalProperties == nil || *tt.said.AdditionalProperties {
			t.Errorf("%T (-struct +schema):\n%s", tt.of, diff)
		}
	}
}

// TestNextProcessListensBeside starts a second plugin on the port of the first.
func TestNextProcessListensBeside(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := l.Addr().String()
	_ = l.Close()
	set := map[string]any{"listen": at, "data_dir": t.TempDir()}
	first, second := start(t, set), start(t, set)
	for i, m := range []*tried{first, second, first} {
		key := strings.Repeat("k", i+1)
		answer := m.put(call(key), bag(sdk.Item{SKU: "item_1_sku", Quantity: 1}))
		if home(answer) != "http://"+at {
			t.Errorf("pages are at %s", home(answer))
		}
		for range 8 { // whichever of the two takes the connection
			m.http.CloseIdleConnections()
			if page := m.get(answer.Pages.Checkout.URL); page.status != http.StatusOK {
				t.Errorf("answered %d", page.status)
			}
		}
	}
}

func TestPublicURLIsUsedAndTrusted(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := l.Addr().String()
	_ = l.Close()
	m := start(t, map[string]any{"listen": at, "public_url": "https://shop.example"})
	answer := m.put(call("k1"), bag(sdk.Item{SKU: "item_1_sku", Quantity: 1}))
	path, ok := strings.CutPrefix(answer.Pages.Checkout.URL, "https://shop.example/")
	if !ok {
		t.Fatalf("page is at %s", answer.Pages.Checkout.URL)
	}
	page := m.send(http.MethodPost, "http://"+at+"/"+path, rightForm().Encode(), map[string]string{
		"Content-Type": "application/x-www-form-urlencoded", "Origin": "https://shop.example",
	})
	if page.status != http.StatusSeeOther {
		t.Errorf("a form from the public address answered %d", page.status)
	}
}
