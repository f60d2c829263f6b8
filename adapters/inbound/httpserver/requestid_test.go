// SPDX-License-Identifier: Apache-2.0

package httpserver_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/oklog/ulid/v2"

	"github.com/cartage-dev/cartage/adapters/inbound/httpserver"
)

// sayRequestID answers with the id that the handler sees.
var sayRequestID = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	_, _ = io.WriteString(w, httpserver.RequestID(r.Context()))
})

func TestRequestIDIsTakenOverWhenHarmless(t *testing.T) {
	t.Parallel()
	s := start(t, sayRequestID, nil)
	for _, tt := range []struct {
		name  string
		given []string
		taken bool
	}{
		{"none", nil, false},
		{"a UUID", []string{"0b5f3c1e-6c1f-4d4b-9a51-3f2f6f1c9d11"}, true},
		{"a ULID", []string{"01ARZ3NDEKTSV4RRFFQ69G5FAV"}, true},
		{"every sign that is allowed", []string{"azAZ09._-"}, true},
		{"one sign", []string{"x"}, true},
		{"as long as can be", []string{strings.Repeat("a", 64)}, true},
		{"one longer", []string{strings.Repeat("a", 65)}, false},
		{"empty", []string{""}, false},
		{"given twice", []string{"one", "two"}, false},
		{"given twice, one of them empty", []string{"one", ""}, false},
		{"a space inside", []string{"a b"}, false},
		{"a tab inside", []string{"a\tb"}, false},
		{"a quote", []string{`a"b`}, false},
		{"a slash", []string{"../../etc/passwd"}, false},
		{"a comma", []string{"a,b"}, false},
		{"an equals sign", []string{"id=admin"}, false},
		{"markup", []string{"<b>x</b>"}, false},
		{"letters beyond ASCII", []string{"größe"}, false},
		{"bytes that are no UTF-8", []string{"a\xffb"}, false},
		{"harmless at both ends only", []string{"abc${x}def"}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := s.get(t, "/", func(h http.Header) { h["X-Request-Id"] = tt.given })
			seen, said := a.body, a.header.Values("X-Request-Id")
			if len(said) != 1 || said[0] != seen {
				t.Errorf("the answer names %q, the handler %q", said, seen)
			}
			if tt.taken {
				if seen != tt.given[0] {
					t.Errorf("request id %q, want the caller's %q", seen, tt.given[0])
				}
				return
			}
			if _, err := ulid.ParseStrict(seen); err != nil {
				t.Errorf("request id %q, want one of our own: %v", seen, err)
			}
		})
	}
}

func TestRequestIDIsNewEachTime(t *testing.T) {
	t.Parallel()
	s := start(t, sayRequestID, nil)
	seen := map[string]bool{}
	const requests = 20
	for range requests {
		seen[s.get(t, "/", nil).body] = true
	}
	if len(seen) != requests {
		t.Errorf("%d ids for %d requests", len(seen), requests)
	}
}

func TestRequestIDOutsideOfARequestIsEmpty(t *testing.T) {
	t.Parallel()
	if got := httpserver.RequestID(t.Context()); got != "" {
		t.Errorf("RequestID = %q, want none", got)
	}
}
