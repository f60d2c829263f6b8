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

// goneRetry is when it is worth asking again for an order whose backend does not
// run: an operator has to bring it back.
const goneRetry = time.Minute

// NewOrders needs the shops, and the store and sealer of the transfers that orders come of.
func NewOrders(shops *Directory, s store.Store, sealer *Sealer, log *slog.Logger) *Orders {
	return &Orders{shops: shops, once: once{s.Idempotency, time.Now}, sealer: sealer, log: log}
}

// ByReference asks the backend that the shop had when the cart was made, for as
// long as that is remembered, and else the one it has now. When the one remembered
// does not run it is Unavailable (backend_gone): the order may be there all the
// same, and no other backend can say that there is none. It believes only an order
// that carries the reference.
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
	if owner := recall(o.sealer, o.log, rec, transferScope(id, reference)).Orders; owner != "" {
		made, ok := o.shops.made(owner)
		if !ok {
			return order.Order{}, fault.New(fault.Unavailable, "backend_gone", "the cart was made at %s, which does not run", owner).After(goneRetry)
		}
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
