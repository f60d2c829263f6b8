// SPDX-License-Identifier: Apache-2.0

package usecase

import (
	"context"
	"time"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/idempotency"
	"github.com/cartage-dev/cartage/ports/store"
)

// The bounds of doing something once.
const (
	// leaseMax outlasts the hard stop of any channel, so that a lapsed lease means
	// that its owner is gone.
	leaseMax = 10 * time.Second
	// keepFor is how long an order is found at the backend that made its cart, after
	// its shop has moved to another.
	keepFor = 7 * 24 * time.Hour
	// waitStep is how long to leave another request alone before looking again.
	waitStep = 25 * time.Millisecond
	// settleMax bounds writing down how it ended, also for a caller that left.
	settleMax = 2 * time.Second
)

// once makes sure that one request at a time works on a scope.
type once struct {
	records store.Idempotency
	now     func() time.Time
}

// claim waits for its turn, within ctx, and returns the record with its verdict:
// Run or Replay. The answer of generation usedUp is not replayed.
func (o once) claim(ctx context.Context, scope idempotency.Scope, fp idempotency.Fingerprint, usedUp uint32) (idempotency.Record, idempotency.Verdict, error) {
	terms := idempotency.Terms{Lease: leaseMax, Keep: keepFor}
	var rec idempotency.Record
	for waited := false; ; waited = true {
		var verdict idempotency.Verdict
		err := o.records.Update(ctx, scope, func(r idempotency.Record) (idempotency.Record, error) {
			rec, verdict = r.Claim(fp, o.now(), terms, usedUp)
			return rec, nil
		})
		if waited && ctx.Err() != nil && err != nil { // the store had no time left to look once more
			return rec, idempotency.Wait, inProgress(ctx)
		}
		if err != nil || verdict != idempotency.Wait {
			return rec, verdict, err
		}
		select {
		case <-time.After(waitStep):
		case <-ctx.Done():
			return rec, verdict, inProgress(ctx)
		}
	}
}

// look returns the record and claims nothing.
func (o once) look(ctx context.Context, scope idempotency.Scope) (rec idempotency.Record, err error) {
	err = o.records.Update(ctx, scope, func(r idempotency.Record) (idempotency.Record, error) {
		rec = r
		return r, nil
	})
	return rec, err
}

func inProgress(ctx context.Context) error {
	return fault.New(fault.Unavailable, "in_progress", "the same request is still being worked on").After(time.Second).Because(ctx.Err())
}

// finish writes the answer down. It is Unavailable (taken_over) when the lease
// lapsed meanwhile and another request went on: asking again gives that one's answer.
func (o once) finish(ctx context.Context, scope idempotency.Scope, generation uint32, answer []byte, liveUntil time.Time) error {
	return o.settle(ctx, scope, func(r idempotency.Record) (idempotency.Record, error) {
		done, ok := r.Finish(generation, answer, liveUntil)
		if !ok {
			return r, fault.New(fault.Unavailable, "taken_over", "another request has taken over").After(time.Second)
		}
		return done, nil
	})
}

// release gives the claim back after a failure. That failure is what the caller
// hears; one of the store's on top only means that the lease has to lapse.
func (o once) release(ctx context.Context, scope idempotency.Scope, generation uint32) {
	_ = o.settle(ctx, scope, func(r idempotency.Record) (idempotency.Record, error) {
		return r.Release(generation), nil
	})
}

// settle writes even when the caller has gone or is out of time.
func (o once) settle(ctx context.Context, scope idempotency.Scope, fn func(idempotency.Record) (idempotency.Record, error)) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleMax)
	defer cancel()
	return o.records.Update(ctx, scope, fn)
}
