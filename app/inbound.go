// SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/fx"

	"github.com/cartage-dev/cartage/adapters/inbound/admin"
	"github.com/cartage-dev/cartage/adapters/inbound/httpserver"
	"github.com/cartage-dev/cartage/adapters/inbound/links"
	"github.com/cartage-dev/cartage/adapters/inbound/poq"
	"github.com/cartage-dev/cartage/config"
	"github.com/cartage-dev/cartage/core/shop"
	"github.com/cartage-dev/cartage/ports/backend"
	"github.com/cartage-dev/cartage/ports/inbound"
	"github.com/cartage-dev/cartage/ports/store"
)

var inboundModule = fx.Module("inbound",
	fx.Provide(newReadiness, newShopifyRoutes, newRoutes, newAPI, newAdmin),
	fx.Invoke(func(*Admin, *API) {}),
)

// API is the public listener.
type API struct{ *httpserver.Server }

// Admin is the operator's listener.
type Admin struct{ *httpserver.Server }

func newReadiness(s store.Store, engine *Engine) *admin.Readiness {
	database := func(ctx context.Context) admin.Status {
		status := admin.Status{Name: "store", OK: true, Required: true}
		if err := s.Health.Ping(ctx); err != nil {
			status.OK, status.Detail = false, map[string]string{"error": err.Error()}
		}
		return status
	}
	ready := admin.NewReadiness(database)
	ready.Also(engine.probes)
	return ready
}

// Routes make the API's handler of a config. What outlives a config, such as the
// counts of those who try links, is here.
type Routes struct {
	transfer inbound.CartTransfer
	orders   inbound.OrderLookup
	links    *links.Handler
	shopify  *shopifyRoutes
	log      *slog.Logger
	figures  prometheus.Registerer
}

func newRoutes(transfer inbound.CartTransfer, orders inbound.OrderLookup, opens inbound.HandoffLinks, shopify *shopifyRoutes, log *slog.Logger, figures prometheus.Registerer) *Routes {
	return &Routes{transfer: transfer, orders: orders, links: links.New(links.Options{Links: opens, Logger: log}), shopify: shopify, log: log, figures: figures}
}

func (r *Routes) handler(cfg config.Config) (http.Handler, error) {
	channel, err := r.poq(cfg)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	channel.Register(mux)
	if err := r.shopify.register(mux, cfg); err != nil {
		return nil, err
	}
	r.links.Register(mux)
	return mux, nil
}

func (r *Routes) poq(cfg config.Config) (*poq.Handler, error) {
	var shops []poq.Shop
	for _, name := range sortedKeys(cfg.Shops) {
		c := cfg.Shops[name].Poq
		if c == nil {
			continue
		}
		allowed, err := prefixes(c.AllowIPs)
		if err != nil {
			return nil, fmt.Errorf("shops.%s.poq.allow_ips: %w", name, err)
		}
		shops = append(shops, poq.Shop{
			ID: shop.ID(name), Path: c.Path, Secrets: c.Secrets, OrdersSecrets: c.OrdersSecrets,
			CustomerHeader: c.CustomerHeader, AllowIPs: allowed, Budget: c.Budget,
		})
	}
	return poq.New(poq.Options{Shops: shops, Transfer: r.transfer, Orders: r.orders, Logger: r.log, Registerer: r.figures, Now: time.Now})
}

func newAPI(lc fx.Lifecycle, cfg config.Config, engine *Engine, ready *admin.Readiness, log *slog.Logger, figures prometheus.Registerer) (*API, error) {
	trusted, err := prefixes(cfg.Server.TrustedProxies)
	if err != nil {
		return nil, fmt.Errorf("server.trusted_proxies: %w", err)
	}
	server := httpserver.New(serverOptions("api", cfg.Server.Listen, cfg.Server, trusted, log, figures), carryRequestID(engine))
	lc.Append(fx.StartStopHook(
		func(ctx context.Context) error {
			err := server.Start(ctx)
			if err == nil {
				ready.Open()
			}
			return err
		},
		func(ctx context.Context) error {
			ready.Close()
			select { // let a load balancer see it before the listener closes
			case <-time.After(cfg.Server.ReadyDelay):
			case <-ctx.Done():
			}
			ctx, cancel := context.WithTimeout(ctx, cfg.Server.DrainTimeout)
			defer cancel()
			return server.Stop(ctx)
		},
	))
	return &API{server}, nil
}

// newAdmin listens before the API does and after it has stopped, so that an
// operator can watch both.
func newAdmin(lc fx.Lifecycle, cfg config.Config, engine *Engine, ready *admin.Readiness, log *slog.Logger, figures prometheus.Registerer, gathered prometheus.Gatherer) *Admin {
	mux := http.NewServeMux()
	admin.Register(mux, ready, gathered)
	admin.RegisterReload(mux, func() ([]string, error) { return engine.Reload("the admin listener") })
	admin.RegisterReset(mux, engine.Reset)
	admin.RegisterReport(mux, "/shadow", engine.Rehearsals)
	server := httpserver.New(serverOptions("admin", cfg.Admin.Listen, cfg.Server, nil, log, figures), mux)
	lc.Append(fx.StartStopHook(server.Start, server.Stop))
	return &Admin{server}
}

func serverOptions(name, listen string, c config.Server, trusted []netip.Prefix, log *slog.Logger, figures prometheus.Registerer) httpserver.Options {
	return httpserver.Options{
		Name: name, Listen: listen, ReadHeaderTimeout: c.ReadHeaderTimeout, ReadTimeout: c.ReadTimeout,
		WriteTimeout: c.WriteTimeout, IdleTimeout: c.IdleTimeout, MaxHeaderBytes: c.MaxHeaderBytes,
		TrustedProxies: trusted, Logger: log, Registerer: figures,
	}
}

// carryRequestID hands the request's id on to backends: channels and backends
// must not know each other.
func carryRequestID(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(backend.WithRequestID(r.Context(), httpserver.RequestID(r.Context()))))
	})
}

func prefixes(ranges []string) ([]netip.Prefix, error) {
	var all []netip.Prefix
	for _, text := range ranges {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}
