// SPDX-License-Identifier: Apache-2.0

package handoff_test

import (
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/publicsuffix"

	"github.com/cartage-dev/cartage/core/handoff"
)

const (
	shopURL     = "https://shop.example.com/cart"
	ukURL       = "https://shop.example.co.uk/cart"
	loopbackURL = "http://127.0.0.1:8082/cart"
	plainURL    = "http://plain.example.com/cart"
)

// good is a cookie that the shop allows, changed by how.
func good(how func(*handoff.Cookie)) handoff.Cookie {
	c := handoff.Cookie{Name: "hs", Value: "h_5Rk0Qm7yWc2Tn9xLb4Ze1A", Domain: "shop.example.com"}
	if how != nil {
		how(&c)
	}
	return c
}

var cookieTable = []struct {
	name   string
	url    string // shopURL when empty
	cookie handoff.Cookie
	want   bool
}{
	{"plain", "", good(nil), true},
	{"leading dot", "", good(func(c *handoff.Cookie) { c.Domain = ".shop.example.com" }), true},
	{"upper-case domain", "", good(func(c *handoff.Cookie) { c.Domain = "SHOP.example.COM" }), true},
	{"path", "", good(func(c *handoff.Cookie) { c.Path = "/checkout" }), true},
	{"empty value", "", good(func(c *handoff.Cookie) { c.Value = "" }), true},
	{"every octet at the edges", "", good(func(c *handoff.Cookie) { c.Value = "!#+-:<[]~" }), true},
	{"secure prefix", "", good(func(c *handoff.Cookie) { c.Name = "__Secure-hs" }), true},
	{"session", "", good(func(c *handoff.Cookie) { c.ExpiresAt = time.Time{} }), true},
	{"just alive", "", good(func(c *handoff.Cookie) { c.ExpiresAt = now.Add(time.Second) }), true},
	{"thirty days", "", good(func(c *handoff.Cookie) { c.ExpiresAt = now.Add(30 * 24 * time.Hour) }), true},
	{"longest", "", good(func(c *handoff.Cookie) { c.Value = strings.Repeat("a", 4096-2-16-1) }), true},
	{"parent below a public suffix", ukURL, good(func(c *handoff.Cookie) { c.Domain = "example.co.uk" }), true},
	{"host below the shop's domain", ukURL, good(func(c *handoff.Cookie) { c.Domain = "shop.example.co.uk" }), true},
	{"address as configured", loopbackURL, good(func(c *handoff.Cookie) { c.Domain = "127.0.0.1" }), true},

	{"no domain", "", good(func(c *handoff.Cookie) { c.Domain = "" }), false},
	{"dot alone", "", good(func(c *handoff.Cookie) { c.Domain = "." }), false},
	{"two leading dots", "", good(func(c *handoff.Cookie) { c.Domain = "..shop.example.com" }), false},
	{"trailing dot", "", good(func(c *handoff.Cookie) { c.Domain = "shop.example.com." }), false},
	{"foreign domain", "", good(func(c *handoff.Cookie) { c.Domain = "evil.example" }), false},
	{"another origin of the shop's", "", good(func(c *handoff.Cookie) { c.Domain = "shop.example.co.uk" }), false},
	{"below the host", "", good(func(c *handoff.Cookie) { c.Domain = "a.shop.example.com" }), false},
	{"sibling", "", good(func(c *handoff.Cookie) { c.Domain = "pay.example.com" }), false},
	{"glued on", "", good(func(c *handoff.Cookie) { c.Domain = "op.example.com" }), false},
	{"parent outside the shop's domains", "", good(func(c *handoff.Cookie) { c.Domain = "example.com" }), false},
	{"host outside the shop's domains", plainURL, good(func(c *handoff.Cookie) { c.Domain = "plain.example.com" }), false},
	{"com", "", good(func(c *handoff.Cookie) { c.Domain = "com" }), false},
	{".com", "", good(func(c *handoff.Cookie) { c.Domain = ".com" }), false},
	{"co.uk", ukURL, good(func(c *handoff.Cookie) { c.Domain = "co.uk" }), false},
	{".CO.UK", ukURL, good(func(c *handoff.Cookie) { c.Domain = ".CO.UK" }), false},
	{"uk", ukURL, good(func(c *handoff.Cookie) { c.Domain = "uk" }), false},
	{"domain with a port", "", good(func(c *handoff.Cookie) { c.Domain = "shop.example.com:443" }), false},
	{"domain with a scheme", "", good(func(c *handoff.Cookie) { c.Domain = "https://shop.example.com" }), false},
	{"domain with an attribute", "", good(func(c *handoff.Cookie) { c.Domain = "shop.example.com; Path=/x" }), false},
	{"domain with a line break", "", good(func(c *handoff.Cookie) { c.Domain = "shop.example.com\r\n" }), false},
	{"domain with a NUL", "", good(func(c *handoff.Cookie) { c.Domain = "shop.example.com\x00" }), false},
	{"domain with a space", "", good(func(c *handoff.Cookie) { c.Domain = " shop.example.com" }), false},
	{"wildcard", "", good(func(c *handoff.Cookie) { c.Domain = "*.example.com" }), false},
	{"Kelvin sign", ukURL, good(func(c *handoff.Cookie) { c.Domain = "example.co.u\u212a" }), false},
	{"long s", "", good(func(c *handoff.Cookie) { c.Domain = "\u017fhop.example.com" }), false},
	{"foreign address", "", good(func(c *handoff.Cookie) { c.Domain = "203.0.113.9" }), false},
	{"address not among the shop's domains", "https://203.0.113.7/", good(func(c *handoff.Cookie) { c.Domain = "203.0.113.7" }), false},
	{"address behind a dot", loopbackURL, good(func(c *handoff.Cookie) { c.Domain = ".127.0.0.1" }), false},
	{"parent of an address", loopbackURL, good(func(c *handoff.Cookie) { c.Domain = "0.0.1" }), false},
	{"end of an address", loopbackURL, good(func(c *handoff.Cookie) { c.Domain = "1" }), false},
	{"other spelling of an address", loopbackURL, good(func(c *handoff.Cookie) { c.Domain = "127.1" }), false},
	{"IPv6", "https://[2001:db8::1]:8443/", good(func(c *handoff.Cookie) { c.Domain = "2001:db8::1" }), false},
	{"IPv6 in brackets", "https://[2001:db8::1]:8443/", good(func(c *handoff.Cookie) { c.Domain = "[2001:db8::1]" }), false},
	{"localhost", loopbackURL, good(func(c *handoff.Cookie) { c.Domain = "localhost" }), false},
	{"no name", "", good(func(c *handoff.Cookie) { c.Name = "" }), false},
	{"name with a space", "", good(func(c *handoff.Cookie) { c.Name = "h s" }), false},
	{"name with an equals sign", "", good(func(c *handoff.Cookie) { c.Name = "h=s" }), false},
	{"name with a semicolon", "", good(func(c *handoff.Cookie) { c.Name = "h;s" }), false},
	{"name with a line break", "", good(func(c *handoff.Cookie) { c.Name = "hs\r\nX" }), false},
	{"name with an umlaut", "", good(func(c *handoff.Cookie) { c.Name = "hü" }), false},
	{"host prefix", "", good(func(c *handoff.Cookie) { c.Name = "__Host-hs" }), false},
	{"host prefix in lower case", "", good(func(c *handoff.Cookie) { c.Name = "__host-hs" }), false},
	{"value with a semicolon", "", good(func(c *handoff.Cookie) { c.Value = "a; Domain=com" }), false},
	{"value with a comma", "", good(func(c *handoff.Cookie) { c.Value = "a,b" }), false},
	{"value with a space", "", good(func(c *handoff.Cookie) { c.Value = "a b" }), false},
	{"value in quotes", "", good(func(c *handoff.Cookie) { c.Value = `"quotedvalue"` }), false},
	{"value with a backslash", "", good(func(c *handoff.Cookie) { c.Value = `a\b` }), false},
	{"value with a tab", "", good(func(c *handoff.Cookie) { c.Value = "a\tb" }), false},
	{"value with a line break", "", good(func(c *handoff.Cookie) { c.Value = "abcdefgh\r\nSet-Cookie: x=y" }), false},
	{"value with a NUL", "", good(func(c *handoff.Cookie) { c.Value = "a\x00b" }), false},
	{"value with DEL", "", good(func(c *handoff.Cookie) { c.Value = "a\x7fb" }), false},
	{"value with an umlaut", "", good(func(c *handoff.Cookie) { c.Value = "ü" }), false},
	{"relative path", "", good(func(c *handoff.Cookie) { c.Path = "checkout" }), false},
	{"path with a semicolon", "", good(func(c *handoff.Cookie) { c.Path = "/a;Domain=com" }), false},
	{"path with a line break", "", good(func(c *handoff.Cookie) { c.Path = "/a\n" }), false},
	{"path with a space", "", good(func(c *handoff.Cookie) { c.Path = "/a b" }), false},
	{"expired", "", good(func(c *handoff.Cookie) { c.ExpiresAt = now.Add(-time.Second) }), false},
	{"expires now", "", good(func(c *handoff.Cookie) { c.ExpiresAt = now }), false},
	{"expired long ago", "", good(func(c *handoff.Cookie) { c.ExpiresAt = time.Unix(0, 0) }), false},
	{"more than thirty days", "", good(func(c *handoff.Cookie) { c.ExpiresAt = now.Add(30*24*time.Hour + time.Second) }), false},
	{"far future", "", good(func(c *handoff.Cookie) { c.ExpiresAt = now.AddDate(8000, 0, 0) }), false},
	{"one too long", "", good(func(c *handoff.Cookie) { c.Value = strings.Repeat("a", 4096-2-16) }), false},
	{"long path", "", good(func(c *handoff.Cookie) { c.Path = "/" + strings.Repeat("a", 4096) }), false},
	{"long name", "", good(func(c *handoff.Cookie) { c.Name = strings.Repeat("a", 4096) }), false},
}

