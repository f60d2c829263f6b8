// SPDX-License-Identifier: Apache-2.0

package usecase

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/idempotency"
	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/money"
	"github.com/cartage-dev/cartage/core/shop"
	"github.com/cartage-dev/cartage/ports/backend"
	"github.com/cartage-dev/cartage/ports/inbound"
	"github.com/cartage-dev/cartage/ports/store"
)

// vault is a system elsewhere that keeps the points of one customer.
type vault struct {
	mu     sync.Mutex
	points loyalty.Points
	moves  map[idempotency.Key]backend.Movement
	adrift []func()                // movements on their way, whose sender has given up
	mishap func() (mishap, func()) // what becomes of the next Move; with what happens once it is done
}

type mishap uint8

const (
	none    mishap = iota
	lost           // it never arrives
	unheard        // it is done, and the answer is lost
	late           // it arrives after its sender has given up
	twice          // it arrives, is answered, and arrives again later
	away           // nobody is there
	mishaps        // how many there are that may happen to anybody
	refuses
	theKeeper = Owner("vault")
)

func newVault(points loyalty.Points) *vault {
	return &vault{points: points, moves: map[idempotency.Key]backend.Movement{}, mishap: func() (mishap, func()) { return none, func() {} }}
}

func (v *vault) Points(context.Context, backend.Call, loyalty.CustomerID) (loyalty.Points, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.points, nil
}

func (v *vault) Move(ctx context.Context, call backend.Call, m backend.Movement) (loyalty.Points, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if ctx.Err() != nil {
		return 0, fault.New(fault.Unavailable, "late", "too late")
	}
	no := fault.New(fault.Unknown, "no_answer", "no answer came").By(fault.Backend)
	what, then := v.mishap()
	defer then()
	switch what {
	case none, unheard, twice, mishaps:
	case lost:
		return 0, no
	case refuses:
		return 0, fault.New(fault.NotFound, "unknown_customer", "who is that?").By(fault.Caller)
	case away:
		return 0, fault.New(fault.Unavailable, "away", "nobody is there").By(fault.Backend)
	case late:
		v.adrift = append(v.adrift, func() { _ = v.do(call.Key, m) })
		return 0, no
	}
	if what == twice {
		v.adrift = append(v.adrift, func() { _ = v.do(call.Key, m) })
	}
	if err := v.do(call.Key, m); err != nil {
		return 0, err
	}
	if what == unheard {
		return 0, no
	}
	return v.points, nil
}

func (v *vault) do(key idempotency.Key, m backend.Movement) error {
	before, done := v.moves[key]
	switch {
	case done && before != m:
		return fault.New(fault.Conflict, "key_reused", "another movement has this key").By(fault.Caller)
	case done:
		return nil
	case v.points+m.Points < 0:
		return fault.New(fault.Conflict, "insufficient_points", "there are not so many").By(fault.Caller)
	}
	v.points += m.Points
	v.moves[key] = m
	return nil
}

func (v *vault) Moved(_ context.Context, _ backend.Call, key idempotency.Key) (backend.Movement, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if m, done := v.moves[key]; done {
		return m, nil
	}
	return backend.Movement{}, fault.New(fault.NotFound, "unknown_movement", "there is none").By(fault.Caller)
}

// arrive lets what is adrift come in.
func (v *vault) arrive() {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, come := range v.adrift {
		come()
	}
	v.adrift = nil
}

func (v *vault) has() loyalty.Points {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.points
}

// next lets one movement have a mishap.
func (v *vault) next(what mishap) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.mishap = func() (mishap, func()) {
		v.mishap = func() (mishap, func()) { return none, func() {} }
		return what, func() {}
	}
}

// newElsewhere is a shop whose points are in a vault.
func newElsewhere(t *testing.T, points loyalty.Points) (*tillBench, *vault, *Mover) {
	t.Helper()
	b, v := newTills(t), newVault(points)
	entry, err := b.shops.Shop("s")
	if err != nil {
		t.Fatal(err)
	}
	programme := *entry.Loyalty
	programme.Keeper, programme.Earn = loyalty.Keeper(theKeeper), loyalty.EarnRule{Points: 1, Per: money.Of(100, "GBP")}
	entry.Loyalty, entry.PointsAt = &programme, theKeeper
	b.shops.Replace(Table{Shops: map[shop.ID]Entry{"s": entry}, Backends: map[Owner]backend.Backend{theKeeper: {Loyalty: v}}})
	return b, v, NewMover(b.books, b.alerts(), slog.New(slog.DiscardHandler))
}

