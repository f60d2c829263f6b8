// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"path"
	"time"

	"github.com/cartage-dev/cartage/core/handoff"
	"github.com/cartage-dev/cartage/core/secret"
	"github.com/cartage-dev/cartage/core/shop"
)

// The bounds of a Poq channel.
const (
	secretsMax = 2 // the one in use and the one to come
	budgetMin  = 100 * time.Millisecond
	budgetMax  = 4 * time.Second // below what the channel itself ends a call after
)

// linksPath is where one-time links are.
const linksPath = "/handoff/"

func (c *check) poq(at, name string, p Poq, served map[string]string) {
	c.poqPath(join(at, "path"), name, p, served)
	c.twoSecrets(join(at, "secrets"), p.Secrets, true)
	c.twoSecrets(join(at, "orders_secrets"), p.OrdersSecrets, false)
	if _, err := handoff.NewPolicy(nil, nil, []string{p.CustomerHeader}); p.CustomerHeader != "" && err != nil {
		c.wrong(join(at, "customer_header"), shown(p.CustomerHeader)+" cannot carry a shopper's token", "name a header of its own, such as X-Customer-Authorization", "")
	}
	c.oneOf(join(at, "shortage"), p.Shortage, string(shop.Lenient), string(shop.Strict))
	c.prefixes(join(at, "allow_ips"), p.AllowIPs)
	before := len(c.found)
	bounded(c, at, []span[time.Duration]{{"budget", p.Budget, budgetMin, budgetMax}}, spoken)
	if len(c.found) == before {
		c.budgetOf(name, c.cfg.Shops[name])
	}
}

// twoSecrets refuses more than the one in use and the one to come.
func (c *check) twoSecrets(at string, secrets []secret.Text, needed bool) {
	switch {
	case needed && len(secrets) == 0:
		c.wrong(at, "missing", byReference, "")
	case len(secrets) > secretsMax:
		c.wrong(at, fmt.Sprintf("%d secrets", len(secrets)), "keep two at most: the one in use and the one to come", "")
	}
}

// poqPath refuses a path that cannot be served, or that is served already: served
// holds whose each one is.
func (c *check) poqPath(at, name string, p Poq, served map[string]string) {
	if !c.plainPath(at, p.Path, "/poq/"+shown(name)+"/cart-transfer") {
		return
	}
	paths := []string{p.Path}
	if len(p.OrdersSecrets) > 0 {
		paths = append(paths, path.Join(path.Dir(p.Path), "orders", "{reference}"))
	}
	for _, one := range paths {
		c.serve(at, one, "shop "+name, served)
	}
}
