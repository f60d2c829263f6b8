// SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"go.uber.org/fx"

	"github.com/cartage-dev/cartage/app/usecase"
	"github.com/cartage-dev/cartage/config"
	"github.com/cartage-dev/cartage/core/handoff"
	"github.com/cartage-dev/cartage/core/money"
	"github.com/cartage-dev/cartage/core/shop"
	"github.com/cartage-dev/cartage/ports/backend"
)

// newDirectory is empty until the backends run, which is before any listener opens.
func newDirectory(lc fx.Lifecycle, cfg config.Config, backends *Backends) *usecase.Directory {
	directory := usecase.NewDirectory(nil)
	lc.Append(fx.StartHook(func(context.Context) error {
		entries := make(map[shop.ID]usecase.Entry, len(cfg.Shops))
		for _, name := range sortedKeys(cfg.Shops) {
			entry, err := newEntry(shop.ID(name), cfg.Shops[name], backends)
			if err != nil {
				return err
			}
			entries[entry.Shop.ID] = entry
		}
		directory.Replace(entries)
		return nil
	}))
	return directory
}

func newEntry(id shop.ID, c config.Shop, backends *Backends) (usecase.Entry, error) {
	rules, err := newShop(id, c)
	if err != nil {
		return usecase.Entry{}, fmt.Errorf("shops.%s: %w", id, err)
	}
	mixed, err := backends.mix(c.Backends)
	if err != nil {
		return usecase.Entry{}, fmt.Errorf("shops.%s.backends: %w", id, err)
	}
	return usecase.Entry{Shop: rules, Backend: mixed, CartsFrom: c.Backends[string(backend.PortCarts)]}, nil
}

func newShop(id shop.ID, c config.Shop) (shop.Shop, error) {
	s := shop.Shop{ID: id, Locale: c.Locale, Shortage: shop.Lenient}
	if c.Poq != nil && c.Poq.Shortage != "" {
		s.Shortage = shop.Shortage(c.Poq.Shortage)
	}
	for _, code := range c.Currencies {
		currency, err := money.ParseCurrency(code)
		if err != nil {
			return shop.Shop{}, err
		}
		s.Currencies = append(s.Currencies, currency)
	}
	var origins []handoff.Origin
	for _, host := range c.CheckoutHosts {
		origin, err := handoff.ParseOrigin(host, true) // config has decided whether http may be
		if err != nil {
			return shop.Shop{}, err
		}
		origins = append(origins, origin)
	}
	var err error
	s.Handoff, err = handoff.NewPolicy(origins, c.CookieDomains, c.Headers)
	return s, err
}

// mix puts a shop's backend together, port by port.
func (b *Backends) mix(chosen map[string]string) (backend.Backend, error) {
	var mixed backend.Backend
	for port, name := range chosen {
		from, ok := b.running[name]
		if !ok {
			return mixed, fmt.Errorf("%s: no backend %s", port, name)
		}
		if !slices.Contains(from.ports.Offered(), backend.Port(port)) {
			return mixed, config.Refusal(fmt.Sprintf("plugin %s of backend %s does not offer %s; it offers %v", from.ports.Info.Name, name, port, from.ports.Offered()))
		}
		switch backend.Port(port) {
		case backend.PortCarts:
			mixed.Carts, mixed.Info = from.ports.Carts, from.ports.Info
		case backend.PortOrders:
			mixed.Orders = from.ports.Orders
		}
	}
	return mixed, nil
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
