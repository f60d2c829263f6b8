// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cartage-dev/cartage/plugins/sdk"
)

func TestDiscountOf(t *testing.T) {
	t.Parallel()
	refused := func(code string, why sdk.CodeReason) []sdk.RefusedCode {
		return []sdk.RefusedCode{{Code: code, Reason: why}}
	}
	tests := []struct {
		name  string
		codes []string
		goods int64
		want  discount
	}{
		{"none", nil, 3300, discount{}},
		{"a tenth", []string{"WELCOME10"}, 3300, discount{Codes: []string{"WELCOME10"}, Off: 330}},
		{"as it was typed", []string{"Welcome10"}, 3300, discount{Codes: []string{"Welcome10"}, Off: 330}},
		{"half a penny to the even one below", []string{"WELCOME10"}, 1405, discount{Codes: []string{"WELCOME10"}, Off: 140}},
		{"half a penny to the even one above", []string{"WELCOME10"}, 1415, discount{Codes: []string{"WELCOME10"}, Off: 142}},
		{"just enough", []string{"FIVEROFF"}, 2000, discount{Codes: []string{"FIVEROFF"}, Off: 500}},
		{"not quite enough", []string{"FIVEROFF"}, 1999, discount{Refused: refused("FIVEROFF", sdk.NotApplicable)}},
		{"nothing to take it off", []string{"WELCOME10"}, 0, discount{Refused: refused("WELCOME10", sdk.NotApplicable)}},
		{"over", []string{"SPRING"}, 3300, discount{Refused: refused("SPRING", sdk.ExpiredCode)}},
		{"nobody's", []string{"no such", "WELCOME10"}, 3300, discount{Codes: []string{"WELCOME10"}, Off: 330, Refused: refused("no such", sdk.UnknownCode)}},
		{"two", []string{"FIVEROFF", "WELCOME10"}, 3300, discount{Codes: []string{"FIVEROFF", "WELCOME10"}, Off: 830}},
		{"one that stands alone, first", []string{"HEARTH20", "FIVEROFF"}, 3300, discount{Codes: []string{"HEARTH20"}, Off: 660, Refused: refused("FIVEROFF", sdk.NotCombinable)}},
		{"one that stands alone, last", []string{"FIVEROFF", "HEARTH20"}, 3300, discount{Codes: []string{"FIVEROFF"}, Off: 500, Refused: refused("HEARTH20", sdk.NotCombinable)}},
		{"one that rests is in nobody's way", []string{"FIVEROFF", "HEARTH20"}, 1900, discount{Codes: []string{"HEARTH20"}, Off: 380, Refused: refused("FIVEROFF", sdk.NotApplicable)}},
		{"one in two spellings", []string{"WELCOME10", "welcome10"}, 3300, discount{Codes: []string{"WELCOME10"}, Off: 330, Refused: refused("welcome10", sdk.NotCombinable)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, discountOf(tt.codes, tt.goods)); diff != "" {
				t.Errorf("discount (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDiscountAccountsForEveryCode(t *testing.T) {
	t.Parallel()
	some := []string{"WELCOME10", "FIVEROFF", "HEARTH20", "SPRING", "fiveroff", "nothing"}
	rapid.Check(t, func(t *rapid.T) {
		codes := rapid.SliceOfNDistinct(rapid.SampledFrom(some), 0, len(some), rapid.ID).Draw(t, "codes")
		goods := rapid.Int64Range(0, linesMax*quantityMax*20_000).Draw(t, "goods")
		d := discountOf(codes, goods)
		if d.Off < 0 || d.Off > goods || (d.Off == 0) != (len(d.Codes) == 0) && goods > 5 {
			t.Errorf("%v take %d off %d", d.Codes, d.Off, goods)
		}
		if len(d.Codes)+len(d.Refused) != len(codes) {
			t.Errorf("of %v only %v and %v are accounted for", codes, d.Codes, d.Refused)
		}
		for _, r := range d.Refused {
			if says := refusal(r, d.Codes, "GBP"); !strings.Contains(says, r.Code) {
				t.Errorf("%s is refused with %q", r.Code, says)
			}
		}
	})
}
