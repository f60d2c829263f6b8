// SPDX-License-Identifier: Apache-2.0

package qr

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/secret"
)

const (
	keysMax = 2
	keyMin  = 32 // bytes
	// signedFor is how long a signed address is good at least, and signedStep what its end is
	// rounded up to, so that a page asked for twice has the same address in it and finds it cached.
	signedFor, signedStep = 24 * time.Hour, time.Hour
	// signedMax bounds the end of an address, whoever signed it.
	signedMax = 7 * 24 * time.Hour
)

// addresses is a code as JSON: where it leads, and where anybody may have it until it expires.
type addresses struct {
	URL       string    `json:"url"`
	PNG       string    `json:"png_url"`
	SVG       string    `json:"svg_url"`
	ExpiresAt time.Time `json:"expires_at"`
}

// addresses signs what r asks for, in both formats.
func (c *Codes) addresses(r *http.Request, text string) addresses {
	exp := c.now().Add(signedFor + signedStep - 1).UTC().Truncate(signedStep)
	q := r.URL.Query()
	q.Del("format")
	q.Set("exp", strconv.FormatInt(exp.Unix(), 10))
	at := func(f format) string {
		path := r.URL.EscapedPath() + suffixes[f]
		return c.public + path + "?" + q.Encode() + "&sig=" + base64.RawURLEncoding.EncodeToString(mac(c.keys[0], path, q))
	}
	return addresses{URL: text, PNG: at(asPNG), SVG: at(asSVG), ExpiresAt: exp}
}

// Signed reports whether r carries a signature, which then is good: whoever sent it needs no
// key. Denied is one that is not, or no longer; Invalid a query that cannot be read.
func (c *Codes) Signed(r *http.Request) (bool, error) {
	q, err := query(r)
	if err != nil || !q.Has("exp") && !q.Has("sig") {
		return false, err
	}
	// Malformed and absent are compared like any other, so that the time says nothing.
	given, err := base64.RawURLEncoding.Strict().DecodeString(q.Get("sig"))
	ok := err == nil && len(q["sig"]) == 1
	q.Del("sig")
	good := false
	for _, key := range slices.Backward(c.keys) {
		good = hmac.Equal(mac(key, r.URL.EscapedPath(), q), given) || good
	}
	exp, is := instant(q.Get("exp"))
	switch now := c.now(); {
	case !good || !ok || !is || exp.Sub(now) > signedMax:
		return false, fault.New(fault.Denied, "invalid_signature", "the address was not signed, or not as it is").By(fault.Caller)
	case !now.Before(exp):
		return false, fault.New(fault.Denied, "signature_expired", "the address is no longer good").By(fault.Caller)
	}
	return true, nil
}

// mac is the signature of a path and a query, as doc.go has it.
func mac(key secret.Text, path string, q url.Values) []byte {
	h := hmac.New(sha256.New, []byte(key.Reveal()))
	h.Write([]byte("cartage qr 1\n" + path + "\n" + q.Encode()))
	return h.Sum(nil)
}

// instant is Unix seconds written in the one way there is.
func instant(text string) (time.Time, bool) {
	n, err := strconv.ParseInt(text, 10, 64)
	return time.Unix(n, 0), err == nil && n > 0 && strconv.FormatInt(n, 10) == text
}
