// SPDX-License-Identifier: Apache-2.0

package protocol_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/handoff"
	"github.com/cartage-dev/cartage/core/money"
	"github.com/cartage-dev/cartage/core/order"
	"github.com/cartage-dev/cartage/plugins/protocol"
	protocolv1 "github.com/cartage-dev/cartage/plugins/protocol/v1"
	"github.com/cartage-dev/cartage/ports/backend"
)

// foreign is a plugin that answers messages of its own making.
type foreign struct {
	protocolv1.UnimplementedCartsServer
	protocolv1.UnimplementedCheckoutServer
	protocolv1.UnimplementedOrdersServer
	protocolv1.UnimplementedLoyaltyServer
	protocolv1.UnimplementedLifecycleServer
	put       *protocolv1.PutResponse
	get       *protocolv1.GetResponse
	change    *protocolv1.ChangeResponse
	quote     *protocolv1.DeliverResponse
	handOff   *protocolv1.HandOffResponse
	order     *protocolv1.ByReferenceResponse
	points    *protocolv1.PointsResponse
	move      *protocolv1.MoveResponse
	moved     *protocolv1.MovedResponse
	described *protocolv1.DescribeResponse
}

func (f foreign) Put(context.Context, *protocolv1.PutRequest) (*protocolv1.PutResponse, error) {
	return f.put, nil
}

func (f foreign) Get(context.Context, *protocolv1.GetRequest) (*protocolv1.GetResponse, error) {
	return f.get, nil
}

func (f foreign) Change(context.Context, *protocolv1.ChangeRequest) (*protocolv1.ChangeResponse, error) {
	return f.change, nil
}

func (f foreign) Deliver(context.Context, *protocolv1.DeliverRequest) (*protocolv1.DeliverResponse, error) {
	return f.quote, nil
}

func (f foreign) HandOff(context.Context, *protocolv1.HandOffRequest) (*protocolv1.HandOffResponse, error) {
	return f.handOff, nil
}

func (f foreign) ByReference(context.Context, *protocolv1.ByReferenceRequest) (*protocolv1.ByReferenceResponse, error) {
	return f.order, nil
}

func (f foreign) Points(context.Context, *protocolv1.PointsRequest) (*protocolv1.PointsResponse, error) {
	return f.points, nil
}

func (f foreign) Move(context.Context, *protocolv1.MoveRequest) (*protocolv1.MoveResponse, error) {
	return f.move, nil
}

func (f foreign) Moved(context.Context, *protocolv1.MovedRequest) (*protocolv1.MovedResponse, error) {
	return f.moved, nil
}

func (f foreign) Describe(context.Context, *protocolv1.DescribeRequest) (*protocolv1.DescribeResponse, error) {
	return f.described, nil
}

func (f foreign) serve(t *testing.T) *grpc.ClientConn {
	t.Helper()
	return serve(t, func(s grpc.ServiceRegistrar) {
		protocolv1.RegisterCartsServer(s, f)
		protocolv1.RegisterCheckoutServer(s, f)
		protocolv1.RegisterOrdersServer(s, f)
		protocolv1.RegisterLoyaltyServer(s, f)
		protocolv1.RegisterLifecycleServer(s, f)
	})
}

func wantRefused(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		t.Fatal("a malformed answer was accepted")
	}
	if f := fault.From(err); f.Kind != fault.Internal || f.Source != fault.Plugin || f.Code != "bad_plugin_answer" {
		t.Errorf("got %v by %s, want internal bad_plugin_answer by plugin", f, f.Source)
	}
}

