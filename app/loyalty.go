// SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/fx"

	"github.com/cartage-dev/cartage/app/usecase"
	"github.com/cartage-dev/cartage/config"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/shop"
	"github.com/cartage-dev/cartage/ports/store"
)

// newKeyring takes the keys from config, or the one beside the database. Like newSealer it
// asks for the store so that only the host that holds the database makes a key.
func newKeyring(cfg config.Config, _ store.Store) (loyalty.Keyring, error) {
	var texts []string
	for _, key := range cfg.Loyalty.Keys {
		texts = append(texts, key.Reveal())
	}
	if texts == nil {
		kept, err := keptKey(filepath.Join(filepath.Dir(cfg.Store.Path), "offers.key"))
		if err != nil {
			return loyalty.Keyring{}, err
		}
		texts = append(texts, kept)
	}
	keys := make([][]byte, len(texts))
	for i, text := range texts {
		var err error
		if keys[i], err = base64.StdEncoding.DecodeString(strings.TrimSpace(text)); err != nil {
			return loyalty.Keyring{}, errors.New("a key for offers is not base64")
		}
	}
	return loyalty.NewKeyring(keys...)
}

func newPOS(lc fx.Lifecycle, shops *usecase.Directory, books *usecase.Books, s store.Store, clock *usecase.Clock, log *slog.Logger) *usecase.POS {
	p := usecase.NewPOS(shops, books, s, clock, log)
	lc.Append(fx.StopHook(p.Close))
	return p
}

// workNews works out what orders mean, from when the engine has found its shops: what it is asked for before waits.
func workNews(lc fx.Lifecycle, _ *Engine, work *usecase.Settlement) {
	lc.Append(fx.StartStopHook(work.Start, work.Close))
}

func newAlerts(log *slog.Logger, figures prometheus.Registerer) (*usecase.Alerts, error) {
	raised := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "cartage_loyalty_alerts_total", Help: "What needs somebody's eyes, by shop and by alert; the log says of which action."},
		[]string{"shop", "alert"})
	if err := figures.Register(raised); err != nil {
		return nil, err
	}
	return usecase.NewAlerts(log, func(s shop.ID, what loyalty.Alert) { raised.WithLabelValues(string(s), string(what)).Inc() }), nil
}

// lookAfterHolds runs beside the tills, with the engine's shops.
func lookAfterHolds(lc fx.Lifecycle, _ *Engine, shops *usecase.Directory, books *usecase.Books, news *usecase.Settlement, s store.Store, clock *usecase.Clock, alerts *usecase.Alerts, log *slog.Logger) {
	work := usecase.NewExpirer(shops, books, news, s, clock, alerts, log)
	lc.Append(fx.StartStopHook(work.Start, work.Close))
}

// movePoints brings keepers to what is booked, with the engine's backends.
func movePoints(lc fx.Lifecycle, _ *Engine, books *usecase.Books, alerts *usecase.Alerts, log *slog.Logger) {
	work := usecase.NewMover(books, alerts, log)
	lc.Append(fx.StartStopHook(work.Start, work.Close))
}

// backlogMax bounds the question how much waits.
const backlogMax = 2 * time.Second

// showBacklogs says how much waits to be worked out or moved, and since when.
func showBacklogs(figures prometheus.Registerer, s store.Store) error {
	for _, of := range []struct {
		name, what string
		backlog    func(context.Context) (int, time.Time, error)
	}{
		{"news", "News of orders that waits to be worked out", s.Inbox.Backlog},
		{"movements", "Movements of points that a backend is still to be asked for", s.Movements.Backlog},
	} {
		ask := func(show func(n int, since time.Time) float64) func() float64 {
			return func() float64 {
				ctx, cancel := context.WithTimeout(context.Background(), backlogMax)
				defer cancel()
				n, since, err := of.backlog(ctx)
				if err != nil {
					return math.NaN()
				}
				return show(n, since)
			}
		}
		for _, gauge := range []prometheus.Collector{
			prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "cartage_" + of.name + "_waiting", Help: of.what + "."},
				ask(func(n int, _ time.Time) float64 { return float64(n) })),
			prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "cartage_" + of.name + "_oldest_seconds", Help: of.what + ": for how long the oldest has; 0 when none does."},
				ask(func(n int, since time.Time) float64 {
					if n == 0 {
						return 0
					}
					return time.Since(since).Seconds()
				})),
		} {
			if err := figures.Register(gauge); err != nil {
				return err
			}
		}
	}
	return nil
}

