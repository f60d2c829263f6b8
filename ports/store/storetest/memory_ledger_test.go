// SPDX-License-Identifier: Apache-2.0

package storetest_test

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/shop"
	"github.com/cartage-dev/cartage/ports/store"
)

// memoryLedger keeps a page for each shop. A closure writes on a copy of it.
type memoryLedger struct{ *memory }

// page is a shop's book.
type page struct {
	records  []loyalty.Record
	names    map[loyalty.CustomerID]loyalty.CustomerID // in the journal
	balances map[loyalty.CustomerID]loyalty.Balance
	accounts map[loyalty.AccountName]loyalty.Points
	actions  map[loyalty.ActionID]loyalty.Action
	sales    map[loyalty.OrderID]loyalty.Sale
}

func (p *page) copied() *page {
	if p == nil {
		p = &page{}
	}
	return &page{
		records: slices.Clone(p.records), names: cloned(p.names), balances: cloned(p.balances), accounts: cloned(p.accounts), actions: cloned(p.actions), sales: cloned(p.sales),
	}
}

func cloned[K comparable, V any](m map[K]V) map[K]V {
	if m == nil {
		return map[K]V{}
	}
	return maps.Clone(m)
}

// at is the shop whose page is meant.
func (m memoryLedger) at(s shop.ID) shop.ID {
	if m.bug == "ledgers of all shops are one" {
		return ""
	}
	return s
}

func (m memoryLedger) Do(ctx context.Context, by store.Stamp, fn func(store.Book) error) error {
	if err := m.begin(ctx); err != nil {
		return err
	}
	defer m.end()
	p, moving := m.pages[m.at(by.Shop)].copied(), maps.Clone(m.moving)
	if m.bug == "points not serialised" {
		m.pause()
	}
	b := &memoryBook{memory: m.memory, page: p, moving: moving, by: by, now: time.Now().UTC()}
	if n := len(p.records); n > 0 && p.records[n-1].At.After(b.now) {
		b.now = p.records[n-1].At
	}
	if m.bug == "time goes back" {
		b.now = noonLedger.Add(-time.Duration(len(p.records)) * time.Hour)
	}
	err := fn(b)
	if err == nil || m.bug == "movements outlive their closure" {
		m.moving = moving
	}
	switch {
	case err != nil && m.bug == "errors keep points":
	case err != nil && m.bug == "errors of closures wrapped":
		return fmt.Errorf("do: %w", err)
	case err != nil:
		return err
	}
	m.pages[m.at(by.Shop)] = p
	return err
}

var noonLedger = time.Date(2026, time.March, 29, 12, 0, 0, 0, time.UTC)

type memoryBook struct {
	*memory
	page   *page
	moving map[movementKey]store.Movement
	by     store.Stamp
	now    time.Time
}

func (b *memoryBook) Now() time.Time { return b.now }

func (b *memoryBook) Balance(c loyalty.CustomerID) (loyalty.Balance, error) {
	if b.bug == "a book does not see itself" {
		return b.pages[b.by.Shop].copied().balances[c], nil
	}
	return b.page.balances[c], nil
}

func (b *memoryBook) Action(id loyalty.ActionID) (loyalty.Action, bool, error) {
	a, found := b.page.actions[id]
	return a, found, nil
}

func (b *memoryBook) Held(c loyalty.CustomerID) (held []loyalty.Action, err error) {
	p := b.page
	if b.bug == "what this step held is not" {
		p = b.pages[b.by.Shop].copied()
	}
	for _, a := range p.actions {
		if (a.Customer == c && c != "" || b.bug == "everybody's holds are one's own") && (a.State == loyalty.Held || b.bug == "what one had is held") {
			held = append(held, a)
		}
	}
	slices.SortFunc(held, func(x, y loyalty.Action) int { return x.HeldAt.Compare(y.HeldAt) })
	if b.bug == "the youngest of one's holds first" {
		slices.Reverse(held)
	}
	if b.bug == "one's holds without bound" {
		return held, nil
	}
	return held[:min(store.HeldMax, len(held))], nil
}

func (b *memoryBook) Booked(key string) (loyalty.Entry, bool, error) {
	records := b.page.records
	switch b.bug {
	case "what any shop booked is booked":
		for _, p := range b.pages {
			records = append(slices.Clip(records), p.records...)
		}
	case "what this step booked is not":
		records = b.pages[b.by.Shop].copied().records
	}
	for _, r := range records {
		if r.Entry.Key == key {
			return r.Entry, true, nil
		}
	}
	return loyalty.Entry{}, false, nil
}

