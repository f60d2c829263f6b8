// SPDX-License-Identifier: Apache-2.0

// Package guard bounds what one backend may cost the host. It is a decorator of
// every port in backend.Backend.
//
// A call passes, outermost first: a deadline, at most one retry, a bulkhead, a
// circuit breaker. The deadline is outermost so that a retry has to live in what is
// left; the bulkhead stands outside the breaker so that a backend that hangs holds a
// fixed number of calls, whatever the breaker thinks of it; the breaker is innermost
// so that each attempt is judged. All decisions are made on fault.Kind.
//
// Invariant: a write that was perhaps done is never reported as certainly not done,
// and no call waits longer than its deadline for anything of ours. The package knows
// nothing of processes: it guards ports, wherever they lead.
package guard
