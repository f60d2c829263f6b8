// SPDX-License-Identifier: Apache-2.0

package loyalty_test

import (
	"flag"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/cartage-dev/cartage/core/loyalty"
)

// The model check walks every order of events between tills, hosts and the shop's orders that
// there can be within its bounds, with the package's own transitions as what a host does.
// Hosts share a ledger, so a transition is one step, whichever host takes it;
// what is theirs alone, the answer, arrives or is lost.

var statesMax = flag.Int("states", 200_000, "states that the model check may look at, for each variant")

// inFull is how many states make the full form, in which no fewer are visited in all.
const inFull = 1_000_000

// The bounds of a world.
const (
	idsMax    = 4
	tillsMax  = 2
	ordersMax = 3
)

// variant is a way to show offers, and what may go wrong.
type variant struct {
	name        string
	static      bool  // one id for everybody, for ever
	rearm       bool  // an id that was taken back stays on the screen, and may be tapped again
	expiry      bool  // holds run out, also under a cart that is still open
	ids, orders uint8 // that there may be
	points      int8  // at first, in offers
	trips       int8  // messages that may come twice, and that may be lost
}

// phase is where a till stands with its basket.
type phase uint8

const (
	empty   phase = iota
	shown         // the offer is on the screen
	waiting       // tapped, and not answered
	applied       // answered 200: the discount is in the cart
)

// Every array of a world is small and of values, so that a world is a map's key.
type (
	till struct {
		phase phase
		id    uint8
	}
	row struct {
		state loyalty.State
		open  bool // expired while a cart still had its discount
	}
	// sale is an order: with which id, how far its news has come, and what it burnt.
	sale struct {
		id        uint8
		heard     bool
		cancelled bool // at the shop
		told      bool // and here
		held      int8
		available int8
		shortfall int8
		returned  int8
	}
	world struct {
		available, held, redeemed, shortfall int8
		rows                                 [idsMax]row
		tills                                [tillsMax]till
		taps, reverts                        [tillsMax][idsMax]uint8 // messages under way
		orders                               [ordersMax]sale
		minted, baskets                      uint8
		twice, lost                          int8 // that may still happen
	}
)

// step is a world that may follow, and what led there.
type step struct {
	world world
	how   string
}

// action is a row as the package knows it. Points are counted in offers.
func (w *world) action(id uint8) loyalty.Action {
	a := loyalty.Action{ID: loyalty.ActionID(fmt.Sprint(id)), State: w.rows[id].state, Customer: "c", Points: 1, IssuedAt: noon}
	if a.State == loyalty.Held {
		a.HeldAt, a.ExpiresAt = noon, noon.Add(rules.HoldFor)
	}
	if a.State == loyalty.Voided {
		a.ExpiresAt = noon.Add(-1)
	}
	for i, o := range w.orders {
		if burnt := o.held + o.available + o.shortfall; burnt > 0 && o.id == id {
			a.Captures = append(a.Captures, loyalty.Capture{
				Order: orderID(i), Held: loyalty.Points(o.held), Available: loyalty.Points(o.available), Shortfall: loyalty.Points(o.shortfall), Returned: loyalty.Points(o.returned),
			})
		}
	}
	return a
}

func orderID(i int) loyalty.OrderID { return loyalty.OrderID(fmt.Sprint("o", i)) }

func (w *world) balance() loyalty.Balance {
	return loyalty.Balance{Available: loyalty.Points(w.available), Held: loyalty.Points(w.held)}
}

// keep writes an outcome into the world; it says what is wrong with it.
func (w *world) keep(id uint8, o loyalty.Outcome) string {
	w.rows[id].state = o.Action.State
	for _, c := range o.Action.Captures {
		for i := range w.orders {
			if s := &w.orders[i]; orderID(i) == c.Order {
				s.held, s.available, s.shortfall, s.returned = int8(c.Held), int8(c.Available), int8(c.Shortfall), int8(c.Returned)
			}
		}
	}
	if o.Entry == nil {
		return ""
	}
	after, err := o.Entry.Apply("c", w.balance())
	if err != nil {
		return err.Error()
	}
	w.available, w.held = int8(after.Available), int8(after.Held)
	for _, t := range o.Entry.Transfers {
		for account, sum := range map[loyalty.AccountName]*int8{loyalty.AccountRedeemed: &w.redeemed, loyalty.AccountShortfall: &w.shortfall} {
			if t.From.Name == account {
				*sum -= int8(t.Points)
			}
			if t.To.Name == account {
				*sum += int8(t.Points)
			}
		}
	}
	return ""
}

