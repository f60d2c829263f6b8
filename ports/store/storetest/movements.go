// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/ports/store"
)

var movementCases = []verdict{
	{"the first movement of a key is kept whole, and how often it was begun", func(t *testing.T, s store.Store) {
		m := mover{t, s}
		first, other := movement("alpha", "a"), movement("alpha", "a")
		other.Keeper, other.Customer, other.Points, other.Order, other.At, other.DueAt = "fund", "bob", -7, "o2", noon.Add(time.Hour), noon.Add(time.Hour)
		for n := 1; n <= 3; n++ {
			want := first
			want.Begun = n
			if diff := cmp.Diff(want, m.begin([]store.Movement{first, other}[min(n-1, 1)])); diff != "" {
				t.Errorf("Begin %d (-want +got):\n%s", n, diff)
			}
		}
		first.Begun = 3
		m.hands(due, first)
	}},
	{"what its keeper refused is forgotten, unless it has begun again", func(t *testing.T, s store.Store) {
		m := mover{t, s}
		first := m.begin(movement("alpha", "a"))
		again := m.begin(first)
		m.fine(s.Movements.Withdraw(t.Context(), first))
		m.waits(1, noon)
		m.fine(s.Movements.Withdraw(t.Context(), again))
		m.waits(0, time.Time{})
		if got := m.begin(first); got.Begun != 1 {
			t.Errorf("what was forgotten has begun %d times", got.Begun)
		}
	}},
	{"nothing is withdrawn but what is being taken", func(t *testing.T, s store.Store) {
		m := mover{t, s}
		for _, state := range []store.MovementState{store.Giving, store.Returning, store.Returned} {
			m.write("alpha", as(movement("alpha", string(state)), state))
			m.fine(s.Movements.Withdraw(t.Context(), movement("alpha", string(state))))
			if got := m.begin(movement("alpha", string(state))); got.State != state {
				t.Errorf("withdrawn, what was %s is %s", state, got.State)
			}
		}
	}},
	{"what is not due waits, and the longest due comes first", func(t *testing.T, s store.Store) {
		m := mover{t, s}
		for i, key := range []string{"c", "a", "b"} {
			begun := movement("alpha", key)
			begun.DueAt = due.Add(time.Duration(-i) * time.Second)
			m.begin(begun)
		}
		m.takes(due.Add(-2*time.Second-1), 9)
		m.takes(due, 2, "b", "a")
		m.takes(due, 2, "c")
	}},
	{"what was handed over comes again when the lease has run out", func(t *testing.T, s store.Store) {
		m := mover{t, s}
		m.begin(movement("alpha", "a"))
		m.takes(due, 9, "a")
		m.takes(due.Add(leaseFor-1), 9)
		m.takes(due.Add(leaseFor), 9, "a")
	}},
	{"what was given is forgotten", func(t *testing.T, s store.Store) {
		m := mover{t, s}
		m.write("alpha", as(movement("alpha", "a"), store.Giving), as(movement("alpha", "b"), store.Giving))
		m.take(due, 9)
		m.fine(s.Movements.Settle(t.Context(), as(movement("alpha", "a"), store.Giving), due.AddDate(1, 0, 0)))
		m.takes(due.AddDate(1, 0, 0), 9, "b")
		m.waits(1, noon)
		if got := m.begin(movement("alpha", "a")); got.State != store.Taking || got.Begun != 1 {
			t.Errorf("what was forgotten is begun as %+v", got)
		}
	}},
	{"what was given back is remembered for a while, without its customer", givenBack},
	{"what went wrong is told, and tried again when it is due", func(t *testing.T, s store.Store) {
		m := mover{t, s}
		m.begin(movement("alpha", "a"))
		want := m.take(due, 9)[0]
		for n := 1; n <= 3; n++ {
			then := due.AddDate(0, 0, n)
			m.fine(s.Movements.Later(t.Context(), want, then, fmt.Sprint("reason ", n)))
			m.takes(then.Add(-1), 9)
			want.Attempts, want.Why = n, fmt.Sprint("reason ", n)
			m.hands(then, want)
		}
	}},
	{"the backlog is what waits", func(t *testing.T, s store.Store) {
		m := mover{t, s}
		m.waits(0, time.Time{})
		later := as(movement("beta", "giving"), store.Giving)
		later.At = noon.Add(time.Minute)
		m.write("beta", later)
		m.write("alpha", as(movement("alpha", "returning"), store.Returning), as(movement("alpha", "returned"), store.Returned))
		m.begin(movement("alpha", "taking"))
		m.take(due, 9) // in somebody's hands is not done
		m.waits(3, noon)
		for why, want := range map[string]int{"": 2, "away": 3} {
			m.fine(s.Movements.Later(t.Context(), as(movement("alpha", "returning"), store.Returning), due, why))
			m.waits(want, noon)
		}
		m.fine(s.Movements.Settle(t.Context(), as(movement("alpha", "returning"), store.Returning), due.AddDate(1, 0, 0)))
		m.fine(s.Movements.Withdraw(t.Context(), begun(movement("alpha", "taking"))))
		m.waits(1, noon.Add(time.Minute))
	}},
	{"shops have keys of their own", func(t *testing.T, s store.Store) {
		m := mover{t, s}
		m.begin(movement("alpha", "a"))
		if got := m.begin(movement("beta", "a")); got.Begun != 1 {
			t.Errorf("another shop's has begun %d times", got.Begun)
		}
		m.fine(s.Movements.Later(t.Context(), movement("beta", "a"), due.AddDate(0, 0, 1), "away"))
		m.hands(due, begun(movement("alpha", "a")))
		m.fine(s.Movements.Withdraw(t.Context(), begun(movement("alpha", "a"))))
		m.waits(1, noon)
		points{t, s.Ledger}.do("alpha", func(b store.Book) error {
			err := b.Write(store.Change{Movements: []store.Movement{as(movement("alpha", "a"), store.Taken)}})
			refused(t, "Write of another shop's", err, fault.Conflict, "not_taking")
			return nil
		})
	}},
	{"one of many gets each movement", movedByOne},
	{"at most SweepMax movements are swept", func(t *testing.T, s store.Store) {
		m := mover{t, s}
		var all []store.Movement
		for i := range store.SweepMax + 3 {
			all = append(all, as(movement("alpha", fmt.Sprint(i)), store.Returned))
		}
		m.write("alpha", all...)
		for _, want := range []int{store.SweepMax, 3, 0} {
			sweeps(t, s.Movements, due, want)
		}
	}},
	{"too late for movements", movedTooLate},
	{"a movement is kept with what it is about, or not at all", movedWithEntry},
	{"a movement takes the place of one with its key", takesPlace},
	{"what was taken and is booked is forgotten", takenIsForgotten},
	{"what is not being taken any more is not booked", notTaking},
}

