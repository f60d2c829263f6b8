// SPDX-License-Identifier: Apache-2.0

package backend

import (
	"context"

	"github.com/cartage-dev/cartage/core/order"
)

// Orders finds what became of carts.
type Orders interface {
	// ByReference finds the order that carries the channel's reference. NotFound
	// when there is none yet. Other faults: Limited, Unavailable. It may always be repeated. The order's
	// ID is what webhooks of the same system call it, such as the bare number of a Shopify order: by it
	// points are burnt and earned once, whoever tells of the order.
	ByReference(ctx context.Context, call Call, reference string) (order.Order, error)
}