func TestMalformedAnswers(t *testing.T) {
	t.Parallel()
	good := &protocolv1.Cart{Id: "c1", Currency: "GBP"}
	page := func(r *protocolv1.WebRequest) *protocolv1.PutResponse {
		return &protocolv1.PutResponse{Cart: good, Pages: &protocolv1.Pages{Checkout: r}}
	}
	for _, tt := range []struct {
		name string
		put  *protocolv1.PutResponse
	}{
		{"no cart", &protocolv1.PutResponse{}},
		{"a currency nobody knows", &protocolv1.PutResponse{Cart: &protocolv1.Cart{Id: "c1", Currency: "XXX"}}},
		{"no currency", &protocolv1.PutResponse{Cart: &protocolv1.Cart{Id: "c1"}}},
		{"a reason of a newer plugin", &protocolv1.PutResponse{Cart: good, Problems: []*protocolv1.Problem{{Sku: "a", Reason: "recalled"}}}},
		{"pages without a checkout", &protocolv1.PutResponse{Cart: good, Pages: &protocolv1.Pages{}}},
		{"a method nobody knows", page(&protocolv1.WebRequest{Method: "DELETE"})},
		{"a method nobody knows on the cart page", &protocolv1.PutResponse{Cart: good, Pages: &protocolv1.Pages{
			Checkout: &protocolv1.WebRequest{Method: "GET"}, Cart: &protocolv1.WebRequest{Method: "get"},
		}}},
		{"a cookie of no known year", page(&protocolv1.WebRequest{Method: "GET", Cookies: []*protocolv1.Cookie{{ExpiresAt: &timestamppb.Timestamp{Seconds: 1 << 60}}}})},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := protocol.NewBackend(foreign{put: tt.put}.serve(t), both).Carts.Put(soon(t), backend.Call{}, backend.PutCart{})
			wantRefused(t, err)
		})
	}
	t.Run("a cart that is found has an id", func(t *testing.T) {
		t.Parallel()
		for _, m := range []*protocolv1.Cart{nil, {}, {Currency: "GBP"}} {
			_, err := protocol.NewBackend(foreign{get: &protocolv1.GetResponse{Cart: m}}.serve(t), both).Carts.Get(soon(t), backend.Call{}, "c1")
			wantRefused(t, err)
		}
	})
	for _, tt := range []struct {
		name  string
		order *protocolv1.Order
	}{
		{"no order", nil},
		{"an order without an id", &protocolv1.Order{Status: "placed", Cart: good}},
		{"a status of a newer plugin", &protocolv1.Order{Id: "o1", Status: "shipped", Cart: good}},
		{"an order of nothing", &protocolv1.Order{Id: "o1", Status: "placed"}},
		{"an order of no known year", &protocolv1.Order{Id: "o1", Status: "placed", Cart: good, PlacedAt: &timestamppb.Timestamp{Nanos: -1}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := protocol.NewBackend(foreign{order: &protocolv1.ByReferenceResponse{Order: tt.order}}.serve(t), both)
			_, err := b.Orders.ByReference(soon(t), backend.Call{}, "r1")
			wantRefused(t, err)
		})
	}
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		answer  *protocolv1.DescribeResponse
		want    []backend.Port
		refused bool
	}{
		{"a newer plugin's services are left alone", &protocolv1.DescribeResponse{
			Name: "m", Version: "2.0.0", Services: []string{"cartage.plugin.v1.Wishlists", "cartage.plugin.v1.Orders", "cartage.plugin.v1.Carts"},
		}, []backend.Port{backend.PortCarts, backend.PortOrders}, false},
		{"no services", &protocolv1.DescribeResponse{Name: "m", Version: "2.0.0"}, nil, false},
		{"no name", &protocolv1.DescribeResponse{Version: "2.0.0"}, nil, true},
		{"no version", &protocolv1.DescribeResponse{Name: "m"}, nil, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d, err := protocol.NewLifecycle(foreign{described: tt.answer}.serve(t)).Describe(soon(t))
			if tt.refused {
				wantRefused(t, err)
				return
			}
			if diff := cmp.Diff(tt.want, d.Ports); err != nil || diff != "" {
				t.Errorf("error %v, ports (-want +got):\n%s", err, diff)
			}
		})
	}
}

// TestUnspeakableAnswers are those the messages have no words for.
func TestUnspeakableAnswers(t *testing.T) {
	t.Parallel()
	gbp := cart.Cart{ID: "c1", Currency: "GBP"}
	for _, tt := range []struct {
		name   string
		answer backend.PutAnswer
	}{
		{"two currencies", backend.PutAnswer{Cart: cart.Cart{ID: "c1", Currency: "GBP", Totals: cart.Totals{Total: money.Of(1, "USD")}}}},
		{"an amount of no currency", backend.PutAnswer{Cart: cart.Cart{ID: "c1", Currency: "GBP", Totals: cart.Totals{Tax: &money.Amount{Minor: 1}}}}},
		{"a reason of its own", backend.PutAnswer{Cart: gbp, Problems: []cart.Problem{{Reason: "bored"}}}},
		{"a method of its own", backend.PutAnswer{Cart: gbp, Pages: &backend.Pages{Checkout: handoff.Request{Method: "PUT"}}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := serveCarts(t, carts{put: func(context.Context, backend.Call, backend.PutCart) (backend.PutAnswer, error) { return tt.answer, nil }})
			_, err := c.Put(soon(t), backend.Call{}, backend.PutCart{})
			wantRefused(t, err)
		})
	}
	t.Run("an order status of its own", func(t *testing.T) {
		t.Parallel()
		conn := serve(t, func(s grpc.ServiceRegistrar) {
			protocol.RegisterOrders(s, orders(func(context.Context, backend.Call, string) (order.Order, error) {
				return order.Order{ID: "o1", Cart: gbp}, nil
			}))
		})
		_, err := protocol.NewBackend(conn, both).Orders.ByReference(soon(t), backend.Call{}, "r1")
		wantRefused(t, err)
	})
	t.Run("an instant nobody knows is absent", func(t *testing.T) {
		t.Parallel()
		conn := serve(t, func(s grpc.ServiceRegistrar) {
			protocol.RegisterOrders(s, orders(func(context.Context, backend.Call, string) (order.Order, error) {
				return order.Order{ID: "o1", Status: order.Placed, Cart: gbp}, nil
			}))
		})
		got, err := protocolv1.NewOrdersClient(conn).ByReference(soon(t), &protocolv1.ByReferenceRequest{Call: &protocolv1.Call{}, Reference: "r1"})
		if err != nil || got.GetOrder().GetPlacedAt() != nil {
			t.Errorf("got %v, %v", got.GetOrder().GetPlacedAt(), err)
		}
	})
	t.Run("an amount left out is none of the cart's currency", func(t *testing.T) {
		t.Parallel()
		c := serveCarts(t, carts{get: func(context.Context, backend.Call, cart.ID) (cart.Cart, error) { return gbp, nil }})
		got, err := c.Get(soon(t), backend.Call{}, "c1")
		if err != nil || got.Totals.Discount != money.Zero("GBP") {
			t.Errorf("got %v, %v", got.Totals.Discount, err)
		}
	})
}
