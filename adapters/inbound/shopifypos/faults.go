// SPDX-License-Identifier: Apache-2.0

package shopifypos

import (
	"context"
	"errors"
	"net/http"

	"github.com/cartage-dev/cartage/adapters/inbound/httpserver"
	"github.com/cartage-dev/cartage/core/fault"
)

// Codes of refusals, as answers, logs and figures say them.
const (
	methodNotAllowed     = "method_not_allowed"
	bodyTooLarge         = httpserver.BodyTooLarge
	bodyUnreadable       = "body_unreadable"
	bodyLate             = "body_late"
	unauthorised         = "unauthorised"
	unsupportedMediaType = "unsupported_media_type"
	invalidJSON          = httpserver.InvalidJSON
	invalidRequest       = "invalid_request"
	unknownShop          = "unknown_shop"
	unknownAction        = "unknown_action"
	unknownCurrency      = "unknown_currency"
	unsupportedTemplate  = "unsupported_template"
	insufficientPoints   = "insufficient_points"
	conflict             = "conflict"
	unavailableNow       = "unavailable"
	perhapsDone          = "perhaps_done"
	deadline             = "deadline"
	overloaded           = "overloaded"
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
	// says tells whether the body is the code. One that nobody signed gets none, and neither does
	// a 404, so that what is another shop's looks like what is nobody's.
	says bool
	// open is answered 200 to promotions, with nothing to tap: the till must sell.
	open bool
}

// tellings are all there are, and openapi.yaml says the same.
var tellings = map[string]telling{
	methodNotAllowed:     {status: http.StatusMethodNotAllowed},
	bodyTooLarge:         {status: http.StatusRequestEntityTooLarge},
	bodyUnreadable:       {status: http.StatusBadRequest},
	bodyLate:             {status: http.StatusRequestTimeout},
	unauthorised:         {status: http.StatusUnauthorized},
	unsupportedMediaType: {status: http.StatusUnsupportedMediaType, says: true},
	invalidJSON:          {status: http.StatusBadRequest, says: true},
	invalidRequest:       {status: http.StatusBadRequest, says: true},
	unknownShop:          {status: http.StatusNotFound},
	unknownAction:        {status: http.StatusNotFound, open: true},
	unknownCurrency:      {status: http.StatusNotFound, open: true},
	unsupportedTemplate:  {status: http.StatusInternalServerError, says: true, open: true},
	insufficientPoints:   {status: http.StatusInternalServerError, says: true, open: true},
	conflict:             {status: http.StatusInternalServerError, says: true, open: true},
	unavailableNow:       {status: http.StatusInternalServerError, says: true, open: true},
	perhapsDone:          {status: http.StatusInternalServerError, says: true, open: true},
	deadline:             {status: http.StatusInternalServerError, says: true, open: true},
	overloaded:           {status: http.StatusInternalServerError, says: true, open: true},
	internalError:        {status: http.StatusInternalServerError, says: true, open: true},
}

// told is a fault of the port as this wire knows it: 404 is for what cannot be found, and
// 500 for any other reason. expired tells that the port's time was up.
func told(err error, expired bool) *refusal {
	f := fault.From(err)
	code := internalError
	switch f.Kind {
	case fault.NotFound:
		code = unknownAction
		if f.Code == unknownShop {
			code = unknownShop
		}
	case fault.Conflict:
		code = conflict
		if f.Code == insufficientPoints {
			code = insufficientPoints
		}
	case fault.Limited:
		code = overloaded
	case fault.Unavailable:
		code = unavailableNow
	case fault.Unknown:
		code = perhapsDone
	case fault.Internal, fault.Invalid, fault.Denied, fault.Unauthenticated, fault.Unsupported: // the port promises no such fault
	}
	if (expired || errors.Is(err, context.DeadlineExceeded)) && (code == internalError || code == unavailableNow || code == perhapsDone) {
		code = deadline
	}
	return &refusal{code, err}
}
