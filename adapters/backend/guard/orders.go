// SPDX-License-Identifier: Apache-2.0

package guard

import (
	"context"

	"github.com/cartage-dev/cartage/core/order"
	"github.com/cartage-dev/cartage/ports/backend"
)

type orders struct {
	next        backend.Orders
	byReference *operation
}

var _ backend.Orders = orders{}

func (g *Guard) orders(b backend.Backend) orders {
	return orders{next: b.Orders, byReference: g.readOf("orders.by_reference")}
}

func (o orders) ByReference(ctx context.Context, call backend.Call, reference string) (order.Order, error) {
	return do(ctx, o.byReference, call.Key, func(ctx context.Context) (order.Order, error) { return o.next.ByReference(ctx, call, reference) })
}
