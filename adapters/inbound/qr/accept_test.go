// SPDX-License-Identifier: Apache-2.0

package qr

import (
	"net/http"
	"strings"
	"testing"
)

func TestNegotiate(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		accept []string
		want   format
	}{
		{"missing", nil, asPNG},
		{"empty", []string{""}, asPNG},
		{"anything", []string{"*/*"}, asPNG},
		{"any image", []string{"image/*"}, asPNG},
		{"PNG", []string{"image/png"}, asPNG},
		{"SVG", []string{"image/svg+xml"}, asSVG},
		{"SVG in capitals", []string{"Image/SVG+XML"}, asSVG},
		{"SVG with a charset", []string{"image/svg+xml; charset=utf-8"}, asSVG},
		{"both", []string{"image/svg+xml, image/png"}, asPNG},
		{"SVG first by quality", []string{"image/png;q=0.8, image/svg+xml;q=0.9"}, asSVG},
		{"PNG first by quality", []string{"image/svg+xml;q=0.8, image/png;q=0.801"}, asPNG},
		{"SVG before all others", []string{"image/svg+xml, */*;q=0.8"}, asSVG},
		{"SVG before other images", []string{"image/*;q=0.5,image/svg+xml"}, asSVG},
		{"all but SVG", []string{"*/*, image/svg+xml;q=0"}, asPNG},
		{"all but PNG", []string{"*/*, image/png;q=0"}, asSVG},
		{"images but no PNG", []string{"image/png;q=0,image/*;q=0.001"}, asSVG},
		{"nothing", []string{"*/*;q=0"}, asPNG},
		{"no PNG and nothing else", []string{"image/png;q=0"}, asPNG},
		{"what there is not", []string{"image/webp, text/html"}, asPNG},
		{"an img of Chromium", []string{"image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"}, asPNG},
		{"a page of Firefox", []string{"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}, asPNG},
		{"JSON", []string{"application/json"}, asJSON},
		{"JSON before all others", []string{"application/json, */*;q=0.9"}, asJSON},
		{"JSON beside all others", []string{"application/json, text/plain, */*"}, asPNG},
		{"JSON behind", []string{"application/json;q=0.5, image/svg+xml"}, asSVG},
		{"JSON as good as SVG", []string{"application/json, image/svg+xml"}, asSVG},
		{"JSON not named", []string{"application/*, image/png;q=0.1"}, asPNG},
		{"no JSON", []string{"application/json;q=0"}, asPNG},
		{"two headers", []string{"image/png;q=0.1", "image/svg+xml;q=0.2"}, asSVG},
		{"blanks and empty members", []string{" ,\t, image/svg+xml \t;\tq=0.9 ,, image/png;q=0.8 ,"}, asSVG},
		{"Q in capitals", []string{"image/png;Q=0.1, image/svg+xml;q=0.2"}, asSVG},
		{"three digits", []string{"image/png;q=0.999, image/svg+xml;q=1.000"}, asSVG},
		{"a point and no digit", []string{"image/png;q=0., image/svg+xml;q=1."}, asSVG},
		{"four digits", []string{"image/png;q=0.1, image/svg+xml;q=0.2000"}, asPNG},
		{"more than all", []string{"image/png;q=0.1, image/svg+xml;q=1.001"}, asPNG},
		{"no number", []string{"image/png;q=0.1, image/svg+xml;q=high"}, asPNG},
		{"signed number", []string{"image/png;q=0.1, image/svg+xml;q=+1"}, asPNG},
		{"no quality", []string{"image/png;q=0.1, image/svg+xml;q"}, asPNG},
		{"a comma in quotes", []string{`text/html;x=",image/svg+xml,";q=0.5, image/png;q=0.1`}, asPNG},
		{"a quality in quotes", []string{`image/svg+xml;x=";q=0", image/png;q=0.5`}, asSVG},
		{"an escape in quotes", []string{`image/svg+xml;x="\",";q=0.9, image/png;q=0.5`}, asSVG},
		{"quotes without an end", []string{`image/png;q=0.1, image/svg+xml;x="`}, asSVG},
		{"named twice", []string{"image/svg+xml;q=0.1, image/svg+xml;q=0.9, image/png;q=0.5"}, asSVG},
		{"endless", []string{"image/svg+xml" + strings.Repeat(" ", acceptMax)}, asPNG},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := http.Header{"Accept": tt.accept}
			if got := negotiate(h, true); got != tt.want {
				t.Errorf("got %s, want %s", mediaTypes[got], mediaTypes[tt.want])
			}
			if got := negotiate(h, false); got == asJSON || tt.want != asJSON && got != tt.want {
				t.Errorf("without JSON: got %s", mediaTypes[got])
			}
		})
	}
}

// TestSuffixForces: what a path ends in is what comes.
func TestSuffixForces(t *testing.T) {
	t.Parallel()
	for suffix, want := range map[string]string{".png": "image/png", ".svg": "image/svg+xml"} {
		for _, accept := range []string{"image/png", "image/svg+xml", "application/json", "*/*;q=0"} {
			if got := get(t, place+suffix, "Accept", accept).Header().Get("Content-Type"); got != want {
				t.Errorf("%s with %s: got %s", suffix, accept, got)
			}
		}
	}
}

// FuzzAccept: JSON comes only where it is named, SVG only where it may be meant, and a
// blank or an empty member changes nothing.
func FuzzAccept(f *testing.F) {
	for _, accept := range []string{
		"", "*/*", "image/svg+xml, */*;q=0.8", "application/json;q=0.5, image/svg+xml", `text/html;x=",image/svg+xml,";q=0.5`,
		`image/svg+xml;x="\",";q=0.9`, "image/png;q=1.0001,,;;q", "\"\\", "q=1;q=0;Q=0.", "application/json",
	} {
		f.Add(accept)
	}
	f.Fuzz(func(t *testing.T, accept string) {
		got := negotiate(http.Header{"Accept": {accept}}, true)
		low := strings.ToLower(accept)
		if got == asJSON && !strings.Contains(low, "application/json") || got == asSVG && !strings.Contains(low, "image/") {
			t.Errorf("%q: %s", accept, mediaTypes[got])
		}
		if other := negotiate(http.Header{"Accept": {"", ",\t " + accept}}, true); other != got && len(accept) < acceptMax-8 {
			t.Errorf("%q: %s, and behind an empty member %s", accept, mediaTypes[got], mediaTypes[other])
		}
		if got := negotiate(http.Header{"Accept": {accept}}, false); got == asJSON {
			t.Errorf("%q: JSON where there is none", accept)
		}
	})
}
