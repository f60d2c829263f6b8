// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"context"

	"google.golang.org/grpc"

	"github.com/cartage-dev/cartage/core/order"
	protocolv1 "github.com/cartage-dev/cartage/plugins/protocol/v1"
	"github.com/cartage-dev/cartage/ports/backend"
)

type ordersClient struct{ client protocolv1.OrdersClient }

var _ backend.Orders = ordersClient{}

func (o ordersClient) ByReference(ctx context.Context, call backend.Call, reference string) (order.Order, error) {
	ctx, err := begin(ctx)
	if err != nil {
		return order.Order{}, err
	}
	answer, err := o.client.ByReference(ctx, &protocolv1.ByReferenceRequest{Call: encodeCall(call), Reference: reference})
	if err != nil {
		return order.Order{}, FromStatus(err, false)
	}
	return decodeOrder(answer.GetOrder())
}

// RegisterOrders serves orders on s.
func RegisterOrders(s grpc.ServiceRegistrar, orders backend.Orders) {
	protocolv1.RegisterOrdersServer(s, ordersServer{orders: orders})
}

type ordersServer struct {
	protocolv1.UnimplementedOrdersServer
	orders backend.Orders
}

func (s ordersServer) ByReference(ctx context.Context, m *protocolv1.ByReferenceRequest) (*protocolv1.ByReferenceResponse, error) {
	call, err := decodeCall(m.GetCall())
	if err != nil {
		return nil, ToStatus(err)
	}
	if m.GetReference() == "" {
		return nil, ToStatus(badRequest("reference", "required", ""))
	}
	found, err := s.orders.ByReference(Incoming(ctx), call, m.GetReference())
	if err != nil {
		return nil, ToStatus(err)
	}
	encoded, err := encodeOrder(found)
	if err != nil {
		return nil, ToStatus(err)
	}
	return &protocolv1.ByReferenceResponse{Order: encoded}, nil
}

func knownStatus(s order.Status) bool { return s == order.Placed || s == order.Cancelled }

func encodeOrder(o order.Order) (*protocolv1.Order, error) {
	if !knownStatus(o.Status) {
		return nil, badAnswer("the order has no known status")
	}
	bought, err := encodeCart(o.Cart)
	if err != nil {
		return nil, err
	}
	return &protocolv1.Order{
		Id: string(o.ID), Number: o.Number, Reference: o.Reference, Status: string(o.Status),
		Cart: bought, PlacedAt: encodeInstant(o.PlacedAt),
	}, nil
}

// decodeOrder lets an order's cart do without an id: not every backend keeps it.
func decodeOrder(m *protocolv1.Order) (order.Order, error) {
	switch {
	case m == nil:
		return order.Order{}, badAnswer("the answer has no order")
	case m.GetId() == "":
		return order.Order{}, badAnswer("the order has no id")
	case !knownStatus(order.Status(m.GetStatus())):
		return order.Order{}, badAnswer("the order has no known status")
	}
	bought, err := decodeCart(m.GetCart())
	if err != nil {
		return order.Order{}, err
	}
	placedAt, err := decodeInstant(m.GetPlacedAt())
	if err != nil {
		return order.Order{}, err
	}
	return order.Order{
		ID: order.ID(m.GetId()), Number: m.GetNumber(), Reference: m.GetReference(), Status: order.Status(m.GetStatus()),
		Cart: bought, PlacedAt: placedAt,
	}, nil
}
