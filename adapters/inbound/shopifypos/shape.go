// SPDX-License-Identifier: Apache-2.0

package shopifypos

import "encoding/json"

// requestBody is the body of all three calls ("POS cart app extension reference").
// A pointer tells what was not given from zero. customer_email is left out: by itself it
// identifies nobody, and what is not read cannot be logged.
type requestBody struct {
	ShopID             *int64   `json:"shop_id"`
	ShopifyDomain      *string  `json:"shopify_domain"`
	CustomerID         *int64   `json:"customer_id"` // none: the cart has no customer
	Locale             *string  `json:"locale"`      // of the member of staff, en or en-US
	CurrencyCode       *string  `json:"currency_code"`
	SupportedTemplates []string `json:"supported_templates"`
	SupportedActions   []string `json:"supported_actions"`
	ActionID           *string  `json:"action_id"` // of perform_action and revert_action only
}

// simpleActionList is the only template there is.
const simpleActionList = "simple_action_list"

// templateAnswer is the answer to all three.
type templateAnswer struct {
	Type          string         `json:"type"`
	PointsLabel   string         `json:"points_label"`
	PointsBalance string         `json:"points_balance"` // a text: "23867"
	Actions       []actionAnswer `json:"actions"`        // never null
}

// actionAnswer is one button. Only a flat_discount's value is still documented; the
// table with the others' is cut off in every copy.
type actionAnswer struct {
	Type        string      `json:"type"`
	Title       string      `json:"title"`
	Description string      `json:"description"`
	ActionID    string      `json:"action_id"`
	VariantID   json.Number `json:"variant_id,omitempty"`
	Value       string      `json:"value,omitempty"`
}

// errorAnswer is ours: no error body is documented.
type errorAnswer struct {
	Code string `json:"code"`
}
