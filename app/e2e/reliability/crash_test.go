// SPDX-License-Identifier: Apache-2.0

package reliability

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/cartage-dev/cartage/core/loyalty"
)

// The storm's numbers. Customers change from time to time, so that no history grows too long to check.
const (
	customersAtOnce = 24
	killsOfEach     = 5
	pointsOfEach    = 3_500 // for three offers at once
	checkMax        = 10 * time.Second
	ordersOfEach    = 3 // each may be worked out at any time from its telling on, which is what makes histories long to check
	settleMax       = 30 * time.Second
	killsInFull     = 2000
	answersInFull   = 1_000_000 // that so many kills have to find at work
)

// TestCrashLoop kills the host under tills that tap, tap again, take back and order, and holds what
// each customer's tills were told to the contract: nothing that was answered is lost, nothing is
// done twice, and the books add up.
func TestCrashLoop(t *testing.T) {
	h := newHost(t)
	s := newStorm(h)
	h.endow(pointsOfEach, s.all...)
	h.start()
	restarts := s.rage(t, *between/2)
	s.settle(t)
	h.kill()
	records := h.audit()
	began := time.Now()
	ok, unknown, wrong := s.histories.verdicts(pointsOfEach, checkMax)
	slices.Sort(restarts)
	at := func(percent int) time.Duration {
		return restarts[(len(restarts)-1)*percent/100].Round(time.Millisecond)
	}
	t.Logf("%d kills, %d operations answered, %d cut off, %d records; %d histories linearisable, %d not decided, checked in %s; serving again after %s at the median, %s at p99, %s at most",
		*kills, s.answered.Load(), s.cut.Load(), records, ok, unknown, time.Since(began).Round(time.Millisecond), at(50), at(99), at(100))
	if len(wrong) > 0 || unknown > 0 {
		for _, c := range wrong {
			s.histories.show(t, c, pointsOfEach)
		}
		t.Errorf("customers %v: what their tills were told cannot have happened; %d histories could not be decided", wrong, unknown)
	}
	if said := s.strange.Load(); said != nil {
		t.Error(*said)
	}
	if s.answered.Load() == 0 || s.tapped.Load() == 0 {
		t.Errorf("%d answers, %d taps that held points: nothing was proven", s.answered.Load(), s.tapped.Load())
	}
	if *kills >= killsInFull && s.answered.Load() < answersInFull {
		t.Errorf("%d operations were answered, want %d at least", s.answered.Load(), answersInFull)
	}
}

func ptr[T any](v T) *T { return &v }

// storm is many tills at once.
type storm struct {
	host      *host
	histories histories
	all       []loyalty.CustomerID
	customers atomic.Pointer[[]loyalty.CustomerID]
	answered  atomic.Int64
	cut       atomic.Int64
	tapped    atomic.Int64
	strange   atomic.Pointer[string] // an answer that the contract does not know

	mu     sync.Mutex
	orders map[loyalty.CustomerID]int // placed so far
	told   []order
	shown  map[loyalty.CustomerID][]loyalty.ActionID // ids that some till has on its screen, or had
}

// newStorm has customers for as many kills as there will be.
func newStorm(h *host) *storm {
	s := &storm{host: h, histories: histories{all: map[loyalty.CustomerID][]porcupine.Operation{}}, orders: map[loyalty.CustomerID]int{}, shown: map[loyalty.CustomerID][]loyalty.ActionID{}}
	for i := range (*kills/killsOfEach + 1) * customersAtOnce {
		s.all = append(s.all, loyalty.CustomerID(fmt.Sprint(1000+i)))
	}
	return s
}

// rage has tills sell while the host is killed and started again, each time after least and up to between more. It
// returns how long each restart took, from the kill until tills were served.
func (s *storm) rage(t *testing.T, least time.Duration) (restarts []time.Duration) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	var tills sync.WaitGroup
	s.customers.Store(ptr(s.all[:customersAtOnce]))
	for i := range *clients {
		tills.Go(func() { s.sell(ctx, i) })
	}
	for i := range *kills {
		time.Sleep(least + rand.N(*between))
		began := time.Now()
		s.host.kill()
		s.host.start()
		restarts = append(restarts, time.Since(began))
		if i%killsOfEach == killsOfEach-1 {
			from := (i/killsOfEach + 1) * customersAtOnce
			s.customers.Store(ptr(s.all[from : from+customersAtOnce]))
		}
	}
	time.Sleep(*between)
	stop()
	tills.Wait()
	return restarts
}

// idsKept is how many ids of a customer are remembered for other tills to tap.
const idsKept = 8

