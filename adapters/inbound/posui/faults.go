// SPDX-License-Identifier: Apache-2.0

package posui

import (
	"net/http"

	"github.com/cartage-dev/cartage/adapters/inbound/httpserver"
	"github.com/cartage-dev/cartage/core/fault"
)

// Codes of refusals, as answers, logs and figures say them.
const (
	methodNotAllowed     = "method_not_allowed"
	lacksPermission      = "pos_user_lacks_app_permission"
	unauthorised         = "unauthorised"
	turnedAway           = "turned_away"
	unsupportedMediaType = "unsupported_media_type"
	bodyTooLarge         = httpserver.BodyTooLarge
	bodyUnreadable       = "body_unreadable"
	bodyLate             = "body_late"
	invalidJSON          = httpserver.InvalidJSON
	invalidRequest       = "invalid_request"
	keyRequired          = "idempotency_key_required"
	unknownCurrency      = "unknown_currency"
	unprocessable        = "unprocessable"
	unknownShop          = "unknown_shop"
	unknownOffer         = "unknown_offer"
	unknownRedemption    = "unknown_redemption"
	insufficientPoints   = "insufficient_points"
	keyReused            = "key_reused"
	alreadyReserved      = "already_reserved"
	redemptionReleased   = "redemption_released"
	redemptionCaptured   = "redemption_captured"
	conflict             = "conflict"
	tooManyWrites        = "too_many_writes"
	limited              = "rate_limited"
	unsupported          = "unsupported"
	unavailableNow       = "unavailable"
	overloaded           = "overloaded"
	perhapsDone          = "perhaps_done"
	deadline             = "deadline"
	internalError        = "internal_error"
)

// refusal is why a request is not answered with what it asked for.
type refusal struct {
	code  string
	cause error // for the log; nil when the code says it all
}

// telling is how a refusal looks on the wire.
type telling struct {
	status int
	// detail is for people; none: the answer has no body.
	detail    string
	challenge string // of a 401
}

// tellings are all there are, and openapi.yaml says the same.
var tellings = map[string]telling{
	methodNotAllowed:     {status: http.StatusMethodNotAllowed, detail: "this method is not served here"},
	lacksPermission:      {status: http.StatusUnauthorized, detail: "no session token was sent: the account that POS was opened with lacks the permission for the app", challenge: "Bearer"},
	unauthorised:         {status: http.StatusUnauthorized, challenge: `Bearer error="invalid_token"`},
	turnedAway:           {status: http.StatusTooManyRequests, detail: "too many forged tokens came from this address"},
	unsupportedMediaType: {status: http.StatusUnsupportedMediaType, detail: "the body must be application/json in UTF-8, not compressed"},
	bodyTooLarge:         {status: http.StatusRequestEntityTooLarge, detail: "the body is too large"},
	bodyUnreadable:       {status: http.StatusBadRequest, detail: "the body did not come whole"},
	bodyLate:             {status: http.StatusRequestTimeout, detail: "the body did not come in time"},
	invalidJSON:          {status: http.StatusBadRequest, detail: "the body is not the JSON that is expected"},
	invalidRequest:       {status: http.StatusBadRequest, detail: "a field is missing or malformed"},
	keyRequired:          {status: http.StatusBadRequest, detail: "one Idempotency-Key of 1 to 255 visible characters is required"},
	unknownCurrency:      {status: http.StatusUnprocessableEntity, detail: "the currency is none of ISO 4217"},
	unprocessable:        {status: http.StatusUnprocessableEntity, detail: "the request cannot be accepted"},
	unknownShop:          {status: http.StatusNotFound, detail: "the shop is not served any more"},
	unknownOffer:         {status: http.StatusNotFound, detail: "there is no such offer for this customer, or not any more; ask for offers again"},
	unknownRedemption:    {status: http.StatusNotFound, detail: "there is no such redemption"},
	insufficientPoints:   {status: http.StatusConflict, detail: "the customer has too few points"},
	keyReused:            {status: http.StatusConflict, detail: "the Idempotency-Key came with another request before"},
	alreadyReserved:      {status: http.StatusConflict, detail: "the offer has been reserved under another Idempotency-Key; ask for offers again"},
	redemptionReleased:   {status: http.StatusConflict, detail: "the points are not held any more"},
	redemptionCaptured:   {status: http.StatusConflict, detail: "an order has been paid with the points"},
	conflict:             {status: http.StatusConflict, detail: "the request came at the wrong moment; ask for offers again"},
	tooManyWrites:        {status: http.StatusTooManyRequests, detail: "the shop's tills ask too often"},
	limited:              {status: http.StatusTooManyRequests, detail: "asked too often"},
	unsupported:          {status: http.StatusNotImplemented, detail: "the shop does not offer this"},
	unavailableNow:       {status: http.StatusServiceUnavailable, detail: "it was certainly not done; the same request may be sent again"},
	overloaded:           {status: http.StatusServiceUnavailable, detail: "it was certainly not done, since too much is under way; the same request may be sent again"},
	perhapsDone:          {status: http.StatusGatewayTimeout, detail: "it was perhaps done; send the same request again to know"},
	deadline:             {status: http.StatusGatewayTimeout, detail: "there was no time left, and it was perhaps done; send the same request again to know"},
	internalError:        {status: http.StatusInternalServerError, detail: "something went wrong on our side"},
}

// ofPort are the port's codes that are told as they are.
var ofPort = map[string]bool{insufficientPoints: true, keyReused: true, alreadyReserved: true, redemptionReleased: true, redemptionCaptured: true}

// told is a fault of the port as this wire knows it.
func told(err error, at *endpoint) *refusal {
	f := fault.From(err)
	code := internalError
	switch f.Kind {
	case fault.NotFound:
		code = at.unknown
		if f.Code == unknownShop {
			code = unknownShop
		}
	case fault.Conflict:
		code = conflict
		if ofPort[f.Code] {
			code = f.Code
		}
	case fault.Invalid:
		code = unprocessable
	case fault.Limited:
		code = limited
	case fault.Unsupported:
		code = unsupported
	case fault.Unavailable:
		code = unavailableNow
	case fault.Unknown:
		code = perhapsDone
	case fault.Internal, fault.Denied, fault.Unauthenticated: // the port promises no such fault
	}
	return &refusal{code, err}
}
