// SPDX-License-Identifier: Apache-2.0

package posui

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/cartage-dev/cartage/adapters/inbound/httpserver"
	"github.com/cartage-dev/cartage/core/secret"
	"github.com/cartage-dev/cartage/core/shop"
	"github.com/cartage-dev/cartage/ports/inbound"
)

// Base is what stands before every endpoint. It is the same for all apps, since a token
// says whose it is.
const Base = "/v1/pos"

// App is one Shopify app, whose extensions may ask.
type App struct {
	Name     string // in figures and logs
	ClientID string // Shopify's name of the app, which its tokens are meant for
	// Secrets are the app's client secrets, one or two, the newest first.
	Secrets   []secret.Text
	Installed []Installed
}

// Installed is a shop that has the app.
type Installed struct {
	Domain string // Shopify's name of the shop, such as demo-shop.myshopify.com
	Shop   shop.ID
}

// Options are what a Handler is made of. Registerer may be nil, Now is time.Now by default,
// and Tokens are the Handler's own where none are given: those of a Handler that
// takes another's place should be the same.
type Options struct {
	Apps        []App
	Redemptions inbound.Redemptions
	Tokens      *Tokens
	Logger      *slog.Logger
	Registerer  prometheus.Registerer
	Now         func() time.Time
}

// Handler serves the extensions of every app.
type Handler struct {
	apps    []*app
	clients map[string]*app // by client id
	port    inbound.Redemptions
	tokens  *Tokens
	parser  *jwt.Parser
	misses  *httpserver.Misses
	log     *slog.Logger
	now     func() time.Time
	figures figures
}

// app is an App that is served.
type app struct {
	App
	installed map[string]shop.ID // by domain
	slots     chan struct{}      // of calls of the port that are under way
}

// New refuses an app without a client id, a secret or shops, and two apps of one name or
// client id.
func New(o Options) (*Handler, error) {
	if o.Redemptions == nil || o.Logger == nil {
		return nil, errors.New("posui: a port and a logger are needed")
	}
	h := &Handler{
		clients: map[string]*app{}, port: o.Redemptions, tokens: o.Tokens,
		misses: httpserver.NewMisses(forgeriesMax, triesMax), log: o.Logger, now: o.Now,
	}
	if h.now == nil {
		h.now = time.Now
	}
	if h.tokens == nil {
		h.tokens = NewTokens()
	}
	h.parser = newParser(h.now)
	for _, a := range o.Apps {
		if err := a.check(); err != nil {
			return nil, fmt.Errorf("posui app %s: %w", a.Name, err)
		}
		for _, other := range h.apps {
			if other.Name == a.Name || other.ClientID == a.ClientID {
				return nil, fmt.Errorf("posui app %s: the name or the client id is already taken by app %s", a.Name, other.Name)
			}
		}
		serving := &app{App: a, installed: map[string]shop.ID{}, slots: make(chan struct{}, callsMax)}
		for _, i := range a.Installed {
			serving.installed[i.Domain] = i.Shop
		}
		h.apps, h.clients[a.ClientID] = append(h.apps, serving), serving
	}
	h.figures = newFigures(o.Registerer, h.apps)
	return h, nil
}

// Register serves the endpoints on mux, if there is an app to serve them for.
func (h *Handler) Register(mux *http.ServeMux) {
	if len(h.apps) == 0 {
		return
	}
	for i := range endpoints {
		httpserver.Handle(mux, Base+endpoints[i].path, h.endpoint(&endpoints[i]))
	}
}

// Drain waits for calls of the port that outlived their answers. From then on the
// port is not called any more.
func (h *Handler) Drain(ctx context.Context) error {
	for _, a := range h.apps {
		for range callsMax {
			select {
			case a.slots <- struct{}{}:
			case <-ctx.Done():
				return fmt.Errorf("wait for late calls of app %s: %w", a.Name, ctx.Err())
			}
		}
	}
	return nil
}
