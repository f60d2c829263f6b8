// SPDX-License-Identifier: Apache-2.0

package app

import (
	"net/http"
	"slices"
	"time"

	"github.com/cartage-dev/cartage/adapters/inbound/orderhooks"
	"github.com/cartage-dev/cartage/adapters/inbound/shopifypos"
	"github.com/cartage-dev/cartage/config"
	"github.com/cartage-dev/cartage/core/shop"
)

// shopify serves the tills and the webhooks of every app that a shop has installed.
func (r *Routes) shopify(mux *http.ServeMux, cfg config.Config) error {
	var tills []shopifypos.App
	var hooks []orderhooks.App
	for _, name := range sortedKeys(cfg.Shopify.Apps) {
		c := cfg.Shopify.Apps[name]
		till := shopifypos.App{Name: name, Path: c.POSPath, Secrets: c.Secrets, PercentScale: c.PercentScale, VariantField: shopifypos.VariantField(c.VariantField)}
		hook := orderhooks.App{Name: name, Path: c.HooksPath, Secrets: c.Secrets, AppID: c.AppID, TestOrders: r.mode == config.Dev || slices.Contains(cfg.Allow.TestOrders, name)}
		for _, id := range sortedKeys(cfg.Shops) {
			if s := cfg.Shops[id].Shopify; s != nil && s.App == name {
				till.Installed = append(till.Installed, shopifypos.Installed{Domain: s.Domain, ShopID: int64(s.ShopID), Shop: shop.ID(id)})
				hook.Installed = append(hook.Installed, orderhooks.Installed{Domain: s.Domain, ShopID: int64(s.ShopID), Shop: shop.ID(id)})
			}
		}
		if till.Installed != nil {
			tills, hooks = append(tills, till), append(hooks, hook)
		}
	}
	pos, err := shopifypos.New(shopifypos.Options{Apps: tills, POS: r.pos, Logger: r.log, Registerer: r.figures, Now: time.Now})
	if err != nil {
		return err
	}
	orders, err := orderhooks.New(orderhooks.Options{Apps: hooks, News: r.news, Logger: r.log, Registerer: r.figures, Now: time.Now})
	if err != nil {
		return err
	}
	pos.Register(mux)
	orders.Register(mux)
	return nil
}
