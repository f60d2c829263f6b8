// SPDX-License-Identifier: Apache-2.0

// Package pluginhost runs plugin processes: it starts, watches, restarts and
// stops them, and routes each call to the process that is current.
//
// go-plugin starts a process, shakes hands and encrypts. All else is here: a clean
// environment, a program whose checksum is that of what runs, an end with the
// host however the host ends, stderr read into the host's log, health, restarts
// with back-off, and a stop that waits for calls in flight but for no process.
//
// Invariant: whatever a plugin does, the host lives, waits no longer than it said,
// and leaves no process and no socket behind. The package knows nothing of what a
// cart is.
package pluginhost
