// SPDX-License-Identifier: Apache-2.0

package shopifypos

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"slices"

	"github.com/cartage-dev/cartage/core/secret"
)

// signatureHeader is written as net/http keeps it; header names ignore case.
const signatureHeader = "X-Shopify-Hmac-Sha256"

// signatureLength is how long 32 bytes are in base 64, padding included.
const signatureLength = 44

// forgeriesMax is how many forgeries of a client are logged as a warning per minute.
const forgeriesMax = 20

// signedBy is the place of the secret that signed raw, or -1. Every secret is tried,
// and no reason to refuse makes the work less, so that the time says nothing.
func signedBy(secrets []secret.Text, h http.Header, raw []byte) int {
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

// noSignature is decoded in the place of one that is not there.
const noSignature = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

// signature is what the request's one header says, when that is 32 bytes in
// standard base 64 with padding.
func signature(h http.Header) (given [sha256.Size]byte, ok bool) {
	text := noSignature
	if values := h.Values(signatureHeader); len(values) == 1 && len(values[0]) == signatureLength {
		text, ok = values[0], true
	}
	var decoded [signatureLength / 4 * 3]byte // as many characters may also be one byte more
	n, err := base64.StdEncoding.Strict().Decode(decoded[:], []byte(text))
	return [sha256.Size]byte(decoded[:]), ok && err == nil && n == sha256.Size
}
