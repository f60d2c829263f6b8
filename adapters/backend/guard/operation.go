// SPDX-License-Identifier: Apache-2.0

package guard

import (
	"context"
	"errors"
	"time"

	"github.com/sony/gobreaker/v2"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/idempotency"
	"github.com/cartage-dev/cartage/ports/backend"
)

// operation is one method of one port.
type operation struct {
	guard   *Guard
	name    string
	read    bool
	keyed   bool // a repeated write with the same key has one effect
	figures operationFigures
}

func (g *Guard) readOf(name string) *operation {
	return &operation{guard: g, name: name, read: true, figures: g.figures.of(g.name, name)}
}

func (g *Guard) writeOf(name string, info backend.Info) *operation {
	return &operation{guard: g, name: name, keyed: info.KeyedWrites, figures: g.figures.of(g.name, name)}
}

// do sends a call of operation o through the guard. The answer is send's when the
// error is nil, and empty otherwise.
func do[T any](ctx context.Context, o *operation, key idempotency.Key, send func(context.Context) (T, error)) (T, error) {
	var answer, none T
	err := o.call(ctx, key, func(ctx context.Context) (err error) {
		answer, err = send(ctx)
		return err
	})
	if err != nil {
		return none, err
	}
	return answer, nil
}

func (o *operation) call(ctx context.Context, key idempotency.Key, send func(context.Context) error) error {
	ctx, cancel, err := o.guard.limit(ctx)
	if err != nil {
		return err
	}
	defer cancel()
	o.guard.retries.earn(time.Now())
	began := time.Now()
	sent, first := o.attempt(ctx, send)
	if first == nil || !sent || !o.mayRepeat(first, key) || !o.guard.pause(ctx, fault.From(first), time.Since(began)) {
		return first
	}
	o.figures.retries.Inc()
	sent, second := o.attempt(ctx, send)
	switch {
	case second == nil:
		return nil
	case !o.read && fault.KindOf(first) == fault.Unknown:
		// No refusal of the repeat shows that the first attempt was not done: a
		// conflict, too, may be the first attempt still at work.
		return first
	case !sent:
		return fault.From(second).Because(first)
	}
	return second
}

// limit gives a call its deadline, or refuses it when no useful time is left.
func (g *Guard) limit(ctx context.Context) (context.Context, context.CancelFunc, error) {
	if errors.Is(ctx.Err(), context.Canceled) {
		return nil, nil, callerGone(ctx.Err())
	}
	budget := g.settings.Timeout
	if deadline, ok := ctx.Deadline(); ok {
		left := time.Until(deadline)
		if left < leastTime {
			g.figures.noTime.Inc()
			return nil, nil, fault.New(fault.Unavailable, "no_time_left", "there was no time left to ask the backend")
		}
		budget = min(budget, left-margin)
	}
	ctx, cancel := context.WithTimeout(ctx, budget)
	return ctx, cancel, nil
}

func (o *operation) mayRepeat(err error, key idempotency.Key) bool {
	return fault.KindOf(err).MayRepeat(o.read || o.keyed && key != "")
}

// attempt sends once, if bulkhead and breaker let it. sent is false when they did not.
func (o *operation) attempt(ctx context.Context, send func(context.Context) error) (sent bool, err error) {
	if err := o.guard.enter(ctx); err != nil {
		return false, err
	}
	defer o.guard.leave()
	_, refusal := o.guard.breaker.Execute(func() (struct{}, error) {
		sent = true
		var verdict error
		verdict, err = o.send(ctx, send)
		return struct{}{}, verdict
	})
	if !sent {
		o.guard.figures.open.Inc()
		return false, o.guard.unavailable().Because(refusal)
	}
	return true, err
}

// send makes the call with its deadline and says what the breaker is to think of it.
func (o *operation) send(ctx context.Context, send func(context.Context) error) (verdict, err error) {
	g := o.guard
	if g.breaker.State() == gobreaker.StateHalfOpen { // outside the breaker's lock here
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, g.settings.ProbeTimeout)
		defer cancel()
	}
	began := time.Now()
	err = classify(send(ctx))
	took := time.Since(began)
	o.figures.seconds.Observe(took.Seconds())
	if err == nil {
		o.figures.ok.Inc()
		return nil, nil
	}
	f := fault.From(err)
	o.figures.faulty(f.Kind).Inc()
	if f.Kind.CountsAgainstBackend() && errors.Is(ctx.Err(), context.Canceled) {
		return errNoVerdict, err // the caller went away; the backend had no chance
	}
	verdict = judge(f.Kind)
	if errors.Is(err, backend.ErrInterrupted) {
		verdict = errNoVerdict // else one process that dies with many calls in flight would open the breaker
	}
	if verdict != nil {
		g.lastFault.Store(&incident{at: time.Now(), op: o.name, fault: f})
	}
	return verdict, err
}

// classify makes a fault of an error that is none, which a port should have done.
// When it is a context's, the call had begun: perhaps done.
func classify(err error) error {
	if _, ok := errors.AsType[*fault.Error](err); ok || err == nil {
		return err
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return fault.New(fault.Unknown, "deadline_exceeded", "no answer in time").By(fault.Backend).Because(err)
	case errors.Is(err, context.Canceled):
		return fault.New(fault.Unknown, "canceled", "the call was canceled").By(fault.Caller).Because(err)
	}
	return fault.From(err)
}

func callerGone(cause error) *fault.Error {
	return fault.New(fault.Unavailable, "canceled", "the caller went away before the backend was asked").By(fault.Caller).Because(cause)
}

// incident is a fault worth showing to an operator.
type incident struct {
	at    time.Time
	op    string
	fault *fault.Error
}

// String leaves the cause out: that is for logs.
func (i *incident) String() string {
	if i == nil {
		return ""
	}
	return i.at.UTC().Format(time.RFC3339) + " " + i.op + ": " + i.fault.Because(nil).Error()
}
