// SPDX-License-Identifier: Apache-2.0

package protocol_test

import (
	"context"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"google.golang.org/grpc"
	"pgregory.net/rapid"

	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/order"
	"github.com/cartage-dev/cartage/core/secret"
	"github.com/cartage-dev/cartage/plugins/protocol"
	"github.com/cartage-dev/cartage/ports/backend"
)

var same = cmp.Options{cmpopts.EquateComparable(netip.Addr{}, secret.Text{})}

// TestRoundTrip sends generated values both ways over a real server.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	type asked struct {
		Call      backend.Call
		Put       backend.PutCart
		ID        cart.ID
		Reference string
	}
	var got asked
	var answer struct {
		put   backend.PutAnswer
		cart  cart.Cart
		order order.Order
	}
	conn := serve(t, func(s grpc.ServiceRegistrar) {
		protocol.RegisterCarts(s, carts{
			put: func(_ context.Context, call backend.Call, req backend.PutCart) (backend.PutAnswer, error) {
				got = asked{Call: call, Put: req}
				return answer.put, nil
			},
			get: func(_ context.Context, call backend.Call, id cart.ID) (cart.Cart, error) {
				got = asked{Call: call, ID: id}
				return answer.cart, nil
			},
		})
		protocol.RegisterOrders(s, orders(func(_ context.Context, call backend.Call, reference string) (order.Order, error) {
			got = asked{Call: call, Reference: reference}
			return answer.order, nil
		}))
	})
	b, ctx := protocol.NewBackend(conn, both), soon(t)

	rapid.Check(t, func(t *rapid.T) {
		want := asked{Call: call(t), Put: putCart(t)}
		answer.put = putAnswer(t)
		put, err := b.Carts.Put(ctx, want.Call, want.Put)
		if err != nil {
			t.Fatalf("put: %v", err)
		}
		compare(t, "put request", got, want)
		compare(t, "put answer", put, answer.put)
	})
	rapid.Check(t, func(t *rapid.T) {
		want := asked{Call: call(t), ID: cart.ID(someText.Draw(t, "id"))}
		answer.cart = fullCart(t)
		found, err := b.Carts.Get(ctx, want.Call, want.ID)
		if err != nil {
			t.Fatalf("get: %v", err)
		}
		compare(t, "get request", got, want)
		compare(t, "cart", found, answer.cart)
	})
	rapid.Check(t, func(t *rapid.T) {
		want := asked{Call: call(t), Reference: someText.Draw(t, "reference")}
		answer.order = fullOrder(t)
		found, err := b.Orders.ByReference(ctx, want.Call, want.Reference)
		if err != nil {
			t.Fatalf("by reference: %v", err)
		}
		compare(t, "by reference request", got, want)
		compare(t, "order", found, answer.order)
	})
}

func compare[T any](t *rapid.T, what string, got, want T) {
	t.Helper()
	if diff := cmp.Diff(want, got, same); diff != "" {
		t.Fatalf("%s (-want +got):\n%s", what, diff)
	}
}

func TestLifecycleRoundTrip(t *testing.T) {
	t.Parallel()
	described := protocol.Description{
		Info:           backend.Info{Name: "mock", Version: "1.2.0", KeyedWrites: true, Demo: true},
		Ports:          []backend.Port{backend.PortOrders},
		SettingsSchema: []byte(`{"type":"object"}`),
	}
	want := protocol.Configuration{
		Backend: "eu", Settings: []byte(`{"a":1}`), Secrets: map[string]secret.Text{"token": secret.New("s3cret")},
	}
	var got protocol.Configuration
	conn := serve(t, func(s grpc.ServiceRegistrar) {
		protocol.RegisterLifecycle(s, lifecycle{
			description: described,
			configure:   func(c protocol.Configuration) error { got = c; return nil },
			check:       func(context.Context) error { return nil },
		})
	})
	client := protocol.NewLifecycle(conn)
	d, err := client.Describe(soon(t))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(described, d); diff != "" {
		t.Errorf("description (-want +got):\n%s", diff)
	}
	if err := client.Configure(soon(t), want); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, same); diff != "" {
		t.Errorf("configuration (-want +got):\n%s", diff)
	}
	if err := client.Check(soon(t)); err != nil {
		t.Error(err)
	}
	b := protocol.NewBackend(conn, d)
	if b.Carts != nil || b.Orders == nil || b.Info != described.Info {
		t.Errorf("backend offers %v, want orders alone", b.Offered())
	}
}
