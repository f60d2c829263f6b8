// SPDX-License-Identifier: Apache-2.0

package orderhooks

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/cartage-dev/cartage/adapters/inbound/httpserver"
	"github.com/cartage-dev/cartage/core/secret"
	"github.com/cartage-dev/cartage/core/shop"
	"github.com/cartage-dev/cartage/ports/inbound"
)

// App is one Shopify app: whoever knows its secret speaks for its shops.
type App struct {
	Name string // in figures and logs
	// Path is where every topic is delivered, such as /hooks/shopify/demo.
	Path string
	// Secrets are the app's client secrets, one or two, the newest first.
	Secrets []secret.Text
	// AppID is the first half of the app's own entries in cart-promotion-actions. Where it is
	// empty the entries of every app are looked at.
	AppID     string
	Installed []Installed
	// TestOrders lets orders count that no money was paid for, as in a demo.
	TestOrders bool
}

// Installed is a shop that has the app.
type Installed struct {
	Domain string // Shopify's name of the shop, such as demo-shop.myshopify.com
	ShopID int64  // Shopify's number of it
	Shop   shop.ID
}

// Options are what a Handler is made of. Registerer and Privacy may be nil, and Now
// is time.Now by default. Without a Privacy its topics are answered 200 and logged as
// a warning, with the customer's number: somebody has 30 days to act by hand.
type Options struct {
	Apps       []App
	News       inbound.OrderNews
	Privacy    Privacy
	Logger     *slog.Logger
	Registerer prometheus.Registerer
	Now        func() time.Time
}

// Handler serves the webhooks of every app.
type Handler struct {
	apps    []*app
	news    inbound.OrderNews
	privacy Privacy
	log     *slog.Logger
	now     func() time.Time
	figures figures
	strange strangeTopics
}

// app is an App that is served.
type app struct {
	App
	installed map[string]Installed // by domain
	forgeries *httpserver.Misses
	slots     chan struct{} // of calls of a port that are under way
}

// New refuses an app without a secret, without shops or with a path that cannot be
// served, and two apps that would answer at one path or under one name.
func New(o Options) (*Handler, error) {
	if o.News == nil || o.Logger == nil {
		return nil, errors.New("orderhooks: a port and a logger are needed")
	}
	h := &Handler{news: o.News, privacy: o.Privacy, log: o.Logger, now: o.Now}
	if h.now == nil {
		h.now = time.Now
	}
	for _, a := range o.Apps {
		if err := a.check(); err != nil {
			return nil, fmt.Errorf("orderhooks app %s: %w", a.Name, err)
		}
		for _, other := range h.apps {
			if other.Name == a.Name || other.Path == a.Path {
				return nil, fmt.Errorf("orderhooks app %s: the name or the path %s is already taken by app %s", a.Name, a.Path, other.Name)
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

// Register serves every app's path on mux.
func (h *Handler) Register(mux *http.ServeMux) {
	for _, a := range h.apps {
		httpserver.Handle(mux, a.Path, h.endpoint(a))
	}
}

// Drain waits for calls of the ports that outlived their answers. From then on the
// ports are not called any more.
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

// strangeMax bounds the topics that are remembered: whoever replays a signed body
// may invent any number of them.
const strangeMax = 64

// forgeriesMax is how many forgeries of a client are logged as a warning per minute.
// Beyond, nobody is turned away: any app may have its webhooks delivered here, from the
// very addresses that ours come from, and orders would be lost with them.
const forgeriesMax = 20

// strangeTopics remembers which topics nobody knows have been logged.
type strangeTopics struct {
	mu   sync.Mutex
	seen map[string]bool
}

// first reports whether the topic has not been logged yet and there is room to remember it.
func (s *strangeTopics) first(app, topic string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := app + " " + topic
	if s.seen[key] || len(s.seen) >= strangeMax {
		return false
	}
	if s.seen == nil {
		s.seen = map[string]bool{}
	}
	s.seen[key] = true
	return true
}
