// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"

	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/shop"
)

// Privacy forgets people.
type Privacy interface {
	// Forget takes away who a customer of the shop is, or who all of them are when c is empty, and
	// says how many were forgotten. The journal stays as it is: it knows numbers, and nobody
	// can be found by one any more. Points that are held stay so until what holds them has ended, and
	// come back to nobody. Movements keep whose they are while they wait, since a keeper is still to give those
	// points or to get them back. Whoever comes again is another customer.
	Forget(ctx context.Context, s shop.ID, c loyalty.CustomerID) (forgotten int, err error)
}
