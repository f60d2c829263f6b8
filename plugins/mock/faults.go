// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/cartage-dev/cartage/plugins/sdk"
)

// hurdle is what stands before the ports on purpose. The zero hurdle is none.
type hurdle struct {
	delay         time.Duration
	faults        faults
	calls, writes atomic.Uint64
}

// clear waits, and fails the calls that are to fail, before anything is done.
func (h *hurdle) clear(ctx context.Context) error {
	if h.delay > 0 {
		if err := pause(ctx, h.delay); err != nil {
			return sdk.NewFault(sdk.Unavailable, "too_slow", "the demonstration delay used the time up").By(sdk.SourceBackend).Because(err)
		}
	}
	if every(h.faults.FailEvery, &h.calls) {
		return sdk.NewFault(sdk.Unavailable, "fault_switch", "this call fails for demonstration").By(sdk.SourceBackend)
	}
	return nil
}

// pause waits, and no longer than anybody waits for it.
func pause(ctx context.Context, d time.Duration) error {
	wait := time.NewTimer(d)
	defer wait.Stop()
	select {
	case <-wait.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// every counts, and is true for each n-th time.
func every(n uint64, counted *atomic.Uint64) bool {
	return n > 0 && counted.Add(1)%n == 0
}

// write asks once the hurdle is cleared, and loses the answers that are to be lost.
func write[A any](ctx context.Context, h *hurdle, ask func() (A, error)) (A, error) {
	var none A
	if err := h.clear(ctx); err != nil {
		return none, err
	}
	answer, err := ask()
	if err == nil && every(h.faults.LoseAnswerEvery, &h.writes) {
		return none, lostAnswer()
	}
	return answer, err
}

func lostAnswer() error {
	return sdk.NewFault(sdk.Unknown, "fault_switch", "this answer is lost for demonstration").By(sdk.SourceBackend)
}

type slowCarts struct {
	hurdle *hurdle
	carts  sdk.Carts
}

var _ sdk.Carts = slowCarts{}

// Put may do its work and lose the answer.
func (s slowCarts) Put(ctx context.Context, call sdk.Call, req sdk.PutCart) (sdk.PutAnswer, error) {
	return write(ctx, s.hurdle, func() (sdk.PutAnswer, error) { return s.carts.Put(ctx, call, req) })
}

// Change may do its work and lose the answer.
func (s slowCarts) Change(ctx context.Context, call sdk.Call, id sdk.CartID, req sdk.ChangeCart) (sdk.ChangeAnswer, error) {
	return write(ctx, s.hurdle, func() (sdk.ChangeAnswer, error) { return s.carts.Change(ctx, call, id, req) })
}

// Get asks once the hurdle is cleared.
func (s slowCarts) Get(ctx context.Context, call sdk.Call, id sdk.CartID) (sdk.Cart, error) {
	if err := s.hurdle.clear(ctx); err != nil {
		return sdk.Cart{}, err
	}
	return s.carts.Get(ctx, call, id)
}

type slowCheckout struct {
	hurdle   *hurdle
	checkout sdk.Checkout
}

var _ sdk.Checkout = slowCheckout{}

// Deliver may do its work and lose the answer.
func (s slowCheckout) Deliver(ctx context.Context, call sdk.Call, id sdk.CartID, req sdk.Delivery) (sdk.Quote, error) {
	return write(ctx, s.hurdle, func() (sdk.Quote, error) { return s.checkout.Deliver(ctx, call, id, req) })
}

// HandOff may do its work and lose the answer.
func (s slowCheckout) HandOff(ctx context.Context, call sdk.Call, id sdk.CartID, req sdk.HandOff) (sdk.Pages, error) {
	return write(ctx, s.hurdle, func() (sdk.Pages, error) { return s.checkout.HandOff(ctx, call, id, req) })
}

type slowOrders struct {
	hurdle *hurdle
	orders sdk.Orders
}

var _ sdk.Orders = slowOrders{}

// ByReference asks once the hurdle is cleared.
func (s slowOrders) ByReference(ctx context.Context, call sdk.Call, reference string) (sdk.Order, error) {
	if err := s.hurdle.clear(ctx); err != nil {
		return sdk.Order{}, err
	}
	return s.orders.ByReference(ctx, call, reference)
}
