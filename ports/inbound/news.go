// SPDX-License-Identifier: Apache-2.0

package inbound

import (
	"context"
	"time"

	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/money"
	"github.com/cartage-dev/cartage/core/shop"
)

// OrderNews takes in what a channel tells of orders, in any order and any number.
type OrderNews interface {
	// Tell returns nil once the news is on disk; what it means for points is worked
	// out afterwards. News that was told before changes nothing. Faults: NotFound
	// (unknown_shop), Invalid, Unavailable and Unknown (it may be told again).
	Tell(ctx context.Context, n News) error
}

// NewsKind says what happened to an order.
type NewsKind string

// The kinds. The words are stored.
const (
	OrderPlaced    NewsKind = "placed"
	OrderCancelled NewsKind = "cancelled"
	OrderRefunded  NewsKind = "refunded"
	OrderFound     NewsKind = "found" // a backend names it for an action of ours, whatever its channel has told of it
)

// News is one thing that happened to an order. Of who bought it says no more than the
// customer's number.
type News struct {
	Shop  shop.ID
	Kind  NewsKind
	Order loyalty.OrderID
	// Customer, Total, Actions and Marks are those of the order, with OrderPlaced, with OrderFound, which is of one
	// action, and with OrderCancelled where the channel repeats them; Total is what was paid.
	Customer loyalty.CustomerID // empty for an order without one
	Total    money.Amount
	Actions  []loyalty.ActionID // offers that the order was paid with
	Marks    []loyalty.Mark     // what may be marks of such offers; it counts where the customer holds one
	// Refund is the one that OrderRefunded tells of.
	Refund loyalty.Refund
	At     time.Time // when it happened, by the channel's clock
}
