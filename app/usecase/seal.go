// SPDX-License-Identifier: Apache-2.0

package usecase

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"fmt"

	"github.com/cartage-dev/cartage/core/fault"
)

// SealKeyBytes is the length of a Sealer's key: AES-256.
const SealKeyBytes = 32

// Sealer hides what a store keeps for us, so that a copied database opens no
// link: AES-256-GCM, bound to the name it is kept under.
type Sealer struct{ aead cipher.AEAD }

// NewSealer takes a key of SealKeyBytes.
func NewSealer(key []byte) (*Sealer, error) {
	if len(key) != SealKeyBytes {
		return nil, fmt.Errorf("seal key has %d bytes, not %d", len(key), SealKeyBytes)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("seal key: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("seal key: %w", err)
	}
	return &Sealer{aead}, nil
}

// Seal hides plain under name.
func (s *Sealer) Seal(plain []byte, name string) []byte {
	return s.aead.Seal(nil, nil, plain, []byte(name)) //nolint:gosec // G407: this AEAD makes its own random nonce
}

// Open gives back what Seal hid under the same name; anything else is Internal (seal_broken).
func (s *Sealer) Open(sealed []byte, name string) ([]byte, error) {
	plain, err := s.aead.Open(nil, nil, sealed, []byte(name))
	if err != nil {
		return nil, fault.New(fault.Internal, "seal_broken", "stored under another key, or changed").Because(err)
	}
	return plain, nil
}

// random fills b; on the systems we support it cannot fail.
func random(b []byte) { _, _ = rand.Read(b) }
