// SPDX-License-Identifier: Apache-2.0

package sdk

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/cartage-dev/cartage/plugins/protocol"
	"github.com/cartage-dev/cartage/ports/backend"
)

// lifecycle is one process's way from described to configured; there is no way back.
type lifecycle struct {
	plugin Plugin
	log    *slog.Logger

	configuring sync.Mutex
	ports       atomic.Pointer[Ports] // nil until configured
}

var _ protocol.LifecycleServer = (*lifecycle)(nil)

// check holds a Plugin to what the host must be able to rely on.
func (p Plugin) check() error {
	switch {
	case p.Info.Name == "" || p.Info.Version == "":
		return NewFault(Internal, "bad_plugin", "Plugin.Info needs a name and a version")
	case p.Configure == nil:
		return NewFault(Internal, "bad_plugin", "Plugin.Configure is nil")
	case len(p.Offers) == 0:
		return NewFault(Internal, "bad_plugin", "Plugin.Offers is empty")
	case len(p.SettingsSchema) > 0 && !json.Valid(p.SettingsSchema):
		return NewFault(Internal, "bad_plugin", "Plugin.SettingsSchema is not JSON")
	}
	for i, port := range p.Offers {
		if !slices.Contains(backend.Ports(), port) || slices.Contains(p.Offers[:i], port) {
			return NewFault(Internal, "bad_plugin", "Plugin.Offers lists %q, which is unknown or there twice", string(port))
		}
	}
	if slices.Contains(p.Offers, PortCheckout) && !slices.Contains(p.Offers, PortCarts) {
		return NewFault(Internal, "bad_plugin", "Plugin.Offers lists checkout without the carts that it leads to an order")
	}
	return nil
}

// Describe says what the plugin is.
func (l *lifecycle) Describe(context.Context) (protocol.Description, error) {
	return protocol.Description{Info: l.plugin.Info, Ports: l.plugin.Offers, SettingsSchema: l.plugin.SettingsSchema}, nil
}

// Configure lets the plugin make its ports. One attempt that failed does not
// spoil the next.
func (l *lifecycle) Configure(ctx context.Context, c protocol.Configuration) error {
	if !l.configuring.TryLock() {
		return NewFault(Conflict, "being_configured", "another Configure is at work").By(SourceCaller)
	}
	defer l.configuring.Unlock()
	if l.ports.Load() != nil {
		return NewFault(Conflict, "already_configured", "a plugin is configured once in the life of its process").By(SourceCaller)
	}
	settings := c.Settings
	if len(settings) == 0 {
		settings = []byte("{}")
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(settings, &object); err != nil || object == nil {
		return invalidSettings("settings", "malformed", "must be one JSON object")
	}
	ports, err := l.plugin.Configure(ctx, Config{
		Backend: c.Backend, Log: l.log, settings: settings,
		secret: func(name string) Secret { return c.Secrets[name] },
	})
	if err != nil {
		return fmt.Errorf("configure %s: %w", l.plugin.Info.Name, err)
	}
	if err := l.plugin.match(ports); err != nil {
		return err
	}
	l.ports.Store(&ports)
	return nil
}

// match holds what Configure returned to what Offers said before.
func (p Plugin) match(made Ports) error {
	returned := backend.Backend{Carts: made.Carts, Checkout: made.Checkout, Orders: made.Orders, Loyalty: made.Loyalty}.Offered()
	for _, port := range backend.Ports() {
		switch offers, has := slices.Contains(p.Offers, port), slices.Contains(returned, port); {
		case offers && !has:
			return NewFault(Internal, "ports_mismatch", "Offers lists the port %s, and Configure did not return it", port).By(SourcePlugin)
		case has && !offers:
			return NewFault(Internal, "ports_mismatch", "Configure returned the port %s, and Offers does not list it", port).By(SourcePlugin)
		}
	}
	return nil
}

// Check asks the plugin whether its commerce system can be reached.
func (l *lifecycle) Check(ctx context.Context) error {
	ports, err := l.configured()
	if err != nil || ports.Check == nil {
		return err
	}
	return ports.Check(ctx)
}

func (l *lifecycle) configured() (*Ports, error) {
	if ports := l.ports.Load(); ports != nil {
		return ports, nil
	}
	return nil, NewFault(Unavailable, "not_configured", "the plugin has not been configured").By(SourceCaller)
}

// close closes the ports; a panic of theirs is an error, since the process ends anyway.
func (l *lifecycle) close(ctx context.Context) (err error) {
	ports := l.ports.Load()
	if ports == nil || ports.Close == nil {
		return nil
	}
	defer func() {
		if p := recover(); p != nil {
			err = NewFault(Internal, "panic", "Ports.Close panicked: %v", p)
		}
	}()
	return ports.Close(ctx)
}
