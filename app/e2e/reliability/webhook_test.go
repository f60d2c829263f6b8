// SPDX-License-Identifier: Apache-2.0

package reliability

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cartage-dev/cartage/core/loyalty"
)

// The bounds of the webhook storm.
const (
	senders     = 64      // at once, as the client keeps connections
	triesMax    = 9       // Shopify delivers once and again eight times
	savings     = 100_000 // more than a customer spends: who has too few points depends on the order of things
	settleEach  = 5 * time.Millisecond
	storedKey   = "offers.key"
	ordersTopic = "orders/create"
	endTopic    = "orders/cancelled"
	refundTopic = "refunds/create"
)

// TestWebhookStorm tells one host of orders as badly as Shopify may, and another one of the same orders in
// order and once: both have captured each order once and come to the same.
//
// What is lost comes at the very end, as when Shopify is asked for what it did not deliver. The host by itself asks its
// backend for the order of each hold every quarter of an hour, two a second, which would be a test of hours; and it asks for no
// refund, and for no order that nothing is held for, so that of these somebody has to tell again.
func TestWebhookStorm(t *testing.T) {
	r := rand.New(rand.NewPCG(20, uint64(*orders)))
	all, news := shopping(r, *orders)
	customers := buyers(all)
	muddled, straight := newHost(t), newHost(t)
	muddled.endow(savings, customers...)
	straight.endow(savings, customers...)

	muddled.start()
	s := &webhooks{t: t, host: muddled}
	each(all, s.shop)
	storm, lost := muddle(r, news)
	began := time.Now()
	each(storm, s.tell)
	each(lost, s.tell)
	told := time.Now()
	s.settle(len(news))
	t.Logf("%d orders of %d customers; %d news in %d deliveries, %d of them lost at first; %.0f/s told, %.0f news/s worked out, the last %s after its telling",
		len(all), len(customers), len(news), len(storm)+len(lost), len(lost), float64(len(storm)+len(lost))/told.Sub(began).Seconds(), float64(len(news))/time.Since(began).Seconds(), since(told))
	each(all, s.tapLate)
	s.figures("muddled")
	muddled.kill()

	straight.trust(muddled)
	straight.start()
	s = &webhooks{t: t, host: straight}
	each(all, s.mustTap)
	began = time.Now()
	for _, topic := range []string{ordersTopic, refundTopic, endTopic} {
		each(slices.DeleteFunc(slices.Clone(news), func(n telling) bool { return n.topic != topic }), s.tell)
		s.settle(len(news))
	}
	t.Logf("in order: %.0f news/s told and worked out", float64(len(news))/time.Since(began).Seconds())
	s.figures("in order")
	straight.kill()

	hold(t, all, straight.books(), muddled.books())
}

// hold holds what was muddled to what was in order, and both to the orders.
func hold(t *testing.T, all []*purchase, straight, muddled *bookReader) {
	if diff := cmp.Diff(straight.books, muddled.books); diff != "" {
		t.Errorf("in order and not (-in order +not):\n%.4000s", diff)
	}
	var early, endFirst int
	for _, p := range all {
		paid := 0
		if p.paid {
			paid = 1
		}
		for which, n := range map[string]int{"in order": straight.captures[p.order()], "muddled": muddled.captures[p.order()]} {
			if n != paid {
				t.Errorf("%s: order %d was captured %d times, want %d", which, p.number, n, paid)
			}
		}
		if p.early {
			early++
		}
		if p.endFirst {
			endFirst++
		}
	}
	t.Logf("%d orders told before their tap, %d cancelled before they were created; %d records in order, %d late captures among them; %d muddled, %d among them",
		early, endFirst, straight.records, straight.late, muddled.records, muddled.late)
	if straight.late > 0 || muddled.late == 0 {
		t.Errorf("%d late captures in order, %d muddled: nothing was proven", straight.late, muddled.late)
	}
}

func since(t time.Time) time.Duration { return time.Since(t).Round(time.Millisecond) }

// each does something with all of them, many at once and about in their order.
func each[T any](all []T, do func(T)) {
	var next atomic.Int64
	var working sync.WaitGroup
	for range senders {
		working.Go(func() {
			for i := next.Add(1); i <= int64(len(all)); i = next.Add(1) {
				do(all[i-1])
			}
		})
	}
	working.Wait()
}

