// SPDX-License-Identifier: Apache-2.0

package qr

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/secret"
)

// signed asks for the addresses of a code, and gives them without the host.
func signed(t testing.TB, c *Codes, query string) (png, svg string) {
	t.Helper()
	out, err := ask(c, request(t, http.MethodGet, place+"?format=json"+query), sample)
	if err != nil {
		t.Fatal(err)
	}
	var got addresses
	if err := json.Unmarshal(out.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(got.PNG, "https://api.example"), strings.TrimPrefix(got.SVG, "https://api.example")
}

func TestJSON(t *testing.T) {
	t.Parallel()
	for _, out := range []struct{ target, accept string }{{place + "?size=128&ec=H&format=json", "image/png"}, {place + "?size=128&ec=H", "application/json"}} {
		got := get(t, out.target, "Accept", out.accept)
		var body map[string]string
		if err := json.Unmarshal(got.Body.Bytes(), &body); err != nil {
			t.Fatal(err)
		}
		sig := func(u string) string { return u[strings.LastIndex(u, "=")+1:] }
		end := strconv.FormatInt(noon.Add(24*time.Hour).Unix(), 10)
		want := map[string]string{
			"url": sample, "expires_at": "2026-11-23T12:00:00Z",
			"png_url": "https://api.example" + place + ".png?ec=H&exp=" + end + "&size=128&sig=" + sig(body["png_url"]),
			"svg_url": "https://api.example" + place + ".svg?ec=H&exp=" + end + "&size=128&sig=" + sig(body["svg_url"]),
		}
		if diff := cmp.Diff(want, body); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		h := got.Header()
		if h.Get("Content-Type") != "application/json" || h.Get("Cache-Control") != "no-store" || h.Get("ETag") != "" || h.Get("Vary") != "Accept, Authorization" {
			t.Errorf("got %v", h)
		}
	}
}

// TestSignedAddress: what is signed opens until it ends, and its pictures are of the style that was asked for.
func TestSignedAddress(t *testing.T) {
	t.Parallel()
	c := codes(t)
	png, svg := signed(t, c, "&size=128&light=eeeeee")
	for _, target := range []string{png, svg} {
		out, err := ask(c, request(t, http.MethodHead, target, "Accept", "application/json"), sample)
		if err != nil || out.Header().Get("Cache-Control") != "public, max-age=300" {
			t.Errorf("%s: %v, %v", target, err, out.Header())
		}
	}
	out, err := ask(c, request(t, http.MethodGet, png), sample)
	if err != nil {
		t.Fatal(err)
	}
	if p := picture(t, out.Body.Bytes()); p.Bounds().Dx() != 128 || scan(t, p, false) != sample {
		t.Errorf("a picture of %v", p.Bounds())
	}
	for _, tt := range []struct {
		after time.Duration
		want  string
	}{
		{-time.Second, "public, max-age=300"},
		{24*time.Hour - 5*time.Minute, "public, max-age=300"},
		{24*time.Hour - 90*time.Second, "public, max-age=90"},
		{24*time.Hour - time.Millisecond, "public, max-age=0"},
		{24 * time.Hour, "signature_expired"},
		{24*time.Hour - signedMax - time.Second, "invalid_signature"}, // signed for longer than anybody may
	} {
		c.now = func() time.Time { return noon.Add(tt.after) }
		out, err := ask(c, request(t, http.MethodGet, png), sample)
		got := out.Header().Get("Cache-Control")
		if err != nil {
			got = fault.From(err).Code
		}
		if got != tt.want {
			t.Errorf("after %s: got %s, want %s", tt.after, got, tt.want)
		}
	}
}

// TestTampering changes a signed address in one thing.
func TestTampering(t *testing.T) {
	t.Parallel()
	c := codes(t)
	good, svg := signed(t, c, "&size=128")
	u, err := url.Parse(good)
	if err != nil {
		t.Fatal(err)
	}
	with := func(change func(q url.Values)) string {
		q := u.Query()
		change(q)
		return u.Path + "?" + q.Encode()
	}
	set := func(name, value string) string { return with(func(q url.Values) { q.Set(name, value) }) }
	exp, _ := strconv.ParseInt(u.Query().Get("exp"), 10, 64)
	sig := u.Query().Get("sig")
	raw, _ := base64.RawURLEncoding.DecodeString(sig)
	for name, target := range map[string]string{
		"another size": set("size", "129"), "no size": with(func(q url.Values) { q.Del("size") }), "one more option": set("ec", "H"),
		"JSON of it": set("format", "json"), "unknown option": set("x", ""), "option twice": with(func(q url.Values) { q.Add("size", "128") }),
		"a second longer": set("exp", strconv.FormatInt(exp+1, 10)), "a second shorter": set("exp", strconv.FormatInt(exp-1, 10)),
		"exp in another writing": set("exp", "0"+strconv.FormatInt(exp, 10)), "no exp": with(func(q url.Values) { q.Del("exp") }),
		"two ends": with(func(q url.Values) { q.Add("exp", strconv.FormatInt(exp, 10)) }), "no signature": with(func(q url.Values) { q.Del("sig") }),
		"empty signature": set("sig", ""), "two signatures": with(func(q url.Values) { q.Add("sig", sig) }),
		"padded": set("sig", sig+"="), "standard base64": set("sig", base64.RawStdEncoding.EncodeToString(append(raw, 0xff, 0xff, 0xff))),
		"31 bytes": set("sig", base64.RawURLEncoding.EncodeToString(raw[:31])), "33 bytes": set("sig", base64.RawURLEncoding.EncodeToString(append(raw, 0))),
		"loose last bits": set("sig", sig[:len(sig)-1]+string(sig[len(sig)-1]+1)),
		"another cart":    strings.Replace(good, "9SFP", "9SFQ", 1), "another format": strings.Replace(good, ".png", ".svg", 1),
		"no format": strings.Replace(good, ".png", "", 1), "the other's signature": good[:strings.Index(good, "sig=")] + svg[strings.Index(svg, "sig="):],
		"another writing of the path": strings.Replace(good, "/qr", "/%71r", 1),
	} {
		if ok, err := c.Signed(request(t, http.MethodGet, target)); ok || err == nil || fault.KindOf(err) != fault.Denied {
			t.Errorf("%s: %t, %v", name, ok, err)
		}
	}
	for i := range raw {
		bad := append([]byte(nil), raw...)
		bad[i] ^= 1 << (i % 8)
		if ok, _ := c.Signed(request(t, http.MethodGet, set("sig", base64.RawURLEncoding.EncodeToString(bad)))); ok {
			t.Errorf("byte %d changed, and still signed", i)
		}
	}
	// The order of a query says nothing, and a proxy may change it.
	if ok, err := c.Signed(request(t, http.MethodGet, u.Path+"?sig="+sig+"&size=128&exp="+u.Query().Get("exp"))); !ok {
		t.Errorf("in another order: %v", err)
	}
	if ok, err := c.Signed(request(t, http.MethodGet, place+".png?size=128")); ok || err != nil {
		t.Errorf("without a signature: %t, %v", ok, err)
	}
	if ok, err := c.Signed(request(t, http.MethodGet, place+".png?sig=%zz")); ok || fault.KindOf(err) != fault.Invalid {
		t.Errorf("without a query: %t, %v", ok, err)
	}
}

// TestRotation: what the old key signed is good until it is taken away.
func TestRotation(t *testing.T) {
	t.Parallel()
	byOld, _ := signed(t, codes(t, oldKey), "")
	byNew, _ := signed(t, codes(t, newKey, oldKey), "")
	for _, tt := range []struct {
		name     string
		keys     []secret.Text
		old, new bool
	}{
		{"before", []secret.Text{oldKey}, true, false},
		{"both", []secret.Text{newKey, oldKey}, true, true},
		{"both, back again", []secret.Text{oldKey, newKey}, true, true},
		{"after", []secret.Text{newKey}, false, true},
		{"neither", []secret.Text{wrongKey}, false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := codes(t, tt.keys...)
			old, _ := c.Signed(request(t, http.MethodGet, byOld))
			fresh, _ := c.Signed(request(t, http.MethodGet, byNew))
			if old != tt.old || fresh != tt.new {
				t.Errorf("the old key's is good: %t, the new one's: %t", old, fresh)
			}
		})
	}
}

