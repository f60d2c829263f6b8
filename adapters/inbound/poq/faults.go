// SPDX-License-Identifier: Apache-2.0

package poq

import (
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/cartage-dev/cartage/adapters/inbound/httpserver"
	"github.com/cartage-dev/cartage/core/fault"
)

// Codes that this package gives to faults of its own.
const (
	methodNotAllowed     = "method_not_allowed"
	unsupportedMediaType = "unsupported_media_type"
	invalidCustomerToken = "invalid_customer_token"
)

// place is an endpoint, or several.
type place uint8

const (
	atTransfer place = 1 << iota
	atOrders
	atBoth = atTransfer | atOrders
)

// refusal is how one kind of error looks on the wire, and where. The message is
// ours, for people; a fault's own may hold what a plugin said.
type refusal struct {
	status  int
	at      place
	message string
}

// refusals are all there are, by their codes, and openapi.yaml says the same.
var refusals = map[string]refusal{
	httpserver.InvalidJSON:  {http.StatusBadRequest, atTransfer, "the body is not the JSON that is expected"},
	"body_unreadable":       {http.StatusBadRequest, atTransfer, "the body did not come whole"},
	invalidCustomerToken:    {http.StatusBadRequest, atTransfer, "the shopper's token cannot be passed on"},
	"unauthorised":          {http.StatusUnauthorized, atBoth, "the shop's secret is missing or wrong"},
	"customer_unauthorised": {http.StatusUnauthorized, atTransfer, "the shopper's token is no longer good"},
	"denied":                {http.StatusForbidden, atBoth, "this address may not ask"},
	"unknown_tenant":        {http.StatusNotFound, atBoth, "there is no such shop"},
	"unknown_reference":     {http.StatusNotFound, atOrders, "no order carries this reference"},
	methodNotAllowed:        {http.StatusMethodNotAllowed, atBoth, "this method is not served here"},
	"reference_completed":   {http.StatusConflict, atTransfer, "the cart of this reference has become an order"},
	httpserver.BodyTooLarge: {http.StatusRequestEntityTooLarge, atTransfer, "the body is too large"},
	unsupportedMediaType:    {http.StatusUnsupportedMediaType, atTransfer, "the body must be application/json in UTF-8, not compressed"},
	"invalid_items":         {http.StatusUnprocessableEntity, atTransfer, "items cannot be accepted"},
	"invalid_currency":      {http.StatusUnprocessableEntity, atTransfer, "the currency cannot be accepted"},
	"invalid_reference":     {http.StatusUnprocessableEntity, atBoth, "the reference cannot be accepted"},
	"invalid_request":       {http.StatusUnprocessableEntity, atBoth, "the request cannot be accepted"},
	"rate_limited":          {http.StatusTooManyRequests, atBoth, "asked too often; ask again later"},
	"internal_error":        {http.StatusInternalServerError, atBoth, "something went wrong on our side"},
	"unsupported":           {http.StatusNotImplemented, atBoth, "the shop's platform does not offer this"},
	"platform_error":        {http.StatusBadGateway, atBoth, "the shop's platform gave an answer that cannot be used"},
	"platform_timeout":      {http.StatusServiceUnavailable, atBoth, "the shop's platform did not answer in time; the same request may be sent again"},
}

// refusalOf is the code under which the caller is told of a fault. customer tells
// that the request carried a shopper's token, which a backend may have refused.
func refusalOf(f *fault.Error, at place, customer bool) string {
	foreign := f.Source == fault.Backend || f.Source == fault.Plugin
	code := codeOf(f, foreign, customer)
	switch {
	case refusals[code].at&at != 0:
		return code
	case f.Kind == fault.Invalid:
		return "invalid_request"
	case foreign: // the ports promise no such fault
		return "platform_error"
	}
	return "internal_error"
}

// codeOf is the code of a fault that can be told as what it is, and empty for any other.
func codeOf(f *fault.Error, foreign, customer bool) string {
	switch f.Kind {
	case fault.Invalid:
		if status := refusals[f.Code].status; status == http.StatusUnprocessableEntity || !foreign && ofRequest[status] {
			return f.Code
		}
	case fault.NotFound:
		switch {
		case foreign:
		case f.Code == "unknown_shop":
			return "unknown_tenant"
		case f.Code == "unknown_reference":
			return f.Code
		}
	case fault.Conflict:
		if f.Code == "reference_completed" {
			return f.Code
		}
	case fault.Denied:
		if !foreign { // else a backend denies the host something, which is not the caller's to mend
			return "denied"
		}
	case fault.Unauthenticated:
		switch {
		case !foreign:
			return "unauthorised"
		case customer:
			return "customer_unauthorised"
		}
	case fault.Unsupported:
		return "unsupported"
	case fault.Limited:
		return "rate_limited"
	case fault.Unavailable, fault.Unknown: // what was perhaps done is given again, not done twice
		return "platform_timeout"
	case fault.Internal:
	}
	return ""
}

// ofRequest are the statuses, beside 422, of requests that are wrong in themselves.
var ofRequest = map[int]bool{
	http.StatusBadRequest: true, http.StatusMethodNotAllowed: true,
	http.StatusRequestEntityTooLarge: true, http.StatusUnsupportedMediaType: true,
}

// refuse answers with an error and returns its code.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, v *visit, err error) (code string) {
	f := fault.From(err)
	code = refusalOf(f, v.at, v.customer)
	as := refusals[code]
	body := errorBody{Code: code, Message: as.message, RequestID: httpserver.RequestID(r.Context()), Details: []errorDetail{}}
	if f.Kind == fault.Invalid {
		body.Details = v.body.details(f.Fields)
	}
	switch as.status {
	case http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", `Bearer realm="cartage"`)
	case http.StatusMethodNotAllowed:
		w.Header().Set("Allow", v.allow)
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", strconv.FormatInt(retrySeconds(f.RetryAfter), 10))
	}
	h.log.LogAttrs(r.Context(), levelOf(as.status), "request refused", append(v.attrs(r, h.now()),
		slog.Int("status", as.status), slog.String("answered", code),
		slog.String("kind", f.Kind.String()), slog.String("source", f.Source.String()),
		slog.String("code", httpserver.Printable(f.Code)), slog.String("cause", httpserver.Printable(err.Error())))...)
	h.write(w, r, as.status, errorAnswer{body})
	return code
}

// levelOf makes what is ours an error and a backend's trouble a warning; what the
// caller has to mend is for those who look closely.
func levelOf(status int) slog.Level {
	switch {
	case status == http.StatusInternalServerError:
		return slog.LevelError
	case status > http.StatusInternalServerError:
		return slog.LevelWarn
	}
	return slog.LevelDebug
}

// retryMax bounds how long anybody is asked to wait, whatever a backend says.
const retryMax = time.Hour

// retrySeconds is a wait in whole seconds, at least one.
func retrySeconds(d time.Duration) int64 {
	d = max(time.Second, min(d, retryMax))
	return int64((d + time.Second - 1) / time.Second)
}
