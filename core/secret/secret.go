// SPDX-License-Identifier: Apache-2.0

// Package secret holds text that must not be seen.
//
// Invariant: no formatter, encoder or logger prints what a Text holds; only
// Reveal does, so that a search for Reveal finds every place a secret leaves.
package secret

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"unique"
)

// Redacted is what every printer shows instead.
const Redacted = "[redacted]"

// Text is a secret. The zero Text holds nothing and equals nothing presented to it.
type Text struct {
	// kept is behind a pointer, since fmt cannot call Format on an unexported field
	// of somebody's struct and would print the contents; a Handle still compares by them.
	kept unique.Handle[string]
}

// New hides text.
func New(text string) Text {
	if text == "" {
		return Text{}
	}
	return Text{unique.Make(text)}
}

// Reveal is the text itself, for the one place that must send or compare it.
func (t Text) Reveal() string {
	if t.Empty() {
		return ""
	}
	return t.kept.Value()
}

// Empty reports whether there is no secret.
func (t Text) Empty() bool { return t == Text{} }

// Equal compares in a time that depends on neither side's contents. An empty
// secret equals nothing, so that a forgotten one lets nobody in.
func (t Text) Equal(presented string) bool {
	a, b := sha256.Sum256([]byte(t.Reveal())), sha256.Sum256([]byte(presented))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1 && !t.Empty()
}

// String is Redacted, and empty for no secret.
func (t Text) String() string {
	if t.Empty() {
		return ""
	}
	return Redacted
}

// Format prints what String does under every verb and flag.
func (t Text) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(t.String())) }

// GoString prints what String does.
func (t Text) GoString() string { return t.String() }

// MarshalText encodes what String does, for JSON, YAML and slog alike.
func (t Text) MarshalText() ([]byte, error) { return []byte(t.String()), nil }
