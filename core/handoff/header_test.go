// SPDX-License-Identifier: Apache-2.0

package handoff_test

import (
	"bufio"
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/cartage-dev/cartage/core/handoff"
)

var headerTable = []struct {
	name, header, value string
	want                bool
}{
	{"allowed", "X-Handoff-Version", "1", true},
	{"in another case", "x-HANDOFF-version", "1", true},
	{"allowed in lower case", "X-Cart", "c", true},
	{"user agent", "User-Agent", "Shop/1.0 (app; v=2)", true},
	{"every visible character", "X-Cart", `!"#$%&'()*+,-./09:;<=>?@AZ[\]^_az{|}~`, true},
	{"single spaces", "X-Cart", "a b c", true},
	{"longest", "X-Cart", strings.Repeat("a", 8<<10-6), true},
	{"one too long", "X-Cart", strings.Repeat("a", 8<<10-5), false},
	{"not allowed", "X-Other", "1", false},
	{"allowed and more", "X-Cart-Id", "1", false},
	{"start of an allowed one", "X-Car", "1", false},
	{"no name", "", "1", false},
	{"name with a colon", "X-Cart:", "1", false},
	{"name with a space", "X-Cart ", "1", false},
	{"name with a line break", "X-Cart\r\nHost", "1", false},
	{"name with a NUL", "X-Cart\x00", "1", false},
	{"Kelvin sign", "X-\u212aart", "1", false},
	{"pseudo header", ":authority", "evil.example", false},
	{"no value", "X-Cart", "", false},
	{"space alone", "X-Cart", " ", false},
	{"space before", "X-Cart", " a", false},
	{"space behind", "X-Cart", "a ", false},
	{"two spaces", "X-Cart", "a  b", false},
	{"tab", "X-Cart", "a\tb", false},
	{"CR", "X-Cart", "abcdefgh\rHost: evil", false},
	{"LF", "X-Cart", "abcdefgh\nHost: evil", false},
	{"CRLF", "X-Cart", "abcdefgh\r\nSet-Cookie: a=b", false},
	{"folded", "X-Cart", "abcdefgh\r\n b", false},
	{"NUL", "X-Cart", "a\x00b", false},
	{"DEL", "X-Cart", "a\x7f", false},
	{"umlaut", "X-Cart", "ü", false},
	{"line separator", "X-Cart", "a\u2028b", false},
	{"not UTF-8", "X-Cart", "\xff", false},
}

func TestCheckHeader(t *testing.T) {
	t.Parallel()
	for _, tt := range headerTable {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := policy(t).Check(handoff.Request{URL: shopURL, Headers: []handoff.Header{{Name: tt.header, Value: tt.value}}}, now)
			code := ""
			if !tt.want {
				code = "header_rejected"
			}
			wantCode(t, err, code, tt.value, tt.header)
		})
	}
}

func TestDeniedHeaders(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"Host", "Cookie", "Cookie2", "Set-Cookie", "Authorization", "authorization", "AUTHORIZATION", "Proxy-Authorization",
		"Proxy-Connection", "Proxy-Anything", "Content-Length", "Content-Type", "Content-Encoding", "Transfer-Encoding",
		"Connection", "Keep-Alive", "Upgrade", "TE", "Trailer", "Expect", "Via", "Forwarded", "X-Forwarded-For",
		"x-forwarded-host", "X-Forwarded-Anything", "X-Real-IP", "Sec-Fetch-Site", "sec-anything", "Origin", "Referer",
		"Date", "DNT", "Accept-Encoding", "X-HTTP-Method-Override", "HTTP2-Settings",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := policy(t)
			p.Headers = append(p.Headers, name) // even then
			_, err := p.Check(handoff.Request{URL: shopURL, Headers: []handoff.Header{{Name: name, Value: "1"}}}, now)
			wantCode(t, err, "header_rejected")
		})
	}
}

func TestCheckHeaders(t *testing.T) {
	t.Parallel()
	p := policy(t)
	many := func(n, size int) []handoff.Header {
		var hs []handoff.Header
		for i := range n {
			name := fmt.Sprintf("X-%02d", i)
			p.Headers = append(p.Headers, name)
			hs = append(hs, handoff.Header{Name: name, Value: strings.Repeat("v", size)})
		}
		return hs
	}
	for _, tt := range []struct {
		name    string
		headers []handoff.Header
		code    string
	}{
		{"none", nil, ""},
		{"most", many(20, 1), ""},
		{"one too many", many(21, 1), "header_rejected"},
		{"too long together", many(2, 4<<10), "header_rejected"},
		{"longest together", many(2, 4<<10-4), ""},
		{"twice", []handoff.Header{{Name: "X-Cart", Value: "1"}, {Name: "X-Cart", Value: "1"}}, "header_rejected"},
		{"twice in another case", []handoff.Header{{Name: "X-Cart", Value: "1"}, {Name: "x-cart", Value: "2"}}, "header_rejected"},
		{"one bad among good", []handoff.Header{{Name: "X-Cart", Value: "1"}, {Name: "Host", Value: "evil"}}, "header_rejected"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := p.Check(handoff.Request{URL: shopURL, Headers: tt.headers}, now)
			wantCode(t, err, tt.code)
		})
	}
}

// FuzzCheckHeader holds Check to net/http: what it accepts arrives as the same one header.
func FuzzCheckHeader(f *testing.F) {
	for _, tt := range headerTable {
		f.Add(tt.header, tt.value)
	}
	f.Fuzz(func(t *testing.T, name, value string) {
		h := handoff.Header{Name: name, Value: value}
		if _, err := policy(t).Check(handoff.Request{URL: shopURL, Headers: []handoff.Header{h}}, now); err != nil {
			return
		}
		wire := fmt.Sprintf("GET / HTTP/1.1\r\nHost: h\r\n%s: %s\r\n\r\n", name, value)
		req, err := http.ReadRequest(bufio.NewReader(bytes.NewReader([]byte(wire))))
		if err != nil {
			t.Fatalf("accepted %q: %q, which net/http cannot read: %v", name, value, err)
		}
		if got := req.Header.Values(name); len(req.Header) != 1 || len(got) != 1 || got[0] != value || req.Host != "h" {
			t.Errorf("accepted %q: %q, which arrives as %v for %q", name, value, req.Header, req.Host)
		}
		switch strings.ToLower(name) {
		case "x-handoff-version", "x-cart", "user-agent":
		default:
			t.Errorf("accepted the header %q", name)
		}
	})
}
