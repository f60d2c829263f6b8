// SPDX-License-Identifier: Apache-2.0

package usecase

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"strings"
	"time"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/shop"
	"github.com/cartage-dev/cartage/ports/store"
)

// The bounds of a step in which keepers take part.
const (
	planMax    = 4                      // times that a step is tried, while what it needs changes
	bookTime   = 400 * time.Millisecond // of a caller's deadline is left for writing down what a keeper has done
	takingFor  = 15 * time.Second       // after which nobody is at work on a movement any more: longer than any caller waits
	giveAtOnce = time.Second            // what a caller waits for points to be given, who is then shown a balance
)

// Books opens the shops' books for those who work in them. Where a shop's points are at a
// keeper, what an entry moves there is asked of the keeper: points that it takes before the
// entry is booked, and points that it gives after.
type Books struct {
	ledger    store.Ledger
	movements store.Movements
	keepers   keepers
	log       *slog.Logger
	now       func() time.Time
}

// NewBooks needs the shops, whose keepers it asks.
func NewBooks(shops *Directory, s store.Store, clock *Clock, log *slog.Logger) *Books {
	return &Books{ledger: s.Ledger, movements: s.Movements, keepers: keepers{shops}, log: log, now: clock.Now}
}

// errWanting ends a step that has to ask a keeper first.
var errWanting = errors.New("a keeper has to be asked")

// Do is store.Ledger.Do with keepers. fn may run several times, and is only then kept when each keeper has
// taken what it books as taken from it: one that would not is, for fn, a customer with nothing to spend. Points
// that were taken for a step that came to nothing are given back, however it ended. Faults of a keeper
// that leave it open are Unknown; the step may then be asked for again.
func (s *Books) Do(ctx context.Context, by store.Stamp, fn func(*book) error) error {
	t := taking{taken: map[string]store.Movement{}, left: map[string]store.Movement{}, denied: map[purse]bool{}}
	for range planMax {
		b := &book{}
		err := s.ledger.Do(ctx, by, func(raw store.Book) error {
			*b = book{Book: raw, shop: by.Shop, taking: t, used: map[string]bool{}} // the closure may run again
			if err := fn(b); err != nil {
				return err
			}
			if len(b.wants) > 0 {
				return errWanting
			}
			return b.giveBack()
		})
		switch {
		case err == nil:
			s.give(ctx, b.given)
			return nil
		case !errors.Is(err, errWanting):
			return err
		}
		if err := s.take(ctx, t, b.wants); err != nil {
			return err
		}
	}
	return fault.New(fault.Unavailable, "too_busy", "what the step needs has changed too often")
}

// take asks keepers for what a step needs, in the step's order. After one has refused a customer, the
// rest of that customer's is not asked for.
func (s *Books) take(ctx context.Context, t taking, wants []store.Movement) error {
	if deadline, bounded := ctx.Deadline(); bounded {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-bookTime))
		defer cancel()
	}
	for _, want := range wants {
		at := purse{want.Keeper, want.Customer}
		if t.denied[at] || forgotten(want.Customer) {
			t.denied[at] = true
			continue
		}
		want.At, want.DueAt = s.now(), s.now().Add(takingFor)
		m, err := s.movements.Begin(ctx, want)
		if err != nil {
			return err
		}
		elsewhere := m.Keeper != want.Keeper || m.Customer != want.Customer
		switch { // given up meanwhile, or begun when the shop's points were at another keeper
		case (m.State != store.Taking || elsewhere) && strings.HasPrefix(m.Key, aHold+":"):
			return unknownAction("the offer has been taken back")
		case m.State != store.Taking:
			t.denied[at] = true
			continue
		case elsewhere || m.Points < want.Points: // more was asked for, before other news came
			t.denied[at], t.left[m.Key] = true, m
			continue
		case m.Points > want.Points:
			t.denied[at] = true // so that no more is booked than was asked for
		}
		err = s.keepers.move(ctx, m)
		switch {
		case err == nil:
			t.taken[m.Key] = m
		case refused(err): // and whatever lies between may bring it to the keeper once more, which may then say yes
			t.denied[at], t.left[m.Key] = true, m
		case undecided(err) || m.Begun > 1: // or an earlier one may be on its way
			return err
		default:
			if lost := s.movements.Withdraw(ctx, m); lost != nil {
				s.log.WarnContext(ctx, "movement left to be found not booked", "shop", m.Shop, "movement", m.Key, "cause", lost)
			}
			return err
		}
	}
	return nil
}

