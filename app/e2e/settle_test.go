// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cartage-dev/cartage/adapters/store/sqlite"
	"github.com/cartage-dev/cartage/app/apptest"
	"github.com/cartage-dev/cartage/app/usecase"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/money"
	"github.com/cartage-dev/cartage/core/order"
	"github.com/cartage-dev/cartage/core/shop"
	"github.com/cartage-dev/cartage/ports/backend"
	"github.com/cartage-dev/cartage/ports/inbound"
	"github.com/cartage-dev/cartage/ports/store"
)

// club is a shop's loyalty on a real database, without what is around it.
type club struct {
	t          *testing.T
	store      store.Store
	shops      *usecase.Directory
	clock      *usecase.Clock
	points     *usecase.Books
	pos        *usecase.POS
	settlement *usecase.Settlement
}

var fiverOff = loyalty.Offer{ID: "five_off", Kind: loyalty.FlatDiscount, Cost: 1000, Amounts: map[money.Currency]money.Amount{"GBP": money.Of(500, "GBP")}}

// newClub opens a database of its own. Clubs of one test take each other's ids.
func newClub(t *testing.T, orders backend.Orders) *club {
	t.Helper()
	c := &club{t: t, clock: usecase.NewClock()}
	db, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "cartage.db"), Now: c.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	c.store = db.Store()
	keys, err := loyalty.NewKeyring(bytes.Repeat([]byte{7}, loyalty.SigningKeyMin))
	if err != nil {
		t.Fatal(err)
	}
	programme := &loyalty.Programme{
		Label: loyalty.Text{"": "Points"}, Keys: keys, Rules: loyalty.DefaultRules(), Earn: loyalty.EarnRule{Points: 1, Per: money.Of(100, "GBP")},
		Showings: []loyalty.Showing{{Offer: fiverOff, Title: loyalty.Text{"": "£5 off"}}},
	}
	c.shops = usecase.NewDirectory(usecase.Table{Shops: map[shop.ID]usecase.Entry{
		"demo": {Shop: shop.Shop{ID: "demo", Locale: "en-GB"}, Backend: backend.Backend{Orders: orders}, Loyalty: programme},
	}})
	log := slog.New(slog.DiscardHandler)
	c.points = usecase.NewBooks(c.shops, c.store, c.clock, log)
	c.pos = usecase.NewPOS(c.shops, c.points, c.store, c.clock, log)
	c.settlement = usecase.NewSettlement(c.shops, c.pos, c.store, c.clock, usecase.NewAlerts(log, nil), log)
	c.settlement.Start()
	t.Cleanup(func() {
		c.settlement.Close()
		c.pos.Close()
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func (c *club) endow(customer loyalty.CustomerID, points loyalty.Points) {
	c.t.Helper()
	err := c.store.Ledger.Do(c.t.Context(), store.Stamp{Shop: "demo"}, func(b store.Book) error {
		return b.Write(store.Change{Entry: &loyalty.Entry{Key: "admn:" + string(customer), Transfers: []loyalty.Transfer{
			{From: loyalty.Account{Name: loyalty.AccountAdjust}, To: loyalty.Account{Name: loyalty.AccountAvailable, Customer: customer}, Points: points},
		}}})
	})
	if err != nil {
		c.t.Fatal(err)
	}
}

func (c *club) till(customer loyalty.CustomerID) inbound.Till {
	return inbound.Till{Shop: "demo", Customer: customer, Locale: "en", Currency: "GBP"}
}

// show shows a customer the offer.
func (c *club) show(customer loyalty.CustomerID) loyalty.ActionID {
	c.t.Helper()
	screen, err := c.pos.Promotions(c.t.Context(), c.till(customer))
	if err != nil || len(screen.Offers) != 1 {
		c.t.Fatalf("promotions for %s: %+v, %v", customer, screen, err)
	}
	return screen.Offers[0].ID
}

func (c *club) tell(n inbound.News) {
	c.t.Helper()
	n.Shop = "demo"
	if err := c.settlement.Tell(c.t.Context(), n); err != nil {
		c.t.Fatal(err)
	}
}

// settled waits until all news is worked out.
func (c *club) settled() {
	c.t.Helper()
	if !eventually(func() bool {
		n, _, err := c.store.Inbox.Backlog(c.t.Context())
		return err == nil && n == 0
	}) {
		c.t.Fatal("news is left that nobody works out")
	}
}

// books are what a club's ledger has come to.
type books struct {
	balances map[loyalty.CustomerID]loyalty.Balance
	accounts map[loyalty.AccountName]loyalty.Points
}

// books audits the ledger as well.
func (c *club) books(customers ...loyalty.CustomerID) books {
	c.t.Helper()
	v := &bookReader{Audit: loyalty.NewAudit("demo"), books: books{map[loyalty.CustomerID]loyalty.Balance{}, map[loyalty.AccountName]loyalty.Points{}}}
	if err := c.store.Ledger.Walk(c.t.Context(), "demo", v); err != nil {
		c.t.Fatal(err)
	}
	for _, d := range v.Close() {
		c.t.Errorf("record %d: %s", d.Sequence, d.What)
	}
	for _, customer := range customers {
		b, err := c.store.Ledger.Balance(c.t.Context(), "demo", customer)
		if err != nil {
			c.t.Fatal(err)
		}
		v.balances[customer] = b
	}
	return v.books
}

// bookReader is an audit that remembers the shop's own accounts.
type bookReader struct {
	*loyalty.Audit
	books
}

func (v *bookReader) Record(r loyalty.Record) error { v.Audit.Record(r); return nil }

func (v *bookReader) Head(sequence int64, hash loyalty.Hash) error {
	v.Audit.Head(sequence, hash)
	return nil
}

func (v *bookReader) Customer(c loyalty.CustomerID, b loyalty.Balance) error {
	v.Audit.Customer(c, b)
	return nil
}

func (v *bookReader) Account(name loyalty.AccountName, sum loyalty.Points) error {
	v.Audit.Account(name, sum)
	v.accounts[name] = sum
	return nil
}

func (v *bookReader) Action(x loyalty.Action) error { v.Audit.Action(x); return nil }
func (v *bookReader) Sale(s loyalty.Sale) error     { v.Audit.Sale(s); return nil }

// TestNewsInAnyOrder tells the same news in order to one ledger, and shuffled, repeated and partly before
// the tap it is about to another: both come to the same.
func TestNewsInAnyOrder(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(seed, 0))
			straight, muddled := newClub(t, nil), newClub(t, nil)
			var customers []loyalty.CustomerID
			var news []inbound.News
			type held struct {
				customer loyalty.CustomerID
				id       loyalty.ActionID
			}
			var early []held
			for i := range 40 {
				customer := loyalty.CustomerID(fmt.Sprint(100 + i))
				customers = append(customers, customer)
				for _, c := range []*club{straight, muddled} {
					c.endow(customer, 100_000)
				}
				for n := range 5 {
					o := inbound.News{Kind: inbound.OrderPlaced, Order: loyalty.OrderID(fmt.Sprint(customer, "-", n)), Customer: customer, Total: money.Of(r.Int64N(20_000)+1, "GBP"), At: time.Now()}
					if r.IntN(2) == 0 {
						id := straight.show(customer)
						o.Actions = []loyalty.ActionID{id}
						if _, err := straight.pos.Perform(t.Context(), straight.till(customer), id); err != nil {
							t.Fatal(err)
						}
						if r.IntN(20) == 0 {
							early = append(early, held{customer, id})
						} else if _, err := muddled.pos.Perform(t.Context(), muddled.till(customer), id); err != nil {
							t.Fatal(err)
						}
					}
					news = append(news, o)
					for k := range r.IntN(3) {
						refund := inbound.News{Kind: inbound.OrderRefunded, Order: o.Order, Refund: loyalty.Refund{ID: loyalty.RefundID(fmt.Sprint(o.Order, "-", k)), Amount: money.Of(r.Int64N(o.Total.Minor)+1, "GBP")}}
						news = append(news, refund)
					}
					if r.IntN(10) == 0 {
						end := o
						end.Kind = inbound.OrderCancelled
						news = append(news, end)
					}
				}
			}
			for _, n := range news {
				straight.tell(n)
			}
			twice := append(news, news[:len(news)/3]...)
			r.Shuffle(len(twice), func(i, j int) { twice[i], twice[j] = twice[j], twice[i] })
			for _, n := range twice {
				muddled.tell(n)
			}
			straight.settled()
			muddled.settled()
			for _, e := range early { // a tap that comes after its order is too late
				if _, err := muddled.pos.Perform(t.Context(), muddled.till(e.customer), e.id); fault.KindOf(err) != fault.NotFound {
					t.Errorf("a tap after its order: %v", err)
				}
			}
			if diff := cmp.Diff(straight.books(customers...), muddled.books(customers...), cmp.AllowUnexported(books{})); diff != "" {
				t.Errorf("in order and not (-in order +not):\n%s", diff)
			}
		})
	}
}