// webhooks are what one host is told, and how long its answers took.
type webhooks struct {
	t       *testing.T
	host    *host
	refused atomic.Int64

	mu   sync.Mutex
	took []time.Duration
}

// shop shows a customer the offer that the order is paid with, and taps it unless that comes later.
func (s *webhooks) shop(p *purchase) {
	if !p.paid {
		return
	}
	got := till{host: s.host, customer: p.customer}.ask(s.t.Context(), "promotions", "")
	if len(got.offers) != 1 {
		s.t.Errorf("order %d: promotions were answered %+v", p.number, got)
		return
	}
	if p.id = got.offers[0]; !p.early {
		s.mustTap(p)
	}
}

func (s *webhooks) mustTap(p *purchase) { s.tap(p, http.StatusOK) }

// tapLate taps what was ordered before, which is too late.
func (s *webhooks) tapLate(p *purchase) {
	if p.early {
		s.tap(p, http.StatusNotFound)
	}
}

func (s *webhooks) tap(p *purchase, want ...int) {
	if p.id == "" {
		return
	}
	if got := (till{host: s.host, customer: p.customer}).ask(s.t.Context(), "perform_action", p.id); !slices.Contains(want, got.status) {
		s.t.Errorf("order %d: its tap was answered %d %s, want %d", p.number, got.status, got.code, want)
	}
}

// tell delivers a webhook until it is heard. Of the taps that come late one half comes at once: whether it then finds
// its order worked out is up to the host.
func (s *webhooks) tell(n telling) {
	headers := map[string]string{"X-Shopify-Topic": n.topic, "X-Shopify-Shop-Domain": shopDomain}
	for range triesMax {
		began := time.Now()
		got := s.host.post(s.t.Context(), "/hooks/shopify/demo", n.body(), headers)
		took := time.Since(began)
		s.mu.Lock()
		s.took = append(s.took, took)
		s.mu.Unlock()
		if got.status == http.StatusOK {
			if p := n.of; p.early && n.topic == ordersTopic && p.number%2 == 0 {
				s.tap(p, http.StatusOK, http.StatusNotFound)
			}
			return
		}
		if got.status != http.StatusServiceUnavailable {
			s.t.Errorf("order %d: %s was answered %+v", n.of.number, n.topic, got)
			return
		}
		s.refused.Add(1)
		time.Sleep(100 * time.Millisecond)
	}
	s.t.Errorf("order %d: %s was not heard", n.of.number, n.topic)
}

// settle waits until all news is worked out, which takes each far less than settleEach.
func (s *webhooks) settle(news int) {
	s.t.Helper()
	for deadline := time.Now().Add(settleMax + time.Duration(news)*settleEach); s.host.waiting("news") != 0; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Fatalf("news is left that nobody works out: %d", s.host.waiting("news"))
		}
	}
}

// figures shows how long answers took. Neighbours distort time, so that none is asserted.
func (s *webhooks) figures(which string) {
	slices.Sort(s.took)
	at := func(q float64) time.Duration {
		return s.took[min(len(s.took)-1, int(q*float64(len(s.took))))].Round(10 * time.Microsecond)
	}
	load, _ := os.ReadFile("/proc/loadavg") // none where there is no such file
	s.t.Logf("%s: %d answers to webhooks, %d of them 503, %d at once: p50 %s, p99 %s, p99.9 %s (the aim is 1s), max %s; load average %.14s",
		which, len(s.took), s.refused.Load(), senders, at(0.5), at(0.99), at(0.999), at(1), load)
}

// trust makes the host take ids that another one signed.
func (h *host) trust(other *host) {
	h.t.Helper()
	key, err := os.ReadFile(filepath.Join(other.dir, storedKey))
	if err == nil {
		err = os.WriteFile(filepath.Join(h.dir, storedKey), key, 0o600)
	}
	if err != nil {
		h.t.Fatal(err)
	}
}

// buyers are all customers, each once.
func buyers(all []*purchase) (customers []loyalty.CustomerID) {
	for _, p := range all {
		customers = append(customers, p.customer)
	}
	slices.Sort(customers)
	return slices.Compact(customers)
}

func (p *purchase) order() loyalty.OrderID { return loyalty.OrderID(fmt.Sprint(p.number)) }
