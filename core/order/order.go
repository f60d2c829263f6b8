// SPDX-License-Identifier: Apache-2.0

// Package order describes an order as its backend tells of it. It knows nothing
// of payment, delivery or the channel the order came through.
package order

import (
	"time"

	"github.com/cartage-dev/cartage/core/cart"
)

// ID names an order at its backend; Number is what its customer sees.
type ID string

// Status is where an order stands, as far as a channel needs to know.
type Status string

// The statuses.
const (
	Placed    Status = "placed"
	Cancelled Status = "cancelled"
)

// Order is a placed order. Reference is the channel's own name for it, as it was
// given with the cart.
type Order struct {
	ID        ID
	Number    string
	Reference string
	Status    Status
	Cart      cart.Cart // what was bought, at the prices it was bought for
	PlacedAt  time.Time // UTC
}
