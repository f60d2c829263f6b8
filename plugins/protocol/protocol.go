// SPDX-License-Identifier: Apache-2.0

// Package protocol is the wire between the host and a plugin: both ends'
// conversions between the messages of v1 and the port's own types.
//
// Invariant: what one end put in, the other gets out, faults and what they say
// about "perhaps done" included; what cannot be understood is refused, never
// guessed. The package judges no business, starts no process and knows nothing of
// go-plugin: the host's and the plugin's side each bring a connection.
package protocol

import (
	"slices"

	protocolv1 "github.com/cartage-dev/cartage/plugins/protocol/v1"
	"github.com/cartage-dev/cartage/ports/backend"
)

// What both ends must agree on before the first call.
const (
	// MagicCookieKey is the environment variable by which a program notices that a host started it.
	MagicCookieKey = "CARTAGE_PLUGIN"
	// MagicCookieValue is what that variable must hold. It is no secret.
	MagicCookieValue = "6b0e9d52-3c7a-4f18-9a45-d2f1c08e7b63"
	// Version is the version that the handshake negotiates.
	Version = 1
	// PluginName is the one entry of the set of plugins that go-plugin is given.
	PluginName = "backend"
	// LifelineEnv names the environment variable that holds the number of an
	// inherited file descriptor, which reads end of file once the host is gone.
	LifelineEnv = "CARTAGE_LIFELINE_FD"
	// MessageMax bounds a message in bytes, both ways.
	MessageMax = 4 << 20
	// RequestIDKey is the metadata key under which a request's id travels.
	RequestIDKey = "cartage-request-id"
)

// services is the one place where a port and its service on the wire meet.
var services = map[backend.Port]string{
	backend.PortCarts:    protocolv1.Carts_ServiceDesc.ServiceName,
	backend.PortCheckout: protocolv1.Checkout_ServiceDesc.ServiceName,
	backend.PortOrders:   protocolv1.Orders_ServiceDesc.ServiceName,
	backend.PortLoyalty:  protocolv1.Loyalty_ServiceDesc.ServiceName,
}

// serviceNames are the full names of the services of these ports.
func serviceNames(ports []backend.Port) []string {
	names := make([]string, 0, len(ports))
	for _, p := range ports {
		if name, known := services[p]; known {
			names = append(names, name)
		}
	}
	return names
}

// offeredPorts are the ports of these services, in the order of backend.Ports. A
// service this host does not know is a newer plugin's, and left alone.
func offeredPorts(names []string) []backend.Port {
	var ports []backend.Port
	for _, p := range backend.Ports() {
		if slices.Contains(names, services[p]) {
			ports = append(ports, p)
		}
	}
	return ports
}
