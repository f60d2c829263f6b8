// SPDX-License-Identifier: Apache-2.0

package loyalty

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"strconv"
	"time"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/money"
	"github.com/cartage-dev/cartage/core/shop"
)

// ActionID names one showing of one offer to one customer: 48 characters of
// Crockford's base 32. It carries what offer it is of and when it was minted, and is
// signed over that and its Terms, so that nothing is remembered of an offer that nobody taps.
//
// The id is all that tells a retry from a second till, since a till's request names
// neither cart nor register (contracts: Shopify POS 3.3); so it is minted anew each time, and
// good once.
type ActionID string

// ActionIDLength is how long every ActionID is. The text that orders carry allows 64
// characters (contracts: Shopify POS 3.6).
const ActionIDLength = 48

// Mark is a part of the id short enough to stand in a discount's title, where an
// order may be recognised by it.
func (id ActionID) Mark() string { return string(id[len(id)-markLength:]) }

const markLength = 5

// The parts of an id in bytes: version and key, offer, when it was minted, nonce and signature.
const (
	idVersion    = 1 << 5 // in the upper bits of the first byte; the key's number is in the lower five
	issuedAt     = 1 + len(OfferRef{})
	nonceAt      = issuedAt + 4
	signatureAt  = nonceAt + NonceBytes
	signatureLen = 12
	idBytes      = signatureAt + signatureLen
	keyIDMax     = idVersion - 1
)

// NonceBytes is how much randomness makes two ids of one offer different.
const NonceBytes = 8

var crockford = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// SigningKey signs ids. ID, 0 to 31, is written into each.
type SigningKey struct {
	ID     uint8
	Secret []byte
}

// SigningKeyMin is the least length of a secret, in bytes.
const SigningKeyMin = 32

// Keyring holds the keys whose ids are accepted. The first one mints.
type Keyring []SigningKey

// NewKeyring holds keys to their bounds: Invalid (invalid_keyring).
func NewKeyring(keys ...SigningKey) (Keyring, error) {
	bad := len(keys) == 0
	seen := map[uint8]bool{}
	for _, k := range keys {
		bad = bad || k.ID > keyIDMax || seen[k.ID] || len(k.Secret) < SigningKeyMin
		seen[k.ID] = true
	}
	if bad {
		return nil, fault.New(fault.Invalid, "invalid_keyring", "signing keys need different numbers from 0 to %d and at least %d bytes", keyIDMax, SigningKeyMin).By(fault.Caller)
	}
	return keys, nil
}

// Terms are what an id is bound to beside what it carries. Whoever presents the id
// brings shop, customer and currency along; the rest is the offer's.
type Terms struct {
	Shop     shop.ID
	Customer CustomerID
	Currency money.Currency
	Points   Points
	Gift     string // what the offer gives, in that currency; see Offer.Gift
}

// Issue is what an id says of itself.
type Issue struct {
	Offer OfferRef
	At    time.Time // UTC, to the second
	keyID uint8
	raw   [idBytes]byte
}

// Mint makes the id of a showing. The nonce must be random.
func (k Keyring) Mint(offer OfferRef, terms Terms, now time.Time, nonce [NonceBytes]byte) ActionID {
	var raw [idBytes]byte
	raw[0] = idVersion | k[0].ID
	copy(raw[1:], offer[:])
	binary.BigEndian.PutUint32(raw[issuedAt:], uint32(now.Unix())) //nolint:gosec // G115: until the year 2106
	copy(raw[nonceAt:], nonce[:])
	copy(raw[signatureAt:], sign(k[0].Secret, raw, terms))
	return ActionID(crockford.EncodeToString(raw[:]))
}

// Read takes an id apart without believing it: ok is false for text that is none.
func (id ActionID) Read() (i Issue, ok bool) {
	if len(id) != ActionIDLength {
		return Issue{}, false
	}
	if n, err := crockford.Decode(i.raw[:], []byte(id)); err != nil || n != idBytes || i.raw[0]&^keyIDMax != idVersion {
		return Issue{}, false
	}
	copy(i.Offer[:], i.raw[1:])
	i.At = time.Unix(int64(binary.BigEndian.Uint32(i.raw[issuedAt:])), 0).UTC()
	i.keyID = i.raw[0] & keyIDMax
	return i, true
}

// Signed reports whether one of the keys minted the id under these terms.
func (k Keyring) Signed(i Issue, terms Terms) bool {
	for _, key := range k {
		if key.ID == i.keyID {
			return hmac.Equal(sign(key.Secret, i.raw, terms), i.raw[signatureAt:])
		}
	}
	return false
}

func sign(secret []byte, raw [idBytes]byte, t Terms) []byte {
	mac := hmac.New(sha256.New, secret)
	mac.Write(raw[:signatureAt])
	for _, part := range []string{string(t.Shop), string(t.Customer), string(t.Currency), strconv.FormatInt(int64(t.Points), 10), t.Gift} {
		mac.Write([]byte(strconv.Itoa(len(part)) + ":" + part))
	}
	return mac.Sum(nil)[:signatureLen]
}
