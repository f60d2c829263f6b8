// SPDX-License-Identifier: Apache-2.0

package qr

import (
	"net/http"
	"strings"
	"testing"
)

func TestNoneMatch(t *testing.T) {
	t.Parallel()
	const tag = `"abc"`
	for _, tt := range []struct {
		name           string
		given          []string
		same, whatever bool
	}{
		{"missing", nil, false, false},
		{"empty", []string{""}, false, false},
		{"the tag", []string{`"abc"`}, true, false},
		{"weak", []string{`W/"abc"`}, true, false},
		{"weak in small letters", []string{`w/"abc"`}, false, false},
		{"another", []string{`"abd"`}, false, false},
		{"a longer one", []string{`"abcd"`}, false, false},
		{"second of a list", []string{`"x", W/"y" ,"abc"`}, true, false},
		{"behind empty members", []string{` , ,"abc",`}, true, false},
		{"in a second header", []string{`"x"`, `"abc"`}, true, false},
		{"within another", []string{`"x,"abc",y"`}, false, false},
		{"behind a comma in a tag", []string{`"x,y", "abc"`}, true, false},
		{"behind a backslash in a tag", []string{`"x\", "abc"`}, true, false},
		{"whatever", []string{" * "}, false, true},
		{"a star in a tag", []string{`"*"`}, false, false},
		{"a star in a list", []string{`*, "abc"`}, false, false},
		{"no quotes", []string{"abc"}, false, false},
		{"no end", []string{`"abc`}, false, false},
		{"no comma", []string{`"x""abc"`}, false, false},
		{"only W/", []string{"W/"}, false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if same, whatever := noneMatch(http.Header{"If-None-Match": tt.given}, tag); same != tt.same || whatever != tt.whatever {
				t.Errorf("got %t, %t; want %t, %t", same, whatever, tt.same, tt.whatever)
			}
		})
	}
}

// TestTagsDiffer: whatever changes the bytes changes the tag, and nothing else does.
func TestTagsDiffer(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for _, target := range []string{
		"", ".svg", "?size=511", "?margin=3", "?ec=L", "?ec=Q", "?ec=H", "?dark=000001", "?light=fffffe", "?size=64&margin=4", ".svg?size=511",
	} {
		tag := get(t, place+target).Header().Get("ETag")
		if other, is := seen[tag]; is || len(tag) < 18 || tag[0] != '"' {
			t.Errorf("%q and %q have the tag %s", target, other, tag)
		}
		seen[tag] = target
	}
	for _, target := range []string{".png", "?size=512&margin=4&ec=M", "?light=FFFFFF&dark=000000"} {
		if tag := get(t, place+target).Header().Get("ETag"); seen[tag] != "" {
			t.Errorf("%q has another tag than nothing", target)
		}
	}
	if w := (wish{style: plain}); etag("a", w) == etag("b", w) {
		t.Error("two texts have one tag")
	}
}

// FuzzIfNoneMatch: a tag matches only where it stands, and a list of it always does.
func FuzzIfNoneMatch(f *testing.F) {
	for _, given := range []string{"", "*", `"abc"`, `W/"abc"`, `"x,y" ,W/"abc"`, `"`, `""`, `W/`, `"x""abc"`, `,,"abc`, `"x\","abc"`} {
		f.Add(given, `"abc"`)
	}
	f.Fuzz(func(t *testing.T, given, tag string) {
		if len(tag) < 2 || strings.ContainsAny(tag[1:len(tag)-1], `"`) || tag[0] != '"' || tag[len(tag)-1] != '"' {
			return
		}
		same, whatever := noneMatch(http.Header{"If-None-Match": {given}}, tag)
		if same && !strings.Contains(given, tag) || whatever && strings.Trim(given, " \t") != "*" {
			t.Errorf("%q names %s: %t, %t", given, tag, same, whatever)
		}
		for _, list := range []string{tag, `"x", ` + tag, "W/" + tag + ", " + given} {
			if same, _ := noneMatch(http.Header{"If-None-Match": {list}}, tag); !same {
				t.Errorf("%q does not name %s", list, tag)
			}
		}
	})
}
