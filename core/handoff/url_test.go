// SPDX-License-Identifier: Apache-2.0

package handoff_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/handoff"
)

const rejectedURL = "checkout_url_rejected"

// urlTable is also the fuzz target's seed.
var urlTable = []struct{ name, url, code string }{
	{"plain", "https://shop.example.com/checkout", ""},
	{"no path", "https://shop.example.com", ""},
	{"query without a path", "https://shop.example.com?c=1", ""},
	{"default port", "https://shop.example.com:443/", ""},
	{"other port as configured", "https://pay.example.com:8443/x", ""},
	{"upper-case scheme and host", "HTTPS://SHOP.Example.COM/Path", ""},
	{"punycode as configured", "https://xn--caf-dma.example.com/", ""},
	{"IPv4 as configured", "https://203.0.113.7/", ""},
	{"IPv6 as configured", "https://[2001:db8::1]:8443/", ""},
	{"http as configured", "http://127.0.0.1:8082/cart", ""},
	{"http on its default port", "http://plain.example.com:80/", ""},
	{"sub-delims and encoding", "https://shop.example.com/a;b=c/%C3%A9?x[0]=1&y=a,b'(c)*!$@:/?", ""},
	{"double slash in the path", "https://shop.example.com//evil.example/", ""},
	{"at sign in the path", "https://shop.example.com/@evil.example", ""},
	{"a percent sign encoded twice", "https://shop.example.com/?q=%250d%250a", ""},
	{"longest", "https://shop.example.com/" + strings.Repeat("a", handoff.URLMax-25), ""},
	{"one too long", "https://shop.example.com/" + strings.Repeat("a", handoff.URLMax-24), "checkout_url_too_long"},
	{"far too long and foreign", "https://evil.example/" + strings.Repeat("a", 1<<16), "checkout_url_too_long"},
	{"empty", "", rejectedURL},
	{"javascript", "javascript:alert(1)", rejectedURL},
	{"javascript behind the host's look", "javascript://shop.example.com/%0aalert(1)", rejectedURL},
	{"data", "data:text/html,hello", rejectedURL},
	{"intent", "intent://shop.example.com/#Intent;scheme=https;end", rejectedURL},
	{"file", "file:///etc/passwd", rejectedURL},
	{"blob", "blob:https://shop.example.com/1", rejectedURL},
	{"ftp", "ftp://shop.example.com/", rejectedURL},
	{"websocket", "wss://shop.example.com/", rejectedURL},
	{"foreign host", "https://evil.example/checkout", rejectedURL},
	{"suffix trick", "https://shop.example.com.evil.example/", rejectedURL},
	{"prefix trick", "https://evilshop.example.com/", rejectedURL},
	{"subdomain", "https://a.shop.example.com/", rejectedURL},
	{"parent domain", "https://example.com/", rejectedURL},
	{"host glued on", "https://shop.example.comevil.example/", rejectedURL},
	{"userinfo trick", "https://shop.example.com@evil.example/", rejectedURL},
	{"userinfo with a password", "https://user:hunter2hunter2@shop.example.com/", rejectedURL},
	{"empty userinfo", "https://@shop.example.com/", rejectedURL},
	{"port in the userinfo", "https://shop.example.com:443@evil.example/", rejectedURL},
	{"trailing dot", "https://shop.example.com./", rejectedURL},
	{"two trailing dots", "https://shop.example.com../", rejectedURL},
	{"leading dot", "https://.shop.example.com/", rejectedURL},
	{"odd port", "https://shop.example.com:8443/", rejectedURL},
	{"another host's port left out", "https://pay.example.com/", rejectedURL},
	{"http's port", "https://shop.example.com:80/", rejectedURL},
	{"empty port", "https://shop.example.com:/", rejectedURL},
	{"port with a zero before", "https://shop.example.com:0443/", rejectedURL},
	{"port that begins alike", "https://shop.example.com:4430/", rejectedURL},
	{"two ports", "https://shop.example.com:443:443/", rejectedURL},
	{"negative port", "https://shop.example.com:-443/", rejectedURL},
	{"http where https is configured", "http://shop.example.com/", rejectedURL},
	{"https where http is configured", "https://127.0.0.1:8082/", rejectedURL},
	{"other IPv4", "https://203.0.113.8/", rejectedURL},
	{"IPv4 as one number", "https://3405803783/", rejectedURL},
	{"IPv4 in hexadecimal", "https://0xcb007107/", rejectedURL},
	{"IPv4 in octal", "https://0313.0.0161.07/", rejectedURL},
	{"IPv4 in brackets", "https://[203.0.113.7]/", rejectedURL},
	{"IPv4 mapped", "https://[::ffff:203.0.113.7]/", rejectedURL},
	{"other IPv6", "https://[2001:db8::2]:8443/", rejectedURL},
	{"IPv6 with a zone", "https://[2001:db8::1%25eth0]:8443/", rejectedURL},
	{"IPv6 without brackets", "https://2001:db8::1:8443/", rejectedURL},
	{"name in brackets", "https://[shop.example.com]/", rejectedURL},
	{"metadata address", "http://169.254.169.254/latest/meta-data", rejectedURL},
	{"localhost", "http://localhost:8082/", rejectedURL},
	{"Cyrillic look-alike", "https://shоp.example.com/", rejectedURL},
	{"look-alike in punycode", "https://xn--shp-vgd.example.com/", rejectedURL},
	{"full-width dot", "https://shop。example.com/", rejectedURL},
	{"Kelvin sign", "https://shop.example.co.u\u212a/", rejectedURL},
	{"long s", "https://\u017fhop.example.com/", rejectedURL},
	{"soft hyphen", "https://sh\u00adop.example.com/", rejectedURL},
	{"encoded host", "https://sh%6fp.example.com/", rejectedURL},
	{"encoded slash after the host", "https://shop.example.com%2fevil.example/", rejectedURL},
	{"encoded NUL after the host", "https://shop.example.com%00.evil.example/", rejectedURL},
	{"fragment", "https://shop.example.com/#top", rejectedURL},
	{"empty fragment", "https://shop.example.com/#", rejectedURL},
	{"fragment trick", "https://evil.example#shop.example.com/", rejectedURL},
	{"fragment at once", "https://shop.example.com#@evil.example/", rejectedURL},
	{"no scheme", "//shop.example.com/", rejectedURL},
	{"no host", "https:///shop.example.com/", rejectedURL},
	{"one slash", "https:/shop.example.com/", rejectedURL},
	{"opaque", "https:shop.example.com/", rejectedURL},
	{"relative", "/checkout", rejectedURL},
	{"bare host", "shop.example.com/checkout", rejectedURL},
	{"nothing but a scheme", "https://", rejectedURL},
	{"backslashes", `https:\\shop.example.com\`, rejectedURL},
	{"backslash before an at sign", `https://shop.example.com\@evil.example/`, rejectedURL},
	{"backslash in the path", `https://shop.example.com/\evil.example`, rejectedURL},
	{"space before", " https://shop.example.com/", rejectedURL},
	{"space behind", "https://shop.example.com/ ", rejectedURL},
	{"tab in the scheme", "ht\ttps://shop.example.com/", rejectedURL},
	{"line break in the host", "https://shop.exam\nple.com/", rejectedURL},
	{"header break", "https://shop.example.com/\r\nSet-Cookie: a=b", rejectedURL},
	{"NUL", "https://shop.example.com/\x00", rejectedURL},
	{"DEL", "https://shop.example.com/\x7f", rejectedURL},
	{"non-breaking space", "https://shop.example.com/\u00a0", rejectedURL},
	{"byte order mark", "\ufeffhttps://shop.example.com/", rejectedURL},
	{"right-to-left override", "https://shop.example.com/\u202egpj", rejectedURL},
	{"not UTF-8", "https://shop.example.com/\xff", rejectedURL},
	{"encoded NUL in the path", "https://shop.example.com/a%00b", rejectedURL},
	{"encoded CR in the path", "https://shop.example.com/a%0Db", rejectedURL},
	{"encoded LF in the query", "https://shop.example.com/?q=%0a", rejectedURL},
	{"encoded CRLF in the query", "https://shop.example.com/?q=%0D%0ASet-Cookie:x", rejectedURL},
	{"percent sign alone", "https://shop.example.com/100%", rejectedURL},
	{"percent sign and one digit", "https://shop.example.com/?q=%4", rejectedURL},
	{"percent sign and no digits", "https://shop.example.com/?q=%zz", rejectedURL},
	{"double quote", `https://shop.example.com/"onload="x`, rejectedURL},
	{"angle brackets", "https://shop.example.com/<script>", rejectedURL},
}

func TestCheckURL(t *testing.T) {
	t.Parallel()
	for _, tt := range urlTable {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := policy(t).Check(handoff.Request{URL: tt.url}, now)
			wantCode(t, err, tt.code, tt.url, "hunter2hunter2")
			if err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("Check() repeats a password: %v", err)
			}
			if tt.code == "" && got.URL != tt.url {
				t.Errorf("Check() made %q of %q", got.URL, tt.url)
			}
		})
	}
}

