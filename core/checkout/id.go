// SPDX-License-Identifier: Apache-2.0

package checkout

import (
	"encoding/binary"
	"encoding/hex"
	"strings"

	"github.com/cartage-dev/cartage/core/fault"
)

// ID names a session, or one of our own carts. It has two spellings, which callers mix: a ULID, which is the one
// that we answer with, and a UUID of the same sixteen bytes (contracts: checkout API 4.2).
type ID [16]byte

const (
	ulidLength = 26
	ulidDigits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	ulidBits   = 5 // in a digit; the first has only three
	uuidLength = 36
)

// ParseID reads either spelling, in any case. Anything else is Invalid (invalid_id), and not repeated.
func ParseID(text string) (ID, error) {
	if len(text) == uuidLength {
		return parseUUID(text)
	}
	var high, low uint64
	if len(text) != ulidLength || text[0] > '7' {
		return ID{}, noID()
	}
	for _, c := range []byte(strings.ToUpper(text)) {
		digit := strings.IndexByte(ulidDigits, c)
		if digit < 0 {
			return ID{}, noID()
		}
		high = high<<ulidBits | low>>(64-ulidBits)
		low = low<<ulidBits | uint64(digit)
	}
	return join(high, low), nil
}

func parseUUID(text string) (id ID, err error) {
	for _, at := range []int{8, 13, 18, 23} {
		if text[at] != '-' {
			return ID{}, noID()
		}
	}
	if n, err := hex.Decode(id[:], []byte(strings.ReplaceAll(text, "-", ""))); err != nil || n != len(id) {
		return ID{}, noID()
	}
	return id, nil
}

func join(high, low uint64) (id ID) {
	binary.BigEndian.PutUint64(id[:8], high)
	binary.BigEndian.PutUint64(id[8:], low)
	return id
}

// String is the ULID.
func (id ID) String() string {
	high, low := binary.BigEndian.Uint64(id[:8]), binary.BigEndian.Uint64(id[8:])
	var text [ulidLength]byte
	for i := ulidLength - 1; i >= 0; i-- {
		text[i] = ulidDigits[low&(1<<ulidBits-1)]
		low = low>>ulidBits | high<<(64-ulidBits)
		high >>= ulidBits
	}
	return string(text[:])
}

func noID() error {
	return fault.New(fault.Invalid, "invalid_id", "the id is neither a ULID nor a UUID").By(fault.Caller)
}
