// SPDX-License-Identifier: Apache-2.0

// Package poq is the channel of apps on the Poq platform: Poq's cart becomes a
// call of ports/inbound, and what comes of it the description of an HTTP request
// that the app's web view makes.
//
// Invariant: nothing is parsed before the secret is checked, no answer repeats
// more of a request than a SKU, and neither a cause, a token nor a cookie's value
// reaches an error body or a log. Poq's shapes end here: shape.go holds them and
// translate.go alone sees both sides. The package knows nothing of backends.
//
// Sources:
//   - Poq, "Cart transfer integration", docs.poqcommerce.com/guides/quick-start/
//     cart-transfer-guide/cart-transfer, "Request From Poq" and "Response From
//     Your Backend", read 2026-11: both bodies, the form rule, the 2,048 rule.
//   - Poq, "Extensions", docs.poqcommerce.com/developers/extensions, headers,
//     read 2026-11: Poq-User-Id and that Authorization carries an agreed value.
//   - RFC 9110, 15.5 (405 and Allow, 401 and WWW-Authenticate), 10.2.3
//     (Retry-After); RFC 6750 and RFC 7617 for how the secret is presented.
//
// Poq documents neither status codes, error bodies, required fields nor how it
// authenticates: these are our decisions and stand in openapi.yaml.
package poq
