// SPDX-License-Identifier: Apache-2.0

package poq

import "encoding/json"

// transferBody is "Request body fields" of Poq's page. The page marks nothing as
// required; we require all of it, so a pointer tells what was not given from zero.
type transferBody struct {
	Items     []itemBody `json:"items"`
	Currency  *string    `json:"currency"`
	Reference *string    `json:"reference"` // documented with at most 32 characters; its sample is a UUID, which has 36
}

type itemBody struct {
	Quantity *int64  `json:"quantity"`
	SKU      *string `json:"sku"`
}

// transferAnswer is "Response body fields". url is in the page's samples only.
type transferAnswer struct {
	URL     string         `json:"url"`
	Method  string         `json:"method"`
	Body    *string        `json:"body,omitempty"` // of a POST: always a form, since the app says it is one
	Headers []headerAnswer `json:"headers,omitempty"`
	Cookies []cookieAnswer `json:"cookies,omitempty"`
}

type headerAnswer struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// cookieAnswer has path, isSecure and isHttpOnly from the page's sample.
type cookieAnswer struct {
	Name       string `json:"name"`
	Value      string `json:"value"`
	Domain     string `json:"domain"`
	Path       string `json:"path"`
	IsSecure   bool   `json:"isSecure"`
	IsHTTPOnly bool   `json:"isHttpOnly"`
	ExpireDate string `json:"expireDate,omitempty"` // ISO 8601 with an offset, as in the sample
}

// expireDateLayout writes UTC as +00:00: the sample has an offset in numbers.
const expireDateLayout = "2006-01-02T15:04:05-07:00"

// orderAnswer and below are ours: Poq documents no such call.
type orderAnswer struct {
	Reference string    `json:"reference"`
	Order     orderBody `json:"order"`
}

// orderBody has money as JSON numbers in major units, like the rest of Poq's wire.
type orderBody struct {
	ID       string      `json:"id"`
	Number   string      `json:"number"`
	Status   string      `json:"status"`
	PlacedAt string      `json:"placed_at"`
	Currency string      `json:"currency"`
	Total    json.Number `json:"total"`
	Items    []orderItem `json:"items"`
}

type orderItem struct {
	SKU       string      `json:"sku"`
	Title     string      `json:"title"`
	Quantity  int64       `json:"quantity"`
	UnitPrice json.Number `json:"unit_price"`
	Total     json.Number `json:"total"`
}

// errorAnswer is ours too.
type errorAnswer struct {
	Error errorBody `json:"error"`
}

type errorBody struct {
	Code      string        `json:"code"`
	Message   string        `json:"message"`
	RequestID string        `json:"request_id"`
	Details   []errorDetail `json:"details"`
}

type errorDetail struct {
	Field  string `json:"field"`
	SKU    string `json:"sku,omitempty"`
	Reason string `json:"reason"`
	Detail string `json:"detail,omitempty"`
}
