// SPDX-License-Identifier: Apache-2.0

package handoff_test

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/handoff"
)

var now = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// policy is the shop's of these tests.
func policy(t testing.TB) handoff.Policy {
	t.Helper()
	var origins []handoff.Origin
	for _, text := range []string{
		"shop.example.com", "pay.example.com:8443", "xn--caf-dma.example.com", "shop.example.co.uk",
		"203.0.113.7", "[2001:db8::1]:8443", "http://127.0.0.1:8082", "http://plain.example.com",
	} {
		o, err := handoff.ParseOrigin(text, true)
		if err != nil {
			t.Fatalf("ParseOrigin(%q): %v", text, err)
		}
		origins = append(origins, o)
	}
	p, err := handoff.NewPolicy(origins, []string{"shop.example.com", ".Example.co.uk", "127.0.0.1"},
		[]string{"X-Handoff-Version", "x-cart", "User-Agent"})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// wantCode checks that err blames the backend under this code, or is nil for no
// code, and repeats none of what was refused.
func wantCode(t testing.TB, err error, code string, refused ...string) {
	t.Helper()
	if code == "" {
		if err != nil {
			t.Errorf("Check() = %v, want it accepted", err)
		}
		return
	}
	f, ok := errors.AsType[*fault.Error](err)
	if !ok {
		t.Fatalf("Check() = %v, want a fault %s", err, code)
	}
	if f.Kind != fault.Internal || f.Source != fault.Backend || f.Code != code {
		t.Errorf("Check() = %v by %v, code %q; want internal by backend, %q", f.Kind, f.Source, f.Code, code)
	}
	for _, text := range refused {
		if said := f.Message + fmt.Sprint(f.Fields); len(text) >= 8 && strings.Contains(said, text) {
			t.Errorf("Check() repeats %q: %v", text, err)
		}
	}
}

func TestCheckFillsIn(t *testing.T) {
	t.Parallel()
	given := handoff.Request{
		URL:     "https://shop.example.com/checkout?c=1",
		Headers: []handoff.Header{{Name: "X-Cart", Value: "a b"}},
		Cookies: []handoff.Cookie{{Name: "hs", Value: "v", Domain: ".shop.example.com", ExpiresAt: now.Add(time.Hour).In(time.FixedZone("", 3600))}},
	}
	before := given.Cookies[0]
	got, err := policy(t).Check(given, now)
	if err != nil {
		t.Fatal(err)
	}
	want := handoff.Request{
		URL: given.URL, Method: handoff.GET, Headers: given.Headers,
		Cookies: []handoff.Cookie{{
			Name: "hs", Value: "v", Domain: ".shop.example.com", Path: "/",
			ExpiresAt: now.Add(time.Hour), Secure: true, HTTPOnly: true,
		}},
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("Check() (-got +want):\n%s", diff)
	}
	if got.Cookies[0].ExpiresAt.Location() != time.UTC {
		t.Errorf("Check() left the expiry in %v", got.Cookies[0].ExpiresAt.Location())
	}
	if given.Cookies[0] != before {
		t.Error("Check() changed the request it was given")
	}
	again, err := policy(t).Check(got, now)
	if diff := cmp.Diff(again, got); err != nil || diff != "" {
		t.Errorf("Check() of what it returned: %v (-got +want):\n%s", err, diff)
	}
}

func TestZeroPolicyAllowsNothing(t *testing.T) {
	t.Parallel()
	for _, u := range []string{"https://shop.example.com/", "", "://:", "://:/", "://"} {
		_, err := handoff.Policy{Origins: []handoff.Origin{{}}}.Check(handoff.Request{URL: u}, now)
		wantCode(t, err, "checkout_url_rejected")
		_, err = handoff.Policy{}.Check(handoff.Request{URL: u}, now)
		wantCode(t, err, "checkout_url_rejected")
	}
}

func TestCheckForm(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		method handoff.Method
		form   url.Values
		code   string
	}{
		{"nothing", "", nil, ""},
		{"get", handoff.GET, nil, ""},
		{"get with an empty form", handoff.GET, url.Values{}, ""},
		{"post without a form", handoff.POST, nil, ""},
		{"post", handoff.POST, url.Values{"v": {"1"}, "note": {"two\r\nlines & é"}}, ""},
		{"longest", handoff.POST, url.Values{"v": {strings.Repeat("a", handoff.FormBytesMax-2)}}, ""},
		{"one too long", handoff.POST, url.Values{"v": {strings.Repeat("a", handoff.FormBytesMax-1)}}, "form_rejected"},
		{"too long once encoded", handoff.POST, url.Values{"v": {strings.Repeat("&", handoff.FormBytesMax/2)}}, "form_rejected"},
		{"form without post", "", url.Values{"v": {"1"}}, "form_rejected"},
		{"form with get", handoff.GET, url.Values{"v": nil}, "form_rejected"},
		{"nul in a value", handoff.POST, url.Values{"v": {"a", "secret\x00value"}}, "form_rejected"},
		{"nul in a name", handoff.POST, url.Values{"v\x00": {"1"}}, "form_rejected"},
		{"not utf-8", handoff.POST, url.Values{"v": {"\xff"}}, "form_rejected"},
		{"put", "PUT", nil, "form_rejected"},
		{"lower-case post", "post", nil, "form_rejected"},
		{"method with a line break", "GET\r\n", nil, "form_rejected"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := policy(t).Check(handoff.Request{URL: "https://shop.example.com/", Method: tt.method, Form: tt.form}, now)
			wantCode(t, err, tt.code, "secret\x00value")
			if tt.code == "" && got.Method != max(tt.method, handoff.GET) {
				t.Errorf("Check() gives method %q", got.Method)
			}
		})
	}
}

