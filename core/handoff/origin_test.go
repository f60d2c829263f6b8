// SPDX-License-Identifier: Apache-2.0

package handoff_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/cartage-dev/cartage/core/handoff"
)

var originTable = []struct {
	name, text string
	allowHTTP  bool
	want       handoff.Origin // zero when it is refused
}{
	{"host", "shop.example", false, handoff.Origin{Scheme: "https", Host: "shop.example", Port: "443"}},
	{"host and port", "shop.example:8443", false, handoff.Origin{Scheme: "https", Host: "shop.example", Port: "8443"}},
	{"https", "https://shop.example", false, handoff.Origin{Scheme: "https", Host: "shop.example", Port: "443"}},
	{"https and port", "https://shop.example:1", false, handoff.Origin{Scheme: "https", Host: "shop.example", Port: "1"}},
	{"upper case", "HTTPS://Shop.EXAMPLE:443", false, handoff.Origin{Scheme: "https", Host: "shop.example", Port: "443"}},
	{"punycode", "xn--caf-dma.example", false, handoff.Origin{Scheme: "https", Host: "xn--caf-dma.example", Port: "443"}},
	{"http allowed", "http://127.0.0.1:8082", true, handoff.Origin{Scheme: "http", Host: "127.0.0.1", Port: "8082"}},
	{"http without a port", "http://shop.example", true, handoff.Origin{Scheme: "http", Host: "shop.example", Port: "80"}},
	{"localhost", "http://localhost:3000", true, handoff.Origin{Scheme: "http", Host: "localhost", Port: "3000"}},
	{"IPv6", "[2001:DB8:0::1]:8443", false, handoff.Origin{Scheme: "https", Host: "2001:db8::1", Port: "8443"}},
	{"IPv6 without a port", "[::1]", false, handoff.Origin{Scheme: "https", Host: "::1", Port: "443"}},
	{"digits first", "1-2.example", false, handoff.Origin{Scheme: "https", Host: "1-2.example", Port: "443"}},
	{"below a public suffix", "shop.github.io", false, handoff.Origin{Scheme: "https", Host: "shop.github.io", Port: "443"}},
	{"empty", "", false, handoff.Origin{}},
	{"scheme alone", "https://", false, handoff.Origin{}},
	{"http not allowed", "http://shop.example", false, handoff.Origin{}},
	{"foreign scheme", "ftp://shop.example", true, handoff.Origin{}},
	{"no scheme before the slashes", "://shop.example", true, handoff.Origin{}},
	{"javascript", "javascript:alert(1)", true, handoff.Origin{}},
	{"wildcard", "*.example", false, handoff.Origin{}},
	{"path", "https://shop.example/x", false, handoff.Origin{}},
	{"slash", "https://shop.example/", false, handoff.Origin{}},
	{"query", "https://shop.example?a", false, handoff.Origin{}},
	{"fragment", "https://shop.example#a", false, handoff.Origin{}},
	{"backslash", `shop.example\x`, false, handoff.Origin{}},
	{"userinfo", "https://user:hunter2@shop.example", false, handoff.Origin{}},
	{"trailing dot", "shop.example.", false, handoff.Origin{}},
	{"leading dot", ".shop.example", false, handoff.Origin{}},
	{"empty label", "shop..example", false, handoff.Origin{}},
	{"port zero", "shop.example:0", false, handoff.Origin{}},
	{"port too high", "shop.example:65536", false, handoff.Origin{}},
	{"port with a zero before", "shop.example:0443", false, handoff.Origin{}},
	{"port with a sign", "shop.example:+443", false, handoff.Origin{}},
	{"port empty", "shop.example:", false, handoff.Origin{}},
	{"port a word", "shop.example:https", false, handoff.Origin{}},
	{"two ports", "shop.example:1:2", false, handoff.Origin{}},
	{"port alone", ":443", false, handoff.Origin{}},
	{"IPv6 bare", "2001:db8::1", false, handoff.Origin{}},
	{"IPv6 with a zone", "[fe80::1%eth0]", false, handoff.Origin{}},
	{"IPv6 not closed", "[::1", false, handoff.Origin{}},
	{"IPv6 and text behind", "[::1]x", false, handoff.Origin{}},
	{"IPv6 and an empty port", "[::1]:", false, handoff.Origin{}},
	{"IPv4 in brackets", "[127.0.0.1]", false, handoff.Origin{}},
	{"IPv4 short", "127.1", false, handoff.Origin{}},
	{"IPv4 as one number", "2130706433", false, handoff.Origin{}},
	{"IPv4 in hexadecimal", "0x7f.1", false, handoff.Origin{}},
	{"ends in hexadecimal", "shop.0x1", false, handoff.Origin{}},
	{"IPv4 with zeros", "127.0.0.01", false, handoff.Origin{}},
	{"not ASCII", "café.example", false, handoff.Origin{}},
	{"Kelvin sign", "shop.u\u212a", false, handoff.Origin{}},
	{"underscore", "my_shop.example", false, handoff.Origin{}},
	{"hyphen first", "-shop.example", false, handoff.Origin{}},
	{"hyphen last", "shop-.example", false, handoff.Origin{}},
	{"space", "shop .example", false, handoff.Origin{}},
	{"line break", "shop.example\n", false, handoff.Origin{}},
	{"long label", strings.Repeat("a", 64) + ".example", false, handoff.Origin{}},
	{"long name", strings.Repeat("a.", 130) + "example", false, handoff.Origin{}},
	{"top-level domain", "com", false, handoff.Origin{}},
	{"public suffix", "co.uk", false, handoff.Origin{}},
	{"private suffix", "github.io", false, handoff.Origin{}},
}

