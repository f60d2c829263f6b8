// SPDX-License-Identifier: Apache-2.0

// Package backend is what a commerce backend offers to the engine: the driven
// ports that a plugin implements.
//
// Every error is a *fault.Error. A method that changes something and got no
// answer returns fault.Unknown, never fault.Unavailable. The deadline is the
// caller's, carried by the context; every method may be called concurrently.
// The package knows nothing of processes, wires or any one commerce system.
package backend

import (
	"net/netip"

	"github.com/cartage-dev/cartage/core/idempotency"
	"github.com/cartage-dev/cartage/core/money"
	"github.com/cartage-dev/cartage/core/shop"
)

// Backend is one backend's ports. A nil port is one it does not offer; Info is
// always there. A shop's own Backend may be put together from several.
type Backend struct {
	Info     Info
	Carts    Carts
	Checkout Checkout
	Orders   Orders
	Loyalty  Loyalty
}

// Port names one of the ports in config, on the plugin wire and in reports.
type Port string

// The ports. Config fills in each by name, so the words are part of the config contract.
const (
	PortCarts    Port = "carts"
	PortCheckout Port = "checkout"
	PortOrders   Port = "orders"
	PortLoyalty  Port = "loyalty"
)

// Ports lists every port, in the order reports show them.
func Ports() []Port { return []Port{PortCarts, PortCheckout, PortOrders, PortLoyalty} }

// Offered lists the ports that are not nil.
func (b Backend) Offered() []Port {
	var offered []Port
	for _, p := range []struct {
		name Port
		here bool
	}{{PortCarts, b.Carts != nil}, {PortCheckout, b.Checkout != nil}, {PortOrders, b.Orders != nil}, {PortLoyalty, b.Loyalty != nil}} {
		if p.here {
			offered = append(offered, p.name)
		}
	}
	return offered
}

// Info is how a backend's adapter describes itself.
type Info struct {
	Name    string // of the adapter, such as magento2
	Version string // semantic version of the adapter
	// KeyedWrites says that a repeated write with the same Call.Key has one effect, also
	// where the adapter's process died in between, and that the same key with another
	// request is Conflict and has none. Only then may the engine send a write again after
	// fault.Unknown.
	KeyedWrites bool
	// ReadBack says that Loyalty.Moved answers what it promises. It means nothing without Loyalty.
	ReadBack bool
	// Demo says that this adapter must not sell anything real; a production host
	// refuses it unless config names it. Only a demo may lose with its process what it
	// acknowledged.
	Demo bool
}

// Call is the circumstances of one call; every method takes one.
type Call struct {
	// Shop is whose call it is. A backend of several shops keeps them apart: a cart is one
	// shop's, and to every other it does not exist; a key has its meaning within its shop.
	// A backend of one shop may ignore it.
	Shop      shop.ID
	Locale    string // BCP 47
	Currency  money.Currency
	ShopperIP netip.Addr // the zero Addr when nobody knows it
	// Key is the same for every attempt at the same write, and empty for a read.
	Key idempotency.Key
}
