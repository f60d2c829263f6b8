// SPDX-License-Identifier: Apache-2.0

package guard

import (
	"context"

	"github.com/cartage-dev/cartage/core/cart"
	core "github.com/cartage-dev/cartage/core/checkout"
	"github.com/cartage-dev/cartage/ports/backend"
)

type checkout struct {
	next             backend.Checkout
	deliver, handOff *operation
}

var _ backend.Checkout = checkout{}

func (g *Guard) checkout(b backend.Backend) checkout {
	return checkout{next: b.Checkout, deliver: g.writeOf("checkout.deliver", b.Info), handOff: g.writeOf("checkout.hand_off", b.Info)}
}

func (c checkout) Deliver(ctx context.Context, call backend.Call, id cart.ID, req backend.Delivery) (core.Quote, error) {
	return do(ctx, c.deliver, call.Key, func(ctx context.Context) (core.Quote, error) { return c.next.Deliver(ctx, call, id, req) })
}

func (c checkout) HandOff(ctx context.Context, call backend.Call, id cart.ID, req backend.HandOff) (backend.Pages, error) {
	return do(ctx, c.handOff, call.Key, func(ctx context.Context) (backend.Pages, error) { return c.next.HandOff(ctx, call, id, req) })
}
