// SPDX-License-Identifier: Apache-2.0

package shopifypos

import (
	"context"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/cartage-dev/cartage/adapters/inbound/httpserver"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/ports/inbound"
)

// callsMax is how many calls of the port an app has under way, those among them that
// outlived their answers. Beyond, tills are answered at once.
const callsMax = 512

// result is what came of a call of the port.
type result struct {
	printed templateAnswer
	refused *refusal
}

// ask calls the port beside the request, and waits no longer than to the hard stop. A port that
// hangs on keeps its slot until it comes back; what it says then is dropped.
func (h *Handler) ask(ctx context.Context, v visit, q question) (templateAnswer, *refusal) {
	patience := h.left(v, portStop)
	if patience <= 0 {
		return templateAnswer{}, &refusal{code: deadline}
	}
	select {
	case v.app.slots <- struct{}{}:
	default:
		return templateAnswer{}, &refusal{code: overloaded}
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	came := make(chan result, 1) // has room, so that what comes late need not be waited for
	go func() {
		defer func() { <-v.app.slots }()
		came <- h.call(ctx, v, q)
	}()
	stop := time.NewTimer(h.left(v, hardStop))
	defer stop.Stop()
	select {
	case r := <-came:
		return r.printed, r.refused
	case <-stop.C:
		return templateAnswer{}, &refusal{code: deadline}
	}
}

// call asks the port and prints what it says. It is the wall of a goroutine that httpserver's
// wall does not see: a panic becomes a refusal.
func (h *Handler) call(ctx context.Context, v visit, q question) (r result) {
	defer func() {
		if what := recover(); what != nil {
			h.log.LogAttrs(ctx, slog.LevelError, "port panicked", slog.String("app", v.app.Name), slog.String("endpoint", v.at.name()),
				slog.String("request_id", v.requestID), slog.String("panic", httpserver.PanicText(what)), slog.String("stack", string(debug.Stack())))
			r = result{refused: &refusal{internalError, fault.New(fault.Internal, "", "the port panicked")}}
		}
	}()
	var screen inbound.Screen
	var err error
	switch v.at {
	case promotions:
		screen, err = h.pos.Promotions(ctx, q.till)
	case performAction:
		screen, err = h.pos.Perform(ctx, q.till, q.action)
	case revertAction:
		screen, err = h.pos.Revert(ctx, q.till, q.action)
	}
	if err != nil {
		return result{refused: told(err, ctx.Err() == context.DeadlineExceeded)}
	}
	return result{printed: v.app.print(screen, q.till, func(why string) { h.figures.leftOut.WithLabelValues(v.app.Name, why).Inc() })}
}
