// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"context"
	"fmt"

	"google.golang.org/grpc"

	"github.com/cartage-dev/cartage/core/cart"
	protocolv1 "github.com/cartage-dev/cartage/plugins/protocol/v1"
	"github.com/cartage-dev/cartage/ports/backend"
)

type cartsClient struct{ client protocolv1.CartsClient }

var _ backend.Carts = cartsClient{}

func (c cartsClient) Put(ctx context.Context, call backend.Call, req backend.PutCart) (backend.PutAnswer, error) {
	ctx, err := begin(ctx)
	if err != nil {
		return backend.PutAnswer{}, err
	}
	answer, err := c.client.Put(ctx, encodePut(call, req))
	if err != nil {
		return backend.PutAnswer{}, FromStatus(err, true)
	}
	return decodePutAnswer(answer)
}

func (c cartsClient) Get(ctx context.Context, call backend.Call, id cart.ID) (cart.Cart, error) {
	ctx, err := begin(ctx)
	if err != nil {
		return cart.Cart{}, err
	}
	answer, err := c.client.Get(ctx, &protocolv1.GetRequest{Call: encodeCall(call), Id: string(id)})
	if err != nil {
		return cart.Cart{}, FromStatus(err, false)
	}
	return decodeFound(answer.GetCart())
}

func (c cartsClient) Change(ctx context.Context, call backend.Call, id cart.ID, req backend.ChangeCart) (backend.ChangeAnswer, error) {
	ctx, err := begin(ctx)
	if err != nil {
		return backend.ChangeAnswer{}, err
	}
	answer, err := c.client.Change(ctx, encodeChange(call, id, req))
	if err != nil {
		return backend.ChangeAnswer{}, FromStatus(err, true)
	}
	return decodeChangeAnswer(answer)
}

// decodeFound is decodeCart for an answer that must be a cart that exists.
func decodeFound(m *protocolv1.Cart) (cart.Cart, error) {
	c, err := decodeCart(m)
	if err == nil && c.ID == "" {
		return cart.Cart{}, badAnswer("the cart has no id")
	}
	return c, err
}

// RegisterCarts serves carts on s.
func RegisterCarts(s grpc.ServiceRegistrar, carts backend.Carts) {
	protocolv1.RegisterCartsServer(s, cartsServer{carts: carts})
}

type cartsServer struct {
	protocolv1.UnimplementedCartsServer
	carts backend.Carts
}

func (s cartsServer) Put(ctx context.Context, m *protocolv1.PutRequest) (*protocolv1.PutResponse, error) {
	call, req, err := decodePut(m)
	if err != nil {
		return nil, ToStatus(err)
	}
	answer, err := s.carts.Put(Incoming(ctx), call, req)
	if err != nil {
		return nil, ToStatus(err)
	}
	response, err := encodePutAnswer(answer)
	return response, ToStatus(err)
}

func (s cartsServer) Get(ctx context.Context, m *protocolv1.GetRequest) (*protocolv1.GetResponse, error) {
	call, err := decodeCallOn(m.GetCall(), m.GetId())
	if err != nil {
		return nil, ToStatus(err)
	}
	found, err := s.carts.Get(Incoming(ctx), call, cart.ID(m.GetId()))
	if err != nil {
		return nil, ToStatus(err)
	}
	encoded, err := encodeCart(found)
	if err != nil {
		return nil, ToStatus(err)
	}
	return &protocolv1.GetResponse{Cart: encoded}, nil
}

func (s cartsServer) Change(ctx context.Context, m *protocolv1.ChangeRequest) (*protocolv1.ChangeResponse, error) {
	call, req, err := decodeChange(m)
	if err != nil {
		return nil, ToStatus(err)
	}
	answer, err := s.carts.Change(Incoming(ctx), call, cart.ID(m.GetId()), req)
	if err != nil {
		return nil, ToStatus(err)
	}
	response, err := encodeChangeAnswer(answer)
	return response, ToStatus(err)
}

func encodePut(call backend.Call, req backend.PutCart) *protocolv1.PutRequest {
	m := &protocolv1.PutRequest{
		Call: encodeCall(call), Reference: req.Reference, Supersedes: string(req.Supersedes),
		AllOrNothing: req.AllOrNothing, CustomerToken: req.Customer, WantPages: req.WantPages,
	}
	for _, item := range req.Items {
		m.Items = append(m.Items, &protocolv1.Item{Sku: item.SKU, Quantity: item.Quantity})
	}
	return m
}

func decodePut(m *protocolv1.PutRequest) (backend.Call, backend.PutCart, error) {
	call, err := decodeCall(m.GetCall())
	if err != nil {
		return backend.Call{}, backend.PutCart{}, err
	}
	req := backend.PutCart{
		Reference: m.GetReference(), Supersedes: cart.ID(m.GetSupersedes()),
		AllOrNothing: m.GetAllOrNothing(), Customer: m.GetCustomerToken(), WantPages: m.GetWantPages(),
	}
	for i, item := range m.GetItems() {
		if item.GetSku() == "" || item.GetQuantity() < 1 {
			return backend.Call{}, backend.PutCart{}, badRequest(fmt.Sprintf("items[%d]", i), "malformed", "must name a sku and at least one unit")
		}
		req.Items = append(req.Items, cart.Item{SKU: item.GetSku(), Quantity: item.GetQuantity()})
	}
	return call, req, nil
}

func encodePutAnswer(a backend.PutAnswer) (*protocolv1.PutResponse, error) {
	made, err := encodeCart(a.Cart)
	if err != nil {
		return nil, err
	}
	problems, err := encodeProblems(a.Problems)
	if err != nil {
		return nil, err
	}
	pages, err := encodePages(a.Pages)
	if err != nil {
		return nil, err
	}
	return &protocolv1.PutResponse{Cart: made, Problems: problems, Pages: pages}, nil
}

func decodePutAnswer(m *protocolv1.PutResponse) (backend.PutAnswer, error) {
	made, err := decodeCart(m.GetCart())
	if err != nil {
		return backend.PutAnswer{}, err
	}
	problems, err := decodeProblems(m.GetProblems())
	if err != nil {
		return backend.PutAnswer{}, err
	}
	pages, err := decodePages(m.GetPages())
	if err != nil {
		return backend.PutAnswer{}, err
	}
	return backend.PutAnswer{Cart: made, Problems: problems, Pages: pages}, nil
}
