// SPDX-License-Identifier: Apache-2.0

package loyalty

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"strconv"
	"strings"
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

// Mark is a part of an id short enough to stand in a discount's title, where an order may be recognised
// by it: the id's last five characters. It tells one customer's holds apart, and proves nothing.
type Mark string

const (
	markLength = 5
	markSign   = " · " // stands before it
)

// Mark is the id's own.
func (id ActionID) Mark() Mark { return Mark(id[len(id)-markLength:]) }

// Has reports whether the mark is the id's.
func (id ActionID) Has(m Mark) bool {
	return len(m) == markLength && strings.HasSuffix(string(id), string(m))
}

// Behind is how a title ends that has the mark.
func (m Mark) Behind() string { return markSign + string(m) }

// MarkOf finds the mark that a title ends with: what may be one, since anybody's words may look like it.
func MarkOf(title string) (m Mark, ok bool) {
	at := len(title) - markLength
	if at < 0 || !strings.HasSuffix(title[:at], markSign) || strings.Trim(title[at:], digits) != "" {
		return "", false
	}
	return Mark(title[at:]), true
}

// The parts of an id in bytes: version and key, offer, when it was minted, nonce and signature.
const (
	idVersion    = 1 << 5 // in the upper bits of the first byte; the number of the key is in the lower five
	issuedAt     = 1 + len(OfferRef{})
	nonceAt      = issuedAt + 4
	signatureAt  = nonceAt + NonceBytes
	signatureLen = 12
	idBytes      = signatureAt + signatureLen
	keyNumberMax = idVersion - 1
)

// NonceBytes is how much randomness makes two ids of one offer different.
const NonceBytes = 8

const digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

var crockford = base32.NewEncoding(digits).WithPadding(base32.NoPadding)

// SigningKeyMin is the least length of a signing key, in bytes.
const SigningKeyMin = 32

// Keyring holds the keys whose ids are accepted. The first one mints.
type Keyring struct{ keys []signingKey }

// signingKey has a number of its own making, which is written into each id to say which key to try.
type signingKey struct {
	number byte
	secret []byte
}

// NewKeyring holds keys to their bounds: Invalid (invalid_keyring).
func NewKeyring(secrets ...[]byte) (Keyring, error) {
	var k Keyring
	for _, secret := range secrets {
		if len(secret) < SigningKeyMin {
			k.keys = nil
			break
		}
		sum := sha256.Sum256(secret)
		k.keys = append(k.keys, signingKey{sum[0] & keyNumberMax, secret})
	}
	if k.keys == nil {
		return Keyring{}, fault.New(fault.Invalid, "invalid_keyring", "ids are signed with keys of at least %d bytes", SigningKeyMin).By(fault.Caller)
	}
	return k, nil
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
	key   byte      // number of the one that signed it
	raw   [idBytes]byte
}

// Mint makes the id of a showing. The nonce must be random.
func (k Keyring) Mint(offer OfferRef, terms Terms, now time.Time, nonce [NonceBytes]byte) ActionID {
	var raw [idBytes]byte
	raw[0] = idVersion | k.keys[0].number
	copy(raw[1:], offer[:])
	binary.BigEndian.PutUint32(raw[issuedAt:], uint32(now.Unix())) //nolint:gosec // G115: until the year 2106
	copy(raw[nonceAt:], nonce[:])
	copy(raw[signatureAt:], sign(k.keys[0].secret, raw, terms))
	return ActionID(crockford.EncodeToString(raw[:]))
}

// Read takes an id apart without believing it: ok is false for text that is none.
func (id ActionID) Read() (i Issue, ok bool) {
	if len(id) != ActionIDLength {
		return Issue{}, false
	}
	if n, err := crockford.Decode(i.raw[:], []byte(id)); err != nil || n != idBytes || i.raw[0]&^keyNumberMax != idVersion {
		return Issue{}, false
	}
	copy(i.Offer[:], i.raw[1:])
	i.At = time.Unix(int64(binary.BigEndian.Uint32(i.raw[issuedAt:])), 0).UTC()
	i.key = i.raw[0] & keyNumberMax
	return i, true
}

// Signed reports whether one of the keys minted the id under these terms.
func (k Keyring) Signed(i Issue, terms Terms) bool {
	for _, key := range k.keys {
		if key.number == i.key && hmac.Equal(sign(key.secret, i.raw, terms), i.raw[signatureAt:]) {
			return true
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
