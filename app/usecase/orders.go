// SPDX-License-Identifier: Apache-2.0

package usecase

import (
	"context"
	"log/slog"
	"time"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/order"
	"github.com/cartage-dev/cartage/core/shop"
	"github.com/cartage-dev/cartage/ports/backend"
	"github.com/cartage-dev/cartage/ports/inbound"
	"github.com/cartage-dev/cartage/ports/store"
)

// Orders finds orders; it implements inbound.OrderLookup.
type Orders struct {
	shops  *Directory
	once   once
	sealer *Sealer
	log    *slog.Logger
}

var _ inbound.OrderLookup = (*Orders)(nil)

// NewOrders needs the shops, and the store and sealer of the transfers that orders come of.
func NewOrders(shops *Directory, s store.Store, sealer *Sealer, log *slog.Logger) *Orders {
	return &Orders{shops: shops, once: once{s.Idempotency, time.Now}, sealer: sealer, log: log}
}

// ByReference asks the backend that the shop had when the cart was made, for as
// long as that is remembered and the backend runs, and else the one it has now. It
// believes only an order that carries the reference.
func (o *Orders) ByReference(ctx context.Context, id shop.ID, reference string) (order.Order, error) {
	entry, err := o.shops.Shop(id)
	if err != nil {
		return order.Order{}, err
	}
	if err := order.CheckReference(reference); err != nil {
		return order.Order{}, err
	}
	at := entry.Backend.Orders
	rec, err := o.once.look(ctx, transferScope(id, reference))
	if err != nil {
		return order.Order{}, err
	}
	if made, ok := o.shops.made(recall(o.sealer, o.log, rec, transferScope(id, reference)).Orders); ok && made.Orders != nil {
		at = made.Orders
	}
	if at == nil {
		return order.Order{}, fault.New(fault.Unsupported, "orders_not_offered", "the shop's backend offers no orders").By(fault.Backend)
	}
	found, err := at.ByReference(ctx, backend.Call{Shop: id, Locale: entry.Shop.Locale}, reference)
	if err != nil {
		if f := fault.From(err); f.Kind == fault.NotFound {
			return order.Order{}, fault.New(fault.NotFound, "unknown_reference", "no order carries this reference").By(fault.Caller)
		}
		return order.Order{}, err
	}
	if found.Reference != reference {
		return order.Order{}, fault.New(fault.Internal, "bad_backend_answer", "the order carries another reference").By(fault.Backend)
	}
	return found, nil
}
