// SPDX-License-Identifier: Apache-2.0

// Package posui is the channel of Shopify's POS UI extensions: an extension asks with a
// session token what a customer's points are good for, holds the points of an offer,
// applies the discount itself, and says what became of the sale.
//
// Invariant: the shop comes from the verified token alone, and what is another shop's looks
// like what is nobody's; a token writes once, and the same write again under it is a
// retry; no answer comes later than 2.7 s after its request, whatever the port does, and the
// port hears of a till being told only when it was. No token, no body and no customer reaches a
// log. The wire's shapes end here: shape.go holds them and translate.go alone sees both
// sides. The package knows nothing of ledgers.
//
// Sources:
//   - Shopify, "POS UI extensions", 2026-07, read 2026-11: what an extension can do to a
//     cart, transactioncomplete, "Session API" (a fresh token for each call; none when
//     the account that POS was opened with lacks the app's permission).
//   - Shopify, "Session tokens", read 2026-11: the claims, HS256 under the app's client
//     secret; and shopify-app-js, its POS helper: 10 s of tolerance, and 401 without a body.
//   - RFC 7519, 4.1 (claims), RFC 7515, 4.1.11 (crit), RFC 6750, 3 (WWW-Authenticate); RFC 9457,
//     3 and 4.2.1 (problems, about:blank); RFC 9110, 15.5 (405 and Allow).
//   - Fetch, 3.2 (CORS): a request with Authorization is asked for by OPTIONS first.
//
// The endpoints are our own; openapi.yaml describes them.
package posui