func FuzzCheckForm(f *testing.F) {
	f.Add("POST", "v=1&ref=9f1c")
	f.Add("GET", "v=1")
	f.Add("", "")
	f.Add("POST", "a=%00")
	f.Add("POST", "a=%ff&a=b+c")
	f.Fuzz(func(t *testing.T, method, query string) {
		form, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		got, err := policy(t).Check(handoff.Request{URL: "https://shop.example.com/", Method: handoff.Method(method), Form: form}, now)
		if err != nil {
			return
		}
		body := got.Form.Encode()
		sent, err := url.ParseQuery(body)
		if diff := cmp.Diff(sent, form); err != nil || len(form) > 0 && diff != "" {
			t.Errorf("the form %q arrives as another: %v\n%s", body, err, diff)
		}
		if got.Method != handoff.POST && (body != "" || got.Method != handoff.GET) || len(body) > 8192 || strings.Contains(body, "%00") {
			t.Errorf("Check() let %s %q through", got.Method, body)
		}
	})
}

func TestNewPolicy(t *testing.T) {
	t.Parallel()
	shop := handoff.Origin{Scheme: "https", Host: "shop.example.com", Port: "443"}
	for _, tt := range []struct {
		name             string
		origin           handoff.Origin
		domains, headers []string
		code             string
	}{
		{"plain", shop, []string{"example.com"}, []string{"X-A"}, ""},
		{"nothing but an origin", shop, nil, nil, ""},
		{"ipv6 origin", handoff.Origin{Scheme: "https", Host: "2001:db8::1", Port: "443"}, nil, nil, ""},
		{"zero origin", handoff.Origin{}, nil, nil, "invalid_origin"},
		{"upper-case origin", handoff.Origin{Scheme: "https", Host: "SHOP.example.com", Port: "443"}, nil, nil, "invalid_origin"},
		{"origin without a port", handoff.Origin{Scheme: "https", Host: "shop.example.com"}, nil, nil, "invalid_origin"},
		{"foreign scheme", handoff.Origin{Scheme: "ftp", Host: "shop.example.com", Port: "21"}, nil, nil, "invalid_origin"},
		{"public suffix as a domain", shop, []string{"com"}, nil, "invalid_cookie_domain"},
		{"denied header", shop, nil, []string{"Authorization"}, "invalid_header_name"},
		{"denied family", shop, nil, []string{"x-forwarded-host"}, "invalid_header_name"},
		{"no header name", shop, nil, []string{""}, "invalid_header_name"},
		{"no token", shop, nil, []string{"X A"}, "invalid_header_name"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := handoff.NewPolicy([]handoff.Origin{tt.origin}, tt.domains, tt.headers)
			wantInvalid(t, err, tt.code)
		})
	}
	headers := []string{"X-A"}
	p, err := handoff.NewPolicy([]handoff.Origin{shop}, nil, headers)
	if err != nil {
		t.Fatal(err)
	}
	headers[0] = "X-B"
	if !slices.Equal(p.Headers, []string{"X-A"}) {
		t.Error("NewPolicy() kept the caller's slice")
	}
}

func wantInvalid(t testing.TB, err error, code string) {
	t.Helper()
	if code == "" {
		if err != nil {
			t.Errorf("got %v, want no fault", err)
		}
		return
	}
	f, ok := errors.AsType[*fault.Error](err)
	if !ok || f.Kind != fault.Invalid || f.Code != code || f.Message == "" {
		t.Errorf("got %v, want invalid %s with a message", err, code)
	}
}