// TestOrderPaysOnce follows one order through everything that can be told of it.
func TestOrderPaysOnce(t *testing.T) {
	t.Parallel()
	c := newClub(t, nil)
	c.endow("ann", 1500)
	id := c.show("ann")
	if _, err := c.pos.Perform(t.Context(), c.till("ann"), id); err != nil {
		t.Fatal(err)
	}
	owns := func(when string, available, held loyalty.Points) {
		t.Helper()
		c.settled()
		if got := c.books("ann").balances["ann"]; got != (loyalty.Balance{Available: available, Held: held}) {
			t.Errorf("%s: got %+v, want %d and %d held", when, got, available, held)
		}
	}
	owns("held", 500, 1000)
	placed := inbound.News{Kind: inbound.OrderPlaced, Order: "1", Customer: "ann", Total: money.Of(2000, "GBP"), Actions: []loyalty.ActionID{id, "not one of ours"}}
	c.tell(placed)
	c.tell(placed)
	owns("ordered, and 20 earned", 520, 0)
	if _, err := c.pos.Revert(t.Context(), c.till("ann"), id); fault.KindOf(err) != fault.NotFound {
		t.Errorf("a revert of what is paid: %v", err)
	}
	half := inbound.News{Kind: inbound.OrderRefunded, Order: "1", Refund: loyalty.Refund{ID: "r1", Amount: money.Of(1000, "GBP")}}
	c.tell(half)
	c.tell(half)
	owns("half refunded: 500 back, 10 clawed", 1010, 0)
	end := placed
	end.Kind = inbound.OrderCancelled
	c.tell(end)
	owns("cancelled", 1500, 0)
	for name, n := range map[string]inbound.News{"no order": {Kind: inbound.OrderPlaced}, "no refund": {Kind: inbound.OrderRefunded, Order: "1"}, "no such news": {Kind: "eaten", Order: "1"}} {
		n.Shop = "demo"
		if err := c.settlement.Tell(t.Context(), n); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: %v, want invalid", name, err)
		}
	}
	if err := c.settlement.Tell(t.Context(), inbound.News{Shop: "nobody", Kind: inbound.OrderPlaced, Order: "1"}); fault.KindOf(err) != fault.NotFound {
		t.Errorf("another shop's: %v", err)
	}
}

