// SPDX-License-Identifier: Apache-2.0

package backend

import "errors"

// ErrInterrupted is in the chain of a fault that comes of the adapter's own process
// having ended or being replaced. It says nothing about the commerce system
// behind it, so a circuit breaker leaves it out; whoever runs the process mends it.
// Being a cause it stays on the host's side: no plugin can claim it.
var ErrInterrupted = errors.New("the adapter's process was interrupted")
