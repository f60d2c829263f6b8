// SPDX-License-Identifier: Apache-2.0

package usecase

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/ports/store"
)

// The bounds of bringing keepers to what is booked. What fails is tried again after a while that
// doubles, for ever: points are never given up, and the backlog is a metric.
const (
	moveEvery   = time.Second
	moveBatch   = 64
	moveLanes   = 16
	moveLease   = 10 * time.Second
	moveCall    = 5 * time.Second
	moveRound   = time.Minute
	newsFor     = time.Hour            // after which what was taken for news that is still not worked out is given back
	returnedFor = 25 * time.Hour       // for as long a movement that got no answer may still come about, and longer than its id may be tapped
	orderFor    = 400 * 24 * time.Hour // for as long news of an order may come
	giveFor     = 30 * 24 * time.Hour  // for as long a keeper knows a key; what is older is for somebody to look at
	watchFirst  = 15 * time.Second     // between two looks for what was not there, which doubles
	watchMax    = time.Hour
	laterCall   = 2 * time.Second
)

// NotMoved alerts that a keeper refuses to give points that are booked.
const NotMoved loyalty.Alert = "not_moved"

// Mover gives what keepers are to give, and finds out about points that may have been taken for
// nothing.
type Mover struct {
	books  *Books
	alerts *Alerts
	log    *slog.Logger
	end    chan struct{}
	ended  sync.WaitGroup
	once   sync.Once
}

// NewMover works for these books. Start begins its work, and Close ends it.
func NewMover(books *Books, alerts *Alerts, log *slog.Logger) *Mover {
	return &Mover{books: books, alerts: alerts, log: log, end: make(chan struct{})}
}

// Start begins to move.
func (v *Mover) Start() {
	v.ended.Go(func() {
		tick := time.NewTicker(moveEvery)
		defer tick.Stop()
		for {
			select {
			case <-v.end:
				return
			case <-tick.C:
				for v.Round(context.Background()) == moveBatch && !v.over() { // there is more
				}
			}
		}
	})
}

func (v *Mover) over() bool {
	select {
	case <-v.end:
		return true
	default:
		return false
	}
}

// Close ends it after the movements at hand. It may be called more than once.
func (v *Mover) Close() {
	v.once.Do(func() { close(v.end) })
	v.ended.Wait()
}

// Round works on the movements that are due, and says how many these were.
func (v *Mover) Round(ctx context.Context) int {
	ctx, cancel := context.WithTimeout(ctx, moveRound)
	defer cancel()
	now := v.books.now()
	due, err := v.books.movements.Take(ctx, now, now.Add(moveLease), moveBatch)
	if err != nil {
		v.log.WarnContext(ctx, "movements cannot be taken up", "cause", err)
	}
	var lanes errgroup.Group
	lanes.SetLimit(moveLanes)
	for _, m := range due {
		lanes.Go(func() error { v.work(ctx, m); return nil })
	}
	_ = lanes.Wait() // what fails is put off
	return len(due)
}

func (v *Mover) work(ctx context.Context, m store.Movement) {
	ctx, cancel := context.WithTimeout(ctx, moveCall)
	defer cancel()
	done, err := v.settle(ctx, m)
	if done && err == nil {
		return
	}
	why := ""
	if err != nil {
		why = err.Error()
		v.log.WarnContext(ctx, "points not moved", "shop", m.Shop, "movement", m.Key, "keeper", m.Keeper, "attempts", m.Attempts+1, "cause", err)
		if refused(err) && !strings.HasPrefix(m.Why, why[:min(len(why), whyMax)]) {
			v.alerts.raise(ctx, m.Shop, alert{what: NotMoved, order: m.Order})
		}
	}
	ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), laterCall)
	defer cancel()
	wait := min(retryFirst<<min(m.Attempts, 10), retryMax)
	if err == nil {
		wait = min(watchFirst<<min(m.Attempts, 10), watchMax)
	}
	if err := v.books.movements.Later(ctx, m, v.books.now().Add(wait), why[:min(len(why), whyMax)]); err != nil {
		v.log.WarnContext(ctx, "movement left to its lease", "shop", m.Shop, "movement", m.Key, "cause", err)
	}
}

// settle brings the keeper to what is booked; done is false while that is not known.
func (v *Mover) settle(ctx context.Context, m store.Movement) (done bool, err error) {
	if m.State == store.Taking {
		if m.State, err = v.judge(ctx, m); err != nil || m.State != store.Returning {
			return m.State == store.Taken, err
		}
	}
	now := v.books.now()
	if m.State == store.Giving {
		if now.After(m.At.Add(giveFor)) {
			return false, fault.New(fault.Conflict, "too_old", "the keeper may have forgotten the key: see what it did, and give the points there by hand")
		}
		if err := v.books.keepers.move(ctx, m); err != nil {
			return false, err
		}
		return true, v.books.movements.Settle(ctx, m, now)
	}
	moved, err := v.books.keepers.moved(ctx, m)
	if err != nil {
		return false, err
	}
	last := m.At.Add(returnedFor)
	if !moved {
		if now.Before(last) {
			return false, nil
		}
		return true, v.books.movements.Settle(ctx, m, now)
	}
	if err := v.books.keepers.move(ctx, back(m)); err != nil {
		return false, err
	}
	if last = now.Add(returnedFor); !strings.HasPrefix(m.Key, aHold+":") {
		last = now.Add(orderFor) // its news may still be worked out, and must not take the key for a new one
	}
	return true, v.books.movements.Settle(ctx, m, last)
}

// workedOut reports whether what a movement was begun for has come to its end: a tap has long been answered, and news is
// worked out once its order says so.
func workedOut(b store.Book, m store.Movement) (bool, error) {
	what, rest, _ := strings.Cut(m.Key, ":")
	if what == aHold {
		return true, nil
	}
	sale, err := b.Sale(m.Order)
	if err != nil {
		return false, err
	}
	if action, _, is := strings.Cut(rest, ":"); is && what == "late" {
		return sale.Placed && slices.Contains(sale.Actions, loyalty.ActionID(action)), nil
	}
	return sale.Placed && (sale.Cancelled || slices.ContainsFunc(sale.Refunds, func(r loyalty.Refund) bool { return string(r.ID) == rest })), nil
}

// judge decides what becomes of a movement that nobody works on any more.
func (v *Mover) judge(ctx context.Context, m store.Movement) (state store.MovementState, err error) {
	err = v.books.ledger.Do(ctx, store.Stamp{Shop: m.Shop, RequestID: "move"}, func(b store.Book) error {
		booked, err := booked(b, m)
		if err != nil {
			return err
		}
		over, err := workedOut(b, m)
		if err != nil {
			return err
		}
		switch {
		case booked:
			state = store.Taken
		case over || b.Now().After(m.At.Add(newsFor)):
			state = store.Returning
		default:
			state = store.Taking
			return nil
		}
		is := m
		is.State, is.DueAt = state, b.Now().Add(moveLease)
		return b.Write(store.Change{Movements: []store.Movement{is}})
	})
	if err != nil && fault.From(err).Code == "not_taking" { // somebody was at work on it after all
		return store.Taken, nil
	}
	return state, err
}
