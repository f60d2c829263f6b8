// SPDX-License-Identifier: Apache-2.0

// Package usecase is what the engine does: one use case per file. Each asks core
// to decide and the ports to do.
//
// Invariant: no remote call happens inside a store's transaction, and whatever a
// use case acknowledged can be given again under the same name. The package knows
// nothing of HTTP, SQL or plugins.
package usecase

import (
	"maps"
	"slices"
	"sync/atomic"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/shop"
	"github.com/cartage-dev/cartage/ports/backend"
)

// Entry is one shop with the backend that serves it.
type Entry struct {
	Shop shop.Shop
	// Backend is put together port by port from the shop's config.
	Backend backend.Backend
	// CartsFrom, OrdersFrom and PointsAt say which of the directory's backends these ports are
	// of, since the id of a cart means nothing to another; empty where there is no such port.
	CartsFrom, OrdersFrom, PointsAt Owner
	Loyalty                         *loyalty.Programme // nil: the shop has none
}

// Owner names a backend that carts and orders live at, for as long as carts are
// remembered: the name in config and what plugin it was, so that another commerce
// system under an old name is not taken for the one that made a cart.
type Owner string

// Table is what a Directory holds.
type Table struct {
	Shops map[shop.ID]Entry
	// Backends are all that run, also those that no shop chooses any more: they still
	// have the carts that they made.
	Backends map[Owner]backend.Backend
}

// Directory finds shops and backends. It may be replaced as a whole while requests run.
type Directory struct{ table atomic.Pointer[Table] }

// NewDirectory holds this table.
func NewDirectory(t Table) *Directory {
	d := &Directory{}
	d.Replace(t)
	return d
}

// Replace puts this table in the place of the one before. It must not be changed afterwards.
func (d *Directory) Replace(t Table) { d.table.Store(&t) }

// made is the backend that made a cart, if it still runs.
func (d *Directory) made(by Owner) (backend.Backend, bool) {
	b, ok := d.table.Load().Backends[by]
	return b, ok
}

// ids are those of all shops, in order.
func (d *Directory) ids() []shop.ID { return slices.Sorted(maps.Keys(d.table.Load().Shops)) }

// Shop finds one; the fault is NotFound (unknown_shop).
func (d *Directory) Shop(id shop.ID) (Entry, error) {
	e, ok := d.table.Load().Shops[id]
	if !ok {
		return Entry{}, fault.New(fault.NotFound, "unknown_shop", "no such shop").By(fault.Caller)
	}
	return e, nil
}
