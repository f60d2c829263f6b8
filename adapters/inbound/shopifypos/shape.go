// SPDX-License-Identifier: Apache-2.0

package shopifypos

import (
	"encoding/json"
	"strings"
)

// requestBody is the body of all three calls ("POS cart app extension reference").
// A pointer tells what was not given from zero. customer_email is left out: by itself it
// identifies nobody, and what is not read cannot be logged.
type requestBody struct {
	ShopID             *int64     `json:"shop_id"`
	ShopifyDomain      *string    `json:"shopify_domain"`
	CustomerID         customerID `json:"customer_id"`
	Locale             *string    `json:"locale"` // of the member of staff, en or en-US
	CurrencyCode       *string    `json:"currency_code"`
	SupportedTemplates []string   `json:"supported_templates"`
	SupportedActions   []string   `json:"supported_actions"`
	ActionID           *string    `json:"action_id"` // of perform_action and revert_action only
}

// customerID is the number of the cart's customer. One that is not given, or is null or blank, says that the cart has none: "if both
// customer fields are blank", only what is for everybody is offered.
type customerID struct {
	number int64
	given  bool
}

// UnmarshalJSON implements json.Unmarshaler.
func (c *customerID) UnmarshalJSON(raw []byte) error {
	var text string // of null, too
	if json.Unmarshal(raw, &text) == nil && strings.Trim(text, " ") == "" {
		return nil
	}
	c.given = true
	return json.Unmarshal(raw, &c.number)
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
