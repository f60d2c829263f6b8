// SPDX-License-Identifier: Apache-2.0

package orderhooks

import (
	"log/slog"
	"net/http"

	"github.com/cartage-dev/cartage/adapters/inbound/httpserver"
	"github.com/cartage-dev/cartage/core/fault"
)

// The outcomes of a delivery, as logs and figures say them.
const (
	told             = "told"
	testOrder        = "test"          // no money was paid, and the app does not count such orders
	unknownTopic     = "unknown_topic" // subscribed to by somebody, and nothing to us
	unserved         = "unserved"      // a request of privacy that nobody takes
	unreadable       = "unreadable"    // signed, and not what its topic promises
	invalid          = "invalid"       // the port refused it for good
	methodNotAllowed = "method_not_allowed"
	bodyTooLarge     = httpserver.BodyTooLarge
	bodyUnreadable   = "body_unreadable"
	bodyLate         = "body_late"
	unauthorised     = "unauthorised"
	badMediaType     = "unsupported_media_type"
	badHeaders       = "invalid_headers"
	contradiction    = "contradiction" // a body of another topic, signed
	unknownShop      = "unknown_shop"
	unavailableNow   = "unavailable"
	perhapsDone      = "perhaps_done"
	deadline         = "deadline"
	overloaded       = "overloaded"
	internalError    = "internal_error"
)

// telling is how an outcome is answered, and how loudly it is logged.
type telling struct {
	status int
	level  slog.Level
}

// tellings are all there are, and openapi.yaml says the same. Whatever is not 2xx Shopify
// sends again eight times within four hours, the same bytes, and after as many failures in
// a row it deletes the subscription. So what would fail the same way each time is 200, with
// an error in the log, since one odd order must not silence a shop; and what may heal, or is
// not Shopify's doing, is not.
var tellings = map[string]telling{
	told:             {http.StatusOK, slog.LevelDebug},
	testOrder:        {http.StatusOK, slog.LevelDebug},
	unknownTopic:     {http.StatusOK, slog.LevelDebug}, // and once per topic a warning
	unserved:         {http.StatusOK, slog.LevelWarn},
	unreadable:       {http.StatusOK, slog.LevelError},
	invalid:          {http.StatusOK, slog.LevelError},
	bodyUnreadable:   {http.StatusBadRequest, slog.LevelWarn},
	badHeaders:       {http.StatusBadRequest, slog.LevelWarn},
	contradiction:    {http.StatusBadRequest, slog.LevelWarn},
	unauthorised:     {http.StatusUnauthorized, slog.LevelWarn},
	unknownShop:      {http.StatusNotFound, slog.LevelWarn}, // one that is configured within four hours loses nothing
	methodNotAllowed: {http.StatusMethodNotAllowed, slog.LevelWarn},
	bodyLate:         {http.StatusRequestTimeout, slog.LevelWarn},
	bodyTooLarge:     {http.StatusRequestEntityTooLarge, slog.LevelWarn},
	badMediaType:     {http.StatusUnsupportedMediaType, slog.LevelWarn},
	unavailableNow:   {http.StatusServiceUnavailable, slog.LevelWarn},
	perhapsDone:      {http.StatusServiceUnavailable, slog.LevelWarn},
	deadline:         {http.StatusServiceUnavailable, slog.LevelWarn},
	overloaded:       {http.StatusServiceUnavailable, slog.LevelWarn},
	internalError:    {http.StatusServiceUnavailable, slog.LevelError},
}

// outcome is what became of a delivery.
type outcome struct {
	code  string
	cause error // for the log; nil when the code says it all
}

// of is what an answer of a port means. expired tells that its time was up.
func of(err error, expired bool) outcome {
	if err == nil {
		return outcome{code: told}
	}
	code := internalError
	switch f := fault.From(err); f.Kind {
	case fault.NotFound:
		if f.Code == unknownShop {
			code = unknownShop
		}
	case fault.Invalid:
		code = invalid
	case fault.Limited:
		code = overloaded
	case fault.Unavailable:
		code = unavailableNow
	case fault.Unknown:
		code = perhapsDone
	case fault.Conflict, fault.Denied, fault.Unauthenticated, fault.Unsupported, fault.Internal: // the ports promise no such fault
	}
	if expired && (code == internalError || code == unavailableNow || code == perhapsDone) {
		code = deadline
	}
	return outcome{code, err}
}
