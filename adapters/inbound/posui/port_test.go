// SPDX-License-Identifier: Apache-2.0

package posui

import (
	"context"
	"sync"
	"time"

	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/money"
	"github.com/cartage-dev/cartage/core/shop"
	"github.com/cartage-dev/cartage/ports/inbound"
)

// port answers as told, and remembers what it was asked.
type port struct {
	mu      sync.Mutex
	tills   []inbound.Till
	asked   []inbound.Reserve
	totals  []*money.Amount
	ids     []loyalty.ActionID
	orders  []loyalty.OrderID
	heard   []loyalty.ActionID
	answer  func(ctx context.Context) error
	offers  []inbound.Offer
	paid    bool
	balance loyalty.Balance
}

var _ inbound.Redemptions = (*port)(nil)

func (p *port) ask(ctx context.Context, at inbound.Till, edit func()) error {
	p.mu.Lock()
	p.tills = append(p.tills, at)
	edit()
	answer := p.answer
	p.mu.Unlock()
	if answer == nil {
		return nil
	}
	return answer(ctx)
}

func (p *port) Quote(ctx context.Context, at inbound.Till, total *money.Amount) (inbound.Quote, error) {
	err := p.ask(ctx, at, func() { p.totals = append(p.totals, total) })
	return inbound.Quote{Label: "Stars", Balance: p.balance, Offers: p.offers, ExpiresAt: time.Date(2026, 11, 25, 23, 0, 0, 0, time.UTC)}, err
}

func (p *port) Reserve(ctx context.Context, at inbound.Till, r inbound.Reserve) (inbound.Reservation, error) {
	err := p.ask(ctx, at, func() { p.asked = append(p.asked, r) })
	return inbound.Reservation{ID: anID, Offer: fiveOff().Offer, Currency: "GBP", Title: "Five off", ExpiresAt: time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)}, err
}

func (p *port) Heard(_ shop.ID, id loyalty.ActionID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.heard = append(p.heard, id)
}

func (p *port) Release(ctx context.Context, at inbound.Till, id loyalty.ActionID) error {
	return p.ask(ctx, at, func() { p.ids = append(p.ids, id) })
}

func (p *port) Commit(ctx context.Context, at inbound.Till, id loyalty.ActionID, o loyalty.OrderID) (bool, error) {
	err := p.ask(ctx, at, func() { p.ids, p.orders = append(p.ids, id), append(p.orders, o) })
	return p.paid, err
}

func (p *port) times() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.tills)
}

func (p *port) heardOf() []loyalty.ActionID {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]loyalty.ActionID(nil), p.heard...)
}

// anID looks like one of ours.
const anID = "40000000000000000000000000000000000000000000K7Q2"

func fiveOff() inbound.Offer {
	return inbound.Offer{ID: anID, Title: "Five off", Description: "-500 points", Offer: loyalty.Offer{
		ID: "five", Kind: loyalty.FlatDiscount, Cost: 500, Amounts: map[money.Currency]money.Amount{"GBP": money.Of(500, "GBP"), "JPY": money.Of(500, "JPY")},
	}}
}
