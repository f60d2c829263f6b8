// SPDX-License-Identifier: Apache-2.0

package usecase

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/money"
	"github.com/cartage-dev/cartage/core/shop"
	"github.com/cartage-dev/cartage/ports/inbound"
	"github.com/cartage-dev/cartage/ports/store"
)

// The bounds of working news out. What fails is tried again after a while that doubles, for ever:
// an order's points are never given up, and the backlog is a metric.
const (
	newsBatch    = 64
	newsLanes    = 16              // worked out at once, so that they share what reaches the disk
	newsLease    = 5 * time.Second // what a host that died had taken up waits so long; taken up twice it changes nothing
	newsRound    = 30 * time.Second
	newsEvery    = time.Second // when nobody has told of any
	retryFirst   = time.Second
	retryMax     = 15 * time.Minute
	settleCall   = 5 * time.Second
	whyMax       = 256 // bytes
	newsVersion1 = 1
)

// Settlement works out what orders mean for points; it implements inbound.OrderNews. News is
// written down first and worked out afterwards, in any order: what is due is a function of
// all that was told.
type Settlement struct {
	shops  *Directory
	pos    *POS
	books  *Books
	inbox  store.Inbox
	people store.Privacy
	alerts *Alerts
	log    *slog.Logger
	now    func() time.Time

	told  chan struct{} // has room for one: somebody has told news
	end   chan struct{}
	ended sync.WaitGroup
	once  sync.Once
}

var _ inbound.OrderNews = (*Settlement)(nil)

// NewSettlement needs the tills' use case, whose ids it believes. Start begins its work, and Close ends it.
func NewSettlement(shops *Directory, pos *POS, s store.Store, clock *Clock, alerts *Alerts, log *slog.Logger) *Settlement {
	return &Settlement{shops: shops, pos: pos, books: pos.books, inbox: s.Inbox, people: s.Privacy, alerts: alerts, log: log, now: clock.Now, told: make(chan struct{}, 1), end: make(chan struct{})}
}

// keptNews is news as the inbox keeps it.
type keptNews struct {
	Version    int                `json:"version"`
	Kind       inbound.NewsKind   `json:"kind"`
	Order      loyalty.OrderID    `json:"order"`
	Customer   loyalty.CustomerID `json:"customer,omitempty"`
	Currency   money.Currency     `json:"currency,omitempty"`
	Total      int64              `json:"total,omitempty"`
	Actions    []loyalty.ActionID `json:"actions,omitempty"`
	Marks      []loyalty.Mark     `json:"marks,omitempty"`
	Refund     loyalty.RefundID   `json:"refund,omitempty"`
	Refunded   int64              `json:"refunded,omitempty"`
	RefundedIn money.Currency     `json:"refunded_in,omitempty"`
	At         time.Time          `json:"at"`
}

// Tell implements inbound.OrderNews.
func (s *Settlement) Tell(ctx context.Context, n inbound.News) error {
	if _, err := s.shops.Shop(n.Shop); err != nil {
		return err
	}
	key := string(n.Kind) + ":" + string(n.Order)
	switch {
	case n.Order == "", n.Kind == inbound.OrderRefunded && n.Refund.ID == "":
		return fault.New(fault.Invalid, "invalid_news", "news needs an order, and a refund its id").By(fault.Caller)
	case n.Kind == inbound.OrderRefunded:
		key = string(n.Kind) + ":" + string(n.Refund.ID)
	case n.Kind == inbound.OrderFound && len(n.Actions) == 1:
		key += ":" + string(n.Actions[0])
	case n.Kind != inbound.OrderPlaced && n.Kind != inbound.OrderCancelled:
		return fault.New(fault.Invalid, "invalid_news", "there is no such news").By(fault.Caller)
	}
	return s.keep(ctx, n.Shop, key, keptNews{
		Version: newsVersion1, Kind: n.Kind, Order: n.Order, Customer: n.Customer, Currency: n.Total.Currency, Total: n.Total.Minor, Actions: n.Actions, Marks: n.Marks,
		Refund: n.Refund.ID, Refunded: n.Refund.Amount.Minor, RefundedIn: n.Refund.Amount.Currency, At: n.At,
	})
}

// erasure is kept among news, so that it is as durable.
const erasure inbound.NewsKind = "erasure"

// Erase forgets a customer of a shop, or all of them when c is empty. It returns nil once the wish is on
// disk. The same wish at the same time is one. Faults are those of Tell.
func (s *Settlement) Erase(ctx context.Context, of shop.ID, c loyalty.CustomerID, at time.Time) error {
	if _, err := s.shops.Shop(of); err != nil {
		return err
	}
	who := sha256.Sum256([]byte(c)) // since a key outlives the wish
	return s.keep(ctx, of, fmt.Sprintf("%s:%x:%d", erasure, who[:8], at.UnixNano()), keptNews{Version: newsVersion1, Kind: erasure, Customer: c, At: at})
}

