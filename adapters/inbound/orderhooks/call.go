// SPDX-License-Identifier: Apache-2.0

package orderhooks

import (
	"context"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/cartage-dev/cartage/adapters/inbound/httpserver"
	"github.com/cartage-dev/cartage/core/fault"
)

// callsMax is how many calls of the ports an app has under way, those among them that
// outlived their answers. Beyond, deliveries are refused at once, to come again.
const callsMax = 256

// The clock of a call, from when the delivery was accepted.
const (
	portStop = 900 * time.Millisecond // the port's context ends
	hardStop = time.Second            // and what it has not said by now, nobody hears
)

// ask calls a port beside the request, and waits no longer than to the hard stop. A port that
// hangs on keeps its slot until it comes back; what it says then is dropped.
func (h *Handler) ask(ctx context.Context, v *visit, tell func(context.Context) error) outcome {
	select {
	case v.app.slots <- struct{}{}:
	default:
		return outcome{code: overloaded}
	}
	ctx, cancel := context.WithTimeout(ctx, portStop)
	defer cancel()
	came := make(chan outcome, 1) // has room, so that what comes late need not be waited for
	go func() {
		defer func() { <-v.app.slots }()
		came <- h.call(ctx, v, tell)
	}()
	stop := time.NewTimer(hardStop)
	defer stop.Stop()
	select {
	case o := <-came:
		return o
	case <-stop.C:
		return outcome{code: deadline}
	}
}

// call asks the port. It is the wall of a goroutine that httpserver's wall does not see: a
// panic becomes an outcome.
func (h *Handler) call(ctx context.Context, v *visit, tell func(context.Context) error) (o outcome) {
	defer func() {
		if what := recover(); what != nil {
			h.log.LogAttrs(ctx, slog.LevelError, "port panicked", append(v.attrs(),
				slog.String("panic", httpserver.PanicText(what)), slog.String("stack", string(debug.Stack())))...)
			o = outcome{internalError, fault.New(fault.Internal, "", "the port panicked")}
		}
	}()
	return of(tell(ctx), ctx.Err() == context.DeadlineExceeded)
}
