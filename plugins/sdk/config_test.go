// SPDX-License-Identifier: Apache-2.0

package sdk_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/plugins/sdk"
	"github.com/cartage-dev/cartage/plugins/sdk/sdktest"
)

type settings struct {
	URL    string   `json:"url"`
	Retry  int      `json:"retry"`
	Nested nested   `json:"nested"`
	When   moment   `json:"when"`
	Tags   []string `json:"tags"`
}

type nested struct {
	Deep int `json:"deep"`
}

type moment struct{ time.Time }

func TestDecode(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, path, reason string
		settings           map[string]any
	}{
		{"all is well", "", "", map[string]any{"url": "u", "nested": map[string]any{"deep": 1}}},
		{"nothing at all", "", "", nil},
		{"an unknown key", "settings.ulr", "unknown_field", map[string]any{"ulr": "hush"}},
		{"an unknown key within", "settings.deeper", "unknown_field", map[string]any{"nested": map[string]any{"deeper": 1}}},
		{"a wrong type", "settings.retry", "wrong_type", map[string]any{"retry": "hush"}},
		{"a wrong type within", "settings.nested.deep", "wrong_type", map[string]any{"nested": map[string]any{"deep": "hush"}}},
		{"a value its type refuses", "settings", "malformed", map[string]any{"when": "hush"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := settings{Retry: 7}
			p := testPlugin()
			p.Configure = func(_ context.Context, c sdk.Config) (sdk.Ports, error) {
				return sdk.Ports{Carts: moody{}}, c.Decode(&got)
			}
			_, err := sdktest.Start(t, p, tt.settings, nil)
			if tt.path == "" {
				if err != nil || got.Retry != 7 {
					t.Errorf("got %v and retry %d, want the default kept", err, got.Retry)
				}
				return
			}
			wantFault(t, tt.name, err, sdk.Invalid, "invalid_settings")
			f := fault.From(err)
			if len(f.Fields) != 1 || f.Fields[0].Path != tt.path || f.Fields[0].Reason != tt.reason {
				t.Errorf("got fields %v, want %s %s", f.Fields, tt.path, tt.reason)
			}
			if strings.Contains(fmt.Sprintf("%v %+v", err, f.Fields), "hush") {
				t.Errorf("a value is repeated: %v %v", err, f.Fields)
			}
		})
	}
}

// TestWrongTypesAreInTheWordsOfJSON is for operators: the program's own types tell them nothing.
func TestWrongTypesAreInTheWordsOfJSON(t *testing.T) {
	t.Parallel()
	type group struct{ Deep int }
	for want, into := range map[string]any{
		"must be a text": new(struct{ Key sdk.Currency }), "must be a list of texts": new(struct{ Key []sdk.Currency }),
		"must be a whole number": new(struct{ Key *int }), "must be a list of whole numbers": new(struct{ Key []uint16 }),
		"must be a number": new(struct{ Key float64 }), "must be true or false": new(struct{ Key bool }), "must be a list": new(struct{ Key []any }),
		"must be a group of keys": new(struct{ Key map[string]int }), "must be a list of groups of keys": new(struct{ Key []group }),
	} {
		wrong := any(map[string]any{"hush": 1})
		if strings.HasPrefix(want, "must be a group") {
			wrong = "hush"
		}
		p := testPlugin()
		p.Configure = func(_ context.Context, c sdk.Config) (sdk.Ports, error) { return sdk.Ports{}, c.Decode(into) }
		_, err := sdktest.Start(t, p, map[string]any{"Key": wrong}, nil)
		if f := fault.From(err); len(f.Fields) != 1 || f.Fields[0].Detail != want || f.Message != "settings.Key: "+want {
			t.Errorf("got %v %v, want %q", err, f.Fields, want)
		}
	}
}

func TestDecodeIntoNoPointer(t *testing.T) {
	t.Parallel()
	p := testPlugin()
	p.Configure = func(_ context.Context, c sdk.Config) (sdk.Ports, error) { return sdk.Ports{}, c.Decode(settings{}) }
	_, err := sdktest.Start(t, p, nil, nil)
	wantFault(t, "no pointer", err, sdk.Internal, "bad_decode")
}

func TestSecrets(t *testing.T) {
	t.Parallel()
	p := testPlugin()
	p.Configure = func(_ context.Context, c sdk.Config) (sdk.Ports, error) {
		if got := c.Secret("token").Reveal(); got != "hush" {
			t.Errorf("got secret %q", got)
		}
		if !c.Secret("other").Empty() {
			t.Error("a secret nobody gave is not empty")
		}
		if c.Backend != "test" {
			t.Errorf("got backend %q", c.Backend)
		}
		if printed := fmt.Sprintf("%v %+v %#v", c, c, c); strings.Contains(printed, "hush") {
			t.Errorf("a config prints its secret: %s", printed)
		}
		return sdk.Ports{Carts: moody{config: c}}, nil
	}
	sdktest.Serve(t, p, nil, map[string]string{"token": "hush"})
}
