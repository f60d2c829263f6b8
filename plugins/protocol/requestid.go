// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"context"

	"google.golang.org/grpc/metadata"

	"github.com/cartage-dev/cartage/ports/backend"
)

// requestIDMax bounds a request id on the wire, in bytes.
const requestIDMax = 128

// outgoing adds the request id to what gRPC sends. An id that metadata cannot
// carry is left out: a log line is not worth a call.
func outgoing(ctx context.Context) context.Context {
	if id := backend.RequestID(ctx); printable(id) {
		return metadata.AppendToOutgoingContext(ctx, RequestIDKey, id)
	}
	return ctx
}

// Incoming returns the context of a call as a port sees it, with the request id
// that came in its metadata. The servers of this package do so on their own;
// it is for interceptors, which stand before them.
func Incoming(ctx context.Context) context.Context {
	if ids := metadata.ValueFromIncomingContext(ctx, RequestIDKey); len(ids) == 1 && printable(ids[0]) {
		return backend.WithRequestID(ctx, ids[0])
	}
	return ctx
}

func printable(id string) bool {
	for _, c := range []byte(id) {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return id != "" && len(id) <= requestIDMax
}
