// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/cartage-dev/cartage/core/shop"
	"github.com/cartage-dev/cartage/ports/store"
)

// due is when what movement makes is due, which is not when it was made.
var due = noon.Add(time.Minute)

// movement is of points that ann's keeper is asked to take.
func movement(s shop.ID, key string) store.Movement {
	return store.Movement{Shop: s, Key: key, Keeper: "club", Customer: "ann", Points: -500, Order: "o1", State: store.Taking, At: noon, DueAt: due}
}

func as(m store.Movement, state store.MovementState) store.Movement {
	m.State = state
	return m
}

// begun is a movement as Begin hands it back the first time.
func begun(m store.Movement) store.Movement {
	m.Begun = 1
	return m
}

// mover asks for movements and expects no error.
type mover struct {
	t *testing.T
	s store.Store
}

func (m mover) fine(err error) {
	m.t.Helper()
	if err != nil {
		m.t.Errorf("got %v", err)
	}
}

func (m mover) begin(x store.Movement) store.Movement {
	m.t.Helper()
	kept, err := m.s.Movements.Begin(m.t.Context(), x)
	m.fine(err)
	return kept
}

// write keeps movements as a closure does.
func (m mover) write(s shop.ID, all ...store.Movement) {
	m.t.Helper()
	points{m.t, m.s.Ledger}.write(s, store.Change{Movements: all})
}

func (m mover) take(now time.Time, limit int) []store.Movement {
	m.t.Helper()
	got, err := m.s.Movements.Take(m.t.Context(), now, now.Add(leaseFor), limit)
	m.fine(err)
	return got
}

func (m mover) takes(now time.Time, limit int, want ...string) {
	m.t.Helper()
	var keys []string
	for _, got := range m.take(now, limit) {
		keys = append(keys, got.Key)
	}
	if diff := cmp.Diff(want, keys); diff != "" {
		m.t.Errorf("Take at %s (-want +got):\n%s", now, diff)
	}
}

// hands wants these to be handed over whole, in any order. When they were due the lease may have changed.
func (m mover) hands(now time.Time, want ...store.Movement) {
	m.t.Helper()
	byKey := cmpopts.SortSlices(func(a, b store.Movement) bool { return a.Key < b.Key })
	if diff := cmp.Diff(want, m.take(now, 9), byKey, cmpopts.IgnoreFields(store.Movement{}, "DueAt")); diff != "" {
		m.t.Errorf("Take at %s (-want +got):\n%s", now, diff)
	}
}

func (m mover) waits(want int, since time.Time) {
	m.t.Helper()
	if n, at, err := m.s.Movements.Backlog(m.t.Context()); n != want || !at.Equal(since) || err != nil {
		m.t.Errorf("Backlog = %d since %s, %v; want %d since %s", n, at, err, want, since)
	}
}
