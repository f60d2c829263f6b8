// SPDX-License-Identifier: Apache-2.0

package protocoltest

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/cartage-dev/cartage/ports/backend/backendtest"
)

// The bounds of what a process started itself.
const (
	childrenMax = time.Second // after its own end
	lookEvery   = 50 * time.Millisecond
)

// member is a process, as nobody else was or will be.
type member struct {
	pid           int
	started, name string
}

// childless asks for a cart, so that what a call starts is there, and for the end.
func childless(ctx context.Context, t *backendtest.T, r *trial) {
	r.ready(ctx, t, func(p *process) {
		b, ok := offered(ctx, t, p)
		if !ok {
			return
		}
		if b.Carts != nil {
			asking, cancel := context.WithTimeout(ctx, askMax)
			call, req := someCart(t)
			made, _ := b.Carts.Put(asking, call, req)
			_, _ = b.Carts.Get(asking, t.Call(""), made.Cart.ID)
			cancel()
		}
		before, ok := family(p.cmd.Process.Pid, p.dir, nil)
		if !ok {
			t.Skip("nobody can see a process's children on this system")
			return
		}
		p.shutdown(ctx)
		if !p.gone(shutdownMax) {
			t.Skip("it does not end, which process.shutdown judges")
			return
		}
		left := before
		for late := time.Now().Add(childrenMax); len(left) > 0 && time.Now().Before(late); time.Sleep(lookEvery) {
			left, _ = family(p.cmd.Process.Pid, p.dir, before)
		}
		t.Exchange("plugin.GRPCController.Shutdown", fmt.Sprintf("it ended; it had started %d processes, of which %d are left", len(before), len(left)))
		names := make([]string, len(left))
		for i, m := range left {
			names[i] = m.name
			m.kill()
		}
		t.Expect(len(left) == 0, "nothing that it started", strings.Join(names, ", "))
	})
}
