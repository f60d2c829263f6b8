// SPDX-License-Identifier: Apache-2.0

package shopifypos

import (
	"bytes"
	"compress/gzip"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/cartage-dev/cartage/core/secret"
)

func set(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

func add(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Add(name, value) }
}

func drop(name string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Del(name) }
}

func signed(value string) func(*http.Request) { return set(signatureHeader, value) }

// sends replaces the body and leaves the signature as it is.
func sends(body string) func(*http.Request) {
	return func(r *http.Request) {
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
	}
}

func chunked(body string) func(*http.Request) {
	return func(r *http.Request) { r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), -1 }
}

func both(edits ...func(*http.Request)) func(*http.Request) {
	return func(r *http.Request) {
		for _, e := range edits {
			e(r)
		}
	}
}

func zipped(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(text))
	_ = w.Close()
	return b.String()
}

// unsettledBits sets one of the four bits of the last character that stand for nothing.
func unsettledBits(signature string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	last := strings.IndexByte(alphabet, signature[42])
	return signature[:42] + alphabet[last+1:last+2] + "="
}

// TestSignatures is the table of security S01. Nothing of what is refused reaches
// the port, and every refusal has the same bytes.
func TestSignatures(t *testing.T) {
	t.Parallel()
	good := sign(theSecret, sample)
	raw, _ := base64.StdEncoding.DecodeString(good)
	oldMAC := hmac.New(sha1.New, []byte(theSecret))
	oldMAC.Write([]byte(sample))
	var value any
	if err := json.Unmarshal([]byte(sample), &value); err != nil {
		t.Fatal(err)
	}
	again, _ := json.Marshal(value)
	lower := func(r *http.Request) { // net/http sends it as it stands here
		r.Header.Del(signatureHeader)
		r.Header["x-shopify-hmac-sha256"] = []string{good}
	}
	for _, tt := range []struct {
		name string
		edit func(*http.Request)
		want int
	}{
		{"as Shopify signs", nil, 200},
		{"with the secret before", signed(sign(oldSecret, sample)), 200},
		{"header in lower case", lower, 200},
		{"white space around, which is not of the value", signed("  " + good + "\t"), 200},
		{"chunked", chunked(sample), 200},
		{"gzip, of which the bytes are signed", both(sends(zipped(sample)), set("Content-Encoding", "gzip"), signed(sign(theSecret, zipped(sample)))), 415},
		{"byte order mark that is signed", both(sends("\ufeff"+sample), signed(sign(theSecret, "\ufeff"+sample))), 400},
		{"missing", drop(signatureHeader), 401},
		{"empty", signed(""), 401},
		{"hex", signed(hex.EncodeToString(raw)), 401},
		{"base 64 of hex", signed(base64.StdEncoding.EncodeToString([]byte(hex.EncodeToString(raw)))), 401},
		{"alphabet for URLs", signed(base64.URLEncoding.EncodeToString(raw)), urlSafeIsTheSame(raw)},
		{"without padding", signed(base64.RawStdEncoding.EncodeToString(raw)), 401},
		{"padded twice", signed(good + "="), 401},
		{"bits beyond the last byte", signed(unsettledBits(good)), 401},
		{"white space inside", signed(good[:20] + " " + good[20:]), 401},
		{"white space for a character", signed(good[:20] + " " + good[21:]), 401},
		{"tab at its end, before the padding", signed(good[:43] + "\t="), 401},
		{"truncated", signed(base64.StdEncoding.EncodeToString(raw[:31])), 401},
		{"one byte more", signed(base64.StdEncoding.EncodeToString(append(bytes.Clone(raw), 0))), 401},
		{"first half", signed(good[:22]), 401},
		{"first bit changed", signed(base64.StdEncoding.EncodeToString(append([]byte{raw[0] ^ 128}, raw[1:]...))), 401},
		{"last bit changed", signed(base64.StdEncoding.EncodeToString(append(bytes.Clone(raw[:31]), raw[31]^1))), 401},
		{"in another case", signed(strings.ToLower(good)), 401},
		{"scheme before", signed("sha256=" + good), 401},
		{"quoted", signed(`"` + good + `"`), 401},
		{"garbage", signed(strings.Repeat("%", 44)), 401},
		{"all zero", signed(base64.StdEncoding.EncodeToString(make([]byte, 32))), 401},
		{"very long", signed(strings.Repeat(good, 100)), 401},
		{"the header twice", add(signatureHeader, good), 401},
		{"the header twice, one wrong", add(signatureHeader, sign(otherSecret, sample)), 401},
		{"two in one header", signed(good + "," + good), 401},
		{"secret of another app", signed(sign(otherSecret, sample)), 401},
		{"no secret", signed(sign("", sample)), 401},
		{"SHA-1", signed(base64.StdEncoding.EncodeToString(oldMAC.Sum(nil))), 401},
		{"of another body", signed(sign(theSecret, sampleTap)), 401},
		{"of no body", both(sends(""), signed(good)), 401},
		{"one byte more in the body", sends(sample + " "), 401},
		{"one byte less in the body", sends(sample[:len(sample)-1]), 401},
		{"another customer", sends(strings.Replace(sample, `"customer_id":1`, `"customer_id":2`, 1)), 401},
		{"byte order mark", sends("\ufeff" + sample), 401},
		{"JSON written anew", sends(string(again)), 401},
		{"a line end more", sends(sample + "\n"), 401},
		{"gzip, of which the contents are signed", both(sends(zipped(sample)), set("Content-Encoding", "gzip")), 401},
		{"in a query", func(r *http.Request) {
			r.Header.Del(signatureHeader)
			r.URL.RawQuery = "hmac=" + hex.EncodeToString(raw)
		}, 401},
		{"in the header of another product", func(r *http.Request) { r.Header.Del(signatureHeader); r.Header.Set("X-Hmac-Sha256", good) }, 401},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := served(t, demoApp())
			got := b.post(t, promotions, sample, tt.edit)
			if got.status != tt.want {
				t.Fatalf("got %d, want %d: %s", got.status, tt.want, got.body)
			}
			if let := b.port.asked() > 0; let != (tt.want == 200) {
				t.Errorf("the port was asked: %t", let)
			}
			if tt.want == 401 && (got.body != "" || got.header.Get("Content-Type") != "" || got.header.Get("Cache-Control") != "no-store") {
				t.Errorf("a refusal says %q with %v", got.body, got.header)
			}
		})
	}
}

