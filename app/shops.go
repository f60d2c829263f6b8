// SPDX-License-Identifier: Apache-2.0

package app

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/cartage-dev/cartage/app/usecase"
	"github.com/cartage-dev/cartage/config"
	"github.com/cartage-dev/cartage/core/handoff"
	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/money"
	"github.com/cartage-dev/cartage/core/shop"
	"github.com/cartage-dev/cartage/ports/backend"
)

// newTable puts the shops of cfg before the backends that run.
func newTable(cfg config.Config, backends map[string]*running, keys loyalty.Keyring) (usecase.Table, error) {
	t := usecase.Table{Shops: make(map[shop.ID]usecase.Entry, len(cfg.Shops)), Backends: make(map[usecase.Owner]backend.Backend, len(backends))}
	for _, r := range backends {
		t.Backends[r.owner()] = r.ports
	}
	for _, name := range sortedKeys(cfg.Shops) {
		entry, err := newEntry(shop.ID(name), cfg.Shops[name], backends, keys)
		if err != nil {
			return usecase.Table{}, err
		}
		t.Shops[entry.Shop.ID] = entry
	}
	return t, nil
}

func newEntry(id shop.ID, c config.Shop, backends map[string]*running, keys loyalty.Keyring) (usecase.Entry, error) {
	rules, err := newShop(id, c)
	if err != nil {
		return usecase.Entry{}, fmt.Errorf("shops.%s: %w", id, err)
	}
	entry := usecase.Entry{Shop: rules}
	for port, name := range c.Backends {
		if err := choose(&entry, backend.Port(port), name, backends); err != nil {
			return usecase.Entry{}, fmt.Errorf("shops.%s.backends.%s: %w", id, port, err)
		}
	}
	if c.Loyalty != nil {
		if entry.Loyalty, err = newProgramme(*c.Loyalty, keys); err != nil {
			return usecase.Entry{}, fmt.Errorf("shops.%s.loyalty.%w", id, err)
		}
		entry.Loyalty.Keeper = loyalty.Keeper(entry.PointsAt)
	}
	return entry, nil
}

// choose gives a shop's port to the backend called name.
func choose(entry *usecase.Entry, port backend.Port, name string, backends map[string]*running) error {
	from, ok := backends[name]
	if !ok {
		return fmt.Errorf("no backend %s runs", name)
	}
	if !slices.Contains(from.ports.Offered(), port) {
		return config.Refusal(fmt.Sprintf("plugin %s of backend %s does not offer %s; it offers %v", from.ports.Info.Name, name, port, from.ports.Offered()))
	}
	switch port {
	case backend.PortCarts: // and with them checkout: it leads carts of its own backend alone
		entry.Backend.Carts, entry.Backend.Checkout, entry.Backend.Info, entry.CartsFrom = from.ports.Carts, from.ports.Checkout, from.ports.Info, from.owner()
	case backend.PortCheckout: // config knows no such key
	case backend.PortOrders:
		entry.Backend.Orders, entry.OrdersFrom = from.ports.Orders, from.owner()
	case backend.PortLoyalty:
		if info := from.ports.Info; !info.KeyedWrites || !info.ReadBack {
			return config.Refusal(fmt.Sprintf("plugin %s of backend %s cannot keep points: it has to know a repeated request by its key (keyed_writes is %t) "+
				"and to read back what it did (read_back is %t), or points are lost or doubled when an answer is", info.Name, name, info.KeyedWrites, info.ReadBack))
		}
		entry.Backend.Loyalty, entry.PointsAt = from.ports.Loyalty, from.owner()
	}
	return nil
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

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
