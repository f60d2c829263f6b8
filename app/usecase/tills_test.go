// SPDX-License-Identifier: Apache-2.0

package usecase

import (
	"context"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cartage-dev/cartage/adapters/store/sqlite"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/money"
	"github.com/cartage-dev/cartage/core/order"
	"github.com/cartage-dev/cartage/core/shop"
	"github.com/cartage-dev/cartage/ports/backend"
	"github.com/cartage-dev/cartage/ports/inbound"
	"github.com/cartage-dev/cartage/ports/store"
)

// tillBench is Redemptions on a real store, at a time that a test sets.
type tillBench struct {
	*Redemptions
	store store.Store
	shops *Directory
	news  *Settlement
	clock *Clock
	at    time.Time

	mu     sync.Mutex
	raised []loyalty.Alert
}

func (b *tillBench) alerts() *Alerts {
	return NewAlerts(slog.New(slog.DiscardHandler), func(_ shop.ID, what loyalty.Alert) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.raised = append(b.raised, what)
	})
}

func (b *tillBench) wantAlerts(t *testing.T, want ...loyalty.Alert) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if !slices.Equal(b.raised, want) {
		t.Errorf("alerts are %q, want %q", b.raised, want)
	}
}

var theTill = inbound.Till{Shop: "s", Customer: "1", Currency: "GBP", Locale: "en", RequestID: "r"}

func fiver(pence int64) loyalty.Showing {
	return loyalty.Showing{Title: loyalty.Text{"": "Five off"}, Offer: loyalty.Offer{
		ID: "fiver", Kind: loyalty.FlatDiscount, Cost: 500, Amounts: map[money.Currency]money.Amount{"GBP": money.Of(pence, "GBP")},
	}}
}

func tenth() loyalty.Showing {
	return loyalty.Showing{Title: loyalty.Text{"": "Ten off"}, Offer: loyalty.Offer{ID: "tenth", Kind: loyalty.PercentDiscount, Cost: 100, BasisPoints: 1000}}
}

// newTills has a customer with a thousand points.
func newTills(t *testing.T) *tillBench {
	t.Helper()
	b := &tillBench{at: time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)}
	start := b.at
	db, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "c.db"), Now: func() time.Time { return b.at }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	keys, err := loyalty.NewKeyring([]byte(strings.Repeat("k", loyalty.SigningKeyMin)))
	if err != nil {
		t.Fatal(err)
	}
	b.store, b.shops = db.Store(), NewDirectory(Table{})
	b.show(&loyalty.Programme{Label: loyalty.Text{"": "Stars"}, Keys: keys, Rules: loyalty.DefaultRules(), Showings: []loyalty.Showing{tenth(), fiver(500)}})
	b.clock = newClock(func() (time.Time, time.Duration) { return b.at, b.at.Sub(start) })
	log := slog.New(slog.DiscardHandler)
	pos := NewPOS(b.shops, NewBooks(b.shops, b.store, b.clock, log), b.store, b.clock, log)
	t.Cleanup(pos.Close)
	b.news = NewSettlement(b.shops, pos, b.store, b.clock, b.alerts(), log)
	b.Redemptions = NewRedemptions(b.shops, pos, b.store)
	b.book(t, func(book store.Book) error {
		return book.Write(store.Change{Entry: &loyalty.Entry{Key: "admn:1", Transfers: []loyalty.Transfer{
			{From: loyalty.Account{Name: loyalty.AccountAdjust}, To: loyalty.Account{Name: loyalty.AccountAvailable, Customer: "1"}, Points: 1000},
		}}})
	})
	return b
}

// show changes what the shop offers, and remembers the offers as the host does.
func (b *tillBench) show(p *loyalty.Programme) {
	b.shops.Replace(Table{Shops: map[shop.ID]Entry{
		"s":    {Shop: shop.Shop{ID: "s", Locale: "en-GB", Currencies: []money.Currency{"GBP", "EUR"}}, Loyalty: p, Backend: backend.Backend{Orders: noOrders{}}},
		"none": {Shop: shop.Shop{ID: "none", Currencies: []money.Currency{"GBP"}}},
	}})
	for _, s := range p.Showings {
		_ = b.store.Offers.Keep(context.Background(), "s", []loyalty.Offer{s.Offer})
	}
}

func (b *tillBench) book(t *testing.T, fn func(store.Book) error) {
	t.Helper()
	if err := b.store.Ledger.Do(t.Context(), store.Stamp{Shop: "s"}, fn); err != nil {
		t.Fatal(err)
	}
}

func (b *tillBench) action(t *testing.T, id loyalty.ActionID) (a loyalty.Action) {
	t.Helper()
	b.book(t, func(book store.Book) (err error) {
		a, _, err = book.Action(id)
		return err
	})
	return a
}

// offer is a fresh one, by its name.
func (b *tillBench) offer(t *testing.T, name string) loyalty.ActionID {
	t.Helper()
	q, err := b.Quote(t.Context(), theTill, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range q.Offers {
		if o.Offer.ID == name {
			return o.ID
		}
	}
	t.Fatalf("no %s in %+v", name, q)
	return ""
}

// reserve asks without a currency, as this channel's tills do.
func (b *tillBench) reserve(t *testing.T, id loyalty.ActionID, key string) (inbound.Reservation, error) {
	t.Helper()
	at := inbound.Till{Shop: "s", Customer: "1", RequestID: "r"}
	return b.Reserve(t.Context(), at, inbound.Reserve{Offer: id, Key: key, Location: "7", Device: "d"})
}

// held reserves a fresh offer.
func (b *tillBench) held(t *testing.T, name, key string) loyalty.ActionID {
	t.Helper()
	id := b.offer(t, name)
	if _, err := b.reserve(t, id, key); err != nil {
		t.Fatal(err)
	}
	return id
}

// tell lets the shop's news be worked out at once.
func (b *tillBench) tell(t *testing.T, n inbound.News) {
	t.Helper()
	n.Shop, n.At = "s", b.at
	if err := b.news.Tell(t.Context(), n); err != nil {
		t.Fatal(err)
	}
	if b.news.round() != 1 {
		t.Fatal("nothing was worked out")
	}
}

func (b *tillBench) owns(t *testing.T) loyalty.Balance {
	t.Helper()
	own, err := b.store.Ledger.Balance(t.Context(), "s", "1")
	if err != nil {
		t.Fatal(err)
	}
	return own
}

func wantCode(t *testing.T, err error, kind fault.Kind, code string) {
	t.Helper()
	if f := fault.From(err); err == nil || f.Kind != kind || f.Code != code {
		t.Errorf("got %v, want %s %s", err, kind, code)
	}
}

// noOrders is a backend that knows of none.
type noOrders struct{}

func (noOrders) ByReference(context.Context, backend.Call, string) (order.Order, error) {
	return order.Order{}, fault.New(fault.NotFound, "", "no such order")
}
