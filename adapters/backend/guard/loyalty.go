// SPDX-License-Identifier: Apache-2.0

package guard

import (
	"context"

	"github.com/cartage-dev/cartage/core/idempotency"
	core "github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/ports/backend"
)

type loyalty struct {
	next                backend.Loyalty
	points, move, moved *operation
}

var _ backend.Loyalty = loyalty{}

func (g *Guard) loyalty(b backend.Backend) loyalty {
	return loyalty{next: b.Loyalty, points: g.readOf("loyalty.points"), move: g.writeOf("loyalty.move", b.Info), moved: g.readOf("loyalty.moved")}
}

func (l loyalty) Points(ctx context.Context, call backend.Call, customer core.CustomerID) (core.Points, error) {
	return do(ctx, l.points, call.Key, func(ctx context.Context) (core.Points, error) { return l.next.Points(ctx, call, customer) })
}

func (l loyalty) Move(ctx context.Context, call backend.Call, m backend.Movement) (core.Points, error) {
	return do(ctx, l.move, call.Key, func(ctx context.Context) (core.Points, error) { return l.next.Move(ctx, call, m) })
}

func (l loyalty) Moved(ctx context.Context, call backend.Call, key idempotency.Key) (backend.Movement, error) {
	return do(ctx, l.moved, call.Key, func(ctx context.Context) (backend.Movement, error) { return l.next.Moved(ctx, call, key) })
}