func givenBack(t *testing.T, s store.Store) {
	m := mover{t, s}
	m.begin(movement("alpha", "a"))
	m.write("alpha", as(begun(movement("alpha", "a")), store.Returning))
	returning := m.take(due, 1)[0]
	then := due.AddDate(1, 0, 0)
	m.fine(s.Movements.Settle(t.Context(), returning, then))
	m.fine(s.Movements.Later(t.Context(), returning, due, "too late")) // whoever had it before its lease ran out
	m.takes(then.AddDate(10, 0, 0), 9)
	want := as(movement("alpha", "a"), store.Returned)
	want.Customer, want.Begun = "", 2
	if diff := cmp.Diff(want, m.begin(movement("alpha", "a")), cmpopts.IgnoreFields(want, "DueAt", "Attempts", "Why")); diff != "" {
		t.Errorf("Begin (-want +got):\n%s", diff)
	}
	m.write("alpha", as(movement("alpha", "waits"), store.Returning))
	sweeps(t, s.Movements, then.Add(-1), 0)
	sweeps(t, s.Movements, then, 1)
	sweeps(t, s.Movements, then.AddDate(10, 0, 0), 0)
	if got := m.begin(movement("alpha", "a")); got.State != store.Taking || got.Begun != 1 {
		t.Errorf("what was swept is begun as %+v", got)
	}
}

func movedByOne(t *testing.T, s store.Store) {
	m := mover{t, s}
	for i := range crowd {
		m.begin(movement("alpha", fmt.Sprint(i)))
	}
	var mu sync.Mutex
	seen := map[string]int{}
	together(crowd, func(int) {
		for _, got := range m.take(due, 2) {
			mu.Lock()
			seen[got.Key]++
			mu.Unlock()
		}
	})
	for key, n := range seen {
		if n != 1 {
			t.Errorf("%s was handed over %d times", key, n)
		}
	}
	if len(seen) != crowd {
		t.Errorf("%d of %d were handed over", len(seen), crowd)
	}
}

