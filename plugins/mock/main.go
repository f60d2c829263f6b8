// SPDX-License-Identifier: Apache-2.0

// Command mock is a backend for trying Cartage out: a plugin with a small web
// shop of its own, from the catalogue to the confirmation of an order.
//
// Invariant: a cart that was acknowledged is shown as it was acknowledged last, and
// becomes one order at most, however often anybody asks, of what its page showed.
// With a data folder both hold across processes, and so does that a key moves points
// once at most. Nothing is ever charged or sent. The
// program knows nothing of Cartage but the SDK.
package main

import (
	"context"
	"fmt"

	"github.com/cartage-dev/cartage/plugins/sdk"
)

const version = "0.1.0"

func main() { sdk.Serve(plugin()) }

func plugin() sdk.Plugin {
	return sdk.Plugin{
		Info:           sdk.Info{Name: "mock", Version: version, KeyedWrites: true, ReadBack: true, Demo: true},
		Offers:         []sdk.Port{sdk.PortCarts, sdk.PortCheckout, sdk.PortOrders, sdk.PortLoyalty},
		SettingsSchema: settingsSchema,
		Configure:      configure,
	}
}

func configure(ctx context.Context, c sdk.Config) (sdk.Ports, error) {
	set, err := readSettings(c)
	if err != nil {
		return sdk.Ports{}, err
	}
	kept, err := newState(ctx, set.DataDir)
	if err != nil {
		return sdk.Ports{}, err
	}
	web, err := newShop(kept, set, c.Log)
	if err != nil {
		return sdk.Ports{}, fmt.Errorf("lay out the shop: %w", err)
	}
	serving, err := serve(ctx, web, set, c.Log)
	if err != nil {
		return sdk.Ports{}, err
	}
	points := book{kept: kept, start: set.Loyalty.Customers, welcome: set.Loyalty.Welcome, forgetKeys: set.Faults.Moves.ForgetKeys}
	hurdle := &hurdle{delay: set.delay(), faults: set.Faults}
	return sdk.Ports{
		Carts:    slowCarts{hurdle, &carts{kept: kept, currencies: set.Currencies, publicURL: serving.publicURL}},
		Checkout: slowCheckout{hurdle, checkout{kept: kept, publicURL: serving.publicURL}},
		Orders:   slowOrders{hurdle, orders{kept}},
		Loyalty:  slowLoyalty{hurdle, &network{book: points, faults: set.Faults.Moves}},
		Check:    serving.check,
		Close:    serving.close,
	}, nil
}
