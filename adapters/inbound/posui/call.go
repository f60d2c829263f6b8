// SPDX-License-Identifier: Apache-2.0

package posui

import (
	"context"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/cartage-dev/cartage/adapters/inbound/httpserver"
	"github.com/cartage-dev/cartage/core/fault"
)

// callsMax is how many calls of the port an app has under way, those among them that
// outlived their answers. Beyond, tills are answered at once.
const callsMax = 512

// result is what came of a call of the port.
type result struct {
	answer  any
	refused *refusal
}

// ask calls the port beside the request, and waits no longer than to the hard stop. A port that
// hangs on keeps its slot until it comes back; what it says then is dropped.
func (h *Handler) ask(ctx context.Context, v visit, t task) (any, *refusal) {
	patience := h.left(v, portStop)
	if patience <= 0 {
		return nil, &refusal{code: deadline}
	}
	slots := v.who.app.slots
	select {
	case slots <- struct{}{}:
	default:
		return nil, &refusal{code: overloaded}
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	came := make(chan result, 1) // has room, so that what comes late need not be waited for
	go func() {
		defer func() { <-slots }()
		came <- h.call(ctx, v, t)
	}()
	stop := time.NewTimer(h.left(v, hardStop))
	defer stop.Stop()
	select {
	case r := <-came:
		return r.answer, r.refused
	case <-stop.C:
		return nil, &refusal{code: deadline}
	}
}

// call asks the port. It is the wall of a goroutine that httpserver's wall does not see: a
// panic becomes a refusal.
func (h *Handler) call(ctx context.Context, v visit, t task) (r result) {
	defer func() {
		if what := recover(); what != nil {
			h.log.LogAttrs(ctx, slog.LevelError, "port panicked", slog.String("app", v.app()), slog.String("endpoint", v.at.name),
				slog.String("request_id", v.requestID), slog.String("panic", httpserver.PanicText(what)), slog.String("stack", string(debug.Stack())))
			r = result{refused: &refusal{internalError, fault.New(fault.Internal, "", "the port panicked")}}
		}
	}()
	answer, err := t.do(ctx)
	if err != nil {
		return result{refused: told(err, v.at)}
	}
	return result{answer: answer}
}
