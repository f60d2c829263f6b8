// SPDX-License-Identifier: Apache-2.0

package sdk

import (
	"context"
)

// Plugin is everything Serve needs to know.
type Plugin struct {
	Info Info
	// Offers lists the ports that Configure will return. The host asks for it
	// before there are settings.
	Offers []Port
	// SettingsSchema is a JSON Schema (2020-12) of the settings; it may be empty. The
	// host holds config to it before Configure is called. A property with "writeOnly": true is a
	// secret; plugins/README.md has the rules. Its defaults are for people to read.
	SettingsSchema []byte
	// Configure makes the ports from settings and secrets, once in the life of a
	// process. It should not call the commerce system: that is for Ports.Check.
	// The context ends with the call, so nothing that lives on may hang on it.
	Configure func(ctx context.Context, c Config) (Ports, error)
}

// Ports is what Configure made. A port that is not offered stays nil.
type Ports struct {
	Carts    Carts
	Checkout Checkout // only beside Carts
	Orders   Orders
	Loyalty  Loyalty // asked for only with Info.KeyedWrites and Info.ReadBack
	// Check says whether the commerce system can be reached with the credentials
	// given; nil says that there is nothing to check.
	Check func(ctx context.Context) error
	// Close is called once before the process ends, and is given 1.5 seconds; nil when
	// there is nothing to close. A process that is killed does not call it.
	Close func(ctx context.Context) error
}
