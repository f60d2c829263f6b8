// SPDX-License-Identifier: Apache-2.0

package guard

import (
	"context"

	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/ports/backend"
)

type carts struct {
	next             backend.Carts
	put, get, change *operation
}

var _ backend.Carts = carts{}

func (g *Guard) carts(b backend.Backend) carts {
	return carts{next: b.Carts, put: g.writeOf("carts.put", b.Info), get: g.readOf("carts.get"), change: g.writeOf("carts.change", b.Info)}
}

func (c carts) Put(ctx context.Context, call backend.Call, req backend.PutCart) (backend.PutAnswer, error) {
	return do(ctx, c.put, call.Key, func(ctx context.Context) (backend.PutAnswer, error) { return c.next.Put(ctx, call, req) })
}

func (c carts) Get(ctx context.Context, call backend.Call, id cart.ID) (cart.Cart, error) {
	return do(ctx, c.get, call.Key, func(ctx context.Context) (cart.Cart, error) { return c.next.Get(ctx, call, id) })
}

func (c carts) Change(ctx context.Context, call backend.Call, id cart.ID, req backend.ChangeCart) (backend.ChangeAnswer, error) {
	return do(ctx, c.change, call.Key, func(ctx context.Context) (backend.ChangeAnswer, error) { return c.next.Change(ctx, call, id, req) })
}
