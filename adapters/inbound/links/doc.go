// SPDX-License-Identifier: Apache-2.0

// Package links is where a web view opens the one-time links of every channel:
// GET /handoff/{token} leads on to the page of the shop, or explains in HTML why
// it does not.
//
// Invariant: only a GET uses a link up; a token that never was and one that has
// expired get the same bytes; no page loads anything, runs a script or may be
// framed; and no token reaches a log. The package knows nothing of shops, carts or
// backends.
//
// Sources: RFC 9110, 15.4.4 (303 See Other), 15.5.6 (405 and Allow) and 10.2.3
// (Retry-After); W3C Content Security Policy Level 3, 6.3 and 6.4; W3C Referrer
// Policy, 3.1; all read 2026-11.
package links