// urlSafeIsTheSame allows for a signature without a character that the alphabets differ in.
func urlSafeIsTheSame(raw []byte) int {
	if base64.URLEncoding.EncodeToString(raw) == base64.StdEncoding.EncodeToString(raw) {
		return 200
	}
	return 401
}

// TestVector is the one of the contracts' rules, 7.6.
func TestVector(t *testing.T) {
	t.Parallel()
	const (
		key  = "test-client-secret-0001"
		body = `{"action_id":"act_7Q2M","customer_id":4711,"locale":"en-GB","supported_templates":["simple_action_list"],"supported_actions":["flat_discount","percent_discount","add_variant"],"currency_code":"GBP","shop_id":99,"shopify_domain":"demo-shop.myshopify.com"}`
		want = "R6VUrLN1/zUbW/Pb6nGhS5GavoTmCqnUMN1n26gyjRc="
	)
	if len(body) != 254 {
		t.Fatalf("the body has %d bytes", len(body))
	}
	a := demoApp()
	a.Secrets, a.Installed = []secret.Text{secret.New(key)}, []Installed{{Domain: "demo-shop.myshopify.com", ShopID: 99, Shop: "demo"}}
	b := newBench(t, a)
	if got := b.direct(t, revertAction, body, signed(want)); got.status != http.StatusOK || b.port.ids[0] != "act_7Q2M" || b.port.tills[0].Customer != "4711" {
		t.Errorf("got %d: %s, having asked %+v", got.status, got.body, b.port.tills)
	}
}

// TestSecretsRotate walks through a rotation as an operator watches it.
func TestSecretsRotate(t *testing.T) {
	t.Parallel()
	b := newBench(t, demoApp())
	check := func(want ...float64) {
		t.Helper()
		for i, n := range want {
			if got := b.counted(t, "cartage_pos_secret_used_total", map[string]string{"app": "demo", "slot": fmt.Sprint(i + 1)}); got != n {
				t.Errorf("slot %d was used %v times, want %v", i+1, got, n)
			}
		}
	}
	check(0, 0, -1) // slots are there before anybody used them
	b.direct(t, promotions, sample, nil)
	b.direct(t, promotions, sample, signed(sign(oldSecret, sample)))
	b.direct(t, promotions, sample, signed(sign(oldSecret, sample)))
	b.direct(t, promotions, sample, signed(sign(otherSecret, sample)))
	check(1, 2, -1)
}

// TestForgersTurnNobodyAway lets a stranger forge from the addresses that are every till's.
func TestForgersTurnNobodyAway(t *testing.T) {
	t.Parallel()
	b := newBench(t, demoApp())
	for range 3 * forgeriesMax {
		if got := b.direct(t, promotions, sample, signed("")); got.status != 401 || got.body != "" {
			t.Fatalf("a forgery: got %d %q", got.status, got.body)
		}
	}
	if got := b.direct(t, promotions, sample, nil); got.status != 200 {
		t.Errorf("a till at the same address: got %d", got.status)
	}
	if n := strings.Count(b.log.String(), `"level":"WARN"`); n != forgeriesMax {
		t.Errorf("%d forgeries are warned of, want %d", n, forgeriesMax)
	}
}
