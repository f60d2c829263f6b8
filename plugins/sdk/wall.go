// SPDX-License-Identifier: Apache-2.0

package sdk

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/status"

	"github.com/cartage-dev/cartage/plugins/protocol"
)

const (
	windowBytes   = 1 << 20          // of flow control; fixed, so that gRPC sends no probes
	callsMax      = 1024             // at once; the host allows itself far fewer
	callMax       = 60 * time.Second // for a call whose host set no deadline
	stackBytesMax = 16 << 10
	causeBytesMax = 512
	panicBytesMax = 512
)

// wall stands between one process's host and its ports.
type wall struct {
	lifecycle *lifecycle
	log       *slog.Logger

	mu      sync.Mutex
	server  *grpc.Server
	stopped bool
}

func newWall(p Plugin, log *slog.Logger) *wall {
	return &wall{lifecycle: &lifecycle{plugin: p, log: log}, log: log}
}

// newServer is the server that go-plugin, or a test, serves with; the options are theirs.
func (w *wall) newServer(options []grpc.ServerOption) *grpc.Server {
	s := grpc.NewServer(append(options,
		grpc.MaxRecvMsgSize(protocol.MessageMax), grpc.MaxSendMsgSize(protocol.MessageMax),
		grpc.StaticStreamWindowSize(windowBytes), grpc.StaticConnWindowSize(windowBytes),
		grpc.MaxConcurrentStreams(callsMax),
		grpc.ChainUnaryInterceptor(w.observe, w.recover),
	)...)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.server = s
	if w.stopped {
		s.Stop()
	}
	return s
}

func (w *wall) register(s grpc.ServiceRegistrar) {
	protocol.RegisterLifecycle(s, w.lifecycle)
	for _, port := range w.lifecycle.plugin.Offers {
		switch port {
		case PortCarts:
			protocol.RegisterCarts(s, carts{w.lifecycle})
		case PortCheckout:
			protocol.RegisterCheckout(s, checkout{w.lifecycle})
		case PortOrders:
			protocol.RegisterOrders(s, orders{w.lifecycle})
		case PortLoyalty:
			protocol.RegisterLoyalty(s, loyalty{w.lifecycle})
		}
	}
}

// stop ends the server, and whoever serves with it returns.
func (w *wall) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stopped = true
	if w.server != nil {
		w.server.Stop()
	}
}

// close lets the ports close, and waits no longer than they are given.
func (w *wall) close(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, closeMax)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- w.lifecycle.close(ctx) }()
	select {
	case err := <-done:
		if err != nil {
			w.log.Error("ports did not close", "cause", err)
		}
	case <-ctx.Done():
		w.log.Error("ports did not close in time")
	}
}

// observe gives a call its deadline and request id, and logs what the host
// does not get to see: the cause of a fault.
func (w *wall) observe(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	ctx = protocol.Incoming(ctx)
	if _, bounded := ctx.Deadline(); !bounded {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, callMax)
		defer cancel()
	}
	answer, err := next(ctx, req)
	if cause := hiddenCause(err); cause != nil {
		w.log.LogAttrs(ctx, slog.LevelWarn, "call ended in a fault",
			slog.String("op", info.FullMethod), slog.String("grpc_code", status.Code(err).String()), slog.String("cause", cut(cause.Error(), causeBytesMax)))
	}
	return answer, err
}

// recover makes a handler's panic the fault of one call. What has been done by
// then nobody knows, and it is not asked again: a bug is Internal.
func (w *wall) recover(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (answer any, err error) {
	defer func() {
		if p := recover(); p != nil {
			w.log.LogAttrs(ctx, slog.LevelError, "handler panicked",
				slog.String("op", info.FullMethod), slog.String("panic", cut(fmt.Sprint(p), panicBytesMax)), slog.String("stack", cut(string(debug.Stack()), stackBytesMax)))
			answer, err = nil, protocol.ToStatus(NewFault(Internal, "panic", "the plugin met a bug of its own").By(SourcePlugin))
		}
	}()
	return next(ctx, req)
}

// hiddenCause is what of err stays on this side of the wire: the cause of a
// fault, or an error that is no fault at all.
func hiddenCause(err error) error {
	if f, ok := errors.AsType[*Fault](err); ok {
		return f.Cause
	}
	return errors.Unwrap(err) // of the status that protocol made of it
}