// sell is one till: it asks for offers, taps one of its own or of another till, perhaps twice, and takes it back or not.
func (s *storm) sell(ctx context.Context, client int) {
	r := rand.New(rand.NewPCG(uint64(client), 1))
	for ctx.Err() == nil {
		all := *s.customers.Load()
		c := all[r.IntN(len(all))]
		for _, id := range s.ask(client, c, look, "").offers {
			s.show(c, id)
		}
		id := s.one(c, r)
		if id == "" {
			continue
		}
		switch r.IntN(8) {
		case 0: // a revert that comes before its tap, or after somebody else's
			s.ask(client, c, take, id)
		case 1:
			s.ask(client, c, tap, id)
			s.ask(client, c, tap, id)
		case 2:
			s.order(client, c, id, r) // with what is perhaps held, perhaps not, perhaps by another till
		case 3: // another customer's till
			if other := all[r.IntN(len(all))]; other != c {
				s.ask(client, other, foreign, id)
			}
		default:
			s.ask(client, c, tap, id)
			switch r.IntN(4) {
			case 0, 1:
				s.ask(client, c, take, id)
			case 2:
				s.order(client, c, id, r)
			}
		}
	}
}

func (s *storm) show(c loyalty.CustomerID, id loyalty.ActionID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shown[c] = append(s.shown[c], id)
	if n := len(s.shown[c]); n > idsKept {
		s.shown[c] = s.shown[c][n-idsKept:]
	}
}

func (s *storm) one(c loyalty.CustomerID, r *rand.Rand) loyalty.ActionID {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ids := s.shown[c]; len(ids) > 0 {
		return ids[r.IntN(len(ids))]
	}
	return ""
}

// ask asks and writes the answer into the customer's history. A call that was cut off ends when its host is gone.
func (s *storm) ask(client int, c loyalty.CustomerID, what kind, id loyalty.ActionID) answered {
	path := map[kind]string{look: "promotions", tap: "perform_action", foreign: "perform_action", take: "revert_action"}[what]
	host := s.host.incarnation()
	call := time.Now()
	got := till{host: s.host, customer: c}.ask(context.Background(), path, id)
	back := time.Now()
	switch {
	case got.status == 0 && !got.sent:
		time.Sleep(10 * time.Millisecond) // nobody listens, so nothing was asked
		return got
	case got.status == 0:
		s.cut.Add(1)
		if back = s.host.gone(host); back.Before(call) { // it was gone before, and another one was asked
			back = s.host.gone(s.host.incarnation())
		}
		if back.Before(call) { // so was that: it is being started again
			return got
		}
	default:
		s.answered.Add(1)
	}
	if what == look && got.balance < 0 && got.status != 0 { // a balance that is not known is no answer
		return got
	}
	if what == tap && got.status == 200 {
		s.tapped.Add(1)
	}
	s.histories.add(c, client, asked{what, id}, outcome{got.status, got.code, got.balance}, call, back)
	return got
}

// order tells of an order that carries the id until it is heard, as Shopify does, and sometimes once more. What it
// means is worked out at any time from the first telling on.
func (s *storm) order(client int, c loyalty.CustomerID, id loyalty.ActionID, r *rand.Rand) {
	s.mu.Lock()
	s.orders[c]++
	number := int64(s.orders[c])
	s.mu.Unlock()
	if number > ordersOfEach {
		return
	}
	customer, _ := strconv.ParseInt(string(c), 10, 64)
	number += customer * 1_000_000_000
	body := map[string]any{ // of nothing, so that it earns nothing
		"id": number, "test": true, "currency": "USD", "total_price": "0.00", "current_total_price": "0.00", "created_at": "2026-11-25T12:00:00Z",
		"customer": map[string]any{"id": customer}, "note_attributes": []map[string]any{{"name": "cart-promotion-actions", "value": fmt.Sprintf("[(%q, %q)]", "123", id)}},
	}
	headers := map[string]string{"X-Shopify-Topic": "orders/create", "X-Shopify-Shop-Domain": shopDomain, "X-Shopify-Webhook-Id": fmt.Sprint(number)}
	call := time.Now()
	for heard, again := false, r.IntN(4) == 0; !heard || again; {
		got := s.host.post(context.Background(), "/hooks/shopify/demo", body, headers)
		switch {
		case got.status == 200 && heard:
			again = false
		case got.status == 200:
			heard = true
			s.answered.Add(1)
		case got.status != 0 && got.status != 503:
			s.strange.Store(ptr(fmt.Sprintf("an order was answered %d", got.status)))
			return
		default:
			time.Sleep(10 * time.Millisecond)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.told = append(s.told, order{c, client, id, number, call})
}

// order is one that the host has heard of.
type order struct {
	customer loyalty.CustomerID
	client   int
	id       loyalty.ActionID
	number   int64
	told     time.Time
}

// settle looks at every customer once more, when all news is worked out.
func (s *storm) settle(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(settleMax); s.host.waiting("news") != 0; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Errorf("news is left that nobody works out: %d", s.host.waiting("news"))
			break
		}
	}
	s.mu.Lock()
	for _, o := range s.told { // worked out at any time until now
		s.histories.add(o.customer, 1000+int(o.number%1_000_000), asked{ordered, o.id}, outcome{status: 200}, o.told, time.Now())
	}
	s.mu.Unlock()
	for c := range s.histories.all {
		if got := s.ask(-1, c, look, ""); got.status != 200 {
			t.Errorf("customer %s: the last look was answered %d", c, got.status)
		}
	}
}
