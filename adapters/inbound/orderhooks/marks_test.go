// SPDX-License-Identifier: Apache-2.0

package orderhooks

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cartage-dev/cartage/core/loyalty"
)

func TestMarks(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		body string
		want []loyalty.Mark
	}{
		{"one", `[{"type":"manual","title":"Five off · 0K7Q2","value":"5.0"}]`, []loyalty.Mark{"0K7Q2"}},
		{"two, and one twice", `[{"title":"a · 0K7Q2"},{"title":"b · ZZZZZ"},{"title":"c · 0K7Q2"}]`, []loyalty.Mark{"0K7Q2", "ZZZZZ"}},
		{"of any type", `[{"type":"automatic","title":"a · 0K7Q2"}]`, []loyalty.Mark{"0K7Q2"}},
		{"the mark alone", `[{"title":" · 0K7Q2"}]`, []loyalty.Mark{"0K7Q2"}},
		{"escaped", `[{"title":"a \u00b7 \u0030K7Q2"}]`, []loyalty.Mark{"0K7Q2"}},
		{"a title without", `[{"title":"5.00 off"},{"title":""},{}]`, nil},
		{"not at the end", `[{"title":"a · 0K7Q2 "},{"title":"a · 0K7Q2 off"}]`, nil},
		{"too short, too long", `[{"title":"a · K7Q2"},{"title":"a · 00K7Q2"}]`, nil},
		{"lower case, and letters that Crockford leaves out", `[{"title":"a · 0k7q2"},{"title":"a · 0I7Q2"},{"title":"a · 0U7Q2"}]`, nil},
		{"other signs before it", `[{"title":"a - 0K7Q2"},{"title":"a ·0K7Q2"},{"title":"a • 0K7Q2"},{"title":"0K7Q2"},{"title":"· 0K7Q2"}]`, nil},
		{"no UTF-8 within", `[{"title":"a · 0K7\ud800"}]`, nil},
		{"the longest", `[{"title":"` + strings.Repeat("x", titleMax-len(" · 0K7Q2")) + ` · 0K7Q2"}]`, []loyalty.Mark{"0K7Q2"}},
		{"one byte more", `[{"title":"` + strings.Repeat("x", titleMax+1-len(" · 0K7Q2")) + ` · 0K7Q2"}]`, nil},
		{"other members", `[{"code":"a · 0K7Q2","description":"b · ZZZZZ","Title":"c · 11111"}]`, nil},
		{"titles of other types", `[{"title":7},{"title":null},{"title":["a · 0K7Q2"]},{"title":{"title":"a · 0K7Q2"}}]`, nil},
		{"entries of other types", `[null,7,"a · 0K7Q2",[],{"title":"a · ZZZZZ"}]`, []loyalty.Mark{"ZZZZZ"}},
		{"a title given twice", `[{"title":"a","title":"b · 0K7Q2"}]`, nil},
		{"no list", `{"title":"a · 0K7Q2"}`, nil},
		{"null", `null`, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var b orderBody
			if err := decode([]byte(`{"discount_applications":`+tt.body+`}`), &b); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, marks(&b)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// TestMarksStandInDiscounts: no other words of an order count.
func TestMarksStandInDiscounts(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	const marked = "Five off · 0K7Q2"
	b.send(t, ordersCreate, order(`"note":"`+marked+`","title":"`+marked+`","tags":"`+marked+`","discount_codes":[{"code":"`+marked+`"}],"line_items":[{"title":"`+marked+`",
		"properties":[{"name":"`+marked+`","value":"`+marked+`"}]}],"note_attributes":[{"name":"`+marked+`","value":"`+marked+`"}]`), nil)
	if got := b.desk.news(); len(got) != 1 || got[0].Marks != nil {
		t.Errorf("told %+v", got)
	}
}

func TestMarksAreBounded(t *testing.T) {
	t.Parallel()
	var b orderBody
	for n := range 2 * marksMax {
		b.Discounts = append(b.Discounts, discount{text(fmt.Sprintf("a · %05d", n))})
	}
	if got := marks(&b); len(got) != marksMax || got[0] != "00000" {
		t.Errorf("%d marks: %v", len(got), got)
	}
}

// FuzzMarks: whatever a discount is called, only marks come of it that stand at its end, and each is that of the
// ids that end so.
func FuzzMarks(f *testing.F) {
	for _, s := range []string{"", "Five off · 0K7Q2", " · 0K7Q2", "· 0K7Q2", " · 0K7Q2 · ZZZZZ", " · 0k7q2", "a · 0K7Q\xff", " \xc2", " · \x00\x00\x00\x00\x00", strings.Repeat(" · 0K7Q2", 40)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, title string) {
		for _, m := range marks(&orderBody{Discounts: lenient[discount]{{text(title)}}}) {
			id := firstID[:loyalty.ActionIDLength-len(m)] + loyalty.ActionID(m)
			if !strings.HasSuffix(title, m.Behind()) || len(title) > titleMax || !id.Has(m) || id.Mark() != m {
				t.Errorf("got %q of %q", m, title)
			}
		}
	})
}