// TestForgotten forgets a customer between a hold and its order: the books still agree.
func TestForgotten(t *testing.T) {
	t.Parallel()
	c := newClub(t, nil)
	c.endow("ann", 1500)
	id := c.show("ann")
	if _, err := c.pos.Perform(t.Context(), c.till("ann"), id); err != nil {
		t.Fatal(err)
	}
	at := time.Now()
	for range 2 {
		if err := c.settlement.Erase(t.Context(), "demo", "ann", at); err != nil {
			t.Fatal(err)
		}
	}
	c.settled()
	c.tell(inbound.News{Kind: inbound.OrderPlaced, Order: "1", Total: money.Of(2000, "GBP"), Actions: []loyalty.ActionID{id}})
	c.settled()
	got := c.books("ann")
	if got.balances["ann"] != (loyalty.Balance{}) || got.accounts[loyalty.AccountRedeemed] != 1000 {
		t.Errorf("got %+v", got)
	}
	if err := c.settlement.Erase(t.Context(), "nobody", "ann", at); fault.KindOf(err) != fault.NotFound {
		t.Errorf("another shop's: %v", err)
	}
}

// TestNewsWaitsForShops leaves news to a host that has yet to start: it is worked out at once, and
// not put off because there is no shop until the engine has found it.
func TestNewsWaitsForShops(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(dir, "cartage.db")})
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.Store().Inbox.Put(t.Context(), store.Message{Shop: "demo", Key: "placed:1", ReceivedAt: time.Now(), Body: []byte(`{"version":1,"kind":"placed","order":"1","at":"2026-11-25T12:00:00Z"}`)})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	log := &lines{}
	h := apptest.Start(t, apptest.Options{Dir: dir, Log: slog.New(slog.NewTextHandler(log, nil))})
	if !eventually(func() bool {
		_, figures := get(t, h.Admin+"/metrics")
		return strings.Contains(figures, "cartage_news_waiting 0\n")
	}) {
		t.Error("news is left that nobody works out")
	}
	if log.has("news not worked out") {
		t.Error("news was put off")
	}
}