// TestCauseNamesOrigins is for whoever reads the log: where the page is, where it may be, and nothing more.
func TestCauseNamesOrigins(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, url, at string }{
		{"another port", "http://127.0.0.1:9090/cart/hunter2?token=hunter2", "http://127.0.0.1:9090"},
		{"the default port", "https://EVIL.example:443?token=hunter2", "https://evil.example"},
		{"IPv6", "http://[2001:db8::2]:81/hunter2", "http://[2001:db8::2]:81"},
		{"a password", "https://user:hunter2@shop.example.com/", "what is no origin"},
		{"no host", "https:///hunter2", "what is no origin"},
		{"no scheme", "/hunter2", "what is no origin"},
		{"another scheme", "javascript://hunter2/", "what is no origin"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o, err := handoff.ParseOrigin("http://127.0.0.1:8082", true)
			if err != nil {
				t.Fatal(err)
			}
			p := handoff.Policy{Origins: []handoff.Origin{{Scheme: "https", Host: "shop.example.com", Port: "443"}, o}}
			_, err = p.Check(handoff.Request{URL: tt.url}, now)
			wantCode(t, err, rejectedURL)
			want := "it is at " + tt.at + "; allowed: https://shop.example.com, http://127.0.0.1:8082"
			if cause := fault.From(err).Cause; cause == nil || cause.Error() != want || strings.Contains(fault.From(err).Message, "example") {
				t.Errorf("got %v, want the cause %q", err, want)
			}
		})
	}
}

