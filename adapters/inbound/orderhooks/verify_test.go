// SPDX-License-Identifier: Apache-2.0

package orderhooks

import (
	"bytes"
	"compress/gzip"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
)

func zipped(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(text))
	_ = w.Close()
	return b.String()
}

func set(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

func add(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Add(name, value) }
}

func drop(name string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Del(name) }
}

func sending(body string) func(*http.Request) {
	return func(r *http.Request) {
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
	}
}

// TestSignatures: what is not signed is told to nobody, and gets nothing but 401.
func TestSignatures(t *testing.T) {
	t.Parallel()
	body := sample(t, "create-till")
	good := sign(theSecret, []byte(body))
	raw, err := base64.StdEncoding.DecodeString(good)
	if err != nil {
		t.Fatal(err)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, []byte(body)); err != nil {
		t.Fatal(err)
	}
	oneBitOff := bytes.Clone(raw)
	oneBitOff[0] ^= 1
	sha := sha1.Sum([]byte(body))
	plain := sha256.Sum256([]byte(body))
	url := base64.URLEncoding.EncodeToString(append([]byte{0xfb, 0xff}, raw[2:]...))
	for _, tt := range []struct {
		name string
		edit func(*http.Request)
		want int
	}{
		{"good", nil, 200},
		{"by the older secret", set(signatureHeader, sign(olderSecret, []byte(body))), 200},
		{"header in lower case", func(r *http.Request) { r.Header["X-Shopify-Hmac-Sha256"] = []string{good} }, 200},
		{"header as Shopify writes it", func(r *http.Request) { r.Header.Del(signatureHeader); r.Header.Set("X-Shopify-Hmac-SHA256", good) }, 200},
		{"chunked", func(r *http.Request) { sending(body)(r); r.ContentLength = -1 }, 200},
		{"none", drop(signatureHeader), 401},
		{"empty", set(signatureHeader, ""), 401},
		{"blank", set(signatureHeader, strings.Repeat(" ", 44)), 401},
		{"hexadecimal", set(signatureHeader, hex.EncodeToString(raw)), 401},
		{"without padding", set(signatureHeader, strings.TrimRight(good, "=")), 401},
		{"with more padding", set(signatureHeader, good+"="), 401},
		{"for URLs", set(signatureHeader, url), 401},
		{"padding bits set", set(signatureHeader, nextBits(good)), 401},
		{"truncated to 16 bytes", set(signatureHeader, base64.StdEncoding.EncodeToString(raw[:16])), 401},
		{"truncated to 31 bytes", set(signatureHeader, base64.StdEncoding.EncodeToString(raw[:31])), 401},
		{"a byte more", set(signatureHeader, base64.StdEncoding.EncodeToString(append(bytes.Clone(raw), 0))), 401},
		{"one bit off", set(signatureHeader, base64.StdEncoding.EncodeToString(oneBitOff)), 401},
		{"a line end inside", set(signatureHeader, good[:20]+"\n"+good[20:]), 401},
		{"white space before it", set(signatureHeader, " "+good), 401},
		{"with a scheme", set(signatureHeader, "sha256="+good), 401},
		{"twice", add(signatureHeader, good), 401},
		{"two in one", set(signatureHeader, good+","+good), 401},
		{"another first", func(r *http.Request) { r.Header[signatureHeader] = []string{sign("x", []byte(body)), good} }, 401},
		{"by another app", set(signatureHeader, sign("hush-of-another-app", []byte(body))), 401},
		{"by an empty secret", set(signatureHeader, sign("", []byte(body))), 401},
		{"secret in another case", set(signatureHeader, sign(strings.ToUpper(theSecret), []byte(body))), 401},
		{"SHA-1", set(signatureHeader, base64.StdEncoding.EncodeToString(sha[:])), 401},
		{"SHA-256 without a secret", set(signatureHeader, base64.StdEncoding.EncodeToString(plain[:])), 401},
		{"of the empty body", set(signatureHeader, sign(theSecret, nil)), 401},
		{"body with a byte more", sending(body + " "), 401},
		{"body with a byte less", sending(body[:len(body)-1]), 401},
		{"empty body", sending(""), 401},
		{"byte order mark before the body", sending("\ufeff" + body), 401},
		{"JSON written anew", sending(compact.String()), 401},
		{"body packed after signing", func(r *http.Request) { sending(zipped(body))(r); r.Header.Set("Content-Encoding", "gzip") }, 401},
		{"in the query", func(r *http.Request) { r.Header.Del(signatureHeader); r.URL.RawQuery = "hmac=" + good }, 401},
		{"no JSON and no signature", func(r *http.Request) { sending("{")(r); r.Header.Del(signatureHeader) }, 401},
		{"no type and no signature", func(r *http.Request) { r.Header.Set("Content-Type", "text/xml"); r.Header.Del(signatureHeader) }, 401},
		{"strange shop and no signature", func(r *http.Request) { r.Header.Set(domainHeader, "x.myshopify.com"); r.Header.Del(signatureHeader) }, 401},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, nil)
			res := b.send(t, ordersCreate, body, tt.edit)
			if res.StatusCode != tt.want {
				t.Fatalf("got %d, want %d", res.StatusCode, tt.want)
			}
			if got := len(b.desk.news()); (got == 1) != (tt.want == 200) {
				t.Errorf("told %d times", got)
			}
		})
	}
}

// nextBits is base 64 of the same bytes with bits set that padding should leave alone.
func nextBits(good string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	last := strings.IndexByte(alphabet, good[42])
	return good[:42] + alphabet[last|1:][:1] + "="
}

func TestSecretsAreCountedByTheirPlace(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	body := sample(t, "create-till")
	slots := func() [2]float64 {
		return [2]float64{
			b.counted(t, "cartage_webhook_secret_used_total", map[string]string{"slot": "1"}),
			b.counted(t, "cartage_webhook_secret_used_total", map[string]string{"slot": "2"}),
		}
	}
	b.send(t, ordersCreate, body, nil)
	b.send(t, ordersCreate, body, set(signatureHeader, sign(olderSecret, []byte(body))))
	b.send(t, ordersCreate, body, set(signatureHeader, sign(olderSecret, []byte(body))))
	b.send(t, ordersCreate, body, drop(signatureHeader))
	if got := slots(); got != [2]float64{1, 2} {
		t.Errorf("slots were used %v times", got)
	}
}

// TestForgeriesTurnNobodyAway: another app's webhooks may come from Shopify's addresses.
func TestForgeriesTurnNobodyAway(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	for range 2 * forgeriesMax {
		if res := b.send(t, ordersCreate, "{}", drop(signatureHeader)); res.StatusCode != http.StatusUnauthorized {
			t.Fatalf("got %d", res.StatusCode)
		}
	}
	if res := b.send(t, ordersCreate, sample(t, "create-till"), nil); res.StatusCode != http.StatusOK {
		t.Errorf("a good delivery got %d", res.StatusCode)
	}
	if got := strings.Count(b.log.String(), `"level":"WARN"`); got != forgeriesMax {
		t.Errorf("%d warnings, want %d", got, forgeriesMax)
	}
	if got := b.outcomes(t, unauthorised); got != 2*forgeriesMax {
		t.Errorf("counted %v", got)
	}
}
