// SPDX-License-Identifier: Apache-2.0

package protocol_test

import (
	"context"
	"net"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/checkout"
	"github.com/cartage-dev/cartage/core/order"
	"github.com/cartage-dev/cartage/plugins/protocol"
	"github.com/cartage-dev/cartage/ports/backend"
)

// hang bounds a test that would otherwise wait for ever.
const hang = 30 * time.Second

// carts, till and orders are ports whose answers a test chooses.
type carts struct {
	put func(context.Context, backend.Call, backend.PutCart) (backend.PutAnswer, error)
	get func(context.Context, backend.Call, cart.ID) (cart.Cart, error)

	change func(context.Context, backend.Call, cart.ID, backend.ChangeCart) (backend.ChangeAnswer, error)
}

func (c carts) Put(ctx context.Context, call backend.Call, req backend.PutCart) (backend.PutAnswer, error) {
	return c.put(ctx, call, req)
}

func (c carts) Get(ctx context.Context, call backend.Call, id cart.ID) (cart.Cart, error) {
	return c.get(ctx, call, id)
}

func (c carts) Change(ctx context.Context, call backend.Call, id cart.ID, req backend.ChangeCart) (backend.ChangeAnswer, error) {
	return c.change(ctx, call, id, req)
}

type till struct {
	deliver func(context.Context, backend.Call, cart.ID, backend.Delivery) (checkout.Quote, error)
	handOff func(context.Context, backend.Call, cart.ID, backend.HandOff) (backend.Pages, error)
}

func (c till) Deliver(ctx context.Context, call backend.Call, id cart.ID, req backend.Delivery) (checkout.Quote, error) {
	return c.deliver(ctx, call, id, req)
}

func (c till) HandOff(ctx context.Context, call backend.Call, id cart.ID, req backend.HandOff) (backend.Pages, error) {
	return c.handOff(ctx, call, id, req)
}

type orders func(context.Context, backend.Call, string) (order.Order, error)

func (o orders) ByReference(ctx context.Context, call backend.Call, reference string) (order.Order, error) {
	return o(ctx, call, reference)
}

type lifecycle struct {
	description protocol.Description
	configure   func(protocol.Configuration) error
	check       func(context.Context) error
}

func (l lifecycle) Describe(context.Context) (protocol.Description, error) { return l.description, nil }
func (l lifecycle) Configure(_ context.Context, c protocol.Configuration) error {
	return l.configure(c)
}
func (l lifecycle) Check(ctx context.Context) error { return l.check(ctx) }

// both offers every port.
var both = protocol.Description{Info: backend.Info{Name: "test", Version: "1.0.0"}, Ports: backend.Ports()}

// serve serves what register registers, over a pipe in memory, and connects to it.
func serve(t *testing.T, register func(grpc.ServiceRegistrar)) *grpc.ClientConn {
	t.Helper()
	pipe := bufconn.Listen(1 << 20)
	server := grpc.NewServer(grpc.MaxRecvMsgSize(protocol.MessageMax), grpc.MaxSendMsgSize(protocol.MessageMax))
	register(server)
	served := make(chan error, 1)
	go func() { served <- server.Serve(pipe) }()
	conn, err := grpc.NewClient("passthrough:///plugin",
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return pipe.DialContext(ctx) }),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(protocol.MessageMax), grpc.MaxCallSendMsgSize(protocol.MessageMax)),
	)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = conn.Close()
		server.Stop()
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return conn
}

func serveCarts(t *testing.T, c carts) backend.Carts {
	t.Helper()
	return protocol.NewBackend(serve(t, func(s grpc.ServiceRegistrar) { protocol.RegisterCarts(s, c) }), both).Carts
}

func soon(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), hang)
	t.Cleanup(cancel)
	return ctx
}