func TestNew(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		o    Options
		good bool
	}{
		{"one key", Options{[]secret.Text{newKey}, "https://api.example/shop"}, true},
		{"no key", Options{nil, "https://api.example"}, false},
		{"three keys", Options{[]secret.Text{newKey, oldKey, wrongKey}, "https://api.example"}, false},
		{"a short key", Options{[]secret.Text{newKey, secret.New(strings.Repeat("x", keyMin-1))}, "https://api.example"}, false},
		{"an empty key", Options{[]secret.Text{{}}, "https://api.example"}, false},
		{"no host", Options{[]secret.Text{newKey}, "/v1"}, false},
		{"a query", Options{[]secret.Text{newKey}, "https://api.example?a=1"}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if c, err := New(tt.o); (err == nil) != tt.good || (c != nil) != tt.good {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestOnlyOneComparison keeps signatures from being compared in a time that tells something.
func TestOnlyOneComparison(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("sign.go")
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(source), "hmac.Equal("); n != 1 || strings.Contains(string(source), "bytes.") {
		t.Errorf("%d comparisons by hmac.Equal", n)
	}
}

// FuzzSigned: nobody gets in who does not know the key.
func FuzzSigned(f *testing.F) {
	c := codes(f)
	png, svg := signed(f, c, "&size=128")
	for _, target := range []string{png, svg, place + "?exp=1&sig=x", place + "?sig=&exp=9223372036854775807"} {
		path, query, _ := strings.Cut(target, "?")
		f.Add(path, query)
	}
	_, pngQuery, _ := strings.Cut(png, "?")
	_, svgQuery, _ := strings.Cut(svg, "?")
	f.Fuzz(func(t *testing.T, path, query string) {
		r := &http.Request{Method: http.MethodGet, URL: &url.URL{Path: path, RawQuery: query}, Header: http.Header{}}
		ok, err := c.Signed(r)
		if ok && (err != nil || path != place+".png" && path != place+".svg" || !equalQueries(query, pngQuery) && !equalQueries(query, svgQuery)) {
			t.Errorf("%s?%s got in", path, query)
		}
	})
}

func equalQueries(a, b string) bool {
	x, err := url.ParseQuery(a)
	y, _ := url.ParseQuery(b)
	return err == nil && x.Encode() == y.Encode()
}
