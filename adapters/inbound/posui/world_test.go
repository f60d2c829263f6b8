// SPDX-License-Identifier: Apache-2.0

package posui

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cartage-dev/cartage/adapters/store/sqlite"
	"github.com/cartage-dev/cartage/app/usecase"
	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/money"
	"github.com/cartage-dev/cartage/core/shop"
	"github.com/cartage-dev/cartage/ports/inbound"
	"github.com/cartage-dev/cartage/ports/store"
)

// world is a bench with the real use case on a real store.
type world struct {
	*bench
	store store.Store
	pos   *usecase.POS
	news  *usecase.Settlement
}

// programme is the same in every shop, so that nothing but a shop's id keeps shops apart.
func programme(t testing.TB) *loyalty.Programme {
	t.Helper()
	keys, err := loyalty.NewKeyring([]byte(strings.Repeat("k", loyalty.SigningKeyMin)))
	if err != nil {
		t.Fatal(err)
	}
	text := func(words string) loyalty.Text { return loyalty.Text{"": words, "de": words + " (de)"} }
	return &loyalty.Programme{
		Label: text("Stars"), Keys: keys, Rules: loyalty.DefaultRules(), Earn: loyalty.EarnRule{Points: 1, Per: money.Of(100, "GBP")},
		Showings: []loyalty.Showing{
			{Offer: loyalty.Offer{ID: "tenth", Kind: loyalty.PercentDiscount, Cost: 300, BasisPoints: 1250}, Title: text("12.5 % off"), Description: text("-300 stars")},
			{Offer: fiveOff().Offer, Title: text("Five off"), Description: text("-500 stars")},
			{Offer: loyalty.Offer{ID: "mug", Kind: loyalty.AddVariant, Cost: 600, Variant: "40112233"}, Title: text("Free mug"), Description: text("-600 stars")},
			{Offer: loyalty.Offer{ID: "word", Kind: loyalty.AddVariant, Cost: 1, Variant: "mug-blue"}, Title: text("Unprintable"), Description: text("-1 star")},
		},
	}
}

// newWorld has customers 1 and 2 with so many points in every shop.
func newWorld(t testing.TB, points loyalty.Points) *world {
	t.Helper()
	db, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "cartage.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	shops := map[shop.ID]usecase.Entry{}
	w := &world{store: db.Store()}
	for _, id := range []shop.ID{"demo", "second", "other"} {
		shops[id] = usecase.Entry{Shop: shop.Shop{ID: id, Locale: "en-GB", Currencies: []money.Currency{"GBP", "EUR"}}, Loyalty: programme(t)}
		for _, customer := range []loyalty.CustomerID{"1", "2"} {
			w.give(t, id, customer, points)
		}
	}
	directory, clock, log := usecase.NewDirectory(usecase.Table{Shops: shops}), usecase.NewClock(), slog.New(slog.DiscardHandler)
	w.pos = usecase.NewPOS(directory, usecase.NewBooks(directory, w.store, clock, log), w.store, clock, log)
	t.Cleanup(w.pos.Close)
	w.news = usecase.NewSettlement(directory, w.pos, w.store, clock, usecase.NewAlerts(log, nil), log)
	w.news.Start()
	t.Cleanup(w.news.Close)
	w.bench = newBench(t, usecase.NewRedemptions(directory, w.pos, w.store))
	return w
}

func (w *world) give(t testing.TB, to shop.ID, customer loyalty.CustomerID, points loyalty.Points) {
	t.Helper()
	err := w.store.Ledger.Do(t.Context(), store.Stamp{Shop: to}, func(b store.Book) error {
		return b.Write(store.Change{Entry: &loyalty.Entry{Key: "admn:" + string(customer), Transfers: []loyalty.Transfer{
			{From: loyalty.Account{Name: loyalty.AccountAdjust}, To: loyalty.Account{Name: loyalty.AccountAvailable, Customer: customer}, Points: points},
		}}})
	})
	if err != nil {
		t.Fatal(err)
	}
}