func TestCheckCookie(t *testing.T) {
	t.Parallel()
	for _, tt := range cookieTable {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			at := tt.url
			if at == "" {
				at = shopURL
			}
			got, err := policy(t).Check(handoff.Request{URL: at, Cookies: []handoff.Cookie{tt.cookie}}, now)
			if !tt.want {
				wantCode(t, err, "cookie_rejected", tt.cookie.Value, tt.cookie.Domain)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if c := got.Cookies[0]; !c.Secure || !c.HTTPOnly || c.Path == "" || c.Domain != tt.cookie.Domain {
				t.Errorf("Check() = %+v, want it secure, HTTP-only, with a path and the domain as given", c)
			}
		})
	}
}

func TestCheckCookies(t *testing.T) {
	t.Parallel()
	many := func(n int) []handoff.Cookie {
		var cs []handoff.Cookie
		for i := range n {
			cs = append(cs, good(func(c *handoff.Cookie) { c.Name = fmt.Sprint("c", i) }))
		}
		return cs
	}
	for _, tt := range []struct {
		name    string
		cookies []handoff.Cookie
		code    string
	}{
		{"none", nil, ""},
		{"most", many(20), ""},
		{"one too many", many(21), "cookie_rejected"},
		{"twice", []handoff.Cookie{good(nil), good(nil)}, "cookie_rejected"},
		{"twice but for the dot", []handoff.Cookie{good(nil), good(func(c *handoff.Cookie) { c.Domain = ".Shop.example.com" })}, "cookie_rejected"},
		{"twice but for the path left out", []handoff.Cookie{good(nil), good(func(c *handoff.Cookie) { c.Path = "/" })}, "cookie_rejected"},
		{"twice with another value", []handoff.Cookie{good(nil), good(func(c *handoff.Cookie) { c.Value = "other" })}, "cookie_rejected"},
		{"another path", []handoff.Cookie{good(nil), good(func(c *handoff.Cookie) { c.Path = "/cart" })}, ""},
		{"another case", []handoff.Cookie{good(nil), good(func(c *handoff.Cookie) { c.Name = "HS" })}, ""},
		{"one bad among good", append(many(3), good(func(c *handoff.Cookie) { c.Domain = "com" })), "cookie_rejected"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := policy(t).Check(handoff.Request{URL: shopURL, Cookies: tt.cookies}, now)
			wantCode(t, err, tt.code)
		})
	}
}

