// SPDX-License-Identifier: Apache-2.0

package httpserver

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/cartage-dev/cartage/core/fault"
)

// BodyTooLarge is the code of ReadBody's fault for a body beyond its limit, which HTTP calls 413.
const BodyTooLarge = "body_too_large"

// ReadBody reads a request's body as it came, up to limit bytes. Its faults are
// Invalid and the caller's: body_too_large, or body_unreadable when it did not
// come whole or in time.
func ReadBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	if _, beyond := errors.AsType[*http.MaxBytesError](err); beyond {
		return nil, fault.New(fault.Invalid, BodyTooLarge, "the body exceeds %d bytes", limit).By(fault.Caller)
	}
	if err != nil {
		return nil, fault.New(fault.Invalid, "body_unreadable", "the body did not come whole").By(fault.Caller).Because(err)
	}
	return raw, nil
}

// PlainJSON reports whether a body is JSON by its headers, or by nobody's saying
// otherwise. One in some other coding is not: inflated, it would have no bound.
func PlainJSON(h http.Header) bool {
	types := h.Values("Content-Type")
	media, params, err := "application/json", map[string]string(nil), error(nil)
	if len(types) > 0 {
		media, params, err = mime.ParseMediaType(types[0])
	}
	charset, coding := params["charset"], strings.Join(h.Values("Content-Encoding"), ",")
	return err == nil && len(types) <= 1 && media == "application/json" &&
		(charset == "" || strings.EqualFold(charset, "utf-8")) && (coding == "" || strings.EqualFold(coding, "identity"))
}

// Bearer is the token of the request's one Authorization header, when that is of
// the scheme Bearer (RFC 6750, 2.1; the scheme's name in any case).
func Bearer(r *http.Request) (token string, ok bool) {
	given := r.Header.Values("Authorization")
	if len(given) != 1 {
		return "", false
	}
	scheme, token, found := strings.Cut(given[0], " ")
	token = strings.TrimLeft(token, " ")
	return token, found && token != "" && strings.EqualFold(scheme, "Bearer")
}

// WriteJSON answers with v as JSON that nobody may keep. Nothing is written when v
// has no JSON; the error then is ours, and otherwise the connection's.
func WriteJSON(w http.ResponseWriter, status int, v any) error {
	var body bytes.Buffer
	enc := json.NewEncoder(&body)
	enc.SetEscapeHTML(false) // URLs stay readable; nosniff keeps browsers from seeing HTML
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, err := w.Write(body.Bytes())
	return err
}