// owns is a customer's balance in the shop demo.
func (w *world) owns(t testing.TB, customer loyalty.CustomerID) loyalty.Balance {
	t.Helper()
	b, err := w.store.Ledger.Balance(t.Context(), "demo", customer)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// action is an action of the shop demo.
func (w *world) action(t testing.TB, id string) (a loyalty.Action) {
	t.Helper()
	err := w.store.Ledger.Do(t.Context(), store.Stamp{Shop: "demo"}, func(b store.Book) (err error) {
		a, _, err = b.Action(loyalty.ActionID(id))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// await waits for an action to be as it should.
func (w *world) await(t testing.TB, id string, is func(loyalty.Action) bool) loyalty.Action {
	t.Helper()
	var a loyalty.Action
	for range 2_000 {
		if a = w.action(t, id); is(a) {
			return a
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("it stays %+v", a)
	return a
}

// audit holds every book to its journal.
func (w *world) audit(t testing.TB) {
	t.Helper()
	for _, id := range []shop.ID{"demo", "second", "other"} {
		audit := loyalty.NewAudit(id)
		if err := w.store.Ledger.Walk(t.Context(), id, auditor{audit}); err != nil {
			t.Fatal(err)
		}
		for _, d := range audit.Close() {
			t.Errorf("%s: %+v", id, d)
		}
	}
}

// auditor is an audit that walks.
type auditor struct{ *loyalty.Audit }

func (a auditor) Record(r loyalty.Record) error             { a.Audit.Record(r); return nil }
func (a auditor) Head(sequence int64, h loyalty.Hash) error { a.Audit.Head(sequence, h); return nil }
func (a auditor) Customer(c loyalty.CustomerID, b loyalty.Balance) error {
	a.Audit.Customer(c, b)
	return nil
}
func (a auditor) Account(n loyalty.AccountName, sum loyalty.Points) error {
	a.Audit.Account(n, sum)
	return nil
}
func (a auditor) Action(x loyalty.Action) error { a.Audit.Action(x); return nil }
func (a auditor) Sale(s loyalty.Sale) error     { a.Audit.Sale(s); return nil }

// order is what the shop tells of an order of customer 1.
func (w *world) order(t testing.TB, id loyalty.OrderID, customer loyalty.CustomerID, actions ...loyalty.ActionID) {
	t.Helper()
	err := w.news.Tell(t.Context(), inbound.News{
		Shop: "demo", Kind: inbound.OrderPlaced, Order: id, Customer: customer, Total: money.Of(2000, "GBP"), Actions: actions, At: time.Now(),
	})
	if err != nil {
		t.Fatal(err)
	}
}

// offers asks for offers and finds those that are there, by kind.
func (w *world) offers(t testing.TB, q request) map[string]offerAnswer {
	t.Helper()
	var quote loyaltyAnswer
	w.send(t, q).read(t, http.StatusOK, &quote)
	all := map[string]offerAnswer{}
	for _, o := range quote.Offers {
		all[o.Kind] = o
	}
	return all
}

// five is a fresh offer of five pounds off for customer 1.
func (w *world) five(t testing.TB) string {
	t.Helper()
	return w.offers(t, good["loyalty"])["flat_discount"].ID
}

// reserving is a request for an offer.
func reserving(offer, key string) request {
	return request{
		method: "POST", path: "/redemptions", body: strings.Replace(goodBody, anID, offer, 1),
		edit: func(r *http.Request) {
			if key != "" {
				r.Header.Set(keyHeader, key)
			}
		},
	}
}

func releasing(id string) request { return request{method: "DELETE", path: "/redemptions/" + id} }

func committing(id, order string) request {
	text, _ := json.Marshal(map[string]any{"order_id": json.RawMessage(order), "executed_at": "2026-11-25T12:00:00Z"})
	return request{method: "POST", path: "/redemptions/" + id + "/commit", body: string(text)}
}

// want sends a request, and wants a state or, in a problem, a code.
func (w *world) want(t testing.TB, q request, status int, word string) reply {
	t.Helper()
	got := w.send(t, q)
	var says struct{ State, Code string }
	_ = json.Unmarshal([]byte(got.body), &says)
	if got.status != status || says.State+says.Code != word {
		t.Errorf("%s %s: got %d %s, want %d %s", q.method, q.path, got.status, got.body, status, word)
	}
	if status >= 400 {
		got.problem(t)
	}
	return got
}
