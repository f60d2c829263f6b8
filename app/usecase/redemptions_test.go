// SPDX-License-Identifier: Apache-2.0

package usecase

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/idempotency"
	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/money"
	"github.com/cartage-dev/cartage/core/order"
	"github.com/cartage-dev/cartage/core/shop"
	"github.com/cartage-dev/cartage/ports/backend"
	"github.com/cartage-dev/cartage/ports/inbound"
	"github.com/cartage-dev/cartage/ports/store"
)

// TestCommitHoldsOn: what a till has sold waits for its order as long as a hold may, and no longer.
func TestCommitHoldsOn(t *testing.T) {
	t.Parallel()
	b := newTills(t)
	expirer := NewExpirer(b.shops, b.books, b.news, b.store, b.clock, b.alerts(), slog.New(slog.DiscardHandler))
	expirer.pause = 0
	began := b.at
	sold, open := b.held(t, "fiver", "k1"), b.held(t, "tenth", "k2")
	for range 3 {
		if captured, err := b.Commit(t.Context(), theTill, sold, ""); captured || err != nil {
			t.Fatal(captured, err)
		}
	}
	look := func(after time.Duration, want, other loyalty.State) {
		t.Helper()
		b.at = began.Add(after)
		expirer.Round(t.Context())
		if a, z := b.action(t, sold), b.action(t, open); a.State != want || z.State != other {
			t.Errorf("after %v they are %s and %s", after, a.State, z.State)
		}
	}
	look(14*time.Minute, loyalty.Held, loyalty.Held)
	look(16*time.Minute, loyalty.Held, loyalty.Expired) // nobody heard of it
	look(71*time.Hour, loyalty.Held, loyalty.Expired)
	if captured, err := b.Commit(t.Context(), theTill, sold, "7"); captured || err != nil { // and does not make it longer
		t.Fatal(captured, err)
	}
	look(72*time.Hour, loyalty.Expired, loyalty.Expired)
	b.wantAlerts(t)
	_, err := b.Commit(t.Context(), theTill, sold, "7")
	wantCode(t, err, fault.Conflict, "redemption_released")
	if got := b.owns(t); got != (loyalty.Balance{Available: 1000}) {
		t.Errorf("the customer owns %+v", got)
	}
}

// ordersOf are those of a backend, by reference.
type ordersOf map[string]order.Order

func (o ordersOf) ByReference(_ context.Context, _ backend.Call, reference string) (order.Order, error) {
	if found, is := o[reference]; is {
		return found, nil
	}
	return noOrders{}.ByReference(context.Background(), backend.Call{}, reference)
}

// TestAsksForOrders finds orders of which no news came, long before their holds run out, and one that was taken
// back; what is fresh is left alone, and what nobody bought stays held.
func TestAsksForOrders(t *testing.T) {
	t.Parallel()
	b := newTills(t)
	expirer := NewExpirer(b.shops, b.books, b.news, b.store, b.clock, b.alerts(), slog.New(slog.DiscardHandler))
	expirer.pause = 0
	bought, cancelled, open := b.held(t, "tenth", "k1"), b.held(t, "fiver", "k2"), b.held(t, "tenth", "k3")
	for _, id := range []loyalty.ActionID{bought, cancelled, open} {
		if _, err := b.Commit(t.Context(), theTill, id, ""); err != nil {
			t.Fatal(err)
		}
	}
	entry, err := b.shops.Shop("s")
	if err != nil {
		t.Fatal(err)
	}
	paid := cart.Cart{Totals: cart.Totals{Total: money.Of(2000, "GBP")}}
	entry.Backend.Orders = ordersOf{
		string(bought):    {ID: "o1", Status: order.Placed, Cart: paid},
		string(cancelled): {ID: "o2", Status: order.Cancelled, Cart: paid},
	}
	b.shops.Replace(Table{Shops: map[shop.ID]Entry{"s": entry, "none": {}}})
	if n := expirer.Ask(t.Context()); n != 0 {
		t.Errorf("%d orders were found of what is fresh", n)
	}
	b.at = b.at.Add(askEvery)
	if n := expirer.Ask(t.Context()); n != 2 || b.news.round() != 3 { // one of them was placed, and cancelled
		t.Errorf("%d orders were found", n)
	}
	for id, want := range map[loyalty.ActionID]loyalty.State{bought: loyalty.Captured, cancelled: loyalty.Refunded, open: loyalty.Held} {
		if a := b.action(t, id); a.State != want {
			t.Errorf("got %s, want %s", a.State, want)
		}
	}
	if got := b.owns(t); got != (loyalty.Balance{Available: 800, Held: 100}) {
		t.Errorf("the customer owns %+v", got)
	}
	if n := expirer.Ask(t.Context()); n != 0 {
		t.Errorf("%d orders were found again", n)
	}
}

