// SPDX-License-Identifier: Apache-2.0

// Package shopifysign holds requests to the signature that Shopify puts on what it sends to an
// app: HMAC-SHA256 of the raw body by the app's client secret, in base 64 (contracts: shopify-pos 3.5, shopify "Webhooks").
// It also knows what any app of ours at Shopify has to have, since several channels serve one.
package shopifysign

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"slices"

	"github.com/cartage-dev/cartage/core/secret"
)

// Header is written as net/http keeps it; header names ignore case.
const Header = "X-Shopify-Hmac-Sha256"

// length is how long 32 bytes are in base 64, padding included.
const length = 44

// By is the place of the secret that signed raw, or -1. Every secret is tried, and no reason
// to refuse makes the work less, so that the time says nothing.
func By(secrets []secret.Text, h http.Header, raw []byte) int {
	given, wellFormed := signature(h)
	place := -1
	for i, s := range slices.Backward(secrets) {
		mac := hmac.New(sha256.New, []byte(s.Reveal()))
		mac.Write(raw)
		if hmac.Equal(mac.Sum(nil), given[:]) && wellFormed {
			place = i
		}
	}
	return place
}

// none is decoded in the place of a signature that is not there.
const none = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

// signature is what the request's one header says, when that is 32 bytes in
// standard base 64 with padding.
func signature(h http.Header) (given [sha256.Size]byte, ok bool) {
	text := none
	if values := h.Values(Header); len(values) == 1 && len(values[0]) == length {
		text, ok = values[0], true
	}
	var decoded [length / 4 * 3]byte // as many characters may also be one byte more
	n, err := base64.StdEncoding.Strict().Decode(decoded[:], []byte(text))
	return [sha256.Size]byte(decoded[:]), ok && err == nil && n == sha256.Size
}
