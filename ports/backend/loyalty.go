// SPDX-License-Identifier: Apache-2.0

package backend

import (
	"context"

	"github.com/cartage-dev/cartage/core/idempotency"
	"github.com/cartage-dev/cartage/core/loyalty"
)

// Loyalty keeps the points of a shop's customers, where the shop has a system of its own for
// them. Cartage decides what an offer costs and what became of it, and moves points
// here accordingly. A backend is asked for it only with Info.KeyedWrites and Info.ReadBack: without
// either nobody could tell whether points were moved that got no answer.
type Loyalty interface {
	// Points is what a customer has to spend. Faults: NotFound (unknown_customer), Limited,
	// Unavailable. It may always be repeated, and shows every Move that was answered before.
	Points(ctx context.Context, call Call, customer loyalty.CustomerID) (loyalty.Points, error)

	// Move gives a customer points, or takes them, once for each call.Key however often and
	// from how many hosts it is asked for, and answers what there is to spend then. It is done
	// as a whole or not at all. One that was refused leaves its key free: the same may be
	// asked for again, and succeed. A gift is never refused for what the customer owns. A key in effect
	// is known for thirty days at least.
	//
	// Faults: Conflict (insufficient_points) for taking more than there is, Conflict (key_reused)
	// for a key in effect for another movement, NotFound (unknown_customer), Invalid (no_points) for a
	// movement of none, Limited, Unavailable, Unknown. It may be repeated under the same call.Key.
	Move(ctx context.Context, call Call, m Movement) (loyalty.Points, error)

	// Moved reads back the movement that is in effect under a key, for a week at least after its Move.
	// Faults: NotFound (unknown_movement) when none is, Limited, Unavailable. It may always be repeated.
	Moved(ctx context.Context, call Call, key idempotency.Key) (Movement, error)
}

// Movement is points that a customer is given, or that are taken when Points is below zero.
type Movement struct {
	Customer loyalty.CustomerID
	Points   loyalty.Points
	Reason   MovementReason
	// Order is the channel's order that it is about, empty when there is none yet.
	Order loyalty.OrderID
}

// MovementReason says in one word why points move, for statements that customers read.
type MovementReason string

// The reasons.
const (
	PointsRedeemed MovementReason = "redeemed" // taken for an offer
	PointsReturned MovementReason = "returned" // given back: the offer was not used, or its order refunded
	PointsEarned   MovementReason = "earned"   // given for an order
	PointsClawed   MovementReason = "clawed"   // taken back: what had earned them was refunded
)