func (b *memoryBook) Sale(o loyalty.OrderID) (loyalty.Sale, error) {
	if s, found := b.page.sales[o]; found {
		return s, nil
	}
	return loyalty.Sale{Order: o}, nil
}

func (b *memoryBook) Write(c store.Change) error {
	if c.Action != nil {
		a := *c.Action
		if b.bug == "captures forgotten" {
			a.Captures = nil
		}
		if b.bug == "keepers of actions forgotten" {
			a.Keeper = ""
		}
		if b.bug == "confirmed by itself" {
			a.Unconfirmed = false
		}
		b.page.actions[a.ID] = a
		b.name(a.Customer)
	}
	if c.Sale != nil {
		s := *c.Sale
		if b.bug == "keepers of sales forgotten" {
			s.Keeper = ""
		}
		if b.bug == "refunds forgotten" {
			s.Refunds = nil
		}
		b.page.sales[s.Order] = s
	}
	if c.Entry != nil {
		if err := b.post(*c.Entry); err != nil {
			return err
		}
	}
	for _, x := range c.Movements {
		if err := b.move(x); err != nil {
			return err
		}
	}
	return nil
}

func (b *memoryBook) name(c loyalty.CustomerID) loyalty.CustomerID {
	if _, known := b.page.names[c]; !known && c != "" {
		b.page.names[c] = loyalty.CustomerID(fmt.Sprint(len(b.page.names) + 1))
	}
	if b.bug == "the journal says who" {
		b.page.names[c] = c
	}
	return b.page.names[c]
}

func (b *memoryBook) post(e loyalty.Entry) error {
	if b.bug != "a key is booked again" && slices.ContainsFunc(b.page.records, func(r loyalty.Record) bool { return r.Entry.Key == e.Key }) {
		return fault.New(fault.Conflict, "already_booked", "booked before").By(fault.Caller)
	}
	named := loyalty.Entry{Key: e.Key, Transfers: slices.Clone(e.Transfers)}
	seen := map[loyalty.CustomerID]bool{}
	for i := range named.Transfers {
		t := &named.Transfers[i]
		for account, points := range map[*loyalty.Account]loyalty.Points{&t.From: -t.Points, &t.To: t.Points} {
			if !account.OfCustomer() {
				b.page.accounts[account.Name] += points
				continue
			}
			if c := account.Customer; !seen[c] {
				seen[c] = true
				after, err := e.Apply(c, b.page.balances[c])
				if _, elsewhere := e.Elsewhere(); b.bug == "points elsewhere are to spend here" {
					after.Available += elsewhere
				}
				if err != nil && b.bug != "overdraft" {
					return err
				}
				b.page.balances[c] = after
			}
			account.Customer = b.name(account.Customer)
		}
	}
	r := loyalty.Record{Sequence: int64(len(b.page.records) + 1), At: b.now, Entry: named, RequestID: b.by.RequestID, Host: "memory"}
	var before loyalty.Hash
	if r.Sequence > 1 && b.bug != "hashes not chained" {
		before = b.page.records[r.Sequence-2].Hash
	}
	b.page.records = append(b.page.records, r.Seal(b.by.Shop, before))
	return nil
}

func (m memoryLedger) look(ctx context.Context, s shop.ID) (*page, error) {
	if err := m.begin(ctx); err != nil {
		return nil, err
	}
	defer m.end()
	return m.pages[m.at(s)].copied(), nil
}

func (m memoryLedger) Balance(ctx context.Context, s shop.ID, c loyalty.CustomerID) (loyalty.Balance, error) {
	p, err := m.look(ctx, s)
	if err != nil {
		return loyalty.Balance{}, err
	}
	b := p.balances[c]
	if m.bug == "held points are shown" {
		b.Available += b.Held
	}
	return b, nil
}

func (m memoryLedger) RunningOut(ctx context.Context, s shop.ID, then time.Time, without, limit int) (holds []loyalty.Action, err error) {
	if err := m.begin(ctx); err != nil {
		return nil, err
	}
	defer m.end()
	for of, p := range m.pages {
		for _, a := range p.actions {
			late := a.ExpiresAt.After(then) || m.bug == "holds run out a nanosecond late" && !a.ExpiresAt.Before(then)
			if !late && (a.State == loyalty.Held || m.bug == "every state runs out") && (of == s || m.bug == "holds of every shop run out") {
				holds = append(holds, a)
			}
		}
	}
	slices.SortFunc(holds, func(a, b loyalty.Action) int { return a.ExpiresAt.Compare(b.ExpiresAt) })
	if m.bug != "the first few holds are always the same" {
		holds = holds[min(without, len(holds)):]
	}
	if m.bug == "holds without bound" {
		return holds, nil
	}
	return holds[:min(limit, len(holds))], nil
}

