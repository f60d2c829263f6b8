// SPDX-License-Identifier: Apache-2.0

package httpserver

import (
	"context"
	"net/http"
	"strings"

	"github.com/oklog/ulid/v2"
)

const (
	requestIDHeader = "X-Request-Id"
	requestIDMax    = 64
)

const requestIDAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"

// RequestID is the name of the request that ctx belongs to, and empty outside of one.
func RequestID(ctx context.Context) string {
	if v := visitOf(ctx); v != nil {
		return v.requestID
	}
	return ""
}

// requestID takes over the caller's one id when it is harmless, and makes one otherwise.
func requestID(h http.Header) string {
	given := h.Values(requestIDHeader)
	if len(given) == 1 && given[0] != "" && len(given[0]) <= requestIDMax && strings.Trim(given[0], requestIDAlphabet) == "" {
		return given[0]
	}
	return ulid.Make().String()
}
