// SPDX-License-Identifier: Apache-2.0

// Package qr draws QR codes and serves them as PNG or SVG, or as JSON with signed
// addresses for a plain <img>, which cannot send a key. Who may ask, and what text a
// code holds, is for the channel to know that calls it.
//
// Invariant: the same text and query give the same bytes; no text of anybody's is in
// the markup of an SVG; what one answer costs is bounded by the length of a text and
// the size of a picture; and a signed address can be changed in nothing, and never
// makes another.
//
// A signature is HMAC-SHA256, in base64url without padding, over
//
//	"cartage qr 1" LF path LF query
//
// with the path as it stands in the request and the whole query but sig, sorted by
// name as url.Values.Encode writes it. So exp (Unix seconds) is signed, and the size,
// the colours and whatever else stands beside it, so that nobody can have a poster's
// address draw something else.
//
// Sources: RFC 9110, 8.8.3 (ETag), 12.5.1 (Accept), 13.1.2 (If-None-Match), 15.4.5 (304);
// PNG, third edition, 5, 9 and 11; SVG 2, 9.3 (path data); QR Code model 2 as
// boombuler/barcode encodes it; contracts: checkout-api 4.4 (read 2026-11).
package qr
