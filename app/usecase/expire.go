// SPDX-License-Identifier: Apache-2.0

package usecase

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/order"
	"github.com/cartage-dev/cartage/ports/backend"
	"github.com/cartage-dev/cartage/ports/inbound"
	"github.com/cartage-dev/cartage/ports/store"
)

// The bounds of looking after holds: backends are asked seldom and never in a herd.
const (
	expireEvery  = 30 * time.Second // and up to half as much more
	expireBatch  = 60
	expirePause  = 500 * time.Millisecond // between two questions to backends
	expireCall   = 5 * time.Second
	expireWrites = 2 * time.Second
)

// Expirer gives back points that were held too long, once it has asked for an order
// that they were held for.
type Expirer struct {
	shops  *Directory
	news   inbound.OrderNews
	ledger store.Ledger
	books  *Books
	clock  *Clock
	alerts *Alerts
	log    *slog.Logger
	pause  time.Duration

	end   chan struct{}
	ended sync.WaitGroup
	once  sync.Once
}

// NewExpirer tells news of the orders that it finds. Start begins its work, and Close ends it.
func NewExpirer(shops *Directory, books *Books, news inbound.OrderNews, s store.Store, clock *Clock, alerts *Alerts, log *slog.Logger) *Expirer {
	return &Expirer{shops: shops, news: news, ledger: s.Ledger, books: books, clock: clock, alerts: alerts, log: log, pause: expirePause, end: make(chan struct{})}
}

// Start begins to look after holds.
func (e *Expirer) Start() {
	e.ended.Go(func() {
		for {
			select {
			case <-e.end:
				return
			case <-time.After(expireEvery + rand.N(expireEvery/2)): //nolint:gosec // G404: jitter is no secret
				e.Round(context.Background())
			}
		}
	})
}

// Close ends it after the hold at hand. It may be called more than once.
func (e *Expirer) Close() {
	e.once.Do(func() { close(e.end) })
	e.ended.Wait()
}

// Round looks after the holds that run out now, and says how many it has resolved.
func (e *Expirer) Round(ctx context.Context) (resolved int) {
	now := e.clock.Now()
	if e.clock.Off() {
		e.log.WarnContext(ctx, "the wall clock has jumped; holds go by the time that has passed")
	}
	holds, err := e.ledger.RunningOut(ctx, now, expireBatch)
	if err != nil {
		e.log.WarnContext(ctx, "holds cannot be looked after", "cause", err)
		return 0
	}
	for i, h := range holds {
		if i > 0 {
			select {
			case <-e.end:
				return resolved
			case <-time.After(e.pause):
			}
		}
		if err := e.resolve(ctx, h, now); err != nil {
			e.log.WarnContext(ctx, "hold not resolved", "shop", h.Shop, "cause", err)
			continue
		}
		resolved++
	}
	return resolved
}

// resolve asks the shop's backend for an order that carries the action. One that is found is told as
// news, and captures the hold whenever that is worked out; the hold waits for it.
func (e *Expirer) resolve(ctx context.Context, h store.Hold, now time.Time) error {
	entry, err := e.shops.Shop(h.Shop)
	if err != nil {
		return err
	}
	rules := loyalty.DefaultRules()
	if entry.Loyalty != nil {
		rules = entry.Loyalty.Rules
	}
	found, finding := e.ask(ctx, entry, h)
	if found != nil {
		finding = loyalty.NobodyKnows // so that the hold is kept until the news is worked out
		err := e.news.Tell(ctx, inbound.News{
			Shop: h.Shop, Kind: inbound.OrderPlaced, Order: loyalty.OrderID(found.ID), Customer: h.Action.Customer,
			Total: found.Cart.Totals.Total, Actions: []loyalty.ActionID{h.Action.ID}, At: found.PlacedAt,
		})
		if err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, expireWrites)
	defer cancel()
	var raised alert
	err = e.books.Do(ctx, store.Stamp{Shop: h.Shop, RequestID: "expire"}, func(b *book) error {
		a, known, err := b.Action(h.Action.ID)
		if err != nil || !known {
			return err
		}
		o := a.Expire(finding, rules, now)
		raised = alert{what: o.Alert, action: a.ID}
		return keep(b, o)
	})
	if err == nil {
		e.alerts.raise(ctx, h.Shop, raised)
	}
	return err
}

func (e *Expirer) ask(ctx context.Context, entry Entry, h store.Hold) (*order.Order, loyalty.Finding) {
	if entry.Backend.Orders == nil {
		return nil, loyalty.NobodyKnows
	}
	ctx, cancel := context.WithTimeout(ctx, expireCall)
	defer cancel()
	call := backend.Call{Shop: h.Shop, Locale: entry.Shop.Locale}
	found, err := entry.Backend.Orders.ByReference(ctx, call, string(h.Action.ID))
	switch {
	case err == nil:
		return &found, loyalty.NobodyKnows
	case fault.KindOf(err) == fault.NotFound:
		return nil, loyalty.NoOrder
	}
	e.log.WarnContext(ctx, "nobody says whether there is an order", "shop", h.Shop, "cause", err)
	return nil, loyalty.NobodyKnows
}
