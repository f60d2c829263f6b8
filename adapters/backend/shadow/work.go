// SPDX-License-Identifier: Apache-2.0

package shadow

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/ports/backend"
)

const (
	panicTextMax  = 256      // bytes of what a panic said
	panicStackMax = 4 * 1024 // bytes of where it was
)

// transfer is a copy on its way, with what the primary said to the original.
type transfer struct {
	call      backend.Call
	req       backend.PutCart
	requestID string
	candidate backend.Carts
	primary   Said
	took      time.Duration // by the primary
	signedIn  bool          // the original named a customer
}

// run rehearses what is queued until ctx ends.
func (s *Shadow) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case t := <-s.queue:
			s.rehearse(ctx, t)
		}
	}
}

// rehearse sends one copy, and counts what came of it unless Close came first.
func (s *Shadow) rehearse(closing context.Context, t transfer) {
	if closing.Err() != nil {
		return
	}
	ctx, cancel := context.WithTimeout(closing, copyTimeout)
	defer cancel()
	if t.requestID != "" {
		ctx = backend.WithRequestID(ctx, requestIDPrefix+t.requestID)
	}
	began := time.Now()
	c, took := s.ask(ctx, t, began)
	if c.fault != nil && closing.Err() != nil {
		return
	}
	s.record.add(t, c, took)
	s.figures.count(c, t.took, took)
}

// ask sends a copy and compares. A panic on the way is the candidate's fault.
func (s *Shadow) ask(ctx context.Context, t transfer, began time.Time) (c comparison, took time.Duration) {
	defer func() {
		if v := recover(); v != nil {
			took = time.Since(began)
			s.log.LogAttrs(ctx, slog.LevelError, "candidate panicked", slog.String("request_id", backend.RequestID(ctx)),
				slog.String("panic", clip(fmt.Sprint(v), panicTextMax)), slog.String("stack", clip(string(debug.Stack()), panicStackMax)))
			c = compare(t.req, t.primary, Said{Err: fault.New(fault.Internal, "panic", "the candidate panicked").By(fault.Plugin)}, nil)
		}
	}()
	answer, err := t.candidate.Put(ctx, t.call, t.req)
	took = time.Since(began)
	return compare(t.req, t.primary, Said{Answer: answer, Err: err}, s.allowed), took
}

func clip(text string, bytesMax int) string {
	if len(text) > bytesMax {
		return text[:bytesMax]
	}
	return text
}
