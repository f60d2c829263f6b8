// SPDX-License-Identifier: Apache-2.0

package handoff_test

import (
	"testing"

	"github.com/cartage-dev/cartage/core/handoff"
)

func TestParseCookieDomain(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, host, text, want string // want is empty when it is refused
	}{
		{"host", "shop.example.com", "shop.example.com", "shop.example.com"},
		{"parent", "shop.example.com", "example.com", "example.com"},
		{"leading dot and case", "shop.example.com", ".Example.COM", "example.com"},
		{"address", "127.0.0.1", "127.0.0.1", "127.0.0.1"},
		{"below a private suffix", "a.shop.github.io", "shop.github.io", "shop.github.io"},
		{"exception to a wildcard", "shop.www.ck", "www.ck", "www.ck"},
		{"exception in Kawasaki", "city.kawasaki.jp", "city.kawasaki.jp", "city.kawasaki.jp"},
		{"bucket", "shop.s3.amazonaws.com", "shop.s3.amazonaws.com", "shop.s3.amazonaws.com"},
		{"empty", "shop.example.com", "", ""},
		{"not of the shop", "shop.example.com", "other.com", ""},
		{"below the host", "shop.example.com", "a.shop.example.com", ""},
		{"glued on", "shop.example.com", "op.example.com", ""},
		{"other address", "127.0.0.1", "127.0.0.2", ""},
		{"part of an address", "127.0.0.1", "0.0.1", ""},
		{"IPv6", "::1", "::1", ""},
		{"dot before an address", "127.0.0.1", ".127.0.0.1", ""},
		{"com", "shop.example.com", "com", ""},
		{".com", "shop.example.com", ".com", ""},
		{"uk", "shop.example.co.uk", "uk", ""},
		{"co.uk", "shop.example.co.uk", "co.uk", ""},
		{"github.io", "shop.github.io", "github.io", ""},
		{"io above github.io", "shop.github.io", "io", ""},
		{"myshopify.com", "shop.myshopify.com", "myshopify.com", ""},
		{"s3.amazonaws.com", "shop.s3.amazonaws.com", "s3.amazonaws.com", ""},
		{"herokuapp.com", "shop.herokuapp.com", "herokuapp.com", ""},
		{"wildcard ck", "shop.any.ck", "any.ck", ""},
		{"wildcard kawasaki.jp", "a.b.kawasaki.jp", "b.kawasaki.jp", ""},
		{"punycode suffix", "shop.xn--p1ai", "xn--p1ai", ""},
		{"com.au", "shop.com.au", "com.au", ""},
		{"unlisted name", "localhost", "localhost", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := handoff.ParseCookieDomain(tt.text, []handoff.Origin{{Scheme: "https", Host: tt.host, Port: "443"}})
			code := ""
			if tt.want == "" {
				code = "invalid_cookie_domain"
			}
			wantInvalid(t, err, code)
			if got != tt.want {
				t.Errorf("ParseCookieDomain(%q) = %q, want %q", tt.text, got, tt.want)
			}
			// Neither may a policy that somebody wrote by hand let such a cookie through.
			hand := handoff.Policy{Origins: []handoff.Origin{{Scheme: "https", Host: tt.host, Port: "443"}}, CookieDomains: []string{tt.text}}
			_, err = hand.Check(handoff.Request{URL: "https://" + tt.host + "/", Cookies: []handoff.Cookie{{Name: "a", Domain: tt.text}}}, now)
			if (err == nil) != (tt.want != "") {
				t.Errorf("Check() of a cookie for %q = %v", tt.text, err)
			}
		})
	}
}
