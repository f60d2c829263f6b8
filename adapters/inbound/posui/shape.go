// SPDX-License-Identifier: Apache-2.0

package posui

import "encoding/json"

// loyaltyAnswer is the answer to GET /loyalty. Points are whole numbers, money is text.
type loyaltyAnswer struct {
	Balance   int64         `json:"balance"`   // with what is held
	Available int64         `json:"available"` // without
	Label     string        `json:"label"`
	Offers    []offerAnswer `json:"offers"` // never null
}

// offerAnswer is one offer, and what of it depends on its kind.
type offerAnswer struct {
	ID          string      `json:"id"`
	Kind        string      `json:"kind"`
	Title       string      `json:"title"`
	Description string      `json:"description"`
	Cost        int64       `json:"cost"`
	Amount      string      `json:"amount,omitempty"`
	Percent     string      `json:"percent,omitempty"`
	VariantID   json.Number `json:"variant_id,omitempty"`
	ExpiresAt   string      `json:"expires_at"`
}

// redemptionBody is the body of POST /redemptions. Ids are the numbers that POS has them as, but for the
// device's, which is a text.
type redemptionBody struct {
	OfferID    *string `json:"offer_id"`
	CustomerID *int64  `json:"customer_id"`
	LocationID *int64  `json:"location_id"`
	DeviceID   *string `json:"device_id"`
}

// redemptionAnswer is the answer to it.
type redemptionAnswer struct {
	ID           string         `json:"id"`
	State        string         `json:"state"`
	Apply        applyAnswer    `json:"apply"`
	CartProperty propertyAnswer `json:"cart_property"`
	ExpiresAt    string         `json:"expires_at"`
}

// applyAnswer is what the extension calls on the cart, with the arguments of that method
// ("POS UI extensions", Cart API).
type applyAnswer struct {
	Method    string      `json:"method"`
	Type      string      `json:"type,omitempty"`
	Title     string      `json:"title"`
	Amount    string      `json:"amount,omitempty"`
	VariantID json.Number `json:"variant_id,omitempty"`
	Quantity  int         `json:"quantity,omitempty"`
}

// The methods and types of the Cart API.
const (
	applyCartDiscount = "applyCartDiscount"
	addLineItem       = "addLineItem"
	fixedAmount       = "FixedAmount"
	percentage        = "Percentage"
)

// propertyAnswer is what the extension puts on the cart, so that the order says what
// points it was paid with.
type propertyAnswer struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// cartProperty is its name, by which news of orders is read.
const cartProperty = "_redemption"

// commitBody is the body of POST /redemptions/{id}/commit, as transactioncomplete says it.
type commitBody struct {
	OrderID    *int64  `json:"order_id"` // none: it is not known yet
	ExecutedAt *string `json:"executed_at"`
}

// stateAnswer is the answer to the other two.
type stateAnswer struct {
	State string `json:"state"`
}

// The states of redemptions, as the wire calls them.
const (
	reserved     = "reserved"
	released     = "released"
	captured     = "captured"
	pendingOrder = "pending_order"
)

// problemAnswer is every answer to what went wrong (RFC 9457).
type problemAnswer struct {
	Type      string `json:"type"`
	Title     string `json:"title"`
	Status    int    `json:"status"`
	Code      string `json:"code"`
	Detail    string `json:"detail"`
	RequestID string `json:"request_id"`
}

// noType says that a problem is its status and its code.
const noType = "about:blank"
