// SPDX-License-Identifier: Apache-2.0

package qr

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/secret"
)

func TestQuery(t *testing.T) {
	t.Parallel()
	black, white := colour{}, colour{255, 255, 255}
	for _, tt := range []struct {
		name, target string
		want         wish
		wrong        string // path and reason of each mistake
	}{
		{"nothing", place, wish{style{512, 4, "M", black, white}, asPNG}, ""},
		{"everything", place + ".svg?size=64&margin=0&ec=H&dark=0a0B0c&light=fFfFfe", wish{style{64, 0, "H", colour{10, 11, 12}, colour{255, 255, 254}}, asSVG}, ""},
		{"the most", place + ".png?size=2048&margin=16&ec=L", wish{style{2048, 16, "L", black, white}, asPNG}, ""},
		{"JSON", place + "?format=json&ec=Q", wish{style{512, 4, "Q", black, white}, asJSON}, ""},
		{"just outside", place + "?size=63&margin=17", wish{}, "margin out_of_range, size out_of_range"},
		{"far outside", place + "?size=2049&margin=-1", wish{}, "margin out_of_range, size out_of_range"},
		{"beyond a number", place + "?size=99999999999999999999", wish{}, "size malformed"},
		{"no numbers", place + "?size=&margin=four", wish{}, "margin malformed, size malformed"},
		{"other writings", place + "?size=0512&margin=%2b4", wish{}, "margin malformed, size malformed"},
		{"no level", place + "?ec=m", wish{}, "ec unknown_level"},
		{"no colours", place + "?dark=000&light=gggggg", wish{}, "dark malformed, light malformed"},
		{"a colour with its sign", place + "?dark=%23000000", wish{}, "dark malformed"},
		{"twice", place + "?size=512&size=512", wish{}, "size given_twice"},
		{"unknown", place + "?Size=512&colour=red", wish{}, "Size unknown, colour unknown"},
		{"no format", place + "?format=png", wish{}, "format unknown_format"},
		{"JSON of a picture", place + ".png?format=json", wish{}, "format not_here"},
		{"half a signature", place + "?exp=1", wish{}, "exp unknown"},
		{"all at once", place + "?size=1&margin=x&ec=Z&dark=0&light=1&light=2&format=xml&more=1", wish{},
			"dark malformed, ec unknown_level, format unknown_format, light given_twice, margin malformed, more unknown, size out_of_range"},
		{"all at once, colours too", place + "?size=1&light=000000", wish{}, "size out_of_range, light low_contrast"},
		{"not a query", place + "?size=%zz", wish{}, "-"},
		{"a semicolon", place + "?size=64;ec=H", wish{}, "-"},
		{"endless", place + "?size=" + strings.Repeat("1", queryMax), wish{}, "-"},
		{"the same twice", place + "?dark=777777&light=777777", wish{}, "dark low_contrast, light low_contrast"},
		{"pale", place + "?dark=c0c0c0", wish{}, "dark low_contrast"},
		{"dim", place + "?light=404040", wish{}, "light low_contrast"},
		{"inverted", place + "?dark=ffffff&light=000000", wish{}, "dark inverted, light inverted"},
		{"inverted by half", place + "?light=000000&dark=000001", wish{}, "dark inverted, light inverted"},
		{"red, as a till sees it", place + "?dark=ff0000", wish{}, "dark low_contrast_in_red_light"},
		{"a brand's red", place + "?dark=c8102e", wish{style{512, 4, "M", colour{0xc8, 0x10, 0x2e}, white}, asPNG}, ""},
		{"blue on white", place + "?dark=0000ff", wish{style{512, 4, "M", colour{2: 255}, white}, asPNG}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := read(request(t, "GET", tt.target), false)
			var wrong []string
			if err != nil {
				f := fault.From(err)
				if f.Kind != fault.Invalid || f.Source != fault.Caller || f.Code != invalidOptions {
					t.Errorf("got %v", err)
				}
				for _, field := range f.Fields {
					wrong = append(wrong, field.Path+" "+field.Reason)
				}
				if f.Fields == nil {
					wrong = []string{"-"}
				}
			}
			if said := strings.Join(wrong, ", "); said != tt.wrong || got != tt.want {
				t.Errorf("got %+v, wrong: %s; want %+v, %s", got, said, tt.want, tt.wrong)
			}
		})
	}
}

// TestReasonsHelp: whoever is refused a value is told what it may be.
func TestReasonsHelp(t *testing.T) {
	t.Parallel()
	_, err := read(request(t, "GET", place+"?size=1&dark=f00000"), false)
	want := []fault.Field{
		{Path: "size", Reason: "out_of_range", Detail: "a whole number of pixels from 64 to 2048"},
		{Path: "dark", Reason: "low_contrast_in_red_light", Detail: "contrast 1.14 in the red light of tills, at least 1.5 is needed"},
	}
	if diff := cmp.Diff(want, fault.From(err).Fields); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// FuzzQuery: what is accepted is within its bounds, and says itself again.
func FuzzQuery(f *testing.F) {
	for _, q := range []string{"", "size=64&margin=0&ec=H&dark=0a0B0c&light=ffffff", "size=64;ec=H", "%", "size=+64", "a=&a=", "format=json", "exp=1&sig=x", "dark=ff0000"} {
		f.Add(q, true)
	}
	f.Fuzz(func(t *testing.T, q string, signed bool) {
		r := &http.Request{URL: &url.URL{Path: place, RawQuery: q}, Header: http.Header{}}
		w, err := read(r, signed)
		if err != nil {
			if w != (wish{}) || fault.KindOf(err) != fault.Invalid {
				t.Errorf("%q: %+v, %v", q, w, err)
			}
			return
		}
		if w.size < sizeMin || w.size > sizeMax || w.margin < 0 || w.margin > marginMax || levels[w.level] != levels[strings.ToUpper(w.level)] ||
			contrast(w.light.bright(), w.dark.bright()) < contrastMin || w.format == asJSON && signed {
			t.Errorf("%q: %+v", q, w)
		}
		c := &Codes{keys: []secret.Text{newKey}, public: "https://api.example", now: func() time.Time { return noon }}
		out := httptest.NewRecorder()
		if err := c.Serve(out, r, sample, false); err == nil && out.Code != http.StatusOK {
			t.Errorf("%q: %d", q, out.Code)
		}
	})
}
