// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"context"
	"fmt"

	"google.golang.org/grpc"

	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/checkout"
	"github.com/cartage-dev/cartage/core/customer"
	"github.com/cartage-dev/cartage/core/money"
	protocolv1 "github.com/cartage-dev/cartage/plugins/protocol/v1"
	"github.com/cartage-dev/cartage/ports/backend"
)

type checkoutClient struct{ client protocolv1.CheckoutClient }

var _ backend.Checkout = checkoutClient{}

func (c checkoutClient) Deliver(ctx context.Context, call backend.Call, id cart.ID, req backend.Delivery) (checkout.Quote, error) {
	ctx, err := begin(ctx)
	if err != nil {
		return checkout.Quote{}, err
	}
	m := &protocolv1.DeliverRequest{Call: encodeCall(call), Id: string(id), Buyer: encodeBuyer(req.Buyer)}
	for _, o := range req.Options {
		m.Options = append(m.Options, string(o))
	}
	answer, err := c.client.Deliver(ctx, m)
	if err != nil {
		return checkout.Quote{}, FromStatus(err, true)
	}
	return decodeQuote(answer)
}

func (c checkoutClient) HandOff(ctx context.Context, call backend.Call, id cart.ID, req backend.HandOff) (backend.Pages, error) {
	ctx, err := begin(ctx)
	if err != nil {
		return backend.Pages{}, err
	}
	answer, err := c.client.HandOff(ctx, &protocolv1.HandOffRequest{
		Call: encodeCall(call), Id: string(id), SuccessUrl: req.SuccessURL, CancelUrl: req.CancelURL, CustomerToken: req.Customer,
	})
	if err != nil {
		return backend.Pages{}, FromStatus(err, true)
	}
	pages, err := decodePages(answer.GetPages())
	if err != nil {
		return backend.Pages{}, err
	}
	if pages == nil {
		return backend.Pages{}, badAnswer("the answer has no pages")
	}
	return *pages, nil
}

// RegisterCheckout serves c on s.
func RegisterCheckout(s grpc.ServiceRegistrar, c backend.Checkout) {
	protocolv1.RegisterCheckoutServer(s, checkoutServer{checkout: c})
}

type checkoutServer struct {
	protocolv1.UnimplementedCheckoutServer
	checkout backend.Checkout
}

func (s checkoutServer) Deliver(ctx context.Context, m *protocolv1.DeliverRequest) (*protocolv1.DeliverResponse, error) {
	call, err := decodeCallOn(m.GetCall(), m.GetId())
	if err != nil {
		return nil, ToStatus(err)
	}
	req := backend.Delivery{Buyer: decodeBuyer(m.GetBuyer())}
	for i, id := range m.GetOptions() {
		if id == "" {
			return nil, ToStatus(badRequest(fmt.Sprintf("options[%d]", i), "required", ""))
		}
		req.Options = append(req.Options, checkout.OptionID(id))
	}
	quote, err := s.checkout.Deliver(Incoming(ctx), call, cart.ID(m.GetId()), req)
	if err != nil {
		return nil, ToStatus(err)
	}
	response, err := encodeQuote(quote)
	return response, ToStatus(err)
}

func (s checkoutServer) HandOff(ctx context.Context, m *protocolv1.HandOffRequest) (*protocolv1.HandOffResponse, error) {
	call, err := decodeCallOn(m.GetCall(), m.GetId())
	if err != nil {
		return nil, ToStatus(err)
	}
	pages, err := s.checkout.HandOff(Incoming(ctx), call, cart.ID(m.GetId()), backend.HandOff{
		SuccessURL: m.GetSuccessUrl(), CancelURL: m.GetCancelUrl(), Customer: m.GetCustomerToken(),
	})
	if err != nil {
		return nil, ToStatus(err)
	}
	encoded, err := encodePages(&pages)
	if err != nil {
		return nil, ToStatus(err)
	}
	return &protocolv1.HandOffResponse{Pages: encoded}, nil
}

func encodeBuyer(b checkout.Buyer) *protocolv1.Buyer {
	a := b.Address
	return &protocolv1.Buyer{Email: b.Email, Address: &protocolv1.Address{
		FirstName: a.FirstName, LastName: a.LastName, Company: a.Company, Line1: a.Line1, Line2: a.Line2, City: a.City,
		Province: a.Province, PostalCode: a.PostalCode, Country: a.Country, Phone: a.Phone,
	}}
}

func decodeBuyer(m *protocolv1.Buyer) checkout.Buyer {
	a := m.GetAddress()
	return checkout.Buyer{Email: m.GetEmail(), Address: customer.Address{
		FirstName: a.GetFirstName(), LastName: a.GetLastName(), Company: a.GetCompany(), Line1: a.GetLine1(), Line2: a.GetLine2(), City: a.GetCity(),
		Province: a.GetProvince(), PostalCode: a.GetPostalCode(), Country: a.GetCountry(), Phone: a.GetPhone(),
	}}
}

// encodeQuote refuses what decodeQuote would, so that the plugin's side hears of it first.
func encodeQuote(q checkout.Quote) (*protocolv1.DeliverResponse, error) {
	if q.Check() != nil {
		return nil, badAnswer("the quote contradicts itself")
	}
	priced, err := encodeCart(q.Cart)
	if err != nil {
		return nil, err
	}
	m := &protocolv1.DeliverResponse{Cart: priced, NeedsDelivery: q.NeedsDelivery}
	for _, o := range q.Options {
		m.Options = append(m.Options, &protocolv1.Option{
			Id: string(o.ID), Group: o.Group, Name: o.Name, PriceMinor: o.Price.Minor,
			MinDays: int32(o.MinDays), MaxDays: int32(o.MaxDays), //nolint:gosec // G115: Check has bounded both
		})
	}
	for _, id := range q.Chosen {
		m.Chosen = append(m.Chosen, string(id))
	}
	return m, nil
}

func decodeQuote(m *protocolv1.DeliverResponse) (checkout.Quote, error) {
	priced, err := decodeFound(m.GetCart())
	if err != nil {
		return checkout.Quote{}, err
	}
	q := checkout.Quote{Cart: priced, NeedsDelivery: m.GetNeedsDelivery()}
	for _, o := range m.GetOptions() {
		q.Options = append(q.Options, checkout.Option{
			ID: checkout.OptionID(o.GetId()), Group: o.GetGroup(), Name: o.GetName(), Price: money.Of(o.GetPriceMinor(), priced.Currency),
			MinDays: int(o.GetMinDays()), MaxDays: int(o.GetMaxDays()),
		})
	}
	for _, id := range m.GetChosen() {
		q.Chosen = append(q.Chosen, checkout.OptionID(id))
	}
	if q.Check() != nil {
		return checkout.Quote{}, badAnswer("the quote contradicts itself")
	}
	return q, nil
}
