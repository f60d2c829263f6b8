// SPDX-License-Identifier: Apache-2.0

// Package sqlite is the store in one SQLite file, for one host.
//
// Writes go one after the other through a single connection, those that come at
// the same time in one transaction, and are on disk (synchronous=FULL) before they are
// acknowledged; reads have connections of their own. A lock file beside the database, path.lock, keeps a second host out
// and names the first. A Reader needs no lock, and looks in beside the host.
//
// Invariant: what was acknowledged survives the loss of the process and of power,
// and what was not is there wholly or not at all. The package knows nothing of
// backends or channels, and nothing outside it knows SQL.
package sqlite