func movedTooLate(t *testing.T, s store.Store) {
	m, port := mover{t, s}, s.Movements
	kept, giving, returned := m.begin(movement("alpha", "taking")), as(movement("alpha", "giving"), store.Giving), as(movement("alpha", "returned"), store.Returned)
	m.write("alpha", giving, returned)
	none, err := port.Begin(over(t), movement("alpha", "new"))
	refused(t, "Begin", err, fault.Unavailable, "")
	got, err := port.Take(over(t), due, due.Add(leaseFor), 9)
	refused(t, "Take", err, fault.Unavailable, "")
	waiting, since, err := port.Backlog(over(t))
	refused(t, "Backlog", err, fault.Unavailable, "")
	swept, err := port.Sweep(over(t), due)
	refused(t, "Sweep", err, fault.Unavailable, "")
	if none != (store.Movement{}) || got != nil || waiting != 0 || !since.IsZero() || swept != 0 {
		t.Errorf("beside their errors they gave %+v, %v, %d since %s, and %d", none, got, waiting, since, swept)
	}
	refused(t, "Withdraw", port.Withdraw(over(t), kept), fault.Unavailable, "")
	refused(t, "Settle", port.Settle(over(t), giving, due), fault.Unavailable, "")
	refused(t, "Later", port.Later(over(t), kept, due.AddDate(1, 0, 0), "away"), fault.Unavailable, "")
	m.hands(due, giving, kept)
	sweeps(t, port, due, 1)
}

func movedWithEntry(t *testing.T, s store.Store) {
	m, p := mover{t, s}, points{t, s.Ledger}
	m.begin(movement("alpha", "taken"))
	change := p.earn("e1", "ann", 5)
	change.Movements = []store.Movement{
		as(movement("alpha", "giving"), store.Giving), as(movement("alpha", "returning"), store.Returning), as(movement("alpha", "taken"), store.Taken),
	}
	refusal := errors.New("refused")
	err := s.Ledger.Do(t.Context(), store.Stamp{Shop: "alpha"}, func(b store.Book) error {
		if err := b.Write(change); err != nil {
			return err
		}
		return refusal
	})
	if !errors.Is(err, refusal) {
		t.Errorf("Do = %v, want the closure's error", err)
	}
	m.waits(1, noon)
	p.owns("alpha", "ann", 0, 0)
	p.write("alpha", change)
	p.owns("alpha", "ann", 5, 0)
	m.hands(due, change.Movements[0], change.Movements[1])
}

func takesPlace(t *testing.T, s store.Store) {
	m := mover{t, s}
	m.begin(movement("alpha", "a"))
	for i, state := range []store.MovementState{store.Returning, store.Returned, store.Giving} {
		other := as(movement("alpha", "a"), state)
		other.Keeper, other.Customer, other.Points, other.Order = "fund", "bob", 7, "o2"
		other.At, other.DueAt, other.Attempts, other.Why, other.Begun = noon.Add(1), due.Add(1), i, "away", 3*i
		m.write("alpha", other)
		other.Begun++
		if diff := cmp.Diff(other, m.begin(movement("alpha", "a"))); diff != "" {
			t.Errorf("Begin of what is %s (-want +got):\n%s", state, diff)
		}
	}
	// Even where nobody knows any more whose the one before was.
	m.write("alpha", as(movement("alpha", "a"), store.Returning))
	m.fine(s.Movements.Settle(t.Context(), m.take(due, 1)[0], due))
	giving := as(movement("alpha", "a"), store.Giving)
	m.write("alpha", giving)
	m.hands(due, giving)
}

func takenIsForgotten(t *testing.T, s store.Store) {
	m, p := mover{t, s}, points{t, s.Ledger}
	m.begin(movement("alpha", "a"))
	m.begin(movement("alpha", "b"))
	change := p.earn("a", "ann", 5)
	change.Movements = []store.Movement{as(movement("alpha", "a"), store.Taken)}
	p.write("alpha", change)
	m.takes(due.AddDate(1, 0, 0), 9, "b")
	if got := m.begin(movement("alpha", "a")); got.State != store.Taking || got.Begun != 1 {
		t.Errorf("what was forgotten is begun as %+v", got)
	}
}

func notTaking(t *testing.T, s store.Store) {
	m, p := mover{t, s}, points{t, s.Ledger}
	states := []store.MovementState{store.Returning, store.Returned, store.Giving}
	for _, state := range states {
		m.write("alpha", as(movement("alpha", string(state)), state))
	}
	for _, key := range append(states, "never begun") {
		err := s.Ledger.Do(t.Context(), store.Stamp{Shop: "alpha"}, func(b store.Book) error {
			change := p.earn("e1", "ann", 5)
			change.Movements = []store.Movement{as(movement("alpha", "new"), store.Giving), as(movement("alpha", string(key)), store.Taken)}
			return b.Write(change)
		})
		refused(t, "Write of what is "+string(key), err, fault.Conflict, "not_taking")
	}
	p.owns("alpha", "ann", 0, 0)
	m.waits(2, noon)
	for _, state := range states {
		if got := m.begin(movement("alpha", string(state))); got.State != state {
			t.Errorf("refused, what was %s is %s", state, got.State)
		}
	}
}