// FuzzCheckCookie holds Check to net/http: what it accepts is a cookie that prints
// and parses as itself, and that a browser's jar keeps for the page.
func FuzzCheckCookie(f *testing.F) {
	for _, tt := range cookieTable {
		c := tt.cookie
		var life int64
		if !c.ExpiresAt.IsZero() {
			life = int64(c.ExpiresAt.Sub(now) / time.Second)
		}
		f.Add(tt.url, c.Name, c.Value, c.Domain, c.Path, life)
	}
	f.Fuzz(func(t *testing.T, at, name, value, domain, path string, life int64) {
		u, err := url.Parse(at)
		if err != nil || u.Host == "" {
			at = shopURL
		}
		c := handoff.Cookie{Name: name, Value: value, Domain: domain, Path: path}
		if life != 0 {
			c.ExpiresAt = now.Add(time.Duration(life%(1<<32)) * time.Second)
		}
		got, err := policy(t).Check(handoff.Request{URL: at, Cookies: []handoff.Cookie{c}}, now)
		if err != nil {
			return
		}
		holdCookie(t, got.URL, got.Cookies[0])
	})
}

func holdCookie(t *testing.T, at string, c handoff.Cookie) {
	t.Helper()
	sent := &http.Cookie{Name: c.Name, Value: c.Value, Domain: c.Domain, Path: c.Path, Expires: c.ExpiresAt, Secure: c.Secure, HttpOnly: c.HTTPOnly}
	if err := sent.Valid(); err != nil {
		t.Fatalf("accepted %+v, which net/http refuses: %v", c, err)
	}
	read, err := http.ParseSetCookie(sent.String())
	if err != nil {
		t.Fatalf("accepted %+v, which cannot be read: %v", c, err)
	}
	if read.Name != c.Name || read.Value != c.Value || read.Path != c.Path || read.Domain != strings.TrimPrefix(c.Domain, ".") || !read.Secure || !read.HttpOnly {
		t.Errorf("accepted %+v, which arrives as %+v", c, read)
	}
	if !c.ExpiresAt.IsZero() && (c.ExpiresAt.Sub(now) <= 0 || c.ExpiresAt.Sub(now) > 720*time.Hour) {
		t.Errorf("accepted an expiry of %v", c.ExpiresAt.Sub(now))
	}
	if len(c.Name+c.Value+c.Domain+c.Path) > 4096 || strings.HasPrefix(strings.ToLower(c.Name), "__host-") {
		t.Errorf("accepted %+v", c)
	}
	jar, err := cookiejar.New(&cookiejar.Options{PublicSuffixList: publicsuffix.List})
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	// The jar keeps its own clock and asks for https: what is under test here is
	// whether host and domain fit together.
	u.Scheme, u.Path, sent.Path, sent.Expires = "https", "/", "/", time.Time{}
	if jar.SetCookies(u, []*http.Cookie{sent}); len(jar.Cookies(u)) != 1 {
		t.Errorf("accepted %+v, which a jar does not keep for %s", c, u.Host)
	}
	var allowed bool
	bare := strings.ToLower(strings.TrimPrefix(c.Domain, "."))
	for _, d := range []string{"shop.example.com", "example.co.uk", "127.0.0.1"} {
		allowed = allowed || bare == d || strings.HasSuffix(bare, "."+d)
	}
	if !allowed {
		t.Errorf("accepted the domain %q, which is not the shop's", c.Domain)
	}
}
