// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cartage-dev/cartage/plugins/sdk"
)

// keyed is a call with a key of the form that the wire asks for.
func keyed(n int) sdk.Call { return call(fmt.Sprintf("%064x", n)) }

func redeem(points sdk.Points) sdk.Movement {
	return sdk.Movement{Customer: "1", Points: -points, Reason: sdk.PointsRedeemed}
}

func earn(points sdk.Points) sdk.Movement {
	return sdk.Movement{Customer: "1", Points: points, Reason: sdk.PointsEarned, Order: "o1"}
}

func TestPointsMove(t *testing.T) {
	t.Parallel()
	m := start(t, map[string]any{"loyalty": map[string]any{"customers": map[string]any{"1": 1000}}})
	const fine = "no fault"
	tests := []struct { // one after another
		name string
		key  int
		move sdk.Movement
		want string
		left sdk.Points
	}{
		{"taken", 1, redeem(400), fine, 600},
		{"and again", 1, redeem(400), fine, 600},
		{"the key for other points", 1, redeem(401), "conflict key_reused", 600},
		{"the key for somebody else", 1, sdk.Movement{Customer: "2", Points: -400, Reason: sdk.PointsRedeemed}, "conflict key_reused", 600},
		{"more than there is", 2, redeem(601), "conflict insufficient_points", 600},
		{"given", 3, earn(1), fine, 601},
		{"the key that was refused", 2, redeem(601), fine, 0},
		{"the first once more", 1, redeem(400), fine, 0},
		{"nothing", 4, redeem(0), "invalid no_points", 0},
		{"a stranger", 5, sdk.Movement{Customer: "2", Points: 1, Reason: sdk.PointsEarned}, "not_found unknown_customer", 0},
		{"more than anybody owns", 6, earn(sdk.PointsMax + 1), "invalid too_many_points", 0},
		{"the most", 7, earn(sdk.PointsMax), fine, sdk.PointsMax},
		{"and more", 8, earn(sdk.PointsMax), fine, 2 * sdk.PointsMax},
	}
	for _, tt := range tests {
		got, err := m.loyalty.Move(within(t), keyed(tt.key), tt.move)
		if kindOf(err) != tt.want || err == nil && got != tt.left {
			t.Errorf("%s: %d points, %s", tt.name, got, kindOf(err))
		}
		if left, err := m.loyalty.Points(within(t), call(""), "1"); err != nil || left != tt.left {
			t.Errorf("%s: %d points are left, %v", tt.name, left, err)
		}
		moved, err := m.loyalty.Moved(within(t), call(""), keyed(tt.key).Key)
		if tt.want == fine && (err != nil || moved != tt.move) || tt.want != fine && tt.key != 1 && kindOf(err) != "not_found unknown_movement" {
			t.Errorf("%s: read back as %+v, %s", tt.name, moved, kindOf(err))
		}
	}
}

func TestShopsKeepPointsApart(t *testing.T) {
	t.Parallel()
	m := start(t, map[string]any{"loyalty": map[string]any{"customers": map[string]any{"1": 1000}, "welcome": 50}})
	there := keyed(1)
	there.Shop = "second"
	for _, c := range []sdk.Call{keyed(1), there} {
		if left, err := m.loyalty.Move(within(t), c, redeem(400)); err != nil || left != 600 {
			t.Errorf("in %s: %d points are left, %v", c.Shop, left, err)
		}
		if left, err := m.loyalty.Points(within(t), c, "new"); err != nil || left != 50 {
			t.Errorf("in %s a new customer has %d points, %v", c.Shop, left, err)
		}
	}
	there.Shop = "third"
	if _, err := m.loyalty.Moved(within(t), there, there.Key); kindOf(err) != "not_found unknown_movement" {
		t.Errorf("another shop's movement is read back: %s", kindOf(err))
	}
}

// points is the book of one process on a state that others may share.
func (s *state) points(start sdk.Points) book {
	return book{kept: s, start: map[sdk.CustomerID]sdk.Points{"1": start, "2": start}}
}

