// SPDX-License-Identifier: Apache-2.0

// Package fault is the one vocabulary in which every port says what went wrong.
//
// Invariant: whether something was certainly not done or perhaps done is always
// visible in the Kind; nobody has to read a text to find out. The package knows
// nothing of HTTP, gRPC or any backend: each adapter translates at its own wall.
package fault

import (
	"errors"
	"fmt"
	"time"
)

// Kind says what a caller may conclude from a fault and whether asking again helps.
type Kind uint8

// The kinds. The zero value is Internal, so that a fault nobody classified is
// counted against us.
const (
	Internal        Kind = iota // our own bug
	Invalid                     // the request itself is wrong
	NotFound                    // what was asked for does not exist
	Conflict                    // it exists, in a state that forbids the request
	Denied                      // known caller, not allowed
	Unauthenticated             // unknown caller
	Unsupported                 // this backend offers no such port or ability
	Limited                     // asked too often; see RetryAfter
	Unavailable                 // certainly not done
	Unknown                     // perhaps done: sent, and no answer came
)

// kindNames is indexed by Kind; the names travel on the plugin wire and in logs.
var kindNames = [...]string{
	Internal: "internal", Invalid: "invalid", NotFound: "not_found", Conflict: "conflict", Denied: "denied",
	Unauthenticated: "unauthenticated", Unsupported: "unsupported", Limited: "limited",
	Unavailable: "unavailable", Unknown: "unknown",
}

// String is the kind's stable lower-case name, as logs, metrics and the plugin wire carry it.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return kindNames[Internal]
}

// ParseKind is the inverse of Kind.String; ok is false for a name that is not one of ours.
func ParseKind(name string) (k Kind, ok bool) {
	for i, n := range kindNames {
		if n == name {
			return Kind(i), true
		}
	}
	return Internal, false
}

// Kinds lists every kind once, for tables that must not miss one.
func Kinds() []Kind {
	ks := make([]Kind, len(kindNames))
	for i := range kindNames {
		ks[i] = Kind(i)
	}
	return ks
}

// Source says whose fault it is, so that an operator knows whom to call.
type Source uint8

// The sources. The zero value is Engine: a fault is ours until shown otherwise.
const (
	Engine  Source = iota // the host itself
	Caller                // whoever called us
	Backend               // the commerce system behind a plugin
	Plugin                // the adapter program, not the system behind it
)

var sourceNames = [...]string{Engine: "engine", Caller: "caller", Backend: "backend", Plugin: "plugin"}

// String is the source's stable lower-case name.
func (s Source) String() string {
	if int(s) < len(sourceNames) {
		return sourceNames[s]
	}
	return sourceNames[Engine]
}

// ParseSource is the inverse of Source.String; ok is false for a name that is not one of ours.
func ParseSource(name string) (s Source, ok bool) {
	for i, n := range sourceNames {
		if n == name {
			return Source(i), true
		}
	}
	return Engine, false
}

// Field is one thing wrong with a request: where, and why. Path is written the
// way the caller wrote the request (items[2].sku); Reason is a stable snake_case
// word (unknown_sku). Detail is for people and may be empty.
type Field struct {
	Path, Reason, Detail string
}

// Error is what every port returns when it does not succeed.
type Error struct {
	Kind   Kind
	Source Source
	// Code is a stable snake_case word that a program may branch on within a
	// Kind, such as reference_completed. It may be empty.
	Code string
	// Message is for people. It never carries a secret, a foreign body or an address.
	Message string
	Fields  []Field
	// RetryAfter is how long to wait before asking again; zero when nobody said.
	RetryAfter time.Duration
	// Cause stays on this side of every wire; it is for logs only.
	Cause error
}

// New makes a fault of our own.
func New(kind Kind, code, format string, args ...any) *Error {
	return &Error{Kind: kind, Code: code, Message: fmt.Sprintf(format, args...)}
}

// By returns a copy of e that names whose fault it is.
func (e *Error) By(s Source) *Error {
	c := *e
	c.Source = s
	return &c
}

// With returns a copy of e that also names these fields.
func (e *Error) With(fields ...Field) *Error {
	c := *e
	c.Fields = append(append([]Field(nil), e.Fields...), fields...)
	return &c
}

// Because returns a copy of e whose cause is err.
func (e *Error) Because(err error) *Error {
	c := *e
	c.Cause = err
	return &c
}

// After returns a copy of e that asks the caller to wait for d.
func (e *Error) After(d time.Duration) *Error {
	c := *e
	c.RetryAfter = d
	return &c
}

// Error is the message preceded by kind and code; the cause follows, since logs want it.
func (e *Error) Error() string {
	s := e.Kind.String()
	if e.Code != "" {
		s += " " + e.Code
	}
	if e.Message != "" {
		s += ": " + e.Message
	}
	if e.Cause != nil {
		s += ": " + e.Cause.Error()
	}
	return s
}

// Unwrap gives errors.Is and errors.As the cause.
func (e *Error) Unwrap() error { return e.Cause }

// From returns err as an *Error: the first one in its chain, or err wrapped as
// Internal when nobody classified it. From(nil) is nil.
func From(err error) *Error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return &Error{Kind: Internal, Message: "unexpected error", Cause: err}
}

// KindOf is the kind of the first *Error in err's chain, and Internal for any
// other error. It must not be asked about nil.
func KindOf(err error) Kind { return From(err).Kind }

// CountsAgainstBackend reports whether a circuit breaker should take a fault of
// this kind for a sign that the backend is ill. The caller's own mistakes, a
// backend that asks for patience and our own bugs are not.
func (k Kind) CountsAgainstBackend() bool { return k == Unavailable || k == Unknown }

// MayRepeat reports whether the same request may be sent again: always when it
// was certainly not done, only under the same idempotency key when it was perhaps done.
func (k Kind) MayRepeat(keyed bool) bool { return k == Unavailable || k == Unknown && keyed }