// give gives what has just been booked. What fails is given later.
func (s *Books) give(ctx context.Context, given []store.Movement) {
	if len(given) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, giveAtOnce)
	defer cancel()
	for _, m := range given {
		err := s.keepers.move(ctx, m)
		if err == nil {
			err = s.movements.Settle(ctx, m, s.now())
		}
		if err != nil {
			s.log.InfoContext(ctx, "points are given later", "shop", m.Shop, "movement", m.Key, "cause", err)
			return
		}
	}
}

// Balance is what a customer owns in a shop whose points are at keeper.
func (s *Books) Balance(ctx context.Context, of shop.ID, keeper loyalty.Keeper, c loyalty.CustomerID) (loyalty.Balance, error) {
	own, err := s.ledger.Balance(ctx, of, c)
	if err != nil || keeper == "" {
		return own, err
	}
	own.Available, err = s.keepers.points(ctx, of, keeper, c)
	return own, err
}

// purse is where a customer's points are to spend.
type purse struct {
	keeper   loyalty.Keeper
	customer loyalty.CustomerID
}

// taking is what keepers have said to a step so far.
type taking struct {
	taken  map[string]store.Movement // by key
	left   map[string]store.Movement // refused, and not for good
	denied map[purse]bool
}

// book is a store.Book to a step. While it plans, a keeper is believed to have what is wanted of it.
type book struct {
	store.Book
	taking
	shop  shop.ID
	order loyalty.OrderID // that the step is about, if any
	used  map[string]bool // of what was taken
	wants []store.Movement
	given []store.Movement
}

// spendable is what a customer has at a keeper, for an action or a sale that goes by it.
func (b *book) spendable(keeper loyalty.Keeper, c loyalty.CustomerID) (loyalty.Balance, error) {
	own, err := b.Balance(c)
	if err != nil || keeper == "" {
		return own, err
	}
	own.Available = loyalty.PointsMax
	if at := (purse{keeper, c}); b.denied[at] {
		own.Available = 0
		for key, m := range b.taken {
			if m.Keeper == keeper && m.Customer == c && !b.used[key] {
				own.Available -= m.Points
			}
		}
	}
	return own, nil
}

// Write implements store.Book. An entry comes with the action or the sale that knows its keeper.
func (b *book) Write(c store.Change) error {
	if c.Entry == nil {
		return b.Book.Write(c)
	}
	m := store.Movement{Shop: b.shop, Key: c.Entry.Key, Order: b.order, At: b.Now(), DueAt: b.Now()}
	if m.Customer, m.Points = c.Entry.Elsewhere(); m.Points == 0 {
		return b.Book.Write(c)
	}
	if c.Action != nil {
		m.Keeper = c.Action.Keeper
	} else {
		m.Keeper = c.Sale.Keeper
	}
	switch taken, is := b.taken[m.Key]; {
	case m.Points > 0 && forgotten(m.Customer): // they come back to nobody
		return b.Book.Write(c)
	case m.Points > 0:
		m.State, m.DueAt = store.Giving, m.DueAt.Add(2*giveAtOnce)
		b.given = append(b.given, m)
	case !is:
		b.wants = append(b.wants, m) // so that nothing of this run is kept
		c.Entry = nil
		return b.Book.Write(c)
	case taken.Points != m.Points:
		return fault.New(fault.Internal, "other_points", "the keeper was asked for %d points and %d are booked", -taken.Points, -m.Points)
	default:
		m.State = store.Taken
		b.used[m.Key] = true
	}
	c.Movements = append(c.Movements, m)
	return b.Book.Write(c)
}

// giveBack has what was taken, or may still be, and is not booked given back.
func (b *book) giveBack() error {
	unused := maps.Clone(b.left)
	for key, m := range b.taken {
		if !b.used[key] {
			unused[key] = m
		}
	}
	for _, m := range unused {
		booked, err := booked(b, m) // by somebody else, at the same time
		if err != nil {
			return err
		}
		if booked {
			continue
		}
		m.State, m.DueAt = store.Returning, b.Now()
		if err := b.Book.Write(store.Change{Movements: []store.Movement{m}}); err != nil {
			return err
		}
	}
	return nil
}

// booked reports whether a movement is in the journal. An entry may be there under its key, and move nothing
// elsewhere: the keeper had refused.
func booked(b store.Book, m store.Movement) (bool, error) {
	e, found, err := b.Booked(m.Key)
	_, points := e.Elsewhere()
	return found && points == m.Points, err
}

func forgotten(c loyalty.CustomerID) bool {
	return strings.HasPrefix(string(c), loyalty.ForgottenPrefix)
}

// aHold begins the keys of holds.
const aHold = "hold"
