// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/handoff"
	"github.com/cartage-dev/cartage/core/money"
)

// ports are those of ports/backend, which config must not import.
var ports = []string{"carts", "orders", "loyalty"}

// localeForm is language, script, region and variants of BCP 47, in the case that people write.
var localeForm = regexp.MustCompile(`^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?(-([a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*$`)

func (c *check) shops() {
	if len(c.cfg.Shops) == 0 {
		c.wrong("shops", "missing", "name at least one shop", "")
	}
	served, domains := map[string]string{}, map[string]string{}
	c.apps(served)
	for _, name := range slices.Sorted(maps.Keys(c.cfg.Shops)) {
		path, s := join("shops", shown(name)), c.cfg.Shops[name]
		c.checkName(path, name)
		if !localeForm.MatchString(s.Locale) {
			c.wrong(join(path, "locale"), quote(s.Locale)+" is not a locale", "write one like en-GB", "")
		}
		c.currencies(join(path, "currencies"), s.Currencies)
		c.shopBackends(path, s)
		c.pages(path, name, s)
		if s.Shadow != nil {
			c.shadow(join(path, "shadow"), s)
		}
		if s.Poq != nil {
			c.poq(join(path, "poq"), name, *s.Poq, served)
		}
		if s.Shopify != nil {
			c.installed(join(path, "shopify"), name, *s.Shopify, domains)
		}
		if s.Loyalty != nil {
			c.programme(join(path, "loyalty"), *s.Loyalty)
		}
	}
}

func (c *check) currencies(path string, codes []string) {
	if len(codes) == 0 {
		c.wrong(path, "missing", "name at least one, such as GBP", "")
	}
	for i, code := range codes {
		if _, err := money.ParseCurrency(code); err != nil {
			c.wrong(item(path, i), quote(code)+" is not a currency", "write an ISO 4217 code such as GBP", "")
		} else if slices.Contains(codes[:i], code) {
			c.wrong(item(path, i), quote(code)+" is given twice", "take one away", "")
		}
	}
}

// shopBackends holds a shop's choice to what there is, and to what its channels need.
func (c *check) shopBackends(path string, s Shop) {
	path = join(path, "backends")
	all := slices.Sorted(maps.Keys(c.cfg.Backends))
	for port, name := range s.Backends {
		at := join(path, shown(port))
		if !slices.Contains(ports, port) {
			c.unknownPort(path, port)
			continue
		}
		if !slices.Contains(all, name) {
			c.wrong(at, "no backend is called "+quote(name), "name one of backends", nearest(name, all))
		}
	}
	if _, ok := s.Backends["loyalty"]; ok && s.Loyalty == nil {
		c.wrong(join(path, "loyalty"), "the shop has no loyalty", "say under loyalty what points are good for, or take this away", "")
	}
	if s.Poq == nil {
		return
	}
	if _, ok := s.Backends["carts"]; !ok {
		c.wrong(join(path, "carts"), "missing", "name the backend that makes the carts", "")
	}
	if _, ok := s.Backends["orders"]; !ok && len(s.Poq.OrdersSecrets) > 0 {
		c.wrong(join(path, "orders"), "missing", "name the backend that knows the orders, or take orders_secrets away", "")
	}
}

func (c *check) shadow(path string, s Shop) {
	at, all := join(path, "backend"), slices.Sorted(maps.Keys(c.cfg.Backends))
	switch name := s.Shadow.Backend; {
	case name == "":
		c.wrong(at, "missing", "name the backend that is to be tried", "")
	case !slices.Contains(all, name):
		c.wrong(at, "no backend is called "+quote(name), "name one of backends", nearest(name, all))
	case name == s.Backends["carts"]:
		c.wrong(at, quote(name)+" makes the shop's carts already", "name another", "")
	case s.Backends["carts"] == "":
		c.wrong(at, "there is nothing to compare with", "name the shop's own backend for carts, or take shadow away", "")
	}
	if share := s.Shadow.Share; !(share > 0 && share <= 1) { // refuses NaN as well
		c.wrong(join(path, "share"), fmt.Sprintf("%g is out of bounds", share), "write more than 0 and at most 1", "")
	}
}

func (c *check) unknownPort(path, port string) {
	near, expected := nearest(port, ports), "valid here: "+strings.Join(ports, ", ")
	if near != "" {
		near, expected = join(path, near), ""
	}
	at := join(path, shown(port))
	c.wrongAt(c.keys[at], at, "unknown port", expected, near)
}

// pages checks what a backend may send a shopper to. It repeats no address, since one may hold a password.
func (c *check) pages(path, name string, s Shop) {
	at := join(path, "checkout_hosts")
	if len(s.CheckoutHosts) == 0 && (s.Poq != nil || s.Shopify == nil) {
		c.wrong(at, "missing", "name the hosts that a shopper may be sent to, such as shop.example.com", "")
	}
	var origins []handoff.Origin
	for i, text := range s.CheckoutHosts {
		origin, err := handoff.ParseOrigin(text, true)
		if err == nil && origin.Scheme == "http" && !c.allows(c.cfg.Allow.InsecureShops, name) {
			c.wrong(item(at, i), "an http:// address", "write https://, or name "+shown(name)+" in allow.insecure_shops", "")
		}
		if err != nil {
			c.wrong(item(at, i), "not an origin", fault.From(err).Message, "")
			continue
		}
		origins = append(origins, origin)
	}
	if len(origins) == len(s.CheckoutHosts) { // else a domain might belong to the one that is wrong
		for i, text := range s.CookieDomains {
			if _, err := handoff.ParseCookieDomain(text, origins); err != nil {
				c.wrong(item(join(path, "cookie_domains"), i), quote(text)+" cannot be used", fault.From(err).Message, "")
			}
		}
	}
	for i, text := range s.Headers {
		if _, err := handoff.NewPolicy(nil, nil, []string{text}); err != nil {
			c.wrong(item(join(path, "headers"), i), shown(text)+" cannot be allowed", "name a header that a backend may set", "")
		}
	}
}

// budgetOf says how long one transfer of a shop may take.
func (c *check) budgetOf(name string, s Shop) {
	budget := s.Poq.Budget
	if c.cfg.Server.WriteTimeout <= budget {
		c.wrong("server.write_timeout", fmt.Sprintf("%s ends an answer before the budget of shop %s, %s", spoken(c.cfg.Server.WriteTimeout), shown(name), spoken(budget)), "write more than the budget", "")
	}
	backend := s.Backends["carts"]
	at := join(join(join("backends", shown(backend)), "guard"), "timeout")
	// A default is cut to the budget silently: nobody wrote it.
	if _, given := c.values[at]; given && c.cfg.Backends[backend].Guard.Timeout > budget {
		c.wrong(at, fmt.Sprintf("%s is more than the budget of shop %s, %s", spoken(c.cfg.Backends[backend].Guard.Timeout), shown(name), spoken(budget)), "write the budget or less", "")
	}
}
