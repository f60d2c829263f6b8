// SPDX-License-Identifier: Apache-2.0

package shopifypos

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/cartage-dev/cartage/adapters/inbound/httpserver"
	"github.com/cartage-dev/cartage/core/secret"
	"github.com/cartage-dev/cartage/core/shop"
	"github.com/cartage-dev/cartage/ports/inbound"
)

// VariantField says where an add_variant action names its variant, which no copy
// of the reference still shows.
type VariantField string

// The fields. The zero VariantField is VariantBoth.
const (
	VariantBoth  VariantField = "both"
	VariantID    VariantField = "variant_id"
	VariantValue VariantField = "value"
)

// PercentScaleDefault writes ten percent as "10".
const PercentScaleDefault = 100

// forgeriesMax is how many forgeries of a client are logged as a warning per minute.
const forgeriesMax = 20

// App is one Shopify app: whoever knows its secret speaks for its shops.
type App struct {
	Name string // in figures and logs
	// Path is what the three endpoints are below, such as /pos/demo.
	Path string
	// Secrets are the app's client secrets, one or two, the newest first.
	Secrets   []secret.Text
	Installed []Installed
	// PercentScale is what a whole is in the value of a percent_discount: with 100, the
	// default, "10" is ten percent, and with 1 it is "0.1".
	PercentScale int
	VariantField VariantField
}

// Installed is a shop that has the app.
type Installed struct {
	Domain string // Shopify's name of the shop, such as demo-shop.myshopify.com
	ShopID int64  // Shopify's number of it
	Shop   shop.ID
}

// Options are what a Handler is made of. Registerer may be nil, and Now is
// time.Now by default.
type Options struct {
	Apps       []App
	POS        inbound.POS
	Logger     *slog.Logger
	Registerer prometheus.Registerer
	Now        func() time.Time
}

// Handler serves the endpoints of every app.
type Handler struct {
	apps    []*app
	pos     inbound.POS
	log     *slog.Logger
	now     func() time.Time
	figures figures
}

// app is an App that is served.
type app struct {
	App
	installed map[string]Installed // by domain
	forgeries *httpserver.Misses
	slots     chan struct{} // of calls of the port that are under way
}

// New refuses an app without a secret, without shops or with a path that cannot be
// served, and two apps that would answer at one path or under one name.
func New(o Options) (*Handler, error) {
	if o.POS == nil || o.Logger == nil {
		return nil, errors.New("shopifypos: a port and a logger are needed")
	}
	h := &Handler{pos: o.POS, log: o.Logger, now: o.Now}
	if h.now == nil {
		h.now = time.Now
	}
	for _, a := range o.Apps {
		if a.PercentScale == 0 {
			a.PercentScale = PercentScaleDefault
		}
		if a.VariantField == "" {
			a.VariantField = VariantBoth
		}
		if err := a.check(); err != nil {
			return nil, fmt.Errorf("shopifypos app %s: %w", a.Name, err)
		}
		for _, other := range h.apps {
			if other.Name == a.Name || other.Path == a.Path {
				return nil, fmt.Errorf("shopifypos app %s: the name or the path %s is already taken by app %s", a.Name, a.Path, other.Name)
			}
		}
		serving := &app{
			App: a, installed: map[string]Installed{},
			forgeries: httpserver.NewMisses(forgeriesMax, callsMax), slots: make(chan struct{}, callsMax),
		}
		for _, i := range a.Installed {
			serving.installed[i.Domain] = i
		}
		h.apps = append(h.apps, serving)
	}
	h.figures = newFigures(o.Registerer, h.apps)
	return h, nil
}

// Register serves every app's endpoints on mux.
func (h *Handler) Register(mux *http.ServeMux) {
	for _, a := range h.apps {
		for _, at := range endpoints {
			httpserver.Handle(mux, a.Path+"/"+at.name(), h.endpoint(a, at))
		}
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