// own is what the bench's customer has here and there.
func (b *tillBench) own(t *testing.T) loyalty.Balance {
	t.Helper()
	own, err := b.books.Balance(t.Context(), "s", loyalty.Keeper(theKeeper), "1")
	if err != nil {
		t.Fatal(err)
	}
	return own
}

func (b *tillBench) waiting(t *testing.T) int {
	t.Helper()
	n, _, err := b.store.Movements.Backlog(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestPointsElsewhere follows points through a purchase: they are the vault's, and the ledger's thousand stay untouched.
func TestPointsElsewhere(t *testing.T) {
	t.Parallel()
	b, v, mover := newElsewhere(t, 1200)
	waiting := 0
	owns := func(when string, available, held loyalty.Points) {
		t.Helper()
		if got := b.own(t); got != (loyalty.Balance{Available: available, Held: held}) || b.waiting(t) != waiting {
			t.Errorf("%s: got %+v with %d movements waiting, want %d and %d held, with %d", when, got, b.waiting(t), available, held, waiting)
		}
		if here := b.owns(t).Available; here != 1000 {
			t.Errorf("%s: the ledger has %d to spend", when, here)
		}
	}
	q, err := b.Quote(t.Context(), theTill, nil)
	if err != nil || q.Balance.Available != 1200 || len(q.Offers) != 2 {
		t.Fatalf("got %+v, %v", q, err)
	}
	id := b.held(t, "fiver", "k1")
	owns("held", 700, 500)
	if _, err := b.reserve(t, id, "k1"); err != nil {
		t.Errorf("again: %v", err)
	}
	owns("held again", 700, 500)
	if err := b.Release(t.Context(), theTill, id); err != nil {
		t.Errorf("release: %v", err)
	}
	owns("released", 1200, 0)
	paid, short := b.held(t, "fiver", "k2"), b.held(t, "fiver", "k3")
	owns("held twice", 200, 1000)
	_, err = b.pos.Perform(t.Context(), theTill, b.shownAgain(t, "fiver"))
	wantCode(t, err, fault.Conflict, "insufficient_points")
	waiting = 1 // since what was refused may be brought there once more
	owns("more than there is", 200, 1000)
	order := inbound.News{Kind: inbound.OrderPlaced, Order: "o1", Customer: "1", Total: money.Of(10_000, "GBP"), Actions: []loyalty.ActionID{paid}}
	b.tell(t, order)
	owns("ordered, and 100 earned", 300, 500)
	b.tell(t, inbound.News{Kind: inbound.OrderRefunded, Order: "o1", Refund: loyalty.Refund{ID: "r1", Amount: money.Of(5_000, "GBP")}})
	owns("half refunded: 250 back, 50 clawed", 500, 500)
	if err := b.Release(t.Context(), theTill, short); err != nil {
		t.Error(err)
	}
	b.tell(t, inbound.News{Kind: inbound.OrderPlaced, Order: "o2", Customer: "1", Total: money.Of(100, "GBP"), Actions: []loyalty.ActionID{short}})
	owns("ordered with what was released", 501, 0)
	b.at = b.at.Add(takingFor)
	mover.Round(t.Context())
	waiting = 0
	owns("and it is looked for", 501, 0)
	if v.has() != 501 {
		t.Errorf("the vault has %d", v.has())
	}
	b.audit(t)
}

// shownAgain is an id for an offer that the customer cannot pay for any more.
func (b *tillBench) shownAgain(t *testing.T, name string) loyalty.ActionID {
	t.Helper()
	entry, err := b.shops.Shop("s")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range entry.Loyalty.Showings {
		if s.Offer.ID == name {
			gift, _ := s.Offer.Gift(theTill.Currency)
			return entry.Loyalty.Keys.Mint(s.Offer.Ref(), termsOf(theTill, s.Offer, gift), b.at, randomNonce())
		}
	}
	t.Fatalf("there is no %s", name)
	return ""
}

// audit reckons the book again, and says what it has moved elsewhere.
func (b *tillBench) audit(t *testing.T) *auditor {
	t.Helper()
	v := &auditor{Audit: loyalty.NewAudit("s"), moved: map[string]loyalty.Points{}}
	if err := b.store.Ledger.Walk(t.Context(), "s", v); err != nil {
		t.Fatal(err)
	}
	for _, d := range v.Close() {
		t.Errorf("record %d: %s", d.Sequence, d.What)
	}
	return v
}

type auditor struct {
	*loyalty.Audit
	elsewhere loyalty.Points
	moved     map[string]loyalty.Points
}

func (a *auditor) Record(r loyalty.Record) error {
	_, points := r.Entry.Elsewhere()
	a.elsewhere += points
	if points != 0 {
		a.moved[r.Entry.Key] = points
	}
	a.Audit.Record(r)
	return nil
}

func (a *auditor) Head(n int64, h loyalty.Hash) error { a.Audit.Head(n, h); return nil }
func (a *auditor) Customer(c loyalty.CustomerID, x loyalty.Balance) error {
	a.Audit.Customer(c, x)
	return nil
}

func (a *auditor) Account(n loyalty.AccountName, p loyalty.Points) error {
	a.Audit.Account(n, p)
	return nil
}
func (a *auditor) Action(x loyalty.Action) error { a.Audit.Action(x); return nil }
func (a *auditor) Sale(x loyalty.Sale) error     { a.Audit.Sale(x); return nil }

// TestTapWithoutAnAnswer has each mishap befall a tap, and then taps again, or gives up.
func TestTapWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	for _, what := range []mishap{lost, unheard, late, away} {
		t.Run(fmt.Sprint("again after ", what), func(t *testing.T) {
			t.Parallel()
			b, v, mover := newElsewhere(t, 1200)
			id := b.offer(t, "fiver")
			v.next(what)
			if _, err := b.reserve(t, id, "k"); err == nil {
				t.Fatal("it was answered")
			}
			if _, err := b.reserve(t, id, "k"); err != nil {
				t.Errorf("again: %v", err)
			}
			v.arrive()
			b.at = b.at.Add(takingFor)
			mover.Round(t.Context())
			if got := b.own(t); got != (loyalty.Balance{Available: 700, Held: 500}) || b.waiting(t) != 0 {
				t.Errorf("got %+v, and %d movements wait", got, b.waiting(t))
			}
		})
		t.Run(fmt.Sprint("given up after ", what), func(t *testing.T) {
			t.Parallel()
			b, v, mover := newElsewhere(t, 1200)
			id := b.offer(t, "fiver")
			v.next(what)
			if _, err := b.reserve(t, id, "k"); err == nil {
				t.Fatal("it was answered")
			}
			b.at = b.at.Add(takingFor)
			mover.Round(t.Context())
			v.arrive() // after somebody has looked for it
			if what != away {
				_, err := b.reserve(t, id, "k")
				wantCode(t, err, fault.NotFound, "unknown_action")
			}
			for range 60 {
				b.at = b.at.Add(time.Hour)
				mover.Round(t.Context())
			}
			if got := b.own(t); got != (loyalty.Balance{Available: 1200}) || b.waiting(t) != 0 {
				t.Errorf("got %+v, and %d movements wait", got, b.waiting(t))
			}
		})
	}
}

// TestShopMovesItsPoints takes back and refunds after the shop has moved to another keeper.
func TestShopMovesItsPoints(t *testing.T) {
	t.Parallel()
	b, v, _ := newElsewhere(t, 1200)
	released, paid := b.held(t, "fiver", "k1"), b.held(t, "fiver", "k2")
	entry, err := b.shops.Shop("s")
	if err != nil {
		t.Fatal(err)
	}
	home := *entry.Loyalty
	home.Keeper = ""
	entry.Loyalty, entry.PointsAt = &home, ""
	b.shops.Replace(Table{Shops: map[shop.ID]Entry{"s": entry}, Backends: map[Owner]backend.Backend{theKeeper: {Loyalty: v}}})
	if err := b.Release(t.Context(), theTill, released); err != nil {
		t.Error(err)
	}
	b.tell(t, inbound.News{Kind: inbound.OrderPlaced, Order: "o", Customer: "1", Total: money.Of(1000, "GBP"), Actions: []loyalty.ActionID{paid}})
	b.tell(t, inbound.News{Kind: inbound.OrderCancelled, Order: "o"})
	if v.has() != 1200 {
		t.Errorf("the vault has %d, want what came from it", v.has())
	}
	if got := b.owns(t); got != (loyalty.Balance{Available: 1000}) {
		t.Errorf("the ledger has %+v", got)
	}
	if here := b.held(t, "fiver", "k3"); b.action(t, here).Keeper != "" {
		t.Error("a new hold is not from here")
	}
	b.audit(t)
}

// TestShopMovesWhileATapHasNoAnswer: what one keeper took is never given by another.
func TestShopMovesWhileATapHasNoAnswer(t *testing.T) {
	t.Parallel()
	b, v, mover := newElsewhere(t, 1200)
	other := newVault(1200)
	id := b.offer(t, "fiver")
	v.next(unheard)
	if _, err := b.reserve(t, id, "k"); err == nil {
		t.Fatal("it was answered")
	}
	entry, err := b.shops.Shop("s")
	if err != nil {
		t.Fatal(err)
	}
	moved := *entry.Loyalty
	moved.Keeper = "other"
	entry.Loyalty, entry.PointsAt = &moved, "other"
	b.shops.Replace(Table{Shops: map[shop.ID]Entry{"s": entry}, Backends: map[Owner]backend.Backend{theKeeper: {Loyalty: v}, "other": {Loyalty: other}}})
	_, err = b.reserve(t, id, "k")
	wantCode(t, err, fault.NotFound, "unknown_action")
	b.at = b.at.Add(takingFor)
	mover.Round(t.Context())
	if v.has() != 1200 || other.has() != 1200 || b.waiting(t) != 0 {
		t.Errorf("they have %d and %d, and %d movements wait", v.has(), other.has(), b.waiting(t))
	}
}

// TestNewsAfterAWeekend works news out when what it took has long been given back: it does not take the key's old answer for a new one.
func TestNewsAfterAWeekend(t *testing.T) {
	t.Parallel()
	b, v, mover := newElsewhere(t, 1200)
	id := b.held(t, "fiver", "k")
	if err := b.Release(t.Context(), theTill, id); err != nil {
		t.Fatal(err)
	}
	v.next(unheard)
	if err := b.news.Tell(t.Context(), inbound.News{Shop: "s", Kind: inbound.OrderPlaced, Order: "o", Customer: "1", Total: money.Of(50, "GBP"), Actions: []loyalty.ActionID{id}, At: b.at}); err != nil {
		t.Fatal(err)
	}
	b.news.round() // which hears nothing
	if v.has() != 700 {
		t.Fatalf("the vault has %d", v.has())
	}
	b.at = b.at.Add(30 * time.Hour)
	for range 3 { // the news is leased to a host that is down
		mover.Round(t.Context())
		if _, err := b.store.Movements.Sweep(t.Context(), b.at); err != nil {
			t.Fatal(err)
		}
		b.at = b.at.Add(30 * time.Hour)
	}
	b.news.round()
	if moved := b.audit(t).elsewhere; v.has() != 1200+moved {
		t.Errorf("the vault has %d, and by the book it is %d", v.has(), 1200+moved)
	}
}

// TestRefundsInAnotherOrder: a claw that was asked for is booked as it was, though it would be another by now.
func TestRefundsInAnotherOrder(t *testing.T) {
	t.Parallel()
	b, v, _ := newElsewhere(t, 1200)
	b.tell(t, inbound.News{Kind: inbound.OrderPlaced, Order: "o", Customer: "1", Total: money.Of(10_100, "GBP")})
	refund := func(id loyalty.RefundID, pence int64) inbound.News {
		return inbound.News{Shop: "s", Kind: inbound.OrderRefunded, Order: "o", Refund: loyalty.Refund{ID: id, Amount: money.Of(pence, "GBP")}, At: b.at}
	}
	v.next(unheard)
	if err := b.news.Tell(t.Context(), refund("r1", 4_950)); err != nil {
		t.Fatal(err)
	}
	b.news.round()
	b.tell(t, refund("r2", 1_060))
	for range 4 {
		b.at = b.at.Add(time.Minute)
		b.news.round()
	}
	if n, _, err := b.store.Inbox.Backlog(t.Context()); n != 0 || err != nil {
		t.Errorf("%d pieces of news are left, %v", n, err)
	}
	if moved := b.audit(t).elsewhere; v.has() != 1200+moved || moved != 101-59 { // and the sixtieth point is the merchant's
		t.Errorf("the vault has %d, and by the book it is %d", v.has(), 1200+moved)
	}
}

// TestKeeperRefusesToGive: somebody hears of it, and it is given when the keeper has come to its senses.
func TestKeeperRefusesToGive(t *testing.T) {
	t.Parallel()
	b, v, mover := newElsewhere(t, 1200)
	id := b.held(t, "fiver", "k")
	v.next(away)
	if err := b.Release(t.Context(), theTill, id); err != nil {
		t.Error(err)
	}
	b.at = b.at.Add(time.Minute)
	v.next(refuses)
	mover.Round(t.Context())
	b.wantAlerts(t, NotMoved)
	if v.has() != 700 || b.waiting(t) != 1 {
		t.Errorf("the vault has %d, and %d movements wait", v.has(), b.waiting(t))
	}
	b.at = b.at.Add(time.Minute)
	if n := mover.Round(t.Context()); n != 1 || v.has() != 1200 || b.waiting(t) != 0 {
		t.Errorf("%d were moved, the vault has %d, and %d movements wait", n, v.has(), b.waiting(t))
	}
}

// TestKeeperAndBookAgree has tills, orders and refunds meet with every mishap, and hosts that die between a keeper's
// answer and the book. When all is over the vault has what the book says, to the point.
func TestKeeperAndBookAgree(t *testing.T) {
	t.Parallel()
	for seed := range uint64(40) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			const began = 3000
			b, v, mover := newElsewhere(t, began)
			r := rand.New(rand.NewPCG(seed, 7))
			var dies func() // ends the call at hand, as the death of the host would
			v.mishap = func() (mishap, func()) {
				if r.IntN(3) > 0 {
					return none, func() {}
				}
				what := mishap(r.IntN(int(mishaps)))
				if what == none && dies != nil {
					return none, dies
				}
				return what, func() {}
			}
			expirer := NewExpirer(b.shops, b.books, b.news, b.store, b.clock, b.alerts(), slog.New(slog.DiscardHandler))
			expirer.pause = 0
			var ids []loyalty.ActionID
			some := func() loyalty.ActionID { return ids[r.IntN(len(ids))] }
			orders := 0
			for range 120 {
				ctx, cancel := context.WithCancel(t.Context())
				dies = cancel
				if len(ids) == 0 || r.IntN(4) == 0 {
					ids = append(ids, b.shownAgain(t, []string{"fiver", "tenth"}[r.IntN(2)]))
				}
				switch r.IntN(8) {
				case 0, 1, 2:
					_, _ = b.pos.Perform(ctx, theTill, some())
				case 3:
					_, _ = b.pos.Revert(ctx, theTill, some())
				case 4:
					orders++
					n := inbound.News{Shop: "s", Kind: inbound.OrderPlaced, Order: loyalty.OrderID(fmt.Sprint("o", orders)), Customer: "1", Total: money.Of(r.Int64N(30_000), "GBP"), At: b.at}
					for range r.IntN(3) {
						n.Actions = append(n.Actions, some())
					}
					_ = b.news.Tell(t.Context(), n)
				case 5:
					if orders > 0 {
						n := inbound.News{Shop: "s", Kind: inbound.OrderRefunded, Order: loyalty.OrderID(fmt.Sprint("o", r.IntN(orders)+1)), At: b.at}
						n.Refund = loyalty.Refund{ID: loyalty.RefundID(fmt.Sprint("r", r.Int())), Amount: money.Of(r.Int64N(20_000), "GBP")}
						_ = b.news.Tell(t.Context(), n)
					}
				case 6:
					b.news.round()
					if r.IntN(2) == 0 {
						mover.Round(ctx)
					}
				case 7:
					b.at = b.at.Add(time.Duration(r.Int64N(int64(20 * time.Minute))))
					expirer.Round(ctx)
					if r.IntN(3) == 0 {
						v.arrive()
					}
				}
				cancel()
			}
			v.mu.Lock()
			v.mishap = func() (mishap, func()) { return none, func() {} }
			v.mu.Unlock()
			v.arrive()
			for range 200 {
				b.at = b.at.Add(time.Hour)
				for b.news.round() > 0 || mover.Round(t.Context()) > 0 || expirer.Round(t.Context()) > 0 {
				}
			}
			if n := b.waiting(t); n != 0 {
				t.Errorf("%d movements are left", n)
			}
			if own := b.owns(t); own != (loyalty.Balance{Available: 1000}) {
				t.Errorf("the ledger has %+v", own)
			}
			if a := b.audit(t); v.has() != began+a.elsewhere {
				t.Errorf("the vault has %d, and by the book it is %d", v.has(), began+a.elsewhere)
				for key, points := range a.moved {
					k := movementKey(store.Movement{Shop: "s", Key: key})
					if v.moves[k].Points != points {
						t.Errorf("booked, not moved: %s %d; there %+v, back %+v", key, points, v.moves[k], v.moves[movementKey(store.Movement{Shop: "s", Key: "back:" + key})])
					}
					delete(v.moves, k)
				}
				for _, m := range v.moves {
					t.Errorf("moved, not booked: %+v", m)
				}
			}
		})
	}
}
