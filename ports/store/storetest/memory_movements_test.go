// SPDX-License-Identifier: Apache-2.0

package storetest_test

import (
	"context"
	"slices"
	"time"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/shop"
	"github.com/cartage-dev/cartage/ports/store"
)

// memoryMovements keeps movements beside the pages; a closure writes on a copy of both.
type memoryMovements struct{ *memory }

type movementKey struct {
	shop shop.ID
	key  string
}

func (m *memory) place(s shop.ID, key string) movementKey {
	if m.bug == "movements of all shops are one" {
		s = ""
	}
	return movementKey{s, key}
}

func (m memoryMovements) begin(ctx context.Context) error {
	if m.bug == "movements wait for ever" {
		ctx = context.WithoutCancel(ctx)
	}
	return m.memory.begin(ctx)
}

func (m memoryMovements) Begin(ctx context.Context, x store.Movement) (store.Movement, error) {
	if err := m.begin(ctx); err != nil {
		return store.Movement{}, err
	}
	defer m.end()
	at := m.place(x.Shop, x.Key)
	kept, there := m.moving[at]
	if !there || m.bug == "the last movement of a key counts" {
		x.State, x.Begun = store.Taking, kept.Begun
		kept = x
	}
	if m.bug == "what was given back is taken again" && kept.State == store.Returned {
		kept.State = store.Taking
	}
	if m.bug == "microseconds of movements" {
		kept.At, kept.DueAt = kept.At.Truncate(time.Microsecond), kept.DueAt.Truncate(time.Microsecond)
	}
	if !there || m.bug != "beginnings not counted" {
		kept.Begun++
	}
	m.moving[at] = kept
	return kept, nil
}

func (m memoryMovements) Withdraw(ctx context.Context, x store.Movement) error {
	return m.change(ctx, x, func(at movementKey, kept store.Movement) {
		if (kept.State == store.Taking || m.bug == "what is not being taken is withdrawn") && (kept.Begun == x.Begun || m.bug == "begun again is withdrawn") {
			delete(m.moving, at)
		}
	})
}

// change does something to a movement that is there.
func (m memoryMovements) change(ctx context.Context, x store.Movement, do func(movementKey, store.Movement)) error {
	if err := m.begin(ctx); err != nil {
		return err
	}
	defer m.end()
	at := m.place(x.Shop, x.Key)
	if kept, there := m.moving[at]; there {
		do(at, kept)
	}
	return nil
}

func (m memoryMovements) Take(ctx context.Context, now, lease time.Time, limit int) (taken []store.Movement, err error) {
	if err := m.begin(ctx); err != nil {
		return nil, err
	}
	defer m.end()
	for _, x := range m.moving {
		if (x.State != store.Returned || m.bug == "what was given back moves") && (!x.DueAt.After(now) || m.bug == "what is not due moves") {
			taken = append(taken, x)
		}
	}
	slices.SortFunc(taken, func(a, b store.Movement) int {
		if m.bug == "the shortest due moves first" {
			a, b = b, a
		}
		return a.DueAt.Compare(b.DueAt)
	})
	if m.bug != "movements without bound" {
		taken = taken[:min(limit, len(taken))]
	}
	if m.bug == "movements taken in two steps" {
		m.pause()
	}
	for _, x := range taken {
		if x.DueAt = lease; m.bug != "movements without lease" {
			m.moving[m.place(x.Shop, x.Key)] = x
		}
	}
	return taken, nil
}

func (m memoryMovements) Settle(ctx context.Context, x store.Movement, then time.Time) error {
	return m.change(ctx, x, func(at movementKey, kept store.Movement) {
		switch {
		case kept.State == store.Giving && x.State == store.Giving && m.bug != "what was given is remembered":
			delete(m.moving, at)
		case kept.State == store.Returning:
			kept.State, kept.DueAt = store.Returned, then
			if m.bug != "what was given back says whose" {
				kept.Customer = ""
			}
			m.moving[at] = kept
		}
	})
}

func (m memoryMovements) Later(ctx context.Context, x store.Movement, then time.Time, why string) error {
	return m.change(ctx, x, func(at movementKey, kept store.Movement) {
		if kept.State == store.Returned {
			if m.bug != "late hands undo what was given back" {
				return
			}
			kept.State = store.Returning
		}
		if kept.DueAt = then; m.bug != "attempts of movements not counted" {
			kept.Attempts++
		}
		if m.bug != "reasons of movements forgotten" {
			kept.Why = why
		}
		m.moving[at] = kept
	})
}

func (m memoryMovements) Backlog(ctx context.Context) (n int, since time.Time, err error) {
	if err := m.begin(ctx); err != nil {
		return 0, time.Time{}, err
	}
	defer m.end()
	for _, x := range m.moving {
		watched := x.State == store.Returning && x.Attempts > 0 && x.Why == "" && m.bug != "the backlog counts what is only watched"
		if watched || x.State == store.Returned && m.bug != "the backlog counts what was given back" {
			continue
		}
		if n++; since.IsZero() || x.At.Before(since) {
			since = x.At
		}
	}
	return n, since, nil
}

func (m memoryMovements) Sweep(ctx context.Context, now time.Time) (n int, err error) {
	if err := m.begin(ctx); err != nil {
		return 0, err
	}
	defer m.end()
	for at, x := range m.moving {
		over := !x.DueAt.After(now) || m.bug == "what was given back is swept at once"
		if x.State == store.Returned && over && (n < store.SweepMax || m.bug == "movements swept without bound") {
			delete(m.moving, at)
			n++
		}
	}
	return n, nil
}

// move writes a movement on the copy.
func (b *memoryBook) move(x store.Movement) error {
	at := b.place(b.by.Shop, x.Key)
	kept, there := b.moving[at]
	switch {
	case x.State != store.Taken:
		if x.Shop = b.by.Shop; there && b.bug == "a movement stays in its place" {
			kept.State, kept.DueAt = x.State, x.DueAt
			x = kept
		}
		b.moving[at] = x
	case (!there || kept.State != store.Taking) && b.bug != "what is not being taken is booked":
		return fault.New(fault.Conflict, "not_taking", "not being taken").By(fault.Caller)
	case b.bug != "what was taken stays":
		delete(b.moving, at)
	}
	return nil
}