// TestProcessesShareTheBook has the same movements come to both at once, and in the end to a third.
func TestProcessesShareTheBook(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	processes := []book{opened(t, dir).kept.points(100), opened(t, dir).kept.points(100)}
	var all sync.WaitGroup
	for i := range 40 {
		all.Go(func() {
			if _, err := processes[i%2].Move(within(t), keyed(i/4), earn(sdk.Points(i/4+1))); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	next := opened(t, dir).kept.points(100)
	if left, err := next.Points(within(t), call(""), "1"); err != nil || left != 155 {
		t.Errorf("%d points, %v, want each movement once", left, err)
	}
	for i := range 10 {
		if left, err := next.Move(within(t), keyed(i), earn(sdk.Points(i+1))); err != nil || left != 155 {
			t.Errorf("key %d after a restart: %d points, %v", i, left, err)
		}
	}
}

// dying is a shelf whose process ends before some write.
type dying struct {
	shelf
	writes int // that are still made; below zero: all
}

func (d *dying) write(kind, name string, record []byte) error {
	if d.writes == 0 {
		return errors.New("the process is gone")
	}
	d.writes--
	return d.shelf.write(kind, name, record)
}

// TestPointsAddUp lets movements of two customers come in any order, repeated, doubled and
// unanswered, while the process may end before any write: the points are those of the start
// and of each movement that is read back, which is each that was ever answered.
func TestPointsAddUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		const begin = 300
		kept, err := newState(t.Context(), "")
		if err != nil {
			rt.Fatal(err)
		}
		mortal := &dying{shelf: kept.shelf, writes: -1}
		kept.shelf = mortal
		b := kept.points(begin)
		counts := rapid.SampledFrom([]uint64{0, 1, 2, 3})
		wire := &network{book: b, faults: moveFaults{LoseAnswerEvery: counts.Draw(rt, "lost"), DuplicateEvery: counts.Draw(rt, "doubled")}}
		moves := make([]sdk.Movement, 6)
		for i := range moves {
			moves[i] = sdk.Movement{
				Customer: rapid.SampledFrom([]sdk.CustomerID{"1", "2"}).Draw(rt, "customer"), Reason: sdk.PointsEarned,
				Points: sdk.Points(rapid.Int64Range(-200, 200).Filter(func(n int64) bool { return n != 0 }).Draw(rt, "points")),
			}
		}
		answered := map[int]bool{}
		for range rapid.IntRange(1, 40).Draw(rt, "events") {
			i := rapid.IntRange(0, len(moves)-1).Draw(rt, "move")
			mortal.writes = rapid.SampledFrom([]int{-1, -1, 0, 1, 2, 3}).Draw(rt, "writes")
			left, err := wire.Move(t.Context(), keyed(i), moves[i])
			mortal.writes = -1
			switch kindOf(err) {
			case "no fault":
				answered[i] = true
				if now, err := wire.Points(t.Context(), call(""), moves[i].Customer); err != nil || now != left {
					rt.Fatalf("movement %d left %d points, and there are %d, %v", i, left, now, err)
				}
			case "unknown fault_switch", "unknown state_not_written":
			case "conflict insufficient_points":
				if answered[i] {
					rt.Fatalf("movement %d was answered before, and is refused", i)
				}
			default:
				rt.Fatal(err)
			}
			want := map[sdk.CustomerID]sdk.Points{"1": begin, "2": begin}
			for i, m := range moves {
				moved, err := wire.Moved(t.Context(), call(""), keyed(i).Key)
				if err == nil {
					want[m.Customer] += m.Points
				}
				if err == nil && moved != m || answered[i] && err != nil {
					rt.Fatalf("movement %d, answered %t, is read back as %+v, %v", i, answered[i], moved, err)
				}
			}
			for customer := range want {
				if got, err := wire.Points(t.Context(), call(""), customer); err != nil || got != want[customer] || got < 0 {
					rt.Fatalf("customer %s has %d points, %v, want %d", customer, got, err, want[customer])
				}
			}
		}
	})
}

func TestMovesGoAstray(t *testing.T) {
	t.Parallel()
	const lost = "unknown fault_switch"
	tests := []struct {
		name   string
		faults map[string]any
		want   []string // of two movements of 100
		left   sdk.Points
	}{
		{"none", nil, []string{"no fault", "no fault"}, 800},
		{"every second answer", map[string]any{"moves": map[string]any{"lose_answer_every": 2}}, []string{"no fault", lost}, 800},
		{"every write's", map[string]any{"lose_answer_every": 1}, []string{lost, lost}, 800},
		{"every request twice", map[string]any{"moves": map[string]any{"duplicate_every": 1}}, []string{"no fault", "no fault"}, 800},
		{"in a bad system", map[string]any{"moves": map[string]any{"duplicate_every": 1, "forget_keys": true}}, []string{"no fault", "no fault"}, 600},
		{"every second twice in a bad system", map[string]any{"moves": map[string]any{"duplicate_every": 2, "forget_keys": true}}, []string{"no fault", "no fault"}, 700},
		{"not even done", map[string]any{"fail_every": 2}, []string{"no fault", "unavailable fault_switch"}, 900},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			set := map[string]any{"data_dir": dir, "faults": tt.faults, "loyalty": map[string]any{"customers": map[string]any{"1": 1000}}}
			m := start(t, set)
			var got []string
			for i := range tt.want {
				_, err := m.loyalty.Move(within(t), keyed(i), redeem(100))
				got = append(got, kindOf(err))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if left, err := opened(t, dir).kept.points(1000).Points(within(t), call(""), "1"); err != nil || left != tt.left {
				t.Errorf("%d points are left, %v, want %d", left, err, tt.left)
			}
		})
	}
}

// TestSilenceEndsWithTheCall waits for an answer that does not come, and finds the movement made.
func TestSilenceEndsWithTheCall(t *testing.T) {
	t.Parallel()
	b := opened(t, "").kept.points(1000)
	silent := &network{book: b, faults: moveFaults{SilentEvery: 1}}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := silent.Move(ctx, keyed(1), redeem(100)); kindOf(err) != "unknown fault_switch" || ctx.Err() == nil {
		t.Errorf("got %s before anybody stopped waiting", kindOf(err))
	}
	if m, err := silent.Moved(within(t), call(""), keyed(1).Key); err != nil || m != redeem(100) {
		t.Errorf("read back as %+v, %v", m, err)
	}
}
