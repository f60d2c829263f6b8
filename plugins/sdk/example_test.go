// SPDX-License-Identifier: Apache-2.0

package sdk_test

import (
	"context"

	"github.com/cartage-dev/cartage/plugins/sdk"
)

// shop is a backend that sells everything for one unit of money.
type shop struct{ page string }

var _ sdk.Carts = shop{}

func (s shop) Put(_ context.Context, call sdk.Call, req sdk.PutCart) (sdk.PutAnswer, error) {
	c := sdk.Cart{ID: sdk.CartID("cart-" + req.Reference), Currency: call.Currency, Totals: sdk.Totals{Subtotal: sdk.Zero(call.Currency)}}
	for _, item := range req.Items {
		price := sdk.Of(item.Quantity, call.Currency)
		c.Lines = append(c.Lines, sdk.Line{ID: item.SKU, SKU: item.SKU, Title: item.SKU, Quantity: item.Quantity, UnitPrice: sdk.Of(1, call.Currency), Total: price})
		var err error
		if c.Totals.Subtotal, err = c.Totals.Subtotal.Add(price); err != nil {
			return sdk.PutAnswer{}, err
		}
	}
	c.Totals.Total = c.Totals.Subtotal
	answer := sdk.PutAnswer{Cart: c}
	if req.WantPages {
		answer.Pages = &sdk.Pages{Checkout: sdk.WebRequest{URL: s.page, Method: sdk.GET}, NeedLink: true}
	}
	return answer, nil
}

func (shop) Get(context.Context, sdk.Call, sdk.CartID) (sdk.Cart, error) {
	return sdk.Cart{}, sdk.NewFault(sdk.NotFound, "unknown_cart", "no such cart").By(sdk.SourceCaller)
}

func (shop) Change(context.Context, sdk.Call, sdk.CartID, sdk.ChangeCart) (sdk.ChangeAnswer, error) {
	return sdk.ChangeAnswer{}, sdk.NewFault(sdk.Unsupported, "no_changes", "a cart cannot be changed here")
}

// A plugin is one Plugin and one call of Serve.
func ExampleServe() {
	main := func() {
		sdk.Serve(sdk.Plugin{
			Info:   sdk.Info{Name: "penny", Version: "1.0.0", Demo: true},
			Offers: []sdk.Port{sdk.PortCarts},
			Configure: func(_ context.Context, c sdk.Config) (sdk.Ports, error) {
				settings := struct {
					Page string `json:"page"`
				}{Page: "https://shop.example/checkout"}
				if err := c.Decode(&settings); err != nil {
					return sdk.Ports{}, err
				}
				return sdk.Ports{Carts: shop{page: settings.Page}}, nil
			},
		})
	}
	_ = main
	// Output:
}
