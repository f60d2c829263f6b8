// SPDX-License-Identifier: Apache-2.0

package orderhooks

import (
	"context"
	"time"

	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/shop"
)

// Privacy takes in what a shop passes on from people who want to know what is kept
// of them, or want it gone.
type Privacy interface {
	// Ask returns nil once the request is on disk; it is fulfilled afterwards, within 30
	// days. The same request may come again, and concurrently. Its context lasts less than
	// a second. Faults are those of inbound.OrderNews.
	Ask(ctx context.Context, r PrivacyRequest) error
}

// PrivacyKind says what is asked for.
type PrivacyKind string

// The kinds.
const (
	CustomerData    PrivacyKind = "customer_data"    // tell the shop what is kept of a customer
	CustomerErasure PrivacyKind = "customer_erasure" // forget a customer
	ShopErasure     PrivacyKind = "shop_erasure"     // forget a shop, 48 hours after it removed the app
)

// PrivacyRequest is one request. Of the customer it says no more than the number.
type PrivacyRequest struct {
	Kind     PrivacyKind
	Shop     shop.ID
	Customer loyalty.CustomerID // empty with ShopErasure
	Orders   []loyalty.OrderID  // of the customer, that are asked about or to be forgotten
	Number   string             // of a CustomerData request, for the answer to the shop; may be empty
	At       time.Time          // when it was sent, by Shopify's clock; not signed
}
