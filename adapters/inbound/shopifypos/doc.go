// SPDX-License-Identifier: Apache-2.0

// Package shopifypos is the channel of Shopify's legacy POS cart app extension:
// three signed calls of a till become calls of inbound.POS, and what comes of them
// the one template that the till can show.
//
// Invariant: nothing of a body is looked at before its signature is good; an
// authentic, well-formed call for promotions of an installed shop is answered 200,
// so that the till sells on; the two others are answered 200, 404 or 500; no answer
// comes later than 2.7 s after its request, whatever the port does, and the port
// hears of a till being told only when it was. No secret, no body and nobody's
// address by mail reaches a log. Shopify's shapes end here: shape.go holds them and
// translate.go alone sees both sides. The package knows nothing of ledgers.
//
// Sources:
//   - Shopify, "Cart app extension" and "Handling POS cart app extension
//     endpoints", read 2026-11 in their last copies: the three endpoints, the
//     exchange, 3 seconds, 404 for an action that cannot be found and 500 for any
//     other reason.
//   - Shopify, "POS cart app extension reference", read 2026-11: the fields of the
//     request and of the answer, without the table of percent_discount.
//   - Shopify, "Webhooks", verification, read 2026-11: X-Shopify-Hmac-SHA256, and
//     that an old secret may sign for up to an hour after a change.
//   - RFC 4648, 4 and 3.5 (base 64, padding and its bits); RFC 9110, 5.5 (white
//     space around a header's value is not part of it), 15.5 (405 and Allow); RFC
//     5646, 4.4.1 (how long a language tag may be).
//
// Shopify documents neither error bodies, bounds of texts and lists, nor how
// percent_discount and add_variant are written: these are our decisions and stand
// in openapi.yaml.
package shopifypos
