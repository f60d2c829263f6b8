// SPDX-License-Identifier: Apache-2.0

// Command witness is a backend of the tests: each page that it leads to tells which
// build of it answered and which secret it was given.
package main

import (
	"context"
	"net/url"

	"github.com/cartage-dev/cartage/plugins/sdk"
)

// version is set by the linker, where a test needs another build.
var version = "1"

func main() {
	sdk.Serve(sdk.Plugin{
		Info:   sdk.Info{Name: "witness", Version: version, KeyedWrites: true, Demo: true},
		Offers: []sdk.Port{sdk.PortCarts, sdk.PortOrders, sdk.PortLoyalty},
		Configure: func(_ context.Context, c sdk.Config) (sdk.Ports, error) {
			var settings struct {
				Ill bool `json:"ill"` // Check says so
			}
			if err := c.Decode(&settings); err != nil {
				return sdk.Ports{}, err
			}
			return sdk.Ports{Carts: carts{c.Secret("token")}, Orders: orders{}, Loyalty: points{}, Check: func(context.Context) error {
				if settings.Ill {
					return sdk.NewFault(sdk.Unavailable, "closed_today", "the shop is closed today").By(sdk.SourceBackend)
				}
				return nil
			}}, nil
		},
	})
}

type carts struct{ token sdk.Secret }

func (w carts) Put(_ context.Context, call sdk.Call, req sdk.PutCart) (sdk.PutAnswer, error) {
	c := sdk.Cart{ID: sdk.CartID("cart-" + req.Reference), Currency: call.Currency, Totals: sdk.Totals{Subtotal: sdk.Zero(call.Currency), Total: sdk.Zero(call.Currency)}}
	for _, item := range req.Items {
		c.Lines = append(c.Lines, sdk.Line{ID: item.SKU, SKU: item.SKU, Title: item.SKU, Quantity: item.Quantity, UnitPrice: sdk.Zero(call.Currency), Total: sdk.Zero(call.Currency)})
	}
	told := url.Values{"token": {w.token.Reveal()}, "version": {version}}
	return sdk.PutAnswer{Cart: c, Pages: &sdk.Pages{Checkout: sdk.WebRequest{URL: "http://witness.example/?" + told.Encode(), Method: sdk.GET}}}, nil
}

func (carts) Get(context.Context, sdk.Call, sdk.CartID) (sdk.Cart, error) {
	return sdk.Cart{}, sdk.NewFault(sdk.NotFound, "unknown_cart", "no such cart").By(sdk.SourceCaller)
}

func (carts) Change(context.Context, sdk.Call, sdk.CartID, sdk.ChangeCart) (sdk.ChangeAnswer, error) {
	return sdk.ChangeAnswer{}, sdk.NewFault(sdk.Unsupported, "no_changes", "a cart cannot be changed here")
}

type orders struct{}

func (orders) ByReference(context.Context, sdk.Call, string) (sdk.Order, error) {
	return sdk.Order{}, sdk.NewFault(sdk.NotFound, "unknown_order", "no such order").By(sdk.SourceCaller)
}

// points are kept by a system that reads nothing back, so that no host believes it.
type points struct{}

func (points) Points(context.Context, sdk.Call, sdk.CustomerID) (sdk.Points, error) { return 0, nil }

func (points) Move(context.Context, sdk.Call, sdk.Movement) (sdk.Points, error) {
	return 0, sdk.NewFault(sdk.Unsupported, "no_points", "nothing moves here")
}

func (points) Moved(context.Context, sdk.Call, sdk.IdempotencyKey) (sdk.Movement, error) {
	return sdk.Movement{}, sdk.NewFault(sdk.Unsupported, "no_points", "nothing has moved here")
}