// newProgramme is a shop's loyalty as config has it: the cheapest offer first.
func newProgramme(c config.Programme, keys loyalty.Keyring) (*loyalty.Programme, error) {
	p := &loyalty.Programme{Label: textOf(c.Label, c.Labels), Rules: loyalty.DefaultRules(), Keys: keys}
	p.Rules.Rearm = c.Reoffer == config.ReofferSame
	for _, name := range sortedKeys(c.Offers) {
		o := c.Offers[name]
		offer, err := o.Parse(name)
		if err != nil {
			return nil, fmt.Errorf("offers.%s: %w", name, err)
		}
		described := o.Description
		if described == "" {
			described = fmt.Sprintf("-%d points", offer.Cost)
		}
		p.Showings = append(p.Showings, loyalty.Showing{Offer: offer, Title: textOf(o.Title, o.Titles), Description: textOf(described, o.Descriptions)})
	}
	slices.SortStableFunc(p.Showings, func(a, b loyalty.Showing) int { return int(a.Offer.Cost - b.Offer.Cost) })
	if c.Earn != nil {
		var err error
		if p.Earn, err = c.Earn.Parse(); err != nil {
			return nil, fmt.Errorf("earn: %w", err)
		}
	}
	return p, nil
}

func textOf(text string, more map[string]string) loyalty.Text {
	t := loyalty.Text{"": text}
	for language, other := range more {
		t[language] = other
	}
	return t
}

// keepMax bounds how long the offers of a config may take to be written down.
const keepMax = 5 * time.Second

// keepOffers remembers the versions that a config shows before any till sees them.
func keepOffers(ctx context.Context, offers store.Offers, shops map[shop.ID]usecase.Entry) error {
	ctx, cancel := context.WithTimeout(ctx, keepMax)
	defer cancel()
	for _, id := range sortedKeys(shops) {
		p := shops[id].Loyalty
		if p == nil {
			continue
		}
		var versions []loyalty.Offer
		for _, s := range p.Showings {
			versions = append(versions, s.Offer)
		}
		if err := offers.Keep(ctx, id, versions); err != nil {
			return fmt.Errorf("shops.%s.loyalty.offers: %w", id, err)
		}
	}
	return nil
}

// The demo's shop at Shopify, and what its customer 1 begins with, so that the requests of Shopify's own
// guide work as they stand.
const (
	demoDomain = "shopify-domain.myshopify.com"
	demoPoints = 23_867
)

// seedDemo gives the demo's customer points, once in the life of its database.
func seedDemo(lc fx.Lifecycle, source config.Source, cfg config.Config, s store.Store) {
	if at := cfg.Shops["demo"].Shopify; source.Mode != config.Dev || at == nil || at.Domain != demoDomain {
		return
	}
	lc.Append(fx.StartHook(func(ctx context.Context) error {
		err := s.Ledger.Do(ctx, store.Stamp{Shop: "demo", RequestID: "demo"}, func(b store.Book) error {
			return b.Write(store.Change{Entry: &loyalty.Entry{Key: "admn:demo", Transfers: []loyalty.Transfer{
				{From: loyalty.Account{Name: loyalty.AccountAdjust}, To: loyalty.Account{Name: loyalty.AccountAvailable, Customer: "1"}, Points: demoPoints},
			}}})
		})
		if err != nil && fault.KindOf(err) == fault.Conflict {
			return nil // it has them
		}
		return err
	}))
}
