// SPDX-License-Identifier: Apache-2.0

package protocol_test

import (
	"context"
	"testing"

	"google.golang.org/grpc"

	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/checkout"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/handoff"
	"github.com/cartage-dev/cartage/core/money"
	"github.com/cartage-dev/cartage/plugins/protocol"
	protocolv1 "github.com/cartage-dev/cartage/plugins/protocol/v1"
	"github.com/cartage-dev/cartage/ports/backend"
)

func TestMalformedChanges(t *testing.T) {
	t.Parallel()
	good := &protocolv1.Cart{Id: "c1", Currency: "GBP"}
	for name, m := range map[string]*protocolv1.ChangeResponse{
		"no cart":                        {},
		"a cart without an id":           {Cart: &protocolv1.Cart{Currency: "GBP"}},
		"a problem of a newer plugin":    {Cart: good, Problems: []*protocolv1.Problem{{Sku: "a", Reason: "recalled"}}},
		"a code's reason of a newer one": {Cart: good, Refused: []*protocolv1.RefusedCode{{Code: "A", Reason: "bored"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := protocol.NewBackend(foreign{change: m}.serve(t), both).Carts.Change(soon(t), backend.Call{}, "c1", backend.ChangeCart{})
			wantRefused(t, err)
		})
	}
}

func TestMalformedQuotes(t *testing.T) {
	t.Parallel()
	good := &protocolv1.Cart{Id: "c1", Currency: "GBP"}
	for name, m := range map[string]*protocolv1.DeliverResponse{
		"no cart":                     {},
		"an option without an id":     {Cart: good, Options: []*protocolv1.Option{{}}},
		"an option twice":             {Cart: good, Options: []*protocolv1.Option{{Id: "a"}, {Id: "a"}}},
		"money back":                  {Cart: good, Options: []*protocolv1.Option{{Id: "a", PriceMinor: -1}}},
		"what is chosen is not there": {Cart: good, Chosen: []string{"a"}},
		"a delivery before the order": {Cart: good, Options: []*protocolv1.Option{{Id: "a", MinDays: 3, MaxDays: 1}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := protocol.NewBackend(foreign{quote: m}.serve(t), both).Checkout.Deliver(soon(t), backend.Call{}, "c1", backend.Delivery{})
			wantRefused(t, err)
		})
	}
}

func TestMalformedHandOffs(t *testing.T) {
	t.Parallel()
	for name, m := range map[string]*protocolv1.HandOffResponse{
		"no pages": {}, "pages without a checkout": {Pages: &protocolv1.Pages{}},
		"a method nobody knows": {Pages: &protocolv1.Pages{Checkout: &protocolv1.WebRequest{Method: "DELETE"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := protocol.NewBackend(foreign{handOff: m}.serve(t), both).Checkout.HandOff(soon(t), backend.Call{}, "c1", backend.HandOff{})
			wantRefused(t, err)
		})
	}
}

// TestUnspeakableCheckouts are answers of a plugin that the host would not understand.
func TestUnspeakableCheckouts(t *testing.T) {
	t.Parallel()
	gbp := cart.Cart{ID: "c1", Currency: "GBP"}
	conn := serve(t, func(s grpc.ServiceRegistrar) {
		protocol.RegisterCarts(s, carts{change: func(context.Context, backend.Call, cart.ID, backend.ChangeCart) (backend.ChangeAnswer, error) {
			return backend.ChangeAnswer{Cart: gbp, Refused: []cart.RefusedCode{{Code: "A", Reason: "bored"}}}, nil
		}})
		protocol.RegisterCheckout(s, till{
			deliver: func(context.Context, backend.Call, cart.ID, backend.Delivery) (checkout.Quote, error) {
				return checkout.Quote{Cart: gbp, Options: []checkout.Option{{ID: "a", Price: money.Of(1, "USD")}}}, nil
			},
			handOff: func(context.Context, backend.Call, cart.ID, backend.HandOff) (backend.Pages, error) {
				return backend.Pages{Checkout: handoff.Request{Method: "PUT"}}, nil
			},
		})
	})
	b := protocol.NewBackend(conn, both)
	_, err := b.Carts.Change(soon(t), backend.Call{}, "c1", backend.ChangeCart{})
	wantRefused(t, err)
	_, err = b.Checkout.Deliver(soon(t), backend.Call{}, "c1", backend.Delivery{})
	wantRefused(t, err)
	_, err = b.Checkout.HandOff(soon(t), backend.Call{}, "c1", backend.HandOff{})
	wantRefused(t, err)
}

// TestOlderPlugin has no words for what was added to the protocol later.
func TestOlderPlugin(t *testing.T) {
	t.Parallel()
	b := protocol.NewBackend(serve(t, func(grpc.ServiceRegistrar) {}), both)
	_, err := b.Carts.Change(soon(t), backend.Call{}, "c1", backend.ChangeCart{})
	if kind := fault.KindOf(err); kind != fault.Unsupported {
		t.Errorf("got %v, want unsupported", err)
	}
}
