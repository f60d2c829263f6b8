// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"google.golang.org/grpc"

	protocolv1 "github.com/cartage-dev/cartage/plugins/protocol/v1"
	"github.com/cartage-dev/cartage/ports/backend"
)

// NewBackend is the backend at the other end of conn, with the ports that d
// says it offers. It judges no business, and refuses an answer it cannot
// understand: Internal, by the plugin (bad_plugin_answer).
func NewBackend(conn grpc.ClientConnInterface, d Description) backend.Backend {
	b := backend.Backend{Info: d.Info}
	for _, p := range d.Ports {
		switch p {
		case backend.PortCarts:
			b.Carts = cartsClient{client: protocolv1.NewCartsClient(conn)}
		case backend.PortCheckout:
			b.Checkout = checkoutClient{client: protocolv1.NewCheckoutClient(conn)}
		case backend.PortOrders:
			b.Orders = ordersClient{client: protocolv1.NewOrdersClient(conn)}
		case backend.PortLoyalty:
			b.Loyalty = loyaltyClient{client: protocolv1.NewLoyaltyClient(conn)}
		}
	}
	return b
}
