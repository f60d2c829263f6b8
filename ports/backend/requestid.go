// SPDX-License-Identifier: Apache-2.0

package backend

import "context"

type requestIDKey struct{}

// WithRequestID returns a context that carries the id under which the request
// at hand is logged. Beside a trace it is the only value a context carries to a
// backend; it never decides anything.
func WithRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestIDKey{}, id)
}

// RequestID is the id that WithRequestID put into ctx, and empty when there is none.
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}
