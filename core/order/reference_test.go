// SPDX-License-Identifier: Apache-2.0

package order_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/order"
)

var referenceTable = []struct {
	name, text string
	want       bool
}{
	{"one character", "a", true},
	{"every kind of character", "aZ09_-", true},
	{"documented length", strings.Repeat("a", 32), true},
	{"a UUID with dashes", "0192f3a1-b2c3-4d5e-8f90-a1b2c3d4e5f6", true},
	{"too long", strings.Repeat("a", 37), false},
	{"empty", "", false},
	{"space", "a b", false},
	{"line break behind", "a\n", false},
	{"slash", "a/b", false},
	{"dot", "..", false},
	{"colon", "a:b", false},
	{"NUL", "a\x00", false},
	{"letter beyond ASCII", "é", false},
	{"full-width digit", "１", false},
	{"not UTF-8", "\xff", false},
	{"next to Z", "[", false},
	{"next to z", "{", false},
	{"next to 9", ":", false},
	{"before 0", "/", false},
	{"before A", "@", false},
	{"before a", "`", false},
}

func TestCheckReference(t *testing.T) {
	t.Parallel()
	for _, tt := range referenceTable {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := order.CheckReference(tt.text)
			if tt.want {
				if err != nil {
					t.Errorf("CheckReference(%q) = %v", tt.text, err)
				}
				return
			}
			f, ok := errors.AsType[*fault.Error](err)
			if !ok || f.Kind != fault.Invalid || f.Code != "invalid_reference" || len(f.Fields) != 1 || f.Fields[0].Path != "reference" {
				t.Errorf("CheckReference(%q) = %v, want invalid_reference", tt.text, err)
			}
		})
	}
}

// FuzzCheckReference holds CheckReference to the documented expression.
func FuzzCheckReference(f *testing.F) {
	form := regexp.MustCompile(`^[A-Za-z0-9_-]{1,36}$`)
	for _, tt := range referenceTable {
		f.Add(tt.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if got := order.CheckReference(text) == nil; got != form.MatchString(text) {
			t.Errorf("CheckReference(%q) accepts: %t", text, got)
		}
	})
}
