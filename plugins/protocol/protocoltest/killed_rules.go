// SPDX-License-Identifier: Apache-2.0

package protocoltest

import (
	"context"

	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/ports/backend"
	"github.com/cartage-dev/cartage/ports/backend/backendtest"
)

func isNotFound(err error) bool { return err != nil && fault.KindOf(err) == fault.NotFound }

// killed makes a cart, kills the process without a word, and hands the next one to check.
func (r *trial) killed(ctx context.Context, t *backendtest.T, applies func(b backend.Backend) bool, check func(b backend.Backend, before cart.ID)) {
	r.ready(ctx, t, func(p *process) {
		b, ok := offered(ctx, t, p)
		if !ok || !applies(b) {
			return
		}
		id, ok := put(ctx, t, b)
		if !ok {
			return
		}
		kill(p.cmd)
		<-p.ended
		r.ready(ctx, t, func(next *process) {
			if b, ok := offered(ctx, t, next); ok {
				t.Exchange("a kill of the process", "the next one is ready")
				check(b, id)
			}
		})
	})
}

// keysOutlive lets a host do what it does after a process died in the middle of a write.
// Carts may be gone with the process, as in a demo; then the write is as if it had never been.
func keysOutlive(ctx context.Context, t *backendtest.T, r *trial) {
	keyed := func(b backend.Backend) bool {
		if !b.Info.KeyedWrites {
			t.Skip("the plugin does not promise keyed writes")
		}
		return b.Info.KeyedWrites
	}
	r.killed(ctx, t, keyed, func(b backend.Backend, before cart.ID) {
		again, ok := put(ctx, t, b)
		if !ok || again == before {
			return
		}
		if both, ok := found(ctx, t, b, before); ok && both {
			t.Breach("one cart for one key", "another cart from the next process, beside the one from before")
		}
	})
}

func cartsOutlive(ctx context.Context, t *backendtest.T, r *trial) {
	always := func(backend.Backend) bool { return true }
	r.killed(ctx, t, always, func(b backend.Backend, before cart.ID) {
		there, ok := found(ctx, t, b, before)
		switch {
		case !ok || there:
		case b.Info.Demo:
			t.Skip("a demo, which loses its carts with its process: nobody may depend on them")
		default:
			t.Breach("the cart that was acknowledged before", "no such cart")
		}
	})
}
