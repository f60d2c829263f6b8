// SPDX-License-Identifier: Apache-2.0

// Package protocoltest is the conformance kit for plugins, in whatever language:
// it starts a built program as a host does, holds the process to what
// plugins/protocol/README.md demands of it, and then every port that it offers to
// the rules of ports/backend/backendtest, over the real socket.
//
// It speaks the handshake by hand, so that what is judged is the written protocol
// and no library's idea of it. A process that dies is started again: the rule that
// it died in fails, and the others are still judged.
//
// Invariant: no process outlives Run, and no report shows a secret that the
// program was given. The package needs no testing package and knows nothing of any
// one plugin.
package protocoltest
