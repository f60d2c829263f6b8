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
	"github.com/cartage-dev/cartage/core/shop"
	"github.com/cartage-dev/cartage/ports/backend"
	"github.com/cartage-dev/cartage/ports/inbound"
	"github.com/cartage-dev/cartage/ports/store"
)

// The bounds of looking after holds: backends are asked seldom and never in a herd.
const (
	expireEvery  = 30 * time.Second // and up to half as much more
	expireBatch  = 60
	askEvery     = 15 * time.Minute       // for the orders of all that is held, whoever lost the news of them; and up to half as much more
	expirePause  = 500 * time.Millisecond // between two questions to backends
	askMax       = 1000                   // of one shop at a time
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
	asked  map[shop.ID]loyalty.ActionID // where Ask goes on
	stuck  map[shop.ID]int              // how many holds Round leaves out, since they could not be resolved

	end   chan struct{}
	ended sync.WaitGroup
	once  sync.Once
}

// NewExpirer tells news of the orders that it finds. Start begins its work, and Close ends it.
func NewExpirer(shops *Directory, books *Books, news inbound.OrderNews, s store.Store, clock *Clock, alerts *Alerts, log *slog.Logger) *Expirer {
	return &Expirer{shops: shops, news: news, ledger: s.Ledger, books: books, clock: clock, alerts: alerts, log: log, pause: expirePause, asked: map[shop.ID]loyalty.ActionID{}, stuck: map[shop.ID]int{}, end: make(chan struct{})}
}

// Start begins to look after holds.
func (e *Expirer) Start() {
	e.every(expireEvery, e.Round)
	e.every(askEvery, e.Ask)
}

// every does something now and then, until the end.
func (e *Expirer) every(pause time.Duration, do func(context.Context) int) {
	e.ended.Go(func() {
		for {
			select {
			case <-e.end:
				return
			case <-time.After(pause + rand.N(pause/2)): //nolint:gosec // G404: jitter is no secret
				do(context.Background())
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
	for _, id := range e.shops.ids() {
		holds, err := e.ledger.RunningOut(ctx, id, now, e.stuck[id], expireBatch)
		if err != nil {
			e.log.WarnContext(ctx, "holds cannot be looked after", "shop", id, "cause", err)
			continue
		}
		if len(holds) < expireBatch {
			e.stuck[id] = 0
		}
		for i, a := range holds {
			if i > 0 && !e.rest() {
				return resolved
			}
			if err := e.resolve(ctx, id, a, now); err != nil {
				e.log.WarnContext(ctx, "hold not resolved", "shop", id, "cause", err)
				e.stuck[id]++
				continue
			}
			resolved++
		}
	}
	return resolved
}

// rest waits between two questions, and is false at the end.
func (e *Expirer) rest() bool {
	select {
	case <-e.end:
		return false
	case <-time.After(e.pause):
		return true
	}
}

// Ask looks for the orders of what has been held for a while, since news of them may be lost, or never come from a
// backend that tells of nothing. It says how many were found. Where a shop holds more than it asks for at
// once, the next time goes on from there.
func (e *Expirer) Ask(ctx context.Context) (found int) {
	for _, id := range e.shops.ids() {
		entry, err := e.shops.Shop(id)
		if err != nil || entry.Backend.Orders == nil {
			continue
		}
		for asked := 0; asked < askMax; {
			held, err := e.ledger.Held(ctx, id, e.asked[id], expireBatch)
			if err != nil {
				e.log.WarnContext(ctx, "orders are not asked for", "shop", id, "cause", err)
				break
			}
			for _, a := range held {
				e.asked[id] = a.ID
				if a.HeldAt.Add(askEvery).After(e.clock.Now()) {
					continue
				}
				if asked++; !e.rest() {
					return found
				}
				switch _, told, err := e.find(ctx, entry, a); {
				case err != nil:
					e.log.WarnContext(ctx, "an order that was found is not told", "shop", id, "cause", err)
				case told:
					found++
				}
			}
			if len(held) < expireBatch {
				delete(e.asked, id)
				break
			}
		}
	}
	return found
}

// resolve asks for the order of a hold that runs out, and gives back what nobody has bought with.
func (e *Expirer) resolve(ctx context.Context, of shop.ID, hold loyalty.Action, now time.Time) error {
	entry, err := e.shops.Shop(of)
	if err != nil {
		return err
	}
	rules := loyalty.DefaultRules()
	if entry.Loyalty != nil {
		rules = entry.Loyalty.Rules
	}
	finding, _, err := e.find(ctx, entry, hold)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, expireWrites)
	defer cancel()
	var raised alert
	err = e.books.Do(ctx, store.Stamp{Shop: of, RequestID: "expire"}, func(b *book) error {
		a, known, err := b.Action(hold.ID)
		if err != nil || !known {
			return err
		}
		o := a.Expire(finding, rules, now)
		raised = alert{what: o.Alert, action: a.ID}
		return keep(b, o)
	})
	if err == nil {
		e.alerts.raise(ctx, of, raised)
	}
	return err
}

// find asks for the order that carries the action of a hold. One that is there is told as news, and captures the hold
// whenever that is worked out; until then it is as if nobody knew, so that the hold is kept.
func (e *Expirer) find(ctx context.Context, entry Entry, hold loyalty.Action) (finding loyalty.Finding, told bool, err error) {
	switch {
	case entry.Backend.Orders != nil:
	case hold.Unconfirmed: // no till has heard of it, and there is nobody to ask
		return loyalty.NoOrder, false, nil
	default:
		return loyalty.NobodyKnows, false, nil
	}
	ctx, cancel := context.WithTimeout(ctx, expireCall)
	defer cancel()
	found, err := entry.Backend.Orders.ByReference(ctx, backend.Call{Shop: entry.Shop.ID, Locale: entry.Shop.Locale}, string(hold.ID))
	switch {
	case err != nil && fault.KindOf(err) == fault.NotFound:
		return loyalty.NoOrder, false, nil
	case err != nil:
		e.log.WarnContext(ctx, "nobody says whether there is an order", "shop", entry.Shop.ID, "cause", err)
		return loyalty.NobodyKnows, false, nil
	}
	news := inbound.News{
		Shop: entry.Shop.ID, Kind: inbound.OrderFound, Order: loyalty.OrderID(found.ID), Customer: hold.Customer,
		Total: found.Cart.Totals.Total, Actions: []loyalty.ActionID{hold.ID}, At: found.PlacedAt,
	}
	err = e.news.Tell(ctx, news)
	if err == nil && found.Status == order.Cancelled {
		news.Kind = inbound.OrderCancelled
		err = e.news.Tell(ctx, news)
	}
	return loyalty.NobodyKnows, true, err
}
