// SPDX-License-Identifier: Apache-2.0

// Package shadow rehearses a change of backend before it is made. It is a
// decorator of backend.Carts that copies a share of a shop's transfers to a
// candidate, compares what both said, and reports what a swap would change.
//
// A copy goes out after the shopper has been answered, once, as a guest's cart under
// a reference and a key of its own. What the candidate says is read, compared and
// forgotten: a Record keeps counts, SKUs, amounts and the codes of faults.
//
// Invariant: the shopper gets the primary's answer, no later than without a shadow,
// whatever the candidate does; and the candidate gets nothing that belongs to a
// shopper. The package never shows a candidate's answer to anybody, never touches a
// cart it did not make, and never sends a copy twice.
package shadow
