// SPDX-License-Identifier: Apache-2.0

// Package pluginhost runs plugin processes: it starts, watches, restarts and
// stops them, and routes each call to the process that is current.
//
// go-plugin starts a process, shakes hands and encrypts. All else is here: a clean
// environment and no descriptor but its own, a program whose checksum is that of what runs, an end with the
// host however the host ends, stderr read into the host's log, health, restarts
// with back-off, and a stop that waits for calls in flight but for no process.
//
// A plugin that ends too often is quarantined, a request that ends it each time is
// refused (poison.go), what a process may take is bounded (limits.go), and one that stays
// near its bound of memory is replaced (renew.go). All this holds a plugin with a bug. One that means harm runs as the host's own user: it sees nothing
// of the host's process (Conceal), and what it leaves behind is found however it hides (Adopt),
// but it may read the files that user may, and signal whatever is that user's.
//
// Invariant: whatever a plugin does, the host lives, waits no longer than it said,
// and leaves no socket behind and, where it may adopt, no process. Of what a cart is
// the package knows only which fields of a request tell one attempt from the next (poison.go).
package pluginhost
