// SPDX-License-Identifier: Apache-2.0

// Package orderhooks is the channel of Shopify's webhooks about orders: what
// orders/create, orders/cancelled and refunds/create tell becomes a call of
// inbound.OrderNews, and what the three topics of privacy ask a call of Privacy.
//
// Invariant: nothing of a body is looked at before its signature is good; 200 is
// answered once the port has it on disk, or when sending it again could not help;
// no answer comes later than a second after the body was read, whatever the port
// does; nothing is remembered, so that deliveries may come in any order and
// number. No secret, no body, no name and nobody's address reaches a log.
// Shopify's shapes end here: shape.go holds them, and translate.go, attributes.go
// and marks.go alone see both sides. The package knows nothing of ledgers.
//
// Sources:
//   - Shopify, "Verify webhook deliveries" and "HTTPS delivery", read 2026-11: the
//     signature, the headers, 1 second to connect and 5 in all, 8 retries in 4
//     hours with the same body, and that a subscription made through the Admin API
//     is deleted after as many failures in a row.
//   - Shopify, Admin REST reference, "Order" and "Refund", read 2026-11: the fields
//     that are read here. The bodies of the three topics are these resources. That
//     POS leaves the titles of discounts as they were written is nowhere said.
//   - Shopify, "POS cart app extension reference", read 2026-11: the note attribute
//     cart-promotion-actions, which is text of its own kind and no JSON.
//   - Shopify, "Privacy law compliance", read 2026-11: customers/data_request,
//     customers/redact, shop/redact, a 2xx for having received them and 30 days
//     for doing what they ask.
//   - RFC 9110, 10.2.3 (Retry-After), 15.5 (405 and Allow).
//
// The headers are not signed. So the body has to agree with the topic, and with
// the shop where it names one: that of an order or a refund names none.
package orderhooks
