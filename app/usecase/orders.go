// SPDX-License-Identifier: Apache-2.0

package usecase

import (
	"context"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/order"
	"github.com/cartage-dev/cartage/core/shop"
	"github.com/cartage-dev/cartage/ports/backend"
	"github.com/cartage-dev/cartage/ports/inbound"
)

// Orders finds orders; it implements inbound.OrderLookup.
type Orders struct{ shops *Directory }

var _ inbound.OrderLookup = (*Orders)(nil)

// NewOrders needs the shops.
func NewOrders(shops *Directory) *Orders { return &Orders{shops} }

// ByReference asks the shop's backend, and believes only an order that carries the reference.
func (o *Orders) ByReference(ctx context.Context, id shop.ID, reference string) (order.Order, error) {
	entry, err := o.shops.Shop(id)
	if err != nil {
		return order.Order{}, err
	}
	if err := order.CheckReference(reference); err != nil {
		return order.Order{}, err
	}
	if entry.Backend.Orders == nil {
		return order.Order{}, fault.New(fault.Unsupported, "orders_not_offered", "the shop's backend offers no orders").By(fault.Backend)
	}
	found, err := entry.Backend.Orders.ByReference(ctx, backend.Call{Shop: id, Locale: entry.Shop.Locale}, reference)
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
