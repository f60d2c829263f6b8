// SPDX-License-Identifier: Apache-2.0

package handoff

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"time"
)

// LinkLife is how long a one-time link lives (contracts: poq 1.6).
const LinkLife = 15 * time.Minute

// Token is the secret of a one-time link: 128 random bits that the caller brings.
type Token [16]byte

// Hash is all that may be stored of a token: SHA-256 over its bytes.
type Hash [sha256.Size]byte

const tokenPrefix = "h_"

// String is the token as it stands in a link: h_ and 22 characters of base64url.
func (t Token) String() string { return tokenPrefix + base64.RawURLEncoding.EncodeToString(t[:]) }

// Hash is what a store keeps of the token.
func (t Token) Hash() Hash { return sha256.Sum256(t[:]) }

// ParseToken reads what String printed, and nothing that merely resembles it.
func ParseToken(text string) (t Token, ok bool) {
	encoded, prefixed := strings.CutPrefix(text, tokenPrefix)
	raw, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
	if !prefixed || err != nil || len(raw) != len(t) {
		return Token{}, false
	}
	t = Token(raw)
	return t, t.String() == text // the decoder skips line breaks
}
