// SPDX-License-Identifier: Apache-2.0

// Package usecase is what the engine does: one use case per file. Each asks core
// to decide and the ports to do.
//
// Invariant: no remote call happens inside a store's transaction, and whatever a
// use case acknowledged can be given again under the same name. The package knows
// nothing of HTTP, SQL or plugins.
package usecase

import (
	"sync/atomic"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/shop"
	"github.com/cartage-dev/cartage/ports/backend"
)

// Entry is one shop with the backend that serves it.
type Entry struct {
	Shop shop.Shop
	// Backend is put together port by port from the shop's config; CartsFrom names
	// the backend that carts come from, since a cart id means nothing to another.
	Backend   backend.Backend
	CartsFrom string
}

// Directory finds shops. It may be replaced as a whole while requests run.
type Directory struct {
	entries atomic.Pointer[map[shop.ID]Entry]
}

// NewDirectory holds these shops.
func NewDirectory(entries map[shop.ID]Entry) *Directory {
	d := &Directory{}
	d.Replace(entries)
	return d
}

// Replace puts these shops in the place of all others. The map must not be changed afterwards.
func (d *Directory) Replace(entries map[shop.ID]Entry) { d.entries.Store(&entries) }

// Shop finds one; the fault is NotFound (unknown_shop).
func (d *Directory) Shop(id shop.ID) (Entry, error) {
	e, ok := (*d.entries.Load())[id]
	if !ok {
		return Entry{}, fault.New(fault.NotFound, "unknown_shop", "no such shop").By(fault.Caller)
	}
	return e, nil
}
