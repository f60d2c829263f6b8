// SPDX-License-Identifier: Apache-2.0

package links

import (
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/handoff"
)

func TestGetLeadsOn(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	const page = "https://shop.example/checkout?cart=1&x=[2]"
	b.kept.to[token(1)] = handoff.Request{URL: page, Method: handoff.GET}
	got := b.get(t, token(1).String())
	if got.status != http.StatusSeeOther || got.header.Get("Location") != page || got.body != "" {
		t.Errorf("got %d to %q: %q", got.status, got.header.Get("Location"), got.body)
	}
	for name, want := range map[string]string{"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff"} {
		if got := got.header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if got := b.get(t, token(1).String()); got.status != http.StatusGone {
		t.Errorf("the second time: got %d, want 410", got.status)
	}
}

var inputs = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`)

func TestPostNeedsATap(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.kept.to[token(1)] = handoff.Request{URL: "https://shop.example:8443/take?a=1&b=2", Method: handoff.POST, Form: url.Values{
		"z": {"last"}, "items[]": {"1", "2"}, `"><script>`: {`"><script>alert(1)</script>`}, "empty": {""},
	}}
	got := b.get(t, token(1).String())
	if got.status != http.StatusOK {
		t.Fatalf("got %d", got.status)
	}
	checkPage(t, got, "https://shop.example:8443")
	if want := `<form method="post" action="https://shop.example:8443/take?a=1&amp;b=2" accept-charset="utf-8">`; !strings.Contains(got.body, want) {
		t.Errorf("no %s in %s", want, got.body)
	}
	var sent [][]string
	for _, m := range inputs.FindAllStringSubmatch(got.body, -1) {
		sent = append(sent, m[1:])
	}
	script := "&#34;&gt;&lt;script&gt;"
	want := [][]string{{script, script + "alert(1)&lt;/script&gt;"}, {"empty", ""}, {"items[]", "1"}, {"items[]", "2"}, {"z", "last"}}
	if diff := cmp.Diff(want, sent); diff != "" {
		t.Errorf("inputs (-want +got):\n%s", diff)
	}
	if !strings.Contains(got.body, ">Continue to checkout</button>") || strings.Contains(got.body, "<script") {
		t.Errorf("not a page for a tap: %s", got.body)
	}
}

// checkPage holds a page to what every page is.
func checkPage(t *testing.T, got reply, formAction string) {
	t.Helper()
	for name, want := range map[string]string{
		"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer",
		"X-Frame-Options": "DENY", "X-Content-Type-Options": "nosniff",
		"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action " + formAction + "; base-uri 'none'; frame-ancestors 'none'",
	} {
		if got := got.header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	for _, want := range []string{"<!DOCTYPE html>", `<html lang="en">`, `<meta name="viewport"`, "<main>", "</main>", "<h1>", "<title>"} {
		if !strings.Contains(got.body, want) {
			t.Errorf("no %s in %s", want, got.body)
		}
	}
	for _, never := range []string{"<script", "src=", "href=", "@import", "url(", "h_"} {
		if strings.Contains(got.body, never) {
			t.Errorf("%s in %s", never, got.body)
		}
	}
}

func TestPagesThatExplain(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for n, err := range map[byte]error{
		2: fault.New(fault.Conflict, "handoff_ended", "used").By(fault.Caller),
		3: fault.New(fault.NotFound, "unknown_shop", "the shop has gone").By(fault.Caller),
		4: fault.New(fault.Unavailable, "", "store-canary").After(1500 * time.Millisecond).Because(errors.New("cause-canary")),
		5: fault.New(fault.Unknown, "", "no answer"),
		6: fault.New(fault.Internal, "checkout_url_rejected", "no").By(fault.Backend),
		7: errors.New("unclassified-canary"),
	} {
		b.kept.faults[token(n)] = err
	}
	b.kept.to[token(8)] = handoff.Request{URL: "https://shop.example/", Method: handoff.GET, Cookies: []handoff.Cookie{{Name: "c"}}}
	b.kept.to[token(9)] = handoff.Request{URL: "/relative", Method: handoff.POST}
	for _, tt := range []struct {
		name, text string
		want       int
		retry      string
		says       string
	}{
		{"unknown", token(1).String(), 404, "", "go back to the app and tap checkout again"},
		{"used or replaced", token(2).String(), 410, "", "go back to the app and tap checkout again"},
		{"of a shop that has gone", token(3).String(), 404, "", "go back to the app and tap checkout again"},
		{"store away", token(4).String(), 503, "2", "go back to the app and tap checkout again"},
		{"store silent", token(5).String(), 503, "1", "wait a moment"},
		{"target no longer allowed", token(6).String(), 503, "1", "wait a moment"},
		{"unclassified", token(7).String(), 503, "1", "wait a moment"},
		{"target with cookies", token(8).String(), 503, "1", "wait a moment"},
		{"form to nowhere", token(9).String(), 503, "1", "wait a moment"},
		{"no token", "x", 404, "", "go back to the app and tap checkout again"},
		{"markup for a token", "%3Cscript%3E", 404, "", "go back to the app and tap checkout again"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := b.get(t, tt.text)
			if got.status != tt.want || got.header.Get("Retry-After") != tt.retry {
				t.Errorf("got %d, retry after %q; want %d, %q", got.status, got.header.Get("Retry-After"), tt.want, tt.retry)
			}
			checkPage(t, got, "'none'")
			if !strings.Contains(got.body, tt.says) || strings.Contains(got.body, "canary") {
				t.Errorf("the page says: %s", got.body)
			}
		})
	}
	log := b.log.String()
	if !strings.Contains(log, `"level":"WARN","msg":"link not opened"`) || !strings.Contains(log, "cause-canary") {
		t.Errorf("what failed is not in the log: %s", log)
	}
	if strings.Contains(log, "h_") {
		t.Errorf("a token is in the log: %s", log)
	}
}

// TestStrangersLearnNothing: a token that never was, one that expired, and a text
// that is no token are answered alike, but for the request's id and the date.
func TestStrangersLearnNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.kept.faults[token(2)] = fault.New(fault.NotFound, "", "expired at noon").By(fault.Caller)
	first := b.get(t, token(1).String())
	for _, text := range []string{token(2).String(), "x", token(1).String() + "x", strings.Repeat("a", 4000), "%00", "h_%0d%0a"} {
		got := b.get(t, text)
		for _, h := range []http.Header{first.header, got.header} {
			h.Del("X-Request-Id")
			h.Del("Date")
		}
		if diff := cmp.Diff(first.header, got.header); diff != "" || got.status != first.status || got.body != first.body {
			t.Errorf("%.20s is told from another: %d, %s", text, got.status, diff)
		}
	}
}

func TestOnlyGetUsesALinkUp(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.kept.to[token(1)] = handoff.Request{URL: "https://shop.example/", Method: handoff.GET}
	for _, method := range []string{http.MethodHead, http.MethodPost, http.MethodOptions, http.MethodPut, "PREVIEW"} {
		got := b.ask(t, method, token(1).String(), "")
		if got.status != http.StatusMethodNotAllowed || got.header.Get("Allow") != "GET" {
			t.Errorf("%s: got %d, allowed %q", method, got.status, got.header.Get("Allow"))
		}
	}
	if b.kept.opened != 0 {
		t.Errorf("the link was opened %d times", b.kept.opened)
	}
	if got := b.get(t, token(1).String()); got.status != http.StatusSeeOther {
		t.Errorf("afterwards: got %d", got.status)
	}
}

// FuzzToken: whatever stands in the path, only a token opens anything, and only
// the documented pages are shown.
func FuzzToken(f *testing.F) {
	for _, text := range []string{token(1).String(), "", "h_", "h_" + strings.Repeat("A", 22), "h_%41", "..", "\x00", token(1).String() + "\n", strings.ToUpper(token(1).String())} {
		f.Add(text)
	}
	links := &kept{}
	h := New(Options{Links: links, Logger: slog.New(slog.DiscardHandler)})
	now := time.Now()
	h.now = func() time.Time { now = now.Add(missInterval); return now } // nobody guesses too often
	mux := http.NewServeMux()
	h.Register(mux)
	f.Fuzz(func(t *testing.T, text string) {
		links.to = map[handoff.Token]handoff.Request{token(1): {URL: "https://shop.example/", Method: handoff.GET}}
		links.faults = map[handoff.Token]error{}
		got := httptest.NewRecorder()
		mux.ServeHTTP(got, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/handoff/"+url.PathEscape(text), nil))
		switch {
		case text == token(1).String():
			if got.Code != http.StatusSeeOther {
				t.Errorf("the token got %d", got.Code)
			}
		case text == "" || text == "." || text == "..": // the mux answers
		case got.Code != http.StatusNotFound:
			t.Errorf("%q got %d", text, got.Code)
		}
	})
}