// next lists every world that may follow w.
func (v variant) next(w world) (all []step, wrong string) {
	add := func(how string, change func(*world) string) {
		after := w
		if bad := change(&after); bad != "" && wrong == "" {
			wrong = how + ": " + bad
		}
		all = append(all, step{after, how})
	}
	for t := range w.tills {
		v.ofTill(w, t, add)
	}
	for t := range tillsMax {
		for id := range uint8(idsMax) {
			if w.taps[t][id] > 0 {
				v.ofMessage(w, fmt.Sprintf("tap of %d by till %d", id, t), func(w *world) *uint8 { return &w.taps[t][id] }, add,
					func(w *world, heard bool) string { return v.tap(w, t, id, heard) })
			}
			if w.reverts[t][id] > 0 {
				v.ofMessage(w, fmt.Sprintf("revert of %d by till %d", id, t), func(w *world) *uint8 { return &w.reverts[t][id] }, add,
					func(w *world, _ bool) string { return v.revert(w, id) })
			}
		}
	}
	for i := range w.orders[:w.baskets] {
		v.ofOrder(w, i, add)
	}
	for id := range uint8(idsMax) {
		if v.expiry && w.rows[id].state == loyalty.Held {
			add(fmt.Sprintf("the hold of %d runs out", id), func(w *world) string { return w.expire(id) })
		}
	}
	return all, wrong
}

// ofTill is what a cashier may do.
func (v variant) ofTill(w world, t int, add func(string, func(*world) string)) {
	say := func(what string) string { return fmt.Sprintf("till %d %s", t, what) }
	at := w.tills[t]
	switch at.phase {
	case empty:
		if v.static || w.minted < v.ids {
			add(say("shows the offer"), func(w *world) string {
				id := w.minted
				if v.static {
					id = 0
				} else {
					w.minted++
				}
				w.tills[t] = till{shown, id}
				return ""
			})
		}
	case shown:
		if w.taps[t][at.id] < 2 {
			add(say("taps"), func(w *world) string { w.tills[t].phase = waiting; w.taps[t][at.id]++; return "" })
		}
	case waiting:
		add(say("waits no longer, and may tap again"), func(w *world) string { w.tills[t].phase = shown; return "" })
		if w.reverts[t][at.id] < 2 {
			add(say("waits no longer, and takes it back"), func(w *world) string { w.tills[t] = till{}; w.reverts[t][at.id]++; return "" })
		}
	case applied:
		if w.baskets < v.orders {
			add(say("completes the sale"), func(w *world) string {
				w.orders[w.baskets] = sale{id: at.id}
				w.baskets++
				w.tills[t] = till{}
				return ""
			})
		}
		if w.reverts[t][at.id] < 2 {
			add(say("removes the discount"), func(w *world) string {
				w.reverts[t][at.id]++
				w.tills[t] = till{}
				if v.rearm || v.static {
					w.tills[t] = till{shown, at.id}
				}
				return ""
			})
		}
	}
}

// ofMessage is what may become of a message: it arrives and is answered, or its answer is
// lost; it arrives and comes again; it is lost itself.
func (v variant) ofMessage(w world, what string, at func(*world) *uint8, add func(string, func(*world) string), arrive func(w *world, heard bool) string) {
	add(what+" arrives", func(w *world) string { *at(w)--; return arrive(w, true) })
	if w.lost > 0 {
		add(what+" arrives, and its answer is lost", func(w *world) string { *at(w)--; w.lost--; return arrive(w, false) })
		add(what+" is lost", func(w *world) string { *at(w)--; w.lost--; return "" })
	}
	if w.twice > 0 {
		add(what+" arrives, and will again", func(w *world) string { w.twice--; return arrive(w, true) })
	}
}

func (v variant) rules() loyalty.Rules {
	r := rules
	r.Rearm = v.rearm || v.static
	return r
}

func (v variant) tap(w *world, t int, id uint8, heard bool) string {
	o, err := w.action(id).Perform(w.balance(), v.rules(), noon)
	bad := ""
	if err == nil {
		bad = w.keep(id, o)
		bad += w.keep(id, w.action(id).Confirm(v.rules()))
	}
	if at := &w.tills[t]; heard && at.phase == waiting && at.id == id {
		switch told(err) {
		case "200":
			at.phase = applied
		case "404":
			*at = till{}
		default:
			at.phase = shown
		}
	}
	return bad
}

func (v variant) revert(w *world, id uint8) string {
	o, err := w.action(id).Revert(noon)
	if err != nil {
		return ""
	}
	return w.keep(id, o)
}

// ofOrder is how news of an order comes: late, more than once, cancelled before it was heard of.
func (v variant) ofOrder(w world, i int, add func(string, func(*world) string)) {
	o := w.orders[i]
	if !o.heard || w.twice > 0 {
		add(fmt.Sprintf("order %d is heard of", i), func(w *world) string {
			if w.orders[i].heard {
				w.twice--
			}
			return w.settle(i)
		})
	}
	if !o.cancelled {
		add(fmt.Sprintf("order %d is cancelled", i), func(w *world) string { w.orders[i].cancelled = true; return "" })
	}
	if o.cancelled && (!o.told || w.twice > 0) {
		add(fmt.Sprintf("the end of order %d is heard of", i), func(w *world) string {
			if w.orders[i].told {
				w.twice--
			}
			w.orders[i].told = true
			return w.giveBack(i)
		})
	}
}