// FuzzCheckURL holds Check to what net/url makes of the same text.
func FuzzCheckURL(f *testing.F) {
	for _, tt := range urlTable {
		f.Add(tt.url)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := policy(t).Check(handoff.Request{URL: text}, now); err != nil {
			return
		}
		u, err := url.Parse(text)
		if err != nil {
			t.Fatalf("accepted %q, which net/url refuses: %v", text, err)
		}
		allowed := []string{
			"https://shop.example.com", "https://shop.example.com:443", "https://pay.example.com:8443",
			"https://xn--caf-dma.example.com", "https://xn--caf-dma.example.com:443",
			"https://shop.example.co.uk", "https://shop.example.co.uk:443", "https://203.0.113.7", "https://203.0.113.7:443",
			"https://[2001:db8::1]:8443", "http://127.0.0.1:8082", "http://plain.example.com", "http://plain.example.com:80",
		}
		if at := u.Scheme + "://" + strings.ToLower(u.Host); !slices.Contains(allowed, at) {
			t.Errorf("accepted %q, which leads to %s", text, at)
		}
		if u.User != nil || u.Opaque != "" || u.Fragment != "" || len(text) > 2000 {
			t.Errorf("accepted %q: user %v, opaque %q, fragment %q", text, u.User, u.Opaque, u.Fragment)
		}
		query, err := url.QueryUnescape(u.RawQuery)
		if err != nil || strings.ContainsAny(u.Path+query, "\x00\r\n") {
			t.Errorf("accepted %q: %v, or a control character in it", text, err)
		}
	})
}