func (m memoryLedger) Held(ctx context.Context, s shop.ID, after loyalty.ActionID, limit int) (held []loyalty.Action, err error) {
	p, err := m.look(ctx, s)
	if err != nil {
		return nil, err
	}
	for _, a := range p.actions {
		if (a.ID > after || m.bug == "what is held from the beginning") && (a.State == loyalty.Held || m.bug == "every state is held") {
			held = append(held, a)
		}
	}
	if m.bug != "what is held in any order" {
		slices.SortFunc(held, func(a, b loyalty.Action) int { return cmp.Compare(a.ID, b.ID) })
	}
	if m.bug == "what is held without bound" {
		return held, nil
	}
	return held[:min(limit, len(held))], nil
}

func (m memoryLedger) History(ctx context.Context, s shop.ID, c loyalty.CustomerID, after int64, limit int) (records []loyalty.Record, err error) {
	p, err := m.look(ctx, s)
	if err != nil {
		return nil, err
	}
	name, known := p.names[c]
	for _, r := range p.records {
		concerns := slices.ContainsFunc(r.Entry.Transfers, func(t loyalty.Transfer) bool {
			return known && (t.To.Customer == name || t.From.Customer == name && m.bug != "history of what came in alone") &&
				(m.bug != "history of what is here alone" || t.To.Name != loyalty.AccountElsewhere)
		})
		if r.Sequence > after && (concerns || m.bug == "history of everybody") && len(records) < limit {
			records = append(records, r)
		}
	}
	return records, nil
}

func (m memoryLedger) Walk(ctx context.Context, s shop.ID, v store.Visitor) error {
	p, err := m.look(ctx, s)
	if err != nil {
		return err
	}
	var end loyalty.Record
	for _, r := range p.records {
		if end = r; m.bug == "walk goes on" {
			_ = v.Record(r)
		} else if err := v.Record(r); err != nil {
			return err
		}
	}
	steps := []func() error{func() error { return v.Head(end.Sequence, end.Hash) }}
	for c, b := range p.balances {
		steps = append(steps, func() error { return v.Customer(p.names[c], b) })
	}
	for a, sum := range p.accounts {
		steps = append(steps, func() error { return v.Account(a, sum) })
	}
	for _, a := range p.actions {
		if m.bug != "walk without actions" {
			steps = append(steps, func() error { return v.Action(a) })
		}
	}
	for _, sale := range p.sales {
		steps = append(steps, func() error { return v.Sale(sale) })
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (m memoryLedger) Shops(ctx context.Context) (map[shop.ID]int64, error) {
	if err := m.begin(ctx); err != nil {
		return nil, err
	}
	defer m.end()
	all := map[shop.ID]int64{}
	for s, p := range m.pages {
		if n := len(p.records); n > 0 || m.bug == "empty shops are listed" {
			all[s] = int64(n)
		}
	}
	return all, nil
}

// memoryOffers keeps the versions of offers.
type memoryOffers struct{ *memory }

func (m memoryOffers) Keep(ctx context.Context, s shop.ID, versions []loyalty.Offer) error {
	if err := m.begin(ctx); err != nil {
		return err
	}
	defer m.end()
	if m.bug == "old versions forgotten" {
		m.offers = map[string]loyalty.Offer{}
	}
	for _, v := range versions {
		m.offers[m.offerKey(s, v.Ref())] = v
	}
	return nil
}

func (m memoryOffers) offerKey(s shop.ID, ref loyalty.OfferRef) string {
	if m.bug == "offers of all shops are one" {
		s = ""
	}
	return string(s) + "/" + ref.String()
}

func (m memoryOffers) Find(ctx context.Context, s shop.ID, ref loyalty.OfferRef) (loyalty.Offer, error) {
	if err := m.begin(ctx); err != nil {
		return loyalty.Offer{}, err
	}
	defer m.end()
	v, found := m.offers[m.offerKey(s, ref)]
	if !found && m.bug != "every offer is found" {
		return v, fault.New(fault.NotFound, "unknown_offer", "never had").By(fault.Caller)
	}
	return v, nil
}
