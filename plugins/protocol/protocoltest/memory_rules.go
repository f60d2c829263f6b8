// SPDX-License-Identifier: Apache-2.0

package protocoltest

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/ports/backend"
	"github.com/cartage-dev/cartage/ports/backend/backendtest"
)

// The bounds of memory. A runtime takes some before it gives any back, so that the first
// calls do not count, and only what would end a process within hours is found.
const (
	memoryWarmUp  = 300
	memoryCalls   = 1000
	memoryAtOnce  = 8
	memoryLook    = 40 // calls between two looks
	memoryMax     = 64 << 20
	memoryTimeMax = 20 * time.Second
)

func memory(ctx context.Context, t *backendtest.T, r *trial) {
	r.ready(ctx, t, func(p *process) {
		pid := p.cmd.Process.Pid
		if _, ok := resident(pid); !ok {
			t.Skip("nobody can measure a process's memory on this system")
			return
		}
		b, ok := offered(ctx, t, p)
		if !ok {
			return
		}
		read := reading(ctx, t, b)
		if read == nil {
			t.Skip("the plugin offers nothing to read")
			return
		}
		ctx, cancel := context.WithTimeout(ctx, memoryTimeMax)
		defer cancel()
		readTimes(ctx, memoryWarmUp, read)
		before, _ := resident(pid)
		made, grown := 0, int64(0)
		for made < memoryCalls && grown <= memoryMax && ctx.Err() == nil {
			made += readTimes(ctx, memoryLook, read)
			after, _ := resident(pid)
			grown = after - before
		}
		if !p.lives(ctx) {
			t.Breach("the process to live", p.obituary())
			return
		}
		t.Exchange(fmt.Sprintf("%d reads, after %d that do not count", made, memoryWarmUp), fmt.Sprintf("%d MiB held before, %d MiB more after", before>>20, grown>>20))
		t.Expect(grown <= memoryMax, fmt.Sprintf("at most %d MiB more", memoryMax>>20), fmt.Sprintf("%d MiB more after %d reads", grown>>20, made))
	})
}

// reading is what is read: carts that are there and that are not, or orders, or points; nil where there is nothing.
func reading(ctx context.Context, t *backendtest.T, b backend.Backend) func(ctx context.Context, i int) {
	switch {
	case b.Carts != nil:
	case b.Orders != nil:
		return func(ctx context.Context, _ int) { _, _ = b.Orders.ByReference(ctx, t.Call(""), t.Reference("none")) }
	case b.Loyalty != nil:
		return func(ctx context.Context, _ int) { _, _ = b.Loyalty.Points(ctx, t.Call(""), t.Sample.UnknownCustomer) }
	default:
		return nil
	}
	ids := []cart.ID{"cartage-no-such-cart"}
	call, req := someCart(t)
	if made, err := b.Carts.Put(ctx, call, req); err == nil && made.Cart.ID != "" {
		ids = append(ids, made.Cart.ID)
	}
	return func(ctx context.Context, i int) { _, _ = b.Carts.Get(ctx, t.Call(""), ids[i%len(ids)]) }
}

// readTimes reads n times, a few at once, for as long as ctx lasts, and returns how often it did.
func readTimes(ctx context.Context, n int, read func(ctx context.Context, i int)) (done int) {
	for done < n && ctx.Err() == nil {
		var few sync.WaitGroup
		for i := range min(memoryAtOnce, n-done) {
			few.Go(func() {
				ctx, cancel := context.WithTimeout(ctx, askMax)
				defer cancel()
				read(ctx, done+i)
			})
		}
		few.Wait()
		done += min(memoryAtOnce, n-done)
	}
	return done
}
