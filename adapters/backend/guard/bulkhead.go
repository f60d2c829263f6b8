// SPDX-License-Identifier: Apache-2.0

package guard

import (
	"context"
	"errors"
	"time"

	"github.com/cartage-dev/cartage/core/fault"
)

// busyFor is how long a caller that found no place is asked to wait.
const busyFor = time.Second

// enter takes a place at the backend, after waiting for one if it must; leave gives
// it back. Whoever gets none was certainly not sent.
func (g *Guard) enter(ctx context.Context) error {
	select {
	case g.slots <- struct{}{}:
	default:
		if err := g.wait(ctx); err != nil {
			return err
		}
	}
	g.figures.inFlight.Inc()
	return nil
}

// wait takes a place that somebody else gives back in time.
func (g *Guard) wait(ctx context.Context) error {
	select {
	case g.queue <- struct{}{}:
		defer func() { <-g.queue }()
	default:
		return g.busy()
	}
	// What is left after the wait must be worth a call: one that is cut off at once
	// would be held against the backend.
	deadline, _ := ctx.Deadline()
	timer := time.NewTimer(min(g.settings.QueueWait, time.Until(deadline)-(leastTime-margin)))
	defer timer.Stop()
	select {
	case g.slots <- struct{}{}:
		return nil
	case <-timer.C:
		return g.busy()
	case <-ctx.Done():
		if errors.Is(ctx.Err(), context.Canceled) {
			return callerGone(ctx.Err())
		}
		return g.busy()
	}
}

func (g *Guard) leave() {
	g.figures.inFlight.Dec()
	<-g.slots
}

func (g *Guard) busy() *fault.Error {
	g.figures.busy.Inc()
	return fault.New(fault.Unavailable, "backend_busy", "too many calls to the backend at once").After(busyFor)
}