// keep writes news down, and wakes whoever works it out.
func (s *Settlement) keep(ctx context.Context, of shop.ID, key string, n keptNews) error {
	body, err := json.Marshal(n)
	if err != nil {
		return fmt.Errorf("write news: %w", err)
	}
	if _, err := s.inbox.Put(ctx, store.Message{Shop: of, Key: key, Body: body, ReceivedAt: s.now()}); err != nil {
		return err
	}
	select {
	case s.told <- struct{}{}:
	default:
	}
	return nil
}

// Start begins to work news out.
func (s *Settlement) Start() { s.ended.Go(s.run) }

// Close ends it after the news at hand. It may be called more than once.
func (s *Settlement) Close() {
	s.once.Do(func() { close(s.end) })
	s.ended.Wait()
}

func (s *Settlement) run() {
	tick := time.NewTicker(newsEvery)
	defer tick.Stop()
	for {
		if s.round() == newsBatch {
			select {
			case <-s.end:
				return
			default:
				continue // there is more
			}
		}
		select {
		case <-s.end:
			return
		case <-s.told:
		case <-tick.C:
		}
	}
}

// round works out what is due, and says how much that was.
func (s *Settlement) round() int {
	ctx, cancel := context.WithTimeout(context.Background(), newsRound)
	defer cancel()
	now := s.now()
	batch, err := s.inbox.Take(ctx, now, now.Add(newsLease), newsBatch)
	if err != nil {
		s.log.WarnContext(ctx, "news cannot be taken up", "cause", err)
		return 0
	}
	var lanes errgroup.Group
	lanes.SetLimit(newsLanes)
	for _, m := range batch {
		lanes.Go(func() error { s.workOut(ctx, m); return nil })
	}
	_ = lanes.Wait() // what fails is put off
	return len(batch)
}

func (s *Settlement) workOut(ctx context.Context, m store.Message) {
	ctx, cancel := context.WithTimeout(ctx, settleCall)
	defer cancel()
	err := s.settle(ctx, m)
	if err == nil {
		err = s.inbox.Done(ctx, m.Shop, m.Key, s.now())
	}
	if err == nil {
		return
	}
	wait := retryFirst << min(m.Attempts, 10)
	why := err.Error()
	s.log.WarnContext(ctx, "news not worked out", "shop", m.Shop, "news", m.Key, "attempts", m.Attempts+1, "cause", err)
	if err := s.inbox.Later(ctx, m.Shop, m.Key, s.now().Add(min(wait, retryMax)), why[:min(len(why), whyMax)]); err != nil {
		s.log.WarnContext(ctx, "news left to its lease", "shop", m.Shop, "news", m.Key, "cause", err)
	}
}

// settle books what one message means, as one step of the ledger.
func (s *Settlement) settle(ctx context.Context, m store.Message) error {
	var n keptNews
	if err := json.Unmarshal(m.Body, &n); err != nil || n.Version != newsVersion1 {
		return fault.New(fault.Internal, "bad_news", "the news cannot be read").Because(err)
	}
	if n.Kind == erasure {
		forgotten, err := s.people.Forget(ctx, m.Shop, n.Customer)
		if err == nil {
			s.log.InfoContext(ctx, "customers forgotten", "shop", m.Shop, "customers", forgotten)
		}
		return err
	}
	programme, err := s.pos.programme(m.Shop)
	if err != nil {
		return err
	}
	till := inbound.Till{Shop: m.Shop, Customer: n.Customer, Currency: n.Currency}
	fresh := map[loyalty.ActionID]*loyalty.Action{}
	for _, id := range n.Actions {
		if a, err := s.pos.fresh(ctx, programme, till, id); err == nil {
			fresh[id] = a
		} else if fault.KindOf(err) != fault.NotFound {
			return err
		}
	}
	var alerts []alert
	err = s.books.Do(ctx, store.Stamp{Shop: m.Shop, RequestID: m.Key}, func(b *book) error {
		alerts, b.order = nil, n.Order // the closure may run again
		w := &settling{book: b, programme: programme, fresh: fresh, alert: func(id loyalty.ActionID, what loyalty.Alert) {
			alerts = append(alerts, alert{what, id, n.Order})
		}}
		return w.settle(n)
	})
	if err == nil {
		s.alerts.raise(ctx, m.Shop, alerts...)
	}
	return err
}