func TestParseOrigin(t *testing.T) {
	t.Parallel()
	for _, tt := range originTable {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := handoff.ParseOrigin(tt.text, tt.allowHTTP)
			code := ""
			if tt.want == (handoff.Origin{}) {
				code = "invalid_origin"
			}
			wantInvalid(t, err, code)
			if got != tt.want {
				t.Errorf("ParseOrigin(%q, %t) = %+v, want %+v", tt.text, tt.allowHTTP, got, tt.want)
			}
			if err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("ParseOrigin() repeats a password: %v", err)
			}
		})
	}
}

// FuzzParseOrigin holds an origin to what net/url and net/http make of a URL there.
func FuzzParseOrigin(f *testing.F) {
	for _, tt := range originTable {
		f.Add(tt.text, tt.allowHTTP)
	}
	f.Fuzz(func(t *testing.T, text string, allowHTTP bool) {
		o, err := handoff.ParseOrigin(text, allowHTTP)
		if err != nil {
			return
		}
		host := o.Host
		if strings.Contains(host, ":") {
			host = "[" + host + "]"
		}
		address := o.Scheme + "://" + host + ":" + o.Port + "/x"
		u, err := url.Parse(address)
		if err != nil || u.Hostname() != o.Host || u.Port() != o.Port || u.Scheme != o.Scheme {
			t.Fatalf("ParseOrigin(%q) = %+v, which net/url reads as %v, %v", text, o, u, err)
		}
		if o.Scheme != "https" && (!allowHTTP || o.Scheme != "http") {
			t.Errorf("ParseOrigin(%q, %t) has scheme %q", text, allowHTTP, o.Scheme)
		}
		if _, err := http.NewRequest(http.MethodGet, address, nil); err != nil {
			t.Errorf("net/http cannot ask for %q: %v", address, err)
		}
		p := handoff.Policy{Origins: []handoff.Origin{o}}
		if _, err := p.Check(handoff.Request{URL: address}, now); err != nil {
			t.Errorf("a page at the origin %+v is refused: %v", o, err)
		}
		if again, err := handoff.ParseOrigin(o.Scheme+"://"+host+":"+o.Port, true); err != nil || again != o {
			t.Errorf("ParseOrigin() of %+v written out = %+v, %v", o, again, err)
		}
	})
}
