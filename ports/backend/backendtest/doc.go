// SPDX-License-Identifier: Apache-2.0

// Package backendtest is the conformance kit for ports/backend: rules that any
// backend must keep, each with what the port promises in one sentence, and a
// report that says rule by rule what was sent, what was expected and what came.
//
// It needs no testing package, so that a test, a command and a kit for processes
// judge by the same rules. It asks a backend only what a host may ask, and what
// the Sample allows it to use; it makes carts, moves points to and fro, and places no order. What it writes
// down is printable and shows no secret, no customer token, no cart id, no customer and nothing of
// a buyer but which fields were given and the country.
//
// Invariant: a rule that panics, hangs or fails does so alone. The package knows
// nothing of processes, wires or any one backend. That a page opens, and for how
// long, is not judged: nobody opens one.
package backendtest
