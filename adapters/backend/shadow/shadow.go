// SPDX-License-Identifier: Apache-2.0

package shadow

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/ports/backend"
)

// The bounds of what a rehearsal may cost.
const (
	queueMax    = 256 // copies that wait; more are skipped
	workers     = 4   // copies at the candidate at once
	copyTimeout = 5 * time.Second
)

// Options say how a Shadow works and what it reports to. The zero value copies nothing.
type Options struct {
	// Share of the transfers that are copied, from 0 to 1.
	Share float64
	// Allowed says whether the shop's hand-off policy lets a shopper go on to these
	// pages; nil allows all. It is called by several goroutines at once.
	Allowed func(backend.Pages) error
	Logger  *slog.Logger // nil keeps quiet
	// Registerer may be shared by many shadows, and may be nil.
	Registerer prometheus.Registerer
	// Random gives numbers from 0 up to 1, to choose what is copied; nil is math/rand/v2.
	// It must allow concurrent calls.
	Random func() float64
}

// Shadow copies transfers until Close. It may be used concurrently.
type Shadow struct {
	record  *Record
	share   float64
	allowed func(backend.Pages) error
	random  func() float64
	log     *slog.Logger
	figures figures

	queue  chan transfer
	closed <-chan struct{}
	stop   context.CancelFunc
	work   sync.WaitGroup
}

// New makes a shadow that writes to r, and starts its workers; Close ends them. The
// shadow that follows it after a change of config may share r, and overlap with it.
func New(r *Record, o Options) *Shadow {
	s := &Shadow{
		record: r, share: o.Share, allowed: o.Allowed, random: o.Random, log: o.Logger,
		queue: make(chan transfer, queueMax),
	}
	if s.random == nil {
		s.random = rand.Float64
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.log = s.log.With(slog.String("shop", r.shop), slog.String("candidate", r.candidate))
	s.figures = newFigures(r.shop, r.candidate, o.Registerer, s.log)
	ctx, stop := context.WithCancel(context.Background())
	s.closed, s.stop = ctx.Done(), stop
	for range workers {
		s.work.Go(func() { s.run(ctx) })
	}
	return s
}

// Wrap returns primary with a share of its transfers copied to candidate. Without a
// candidate, or without a primary, it returns primary as it is.
func (s *Shadow) Wrap(primary, candidate backend.Carts) backend.Carts {
	if primary == nil || candidate == nil {
		return primary
	}
	return carts{shadow: s, primary: primary, candidate: candidate}
}

// Close cancels the copies under way, forgets those that wait, and returns when the
// workers have ended. Neither is counted as anything. What was wrapped goes on
// working without copies; the metrics stay, since the next shadow continues them. It may be
// called more than once.
func (s *Shadow) Close() {
	s.stop()
	s.work.Wait()
}

// carts is the primary with a shadow.
type carts struct {
	shadow             *Shadow
	primary, candidate backend.Carts
}

var _ backend.Carts = carts{}

// Put is the primary's. Whatever happens for the shadow happens after it has answered.
func (c carts) Put(ctx context.Context, call backend.Call, req backend.PutCart) (backend.PutAnswer, error) {
	began := time.Now()
	answer, err := c.primary.Put(ctx, call, req)
	took := time.Since(began)
	if c.shadow.chooses(req, err) {
		t := transfer{
			requestID: backend.RequestID(ctx), candidate: c.candidate, signedIn: req.Customer != "",
			primary: Said{Answer: bare(answer), Err: classify(err)}, took: took,
		}
		t.call, t.req = copyOf(call, req)
		c.shadow.offer(t)
	}
	return answer, err
}

// Get is the primary's alone: a cart of the shopper's is none of the candidate's.
func (c carts) Get(ctx context.Context, call backend.Call, id cart.ID) (cart.Cart, error) {
	return c.primary.Get(ctx, call, id)
}

// Change is the primary's alone, for the same reason.
func (c carts) Change(ctx context.Context, call backend.Call, id cart.ID, req backend.ChangeCart) (backend.ChangeAnswer, error) {
	return c.primary.Change(ctx, call, id, req)
}

// chooses decides whether a transfer is copied.
func (s *Shadow) chooses(req backend.PutCart, err error) bool {
	select {
	case <-s.closed:
		return false
	default:
		return worthCopying(req, err) && s.random() < s.share
	}
}

// offer queues a copy, or counts it as skipped; it never waits.
func (s *Shadow) offer(t transfer) {
	select {
	case s.queue <- t:
	default:
		s.record.skipped.Add(1)
		s.figures.outcomes[Skipped].Inc()
	}
}
