// SPDX-License-Identifier: Apache-2.0

package shopifysign_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"os"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/cartage-dev/cartage/adapters/inbound/shopifysign"
	"github.com/cartage-dev/cartage/core/secret"
)

// TestBy signs as Shopify does, by one of several secrets, and alters one thing.
func TestBy(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		texts := rapid.SliceOfNDistinct(rapid.StringN(1, 40, -1), 1, 4, rapid.ID).Draw(t, "secrets")
		secrets := make([]secret.Text, len(texts))
		for i, text := range texts {
			secrets[i] = secret.New(text)
		}
		slot := rapid.IntRange(0, len(texts)-1).Draw(t, "slot")
		body := rapid.SliceOf(rapid.Byte()).Draw(t, "body")
		mac := hmac.New(sha256.New, []byte(texts[slot]))
		mac.Write(body)
		raw := mac.Sum(nil)
		good := base64.StdEncoding.EncodeToString(raw)
		by := func(given ...string) int {
			return shopifysign.By(secrets, http.Header{shopifysign.Header: given}, body)
		}
		if got := by(good); got != slot {
			t.Fatalf("signed by %d, want %d", got, slot)
		}
		raw[rapid.IntRange(0, len(raw)-1).Draw(t, "at")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		for what, given := range map[string][]string{
			"nothing": nil, "empty": {""}, "one bit off": {base64.StdEncoding.EncodeToString(raw)}, "twice": {good, good},
			"without padding": {strings.TrimRight(good, "=")}, "more padding": {good + "="}, "a line end": {good[:20] + "\n" + good[20:]},
			"31 bytes": {base64.StdEncoding.EncodeToString(raw[:31])}, "33 bytes": {base64.StdEncoding.EncodeToString(append(raw, 0))},
		} {
			if got := by(given...); got >= 0 {
				t.Errorf("%s: signed by %d", what, got)
			}
		}
		if got := shopifysign.By(secrets, http.Header{shopifysign.Header: {good}}, append(body, ' ')); got >= 0 {
			t.Errorf("another body: signed by %d", got)
		}
		if got := shopifysign.By(nil, http.Header{shopifysign.Header: {good}}, body); got >= 0 {
			t.Errorf("no secrets: signed by %d", got)
		}
	})
}

// TestOnlyOneComparison keeps signatures from being compared in a time that tells something.
func TestOnlyOneComparison(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("shopifysign.go")
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(source), "hmac.Equal("); n != 1 || strings.Contains(string(source), "bytes.Equal") {
		t.Errorf("%d comparisons by hmac.Equal", n)
	}
}
