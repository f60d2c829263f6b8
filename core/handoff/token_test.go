// SPDX-License-Identifier: Apache-2.0

package handoff_test

import (
	"testing"

	"github.com/cartage-dev/cartage/core/handoff"
)

var tokenTable = []struct {
	name, text string
	want       bool
}{
	{"zero", "h_AAAAAAAAAAAAAAAAAAAAAA", true},
	{"any", "h_5Rk0Qm7yWc2Tn9xLb4Ze1A", true},
	{"empty", "", false},
	{"prefix alone", "h_", false},
	{"no prefix", "5Rk0Qm7yWc2Tn9xLb4Ze1A", false},
	{"other prefix", "H_5Rk0Qm7yWc2Tn9xLb4Ze1A", false},
	{"too short", "h_5Rk0Qm7yWc2Tn9xLb4Ze", false},
	{"too long", "h_5Rk0Qm7yWc2Tn9xLb4Ze1AAA", false},
	{"padded", "h_5Rk0Qm7yWc2Tn9xLb4Ze1A==", false},
	{"stray bits behind", "h_5Rk0Qm7yWc2Tn9xLb4Ze1B", false},
	{"other alphabet", "h_5Rk0Qm7yWc2Tn9x+b4Ze1A", false},
	{"line break inside", "h_5Rk0Qm7yWc2\nTn9xLb4Ze1A", false},
	{"line break behind", "h_5Rk0Qm7yWc2Tn9xLb4Ze1A\r\n", false},
}

func TestParseToken(t *testing.T) {
	t.Parallel()
	for _, tt := range tokenTable {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, ok := handoff.ParseToken(tt.text)
			if ok != tt.want {
				t.Fatalf("ParseToken(%q) = %t, want %t", tt.text, ok, tt.want)
			}
			if ok && got.String() != tt.text {
				t.Errorf("ParseToken(%q) prints as %q", tt.text, got)
			}
		})
	}
}

// FuzzParseToken: exactly one text stands for each token.
func FuzzParseToken(f *testing.F) {
	for _, tt := range tokenTable {
		f.Add(tt.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if token, ok := handoff.ParseToken(text); ok && token.String() != text {
			t.Errorf("ParseToken(%q) accepts another spelling of %q", text, token)
		}
	})
}