// settle hears of an order, and then of the refunds that came before it.
func (w *world) settle(i int) string {
	w.orders[i].heard = true
	bad := w.keep(w.orders[i].id, w.action(w.orders[i].id).Capture(orderID(i), w.balance()))
	if w.orders[i].told {
		bad += w.giveBack(i)
	}
	return bad
}

func (w *world) giveBack(i int) string {
	s := loyalty.Sale{Order: orderID(i), Placed: w.orders[i].heard}.Cancel()
	return w.keep(w.orders[i].id, w.action(w.orders[i].id).Return(orderID(i), "cancel", s.Due(1)))
}

// expire asks the shop for an order first, as the settler does.
func (w *world) expire(id uint8) string {
	for i, o := range w.orders[:w.baskets] {
		if o.id == id && !o.heard {
			return w.settle(i)
		}
	}
	for _, t := range w.tills {
		w.rows[id].open = w.rows[id].open || t.phase == applied && t.id == id
	}
	return w.keep(id, w.action(id).Expire(loyalty.NoOrder, rules, noon.Add(rules.HoldFor)))
}

// wrong says which promise a world breaks.
func (v variant) wrong(w world) string {
	holds, burnt, heard := int8(0), int8(0), int8(0)
	late := false
	for _, r := range w.rows {
		late = late || r.open
		if r.state == loyalty.Held {
			holds++
		}
	}
	for _, o := range w.orders[:w.baskets] {
		burnt += o.held + o.available + o.shortfall - o.returned
		if o.heard && !o.told {
			heard++
		}
	}
	switch {
	case w.available < 0 || w.held < 0:
		return "a balance is below zero"
	case w.held != holds:
		return "what is held is not what the holds hold"
	case w.available+w.held+w.redeemed+w.shortfall != v.points:
		return "points came from nowhere, or are gone"
	case burnt != w.redeemed || burnt != heard:
		return "an order burnt its points never, or more than once"
	case w.shortfall != 0 && !late:
		return "a discount was given that no points paid for"
	}
	return ""
}

// walk looks at worlds, nearest first, until one is wrong, none is left or there were enough.
func (v variant) walk(most int) (states int, whole bool, trace []string) {
	type visit struct {
		world world
		from  int
		how   string
	}
	first := world{available: v.points, twice: v.trips, lost: v.trips}
	seen := map[world]struct{}{first: {}}
	visits := []visit{{world: first, from: -1}}
	story := func(i int, end string) []string {
		lines := []string{end}
		for ; i > 0; i = visits[i].from {
			lines = append(lines, visits[i].how)
		}
		slices.Reverse(lines)
		return lines
	}
	for i := 0; i < len(visits); i++ {
		if wrong := v.wrong(visits[i].world); wrong != "" {
			return len(seen), false, story(i, "→ "+wrong)
		}
		following, wrong := v.next(visits[i].world)
		if wrong != "" {
			return len(seen), false, story(i, "→ "+wrong)
		}
		for _, s := range following {
			if _, known := seen[s.world]; !known && len(seen) < most {
				seen[s.world] = struct{}{}
				visits = append(visits, visit{s.world, i, s.how})
			}
		}
	}
	return len(seen), len(seen) < most, nil
}

// TestModel proves the protocol, and that the checker can find fault with one.
func TestModel(t *testing.T) {
	t.Parallel()
	var visited atomic.Int64
	t.Cleanup(func() {
		if *statesMax >= inFull && visited.Load() < inFull {
			t.Errorf("%d states were visited in all, want %d at least", visited.Load(), inFull)
		}
	})
	for _, tt := range []struct {
		variant
		faulty bool
	}{
		{variant{name: "one-time ids", ids: 3, orders: 2, points: 1, trips: 1}, false},
		{variant{name: "one-time ids, points for two", ids: 3, orders: 3, points: 2, trips: 1}, false},
		{variant{name: "one-time ids, holds that run out", ids: 3, orders: 2, points: 1, trips: 1, expiry: true}, false},
		{variant{name: "an id that may be tapped again after a revert", ids: 4, orders: 3, rearm: true, points: 1, trips: 1}, true},
		{variant{name: "one id for everybody", ids: 4, orders: 3, static: true, points: 1, trips: 1}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			states, whole, trace := tt.walk(*statesMax)
			visited.Add(int64(states))
			t.Logf("%d states, all there are: %t", states, whole)
			if found := trace != nil; found != tt.faulty {
				t.Errorf("fault found: %t, want %t\n%s", found, tt.faulty, strings.Join(trace, "\n"))
			} else if found {
				t.Logf("found:\n%s", strings.Join(trace, "\n"))
			}
		})
	}
}