// ordersFunc is a backend's orders.
type ordersFunc func(reference string) (order.Order, error)

func (f ordersFunc) ByReference(_ context.Context, _ backend.Call, reference string) (order.Order, error) {
	return f(reference)
}

// TestHoldsRunOut lets holds run out with and without an order, and while nobody can say.
func TestHoldsRunOut(t *testing.T) {
	t.Parallel()
	var bought loyalty.ActionID
	down := false
	c := newClub(t, ordersFunc(func(reference string) (order.Order, error) {
		switch {
		case down:
			return order.Order{}, fault.New(fault.Unavailable, "down", "the backend is down").By(fault.Backend)
		case reference == string(bought):
			return order.Order{ID: "o1", Reference: reference, Status: order.Placed, PlacedAt: time.Now()}, nil
		}
		return order.Order{}, fault.New(fault.NotFound, "unknown_reference", "no such order").By(fault.Caller)
	}))
	c.endow("ann", 3000)
	hold := func() loyalty.ActionID {
		id := c.show("ann")
		if _, err := c.pos.Perform(t.Context(), c.till("ann"), id); err != nil {
			t.Fatal(err)
		}
		return id
	}
	bought = hold()
	hold()
	state := func(id loyalty.ActionID) (a loyalty.Action) {
		t.Helper()
		err := c.store.Ledger.Do(t.Context(), store.Stamp{Shop: "demo"}, func(b store.Book) (err error) {
			a, _, err = b.Action(id)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	log := slog.New(slog.DiscardHandler)
	late := usecase.NewExpirer(c.shops, c.points, c.settlement, c.store, c.clock, usecase.NewAlerts(log, nil), log)
	if n := late.Round(t.Context()); n != 0 {
		t.Errorf("%d holds were resolved before they ran out", n)
	}
	over := func(ids ...loyalty.ActionID) { // as if a quarter of an hour had passed
		t.Helper()
		err := c.store.Ledger.Do(t.Context(), store.Stamp{Shop: "demo"}, func(b store.Book) error {
			for _, id := range ids {
				a, _, err := b.Action(id)
				if err != nil {
					return err
				}
				a.ExpiresAt = b.Now().Add(-time.Second)
				if err := b.Write(store.Change{Action: &a}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	down = true
	over(bought)
	late.Round(t.Context())
	if a := state(bought); a.State != loyalty.Held || !a.ExpiresAt.After(c.clock.Now()) {
		t.Errorf("while nobody can say: %s until %s", a.State, a.ExpiresAt)
	}
	down = false
	over(bought)
	late.Round(t.Context())
	c.settled()
	if a := state(bought); a.State != loyalty.Captured {
		t.Errorf("with an order: %s", a.State)
	}
	other := hold()
	over(other)
	late.Round(t.Context())
	if a := state(other); a.State != loyalty.Expired {
		t.Errorf("without an order: %s", a.State)
	}
	c.books("ann")
}
