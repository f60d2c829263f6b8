// SPDX-License-Identifier: Apache-2.0

// Package sdk is the one package that the author of a Cartage plugin imports. A
// plugin is a program whose main calls Serve with a Plugin; contract.go lists
// the words in which host and plugin speak.
//
// Invariant: what a plugin does wrong stays one fault of one call. A panic in a
// handler, an answer that is too large, a call before Configure: each is
// answered as a fault, and the process lives. It ends when its host does, and it prints no secret.
//
// Most of those words are aliases, so that go doc shows no more than that. Ask for the
// type itself: go doc github.com/cartage-dev/cartage/ports/backend PutCart. What is asked and
// answered is there; what that is made of is below core, in cart, checkout, customer, order,
// handoff, money and fault.
//
// The package knows nothing of any one commerce system, and authors need to know
// nothing of gRPC, go-plugin or the host.
package sdk