// TestOrderWithoutItsOffer captures a hold whose order says nothing of it: the till told of the order before the shop did, or the
// backend names the order after.
func TestOrderWithoutItsOffer(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		before, after func(b *tillBench, e *Expirer, id loyalty.ActionID)
		customer      loyalty.CustomerID
		want          loyalty.State
	}{
		"told by the till before":             {before: func(b *tillBench, _ *Expirer, id loyalty.ActionID) { b.commit(t, id) }, customer: "1", want: loyalty.Captured},
		"told by the till of another's order": {before: func(b *tillBench, _ *Expirer, id loyalty.ActionID) { b.commit(t, id) }, customer: "2", want: loyalty.Held},
		"found afterwards": {after: func(b *tillBench, e *Expirer, id loyalty.ActionID) {
			b.at = b.at.Add(askEvery)
			if n := e.Ask(t.Context()); n != 1 || b.news.round() != 1 {
				t.Errorf("%d orders were found", n)
			}
		}, customer: "1", want: loyalty.Captured},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newTills(t)
			expirer := NewExpirer(b.shops, b.books, b.news, b.store, b.clock, b.alerts(), slog.New(slog.DiscardHandler))
			expirer.pause = 0
			id := b.held(t, "fiver", "k")
			entry, err := b.shops.Shop("s")
			if err != nil {
				t.Fatal(err)
			}
			entry.Backend.Orders = ordersOf{string(id): {ID: "7", Status: order.Placed, Cart: cart.Cart{Totals: cart.Totals{Total: money.Of(2000, "GBP")}}}}
			b.shops.Replace(Table{Shops: map[shop.ID]Entry{"s": entry}})
			if tt.before != nil {
				tt.before(b, expirer, id)
			}
			b.tell(t, inbound.News{Kind: inbound.OrderPlaced, Order: "7", Customer: tt.customer, Total: money.Of(2000, "GBP")})
			if tt.after != nil {
				tt.after(b, expirer, id)
			}
			if a := b.action(t, id); a.State != tt.want {
				t.Errorf("it is %s", a.State)
			}
		})
	}
}

func (b *tillBench) commit(t *testing.T, id loyalty.ActionID) {
	t.Helper()
	if captured, err := b.Commit(t.Context(), theTill, id, "7"); captured || err != nil {
		t.Fatal(captured, err)
	}
}

