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
	"github.com/cartage-dev/cartage/core/checkout"
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
		Change    backend.ChangeCart
		Delivery  backend.Delivery
		HandOff   backend.HandOff
		ID        cart.ID
		Reference string
	}
	var got asked
	var answer struct {
		put    backend.PutAnswer
		change backend.ChangeAnswer
		cart   cart.Cart
		quote  checkout.Quote
		pages  backend.Pages
		order  order.Order
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
			change: func(_ context.Context, call backend.Call, id cart.ID, req backend.ChangeCart) (backend.ChangeAnswer, error) {
				got = asked{Call: call, ID: id, Change: req}
				return answer.change, nil
			},
		})
		protocol.RegisterCheckout(s, till{
			deliver: func(_ context.Context, call backend.Call, id cart.ID, req backend.Delivery) (checkout.Quote, error) {
				got = asked{Call: call, ID: id, Delivery: req}
				return answer.quote, nil
			},
			handOff: func(_ context.Context, call backend.Call, id cart.ID, req backend.HandOff) (backend.Pages, error) {
				got = asked{Call: call, ID: id, HandOff: req}
				return answer.pages, nil
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
		want := asked{Call: call(t), ID: cart.ID(someText.Draw(t, "id")), Change: changeCart(t)}
		answer.change = changeAnswer(t)
		changed, err := b.Carts.Change(ctx, want.Call, want.ID, want.Change)
		if err != nil {
			t.Fatalf("change: %v", err)
		}
		compare(t, "change request", got, want)
		compare(t, "change answer", changed, answer.change)
	})
	rapid.Check(t, func(t *rapid.T) {
		want := asked{Call: call(t), ID: cart.ID(someText.Draw(t, "id")), Delivery: delivery(t)}
		answer.quote = quote(t)
		quoted, err := b.Checkout.Deliver(ctx, want.Call, want.ID, want.Delivery)
		if err != nil {
			t.Fatalf("deliver: %v", err)
		}
		compare(t, "deliver request", got, want)
		compare(t, "quote", quoted, answer.quote)
	})
	rapid.Check(t, func(t *rapid.T) {
		want := asked{Call: call(t), ID: cart.ID(someText.Draw(t, "id")), HandOff: backend.HandOff{
			SuccessURL: anyText.Draw(t, "success"), CancelURL: anyText.Draw(t, "cancel"), Customer: anyText.Draw(t, "customer"),
		}}
		answer.pages = backend.Pages{Checkout: webRequest(t), NeedLink: rapid.Bool().Draw(t, "need link")}
		pages, err := b.Checkout.HandOff(ctx, want.Call, want.ID, want.HandOff)
		if err != nil {
			t.Fatalf("hand off: %v", err)
		}
		compare(t, "hand-off request", got, want)
		compare(t, "pages", pages, answer.pages)
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
		Info:           backend.Info{Name: "mock", Version: "1.2.0", KeyedWrites: true, ReadBack: true, Demo: true},
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
