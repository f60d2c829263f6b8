// SPDX-License-Identifier: Apache-2.0

package posui

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/cartage-dev/cartage/adapters/inbound/httpserver"
	"github.com/cartage-dev/cartage/core/fault"
)

// refuse answers otherwise than asked, and returns the code of why.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, v visit, refused *refusal) (code string) {
	as, header := tellings[refused.code], w.Header()
	switch as.status {
	case http.StatusUnauthorized:
		header.Set("WWW-Authenticate", as.challenge)
	case http.StatusMethodNotAllowed:
		header.Set("Allow", v.at.method+", "+http.MethodOptions)
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		header.Set("Retry-After", strconv.FormatInt(seconds(refused.cause), 10))
	}
	switch refused.code {
	case methodNotAllowed, turnedAway, unauthorised, lacksPermission, bodyTooLarge, bodyLate, bodyUnreadable:
		if r.Method != http.MethodGet {
			header.Set("Connection", "close") // else net/http would first wait for the body
		}
	}
	h.note(r, v, refused.code, refused.cause)
	body := any(nil)
	if as.detail != "" {
		body = problemAnswer{
			Type: noType, Title: http.StatusText(as.status), Status: as.status, Code: refused.code,
			Detail: as.detail + where(refused), RequestID: v.requestID,
		}
		header.Set("Content-Type", "application/problem+json")
	}
	if err := h.tell(w, r, v, as.status, body); err != nil {
		h.note(r, v, notDelivered, err)
	}
	return refused.code
}

// where names the field of ours, or the place in the body, that a caller has to mend. What a caller
// called things is not repeated.
func where(refused *refusal) string {
	f := fault.From(refused.cause)
	if refused.cause == nil || len(f.Fields) == 0 {
		return ""
	}
	switch field := f.Fields[0]; refused.code {
	case invalidRequest:
		return ": " + field.Path + " is " + field.Reason
	case invalidJSON:
		return ": " + field.Reason + " at " + field.Detail
	}
	return ""
}

// retryMax bounds how long anybody is asked to wait.
const retryMax = time.Hour

// seconds is how long a fault asks to wait, at least one.
func seconds(cause error) int64 {
	wait := time.Second
	if cause != nil {
		wait = max(wait, min(fault.From(cause).RetryAfter, retryMax))
	}
	return int64((wait + time.Second - 1) / time.Second)
}

// tell answers; an error says that the till was not told, or too late. How long a hold lives
// depends on that, so the answer to a reservation is sent at once, to see.
func (h *Handler) tell(w http.ResponseWriter, r *http.Request, v visit, status int, body any) error {
	text := []byte(nil)
	if body != nil {
		var buf bytes.Buffer
		enc := json.NewEncoder(&buf)
		enc.SetEscapeHTML(false) // nosniff keeps browsers from seeing HTML
		if err := enc.Encode(body); err != nil {
			return err
		}
		text = buf.Bytes()
		if w.Header().Get("Content-Type") == "" {
			w.Header().Set("Content-Type", "application/json")
		}
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	gone := r.Context().Err()
	connection := http.NewResponseController(w)
	_ = connection.SetWriteDeadline(time.Now().Add(h.left(v, tellStop)))
	w.WriteHeader(status)
	_, err := w.Write(text)
	if err == nil && status == http.StatusCreated {
		err = connection.Flush()
	}
	switch {
	case gone != nil:
		return gone
	case err == nil && h.left(v, tellStop) < 0:
		return os.ErrDeadlineExceeded
	}
	return err
}

// note logs what went wrong; what the caller has to mend is for those who look closely.
func (h *Handler) note(r *http.Request, v visit, reason string, cause error) {
	level := slog.LevelWarn
	if status := tellings[reason].status; status != 0 && status < http.StatusInternalServerError {
		level = slog.LevelDebug
	}
	attrs := []slog.Attr{
		slog.String("app", v.app()), slog.String("endpoint", v.at.name), slog.String("reason", reason),
		slog.String("request_id", v.requestID), slog.Int64("took_ms", h.now().Sub(v.acceptedAt).Milliseconds()),
	}
	if cause != nil {
		f := fault.From(cause)
		attrs = append(attrs, slog.String("kind", f.Kind.String()), slog.String("source", f.Source.String()),
			slog.String("code", httpserver.Printable(f.Code)), slog.String("cause", httpserver.Printable(cause.Error())))
	}
	h.log.LogAttrs(r.Context(), level, "extension not served", attrs...)
}
