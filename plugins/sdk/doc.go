// SPDX-License-Identifier: Apache-2.0

// Package sdk is the one package that the author of a Cartage plugin imports. A
// plugin is a program whose main calls Serve with a Plugin; contract.go lists
// the words in which host and plugin speak.
//
// Invariant: what a plugin does wrong stays one fault of one call. A panic in a
// handler, an answer that is too large, a call before Configure: each is
// answered as a fault, and the process lives. It ends when its host does, and it prints no secret.
//
// The package knows nothing of any one commerce system, and authors need to know
// nothing of gRPC, go-plugin or the host.
package sdk
