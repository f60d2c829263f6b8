// SPDX-License-Identifier: Apache-2.0

// Package httpserver is what every HTTP listener of the host has in common: its
// bounds, the name of each request, its figures, and a strict reading of bodies.
//
// Invariant: no request runs without an id, a client address and a wall that
// catches panics, and neither a path, a query nor a header that a stranger chose
// reaches a log or a metric: a route is known by the pattern it was registered
// with. The package knows nothing of carts, channels or ports.
package httpserver