// TestHoldsOfOneShopDoNotWaitForAnothers: a shop that is gone has holds that nobody can resolve.
func TestHoldsOfOneShopDoNotWaitForAnothers(t *testing.T) {
	t.Parallel()
	b := newTills(t)
	expirer := NewExpirer(b.shops, b.books, b.news, b.store, b.clock, b.alerts(), slog.New(slog.DiscardHandler))
	expirer.pause = 0
	for i := range expireBatch + 5 {
		err := b.store.Ledger.Do(t.Context(), store.Stamp{Shop: "gone"}, func(book store.Book) error {
			return book.Write(store.Change{Action: &loyalty.Action{ID: loyalty.ActionID(fmt.Sprint("A", i)), State: loyalty.Held, Customer: "9", HeldAt: b.at, ExpiresAt: b.at}})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	id := b.held(t, "fiver", "k")
	b.at = b.at.Add(time.Hour)
	expirer.Round(t.Context())
	if a := b.action(t, id); a.State != loyalty.Expired {
		t.Errorf("it is %s", a.State)
	}
}

// TestHoldOutlivesItsProgramme: a shop without loyalty any more keeps what it promised.
func TestHoldOutlivesItsProgramme(t *testing.T) {
	t.Parallel()
	b := newTills(t)
	id := b.held(t, "fiver", "k")
	b.shops.Replace(Table{Shops: map[shop.ID]Entry{"s": {Shop: shop.Shop{ID: "s"}}}})
	if _, err := b.Commit(t.Context(), theTill, id, ""); err != nil {
		t.Fatal(err)
	}
	if a := b.action(t, id); a.State != loyalty.Held || a.ExpiresAt.Before(b.at.Add(24*time.Hour)) {
		t.Errorf("it is %s until %s", a.State, a.ExpiresAt)
	}
}

// TestCommitOfOrdersTakenBack: an order that was known before, and of which refunds were, gives points back.
func TestCommitOfOrdersTakenBack(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		news  inbound.News
		state loyalty.State
		want  loyalty.Points
	}{
		"as it is":       {inbound.News{}, loyalty.Captured, 500},
		"half refunded":  {inbound.News{Kind: inbound.OrderRefunded, Order: "7", Refund: loyalty.Refund{ID: "f", Amount: money.Of(1000, "GBP")}}, loyalty.Refunded, 750},
		"whole refunded": {inbound.News{Kind: inbound.OrderRefunded, Order: "7", Refund: loyalty.Refund{ID: "f", Amount: money.Of(2000, "GBP")}}, loyalty.Refunded, 1000},
		"cancelled":      {inbound.News{Kind: inbound.OrderCancelled, Order: "7"}, loyalty.Refunded, 1000},
	} {
		b := newTills(t)
		id := b.held(t, "fiver", "k")
		b.tell(t, inbound.News{Kind: inbound.OrderPlaced, Order: "7", Customer: "1", Total: money.Of(2000, "GBP")})
		if tt.news.Kind != "" {
			b.tell(t, tt.news)
		}
		for range 2 {
			if captured, err := b.Commit(t.Context(), theTill, id, "7"); !captured || err != nil {
				t.Errorf("%s: %t %v", name, captured, err)
			}
		}
		if a, own := b.action(t, id), b.owns(t); a.State != tt.state || own != (loyalty.Balance{Available: tt.want}) {
			t.Errorf("%s: it is %s, and the customer owns %+v", name, a.State, own)
		}
		wantCode(t, b.Release(t.Context(), theTill, id), fault.Conflict, "redemption_captured")
	}
}

// TestNewsAfterACommit is the authority: the order pays with what was held for it.
func TestNewsAfterACommit(t *testing.T) {
	t.Parallel()
	b := newTills(t)
	id := b.held(t, "fiver", "k")
	if captured, err := b.Commit(t.Context(), theTill, id, "7"); captured || err != nil {
		t.Fatal(captured, err)
	}
	b.tell(t, inbound.News{Kind: inbound.OrderPlaced, Order: "8", Customer: "1", Total: money.Of(2000, "GBP"), Actions: []loyalty.ActionID{id}})
	_, err := b.Commit(t.Context(), theTill, id, "7") // the till was wrong
	wantCode(t, err, fault.Conflict, "redemption_captured")
	if got := b.owns(t); got != (loyalty.Balance{Available: 500}) {
		t.Errorf("the customer owns %+v", got)
	}
}

// TestOffersThatChanged are what they were when they were shown.
func TestOffersThatChanged(t *testing.T) {
	t.Parallel()
	b := newTills(t)
	id, gone := b.offer(t, "fiver"), b.offer(t, "tenth")
	entry, err := b.shops.Shop("s")
	if err != nil {
		t.Fatal(err)
	}
	p := *entry.Loyalty
	p.Showings = []loyalty.Showing{fiver(300)}
	b.show(&p)
	r, err := b.reserve(t, id, "k")
	if err != nil || r.Offer.Amounts["GBP"].Minor != 500 || r.Title != "Five off" || r.Currency != "GBP" {
		t.Errorf("got %+v: %v", r, err)
	}
	if r, err = b.reserve(t, gone, "k2"); err != nil || r.Title != "Stars" || r.Offer.BasisPoints != 1000 {
		t.Errorf("got %+v: %v", r, err)
	}
}

// TestOffersAreTooOld half a day after they were shown.
func TestOffersAreTooOld(t *testing.T) {
	t.Parallel()
	b := newTills(t)
	q, err := b.Quote(t.Context(), theTill, nil)
	if err != nil {
		t.Fatal(err)
	}
	b.at = q.ExpiresAt
	if _, err := b.reserve(t, q.Offers[0].ID, "k"); err != nil {
		t.Errorf("at the last moment: %v", err)
	}
	b.at = b.at.Add(time.Second)
	_, err = b.reserve(t, q.Offers[1].ID, "k2")
	wantCode(t, err, fault.NotFound, "unknown_action")
	if _, err := b.reserve(t, q.Offers[0].ID, "k"); err != nil {
		t.Errorf("a retry: %v", err)
	}
}

// TestKeysAreForgotten after a day.
func TestKeysAreForgotten(t *testing.T) {
	t.Parallel()
	b := newTills(t)
	b.held(t, "tenth", "k")
	b.at = b.at.Add(redeemKeyFor - time.Second)
	_, err := b.reserve(t, b.offer(t, "tenth"), "k")
	wantCode(t, err, fault.Conflict, "key_reused")
	b.at = b.at.Add(time.Second)
	b.held(t, "tenth", "k")
	for range 3 { // what is out of date may go, and nothing else
		if _, err := b.store.Idempotency.Sweep(t.Context(), b.at); err != nil {
			t.Fatal(err)
		}
	}
	_, err = b.reserve(t, b.offer(t, "tenth"), "k")
	wantCode(t, err, fault.Conflict, "key_reused")
}

func TestQuotes(t *testing.T) {
	t.Parallel()
	b := newTills(t)
	b.held(t, "tenth", "k")
	for name, tt := range map[string]struct {
		edit  func(*inbound.Till)
		total *money.Amount
		want  int
		own   loyalty.Balance
	}{
		"all":                    {nil, nil, 2, loyalty.Balance{Available: 900, Held: 100}},
		"a small cart":           {nil, new(money.Of(499, "GBP")), 1, loyalty.Balance{Available: 900, Held: 100}},
		"nobody":                 {func(at *inbound.Till) { at.Customer = "2" }, nil, 0, loyalty.Balance{}},
		"another currency":       {func(at *inbound.Till) { at.Currency = "EUR" }, nil, 1, loyalty.Balance{Available: 900, Held: 100}},
		"one that is not sold":   {func(at *inbound.Till) { at.Currency = "USD" }, nil, 0, loyalty.Balance{Available: 900, Held: 100}},
		"a shop without loyalty": {func(at *inbound.Till) { at.Shop = "none" }, nil, 0, loyalty.Balance{}},
	} {
		at := theTill
		if tt.edit != nil {
			tt.edit(&at)
		}
		q, err := b.Quote(t.Context(), at, tt.total)
		if err != nil || len(q.Offers) != tt.want || q.Balance != tt.own {
			t.Errorf("%s: got %+v: %v", name, q, err)
		}
	}
}

// TestShopsWithout: nothing is known of a shop that is not there, or of one without loyalty.
func TestShopsWithout(t *testing.T) {
	t.Parallel()
	b := newTills(t)
	id := b.held(t, "tenth", "k")
	for name, code := range map[shop.ID]string{"nowhere": "unknown_shop", "none": "unknown_action"} {
		at := theTill
		at.Shop = name
		_, err := b.Reserve(t.Context(), at, inbound.Reserve{Offer: id, Key: "k"})
		wantCode(t, err, fault.NotFound, code)
		_, err = b.Commit(t.Context(), at, id, "7")
		wantCode(t, err, fault.NotFound, code)
		wantCode(t, b.Release(t.Context(), at, id), fault.NotFound, code)
	}
	_, err := b.Quote(t.Context(), inbound.Till{Shop: "nowhere"}, nil)
	wantCode(t, err, fault.NotFound, "unknown_shop")
}

// downLedger fails, and so does what is remembered beside it.
type downLedger struct{ store.Ledger }

func down() error { return fault.New(fault.Unavailable, "down", "no ledger") }

func (downLedger) Do(context.Context, store.Stamp, func(store.Book) error) error { return down() }

func (downLedger) Balance(context.Context, shop.ID, loyalty.CustomerID) (loyalty.Balance, error) {
	return loyalty.Balance{}, down()
}

type downRecords struct{ store.Idempotency }

func (downRecords) Update(context.Context, idempotency.Scope, func(idempotency.Record) (idempotency.Record, error)) error {
	return down()
}

// TestStoreThatIsDown: what was not done is said, and nothing is made up.
func TestStoreThatIsDown(t *testing.T) {
	t.Parallel()
	b := newTills(t)
	id := b.offer(t, "fiver")
	whole := *b.Redemptions
	b.records = downRecords{}
	_, err := b.reserve(t, id, "k")
	wantCode(t, err, fault.Unavailable, "down")
	if got := b.owns(t); got.Held != 0 {
		t.Errorf("the customer owns %+v", got)
	}
	*b.Redemptions = whole
	b.books.ledger = downLedger{b.books.ledger}
	_, err = b.reserve(t, id, "k")
	wantCode(t, err, fault.Unavailable, "down")
	_, err = b.Quote(t.Context(), theTill, nil)
	wantCode(t, err, fault.Unavailable, "down")
	_, err = b.Commit(t.Context(), theTill, id, "")
	wantCode(t, err, fault.Unavailable, "down")
	wantCode(t, b.Release(t.Context(), theTill, id), fault.Unavailable, "down")
}

// meddling does something before an offer is bound to its key.
type meddling struct {
	store.Idempotency
	before func()
}

func (m meddling) Update(ctx context.Context, s idempotency.Scope, fn func(idempotency.Record) (idempotency.Record, error)) error {
	if s.Operation == "redeemed" {
		m.before()
	}
	return m.Idempotency.Update(ctx, s, fn)
}

// TestReleasedMeanwhile: what was taken back between the hold and the answer is not said to be held.
func TestReleasedMeanwhile(t *testing.T) {
	t.Parallel()
	b := newTills(t)
	id := b.offer(t, "fiver")
	b.records = meddling{b.records, func() {
		if err := b.Release(t.Context(), theTill, id); err != nil {
			t.Error(err)
		}
	}}
	_, err := b.reserve(t, id, "k")
	wantCode(t, err, fault.NotFound, "unknown_action")
	if got := b.owns(t); got != (loyalty.Balance{Available: 1000}) {
		t.Errorf("the customer owns %+v", got)
	}
}
