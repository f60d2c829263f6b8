// SPDX-License-Identifier: Apache-2.0

package httpserver_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/cartage-dev/cartage/adapters/inbound/httpserver"
	"github.com/cartage-dev/cartage/core/fault"
)

// FuzzDecodeStrict holds DecodeStrict to encoding/json: what it accepts, that
// accepts too and reads as the same value; what it refuses, it refuses for a
// reason of its own list and leaves the target alone. Nothing makes it panic.
func FuzzDecodeStrict(f *testing.F) {
	for _, tt := range acceptTable {
		f.Add([]byte(tt.body))
	}
	for _, tt := range refuseTable {
		f.Add([]byte(tt.body))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if differential[document](t, raw) {
			if text := string(raw); !utf8.ValidString(text) || strings.Contains(text, "\x00") {
				t.Errorf("accepted %q", text)
			}
		}
		differential[any](t, raw)
		differential[[]line](t, raw)
	})
}

var refusals = map[string]bool{
	"empty": true, "not_utf8": true, "syntax": true, "unexpected_end": true, "trailing_data": true, "too_deep": true,
	"duplicate_key": true, "case_variant_key": true, "nul": true, "half_surrogate": true, "out_of_range": true,
	"not_an_integer": true, "not_a_string": true, "not_a_boolean": true, "not_an_array": true, "not_an_object": true,
}

func differential[T any](t *testing.T, raw []byte) (accepted bool) {
	t.Helper()
	var got, want, zero T
	err := httpserver.DecodeStrict(raw, &got)
	theirs := json.Unmarshal(raw, &want)
	if err == nil {
		if theirs != nil {
			t.Errorf("accepted %q into %T, which encoding/json does not: %v", raw, got, theirs)
		}
		if !reflect.DeepEqual(got, want) { // cmp takes exponential time over nested []any
			t.Errorf("%q: got %#v, encoding/json %#v", raw, got, want)
		}
		return true
	}
	f, ok := errors.AsType[*fault.Error](err)
	if !ok || f.Kind != fault.Invalid || f.Code != httpserver.InvalidJSON || len(f.Fields) != 1 || !refusals[f.Fields[0].Reason] {
		// A number too large for a float has no place in an any, and no other target is one.
		if _, anything := any(&got).(*any); !anything || theirs == nil {
			t.Errorf("%q into %T: %v", raw, got, err)
		}
		return false
	}
	if len(f.Fields[0].Path) > 40*len(raw)+40 || strings.ContainsAny(f.Fields[0].Path, "\x00\r\n\x1b") {
		t.Errorf("%q: path %q", raw, f.Fields[0].Path)
	}
	if !reflect.DeepEqual(got, zero) {
		t.Errorf("%q was refused, and decoded all the same: %#v", raw, got)
	}
	return false
}
