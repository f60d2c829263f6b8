// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"sync/atomic"

	"github.com/cartage-dev/cartage/plugins/sdk"
)

// moveFaults are switched on to show what becomes of points when movements and their answers go astray.
type moveFaults struct {
	LoseAnswerEvery uint64 `json:"lose_answer_every"` // every n-th movement is made and not answered; 0 is never
	SilentEvery     uint64 `json:"silent_every"`      // every n-th is made, and nothing comes until nobody waits
	DuplicateEvery  uint64 `json:"duplicate_every"`   // every n-th request arrives twice
	ForgetKeys      bool   `json:"forget_keys"`       // and a key moves points each time
}

// network lies between the host and the book. The zero network with a book is a good one.
type network struct {
	book                    sdk.Loyalty
	faults                  moveFaults
	requests, lost, silence atomic.Uint64
}

var _ sdk.Loyalty = (*network)(nil)

// Move may reach the book twice, and its answer nobody.
func (n *network) Move(ctx context.Context, call sdk.Call, m sdk.Movement) (sdk.Points, error) {
	points, err := n.book.Move(ctx, call, m)
	if every(n.faults.DuplicateEvery, &n.requests) {
		_, _ = n.book.Move(ctx, call, m) // nobody waits for the answer to what nobody sent
	}
	if err != nil {
		return 0, err
	}
	silent := every(n.faults.SilentEvery, &n.silence)
	if silent {
		_ = pause(ctx, delayMax) // however it ends, there is no answer
	}
	if every(n.faults.LoseAnswerEvery, &n.lost) || silent {
		return 0, lostAnswer()
	}
	return points, nil
}

// Points are always answered.
func (n *network) Points(ctx context.Context, call sdk.Call, customer sdk.CustomerID) (sdk.Points, error) {
	return n.book.Points(ctx, call, customer)
}

// Moved is always answered.
func (n *network) Moved(ctx context.Context, call sdk.Call, key sdk.IdempotencyKey) (sdk.Movement, error) {
	return n.book.Moved(ctx, call, key)
}

type slowLoyalty struct {
	hurdle  *hurdle
	loyalty sdk.Loyalty
}

var _ sdk.Loyalty = slowLoyalty{}

// Points asks once the hurdle is cleared.
func (s slowLoyalty) Points(ctx context.Context, call sdk.Call, customer sdk.CustomerID) (sdk.Points, error) {
	if err := s.hurdle.clear(ctx); err != nil {
		return 0, err
	}
	return s.loyalty.Points(ctx, call, customer)
}

// Move may do its work and lose the answer.
func (s slowLoyalty) Move(ctx context.Context, call sdk.Call, m sdk.Movement) (sdk.Points, error) {
	return write(ctx, s.hurdle, func() (sdk.Points, error) { return s.loyalty.Move(ctx, call, m) })
}

// Moved asks once the hurdle is cleared.
func (s slowLoyalty) Moved(ctx context.Context, call sdk.Call, key sdk.IdempotencyKey) (sdk.Movement, error) {
	if err := s.hurdle.clear(ctx); err != nil {
		return sdk.Movement{}, err
	}
	return s.loyalty.Moved(ctx, call, key)
}
