// SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/cartage-dev/cartage/adapters/inbound/orderhooks"
	"github.com/cartage-dev/cartage/adapters/inbound/posui"
	"github.com/cartage-dev/cartage/adapters/inbound/shopifypos"
	"github.com/cartage-dev/cartage/app/usecase"
	"github.com/cartage-dev/cartage/config"
	"github.com/cartage-dev/cartage/core/shop"
	"github.com/cartage-dev/cartage/ports/inbound"
)

// shopifyRoutes serve the tills, the POS UI extensions and the webhooks of every app that a
// shop has installed.
type shopifyRoutes struct {
	pos         inbound.POS
	redemptions inbound.Redemptions
	news        *usecase.Settlement
	tokens      *posui.Tokens // outlives a config, so that no used token is forgotten
	mode        config.Mode
	log         *slog.Logger
	figures     prometheus.Registerer
}

func newShopifyRoutes(pos inbound.POS, redemptions inbound.Redemptions, news *usecase.Settlement, mode config.Mode, log *slog.Logger, figures prometheus.Registerer) *shopifyRoutes {
	return &shopifyRoutes{pos: pos, redemptions: redemptions, news: news, tokens: posui.NewTokens(), mode: mode, log: log, figures: figures}
}

func (r *shopifyRoutes) register(mux *http.ServeMux, cfg config.Config) error {
	var tills []shopifypos.App
	var hooks []orderhooks.App
	var extensions []posui.App
	for _, name := range sortedKeys(cfg.Shopify.Apps) {
		c := cfg.Shopify.Apps[name]
		till := shopifypos.App{Name: name, Path: c.POSPath, Secrets: c.Secrets, PercentScale: c.PercentScale, VariantField: shopifypos.VariantField(c.VariantField)}
		hook := orderhooks.App{Name: name, Path: c.HooksPath, Secrets: c.Secrets, AppID: c.AppID, TestOrders: r.mode == config.Dev || slices.Contains(cfg.Allow.TestOrders, name)}
		extension := posui.App{Name: name, ClientID: c.ClientID, Secrets: c.Secrets}
		for _, id := range sortedKeys(cfg.Shops) {
			if s := cfg.Shops[id].Shopify; s != nil && s.App == name {
				till.Installed = append(till.Installed, shopifypos.Installed{Domain: s.Domain, ShopID: int64(s.ShopID), Shop: shop.ID(id)})
				hook.Installed = append(hook.Installed, orderhooks.Installed{Domain: s.Domain, ShopID: int64(s.ShopID), Shop: shop.ID(id)})
				extension.Installed = append(extension.Installed, posui.Installed{Domain: s.Domain, Shop: shop.ID(id)})
			}
		}
		if till.Installed == nil {
			continue
		}
		tills, hooks = append(tills, till), append(hooks, hook)
		if c.ClientID != "" {
			extensions = append(extensions, extension)
		}
	}
	pos, err := shopifypos.New(shopifypos.Options{Apps: tills, POS: r.pos, Logger: r.log, Registerer: r.figures, Now: time.Now})
	if err != nil {
		return err
	}
	orders, err := orderhooks.New(orderhooks.Options{Apps: hooks, News: r.news, Privacy: privacy{r.news, r.log}, Logger: r.log, Registerer: r.figures, Now: time.Now})
	if err != nil {
		return err
	}
	ui, err := posui.New(posui.Options{Apps: extensions, Redemptions: r.redemptions, Tokens: r.tokens, Logger: r.log, Registerer: r.figures, Now: time.Now})
	if err != nil {
		return err
	}
	pos.Register(mux)
	orders.Register(mux)
	ui.Register(mux)
	return nil
}

// privacy passes on what people want that a shop knows.
type privacy struct {
	news *usecase.Settlement
	log  *slog.Logger
}

// Ask implements orderhooks.Privacy. What is kept of a customer is theirs to be told by the shop, which
// `cartage ledger show` tells.
func (p privacy) Ask(ctx context.Context, r orderhooks.PrivacyRequest) error {
	switch r.Kind {
	case orderhooks.CustomerErasure:
		return p.news.Erase(ctx, r.Shop, r.Customer, r.At)
	case orderhooks.ShopErasure:
		return p.news.Erase(ctx, r.Shop, "", r.At)
	case orderhooks.CustomerData:
		p.log.WarnContext(ctx, "a customer asks what is kept; tell the shop within 30 days what cartage ledger show says", "shop", r.Shop, "customer", r.Customer, "request", r.Number)
	}
	return nil
}
