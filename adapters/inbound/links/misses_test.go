// SPDX-License-Identifier: Apache-2.0

package links

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cartage-dev/cartage/core/handoff"
)

func TestGuessersAreStopped(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.kept.to[token(1)] = handoff.Request{URL: "https://shop.example/", Method: handoff.GET}
	const guesser, other = "203.0.113.7", "203.0.113.8"
	for i := range missesMax {
		if got := b.ask(t, http.MethodGet, token(byte(100+i)).String(), guesser); got.status != http.StatusNotFound {
			t.Fatalf("miss %d: got %d", i, got.status)
		}
	}
	got := b.ask(t, http.MethodGet, token(200).String(), guesser)
	if got.status != http.StatusTooManyRequests || got.header.Get("Retry-After") != "6" {
		t.Errorf("one more: got %d, retry after %q", got.status, got.header.Get("Retry-After"))
	}
	checkPage(t, got, "'none'")
	if !strings.Contains(got.body, "go back to the app and tap checkout again") {
		t.Errorf("the page says: %s", got.body)
	}
	opened := b.kept.opened
	if got := b.ask(t, http.MethodGet, token(1).String(), guesser); got.status != http.StatusTooManyRequests || b.kept.opened != opened {
		t.Errorf("a guesser was let at the store: %d", got.status)
	}
	if got := b.ask(t, http.MethodGet, "not-a-token", guesser); got.status != http.StatusTooManyRequests {
		t.Errorf("what is no token is told from one: %d", got.status)
	}
	if got := b.ask(t, http.MethodGet, token(1).String(), other); got.status != http.StatusSeeOther {
		t.Errorf("somebody else: got %d", got.status)
	}
	b.pass(missInterval)
	if got := b.ask(t, http.MethodGet, token(201).String(), guesser); got.status != http.StatusNotFound {
		t.Errorf("a while later: got %d", got.status)
	}
	if got := b.ask(t, http.MethodGet, token(202).String(), guesser); got.status != http.StatusTooManyRequests {
		t.Errorf("once more: got %d", got.status)
	}
	b.pass(time.Minute)
	if got := b.ask(t, http.MethodGet, token(203).String(), guesser); got.status != http.StatusNotFound {
		t.Errorf("a minute later: got %d", got.status)
	}
}

// TestHitsCostNothing: many shoppers may share one address.
func TestHitsCostNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for i := range 3 * missesMax {
		b.kept.to[token(byte(i))] = handoff.Request{URL: "https://shop.example/", Method: handoff.GET}
		if got := b.get(t, token(byte(i)).String()); got.status != http.StatusSeeOther {
			t.Fatalf("link %d: got %d", i, got.status)
		}
		if got := b.get(t, token(byte(i)).String()); got.status != http.StatusGone { // whoever has a used link has guessed nothing
			t.Fatalf("link %d again: got %d", i, got.status)
		}
	}
	if n := len(b.handler.misses.clients); n != 0 {
		t.Errorf("%d clients are remembered for nothing", n)
	}
}

// TestAttemptsAtOnce: those who come at once and find their links cost each other
// nothing, there is a bound all the same, and misses at once are all worked off.
func TestAttemptsAtOnce(t *testing.T) {
	t.Parallel()
	m, now, from := newMisses(), time.Now(), netip.MustParseAddr("203.0.113.7")
	var mu sync.Mutex
	var let []*attempt
	var all sync.WaitGroup
	for range 2 * triesMax {
		all.Go(func() {
			try, wait := m.begin(from, now)
			mu.Lock()
			defer mu.Unlock()
			if try != nil {
				let = append(let, try)
			} else if wait <= 0 {
				t.Errorf("sent away for %v", wait)
			}
		})
	}
	all.Wait()
	if len(let) != triesMax {
		t.Fatalf("%d were let in at once, want %d", len(let), triesMax)
	}
	const missed = 30
	for i, try := range let {
		try.end(i < missed, now)
	}
	owed := (missed - missesMax + 1) * missInterval
	if try, wait := m.begin(from, now); try != nil || wait.Round(time.Millisecond) != owed {
		t.Errorf("after %d misses the wait is %v, want %v", missed, wait, owed)
	}
	if try, _ := m.begin(from, now.Add(owed)); try == nil {
		t.Error("sent away although all is worked off")
	}
}

// TestAttemptsUnderWayAreRemembered: one that ends must not make room for two.
func TestAttemptsUnderWayAreRemembered(t *testing.T) {
	t.Parallel()
	m, now, from := newMisses(), time.Now(), netip.MustParseAddr("203.0.113.7")
	first, _ := m.begin(from, now)
	for range triesMax - 1 {
		m.begin(from, now)
	}
	first.end(false, now)
	if try, _ := m.begin(from, now); try == nil {
		t.Error("the place that was given back is taken")
	}
	if try, _ := m.begin(from, now); try != nil {
		t.Error("attempts under way were forgotten")
	}
}

func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	m, now := newMisses(), time.Now()
	miss := func(addr string) {
		if try, _ := m.begin(netip.MustParseAddr(addr), now); try != nil {
			try.end(true, now)
		}
	}
	const first = "10.0.0.0"
	held, _ := m.begin(netip.MustParseAddr(first), now)
	for i := range clientsMax + 500 {
		miss(fmt.Sprintf("10.%d.%d.%d", 1+i>>16, i>>8&255, i&255))
	}
	if len(m.clients) != clientsMax || m.recent.Len() != clientsMax {
		t.Errorf("%d and %d clients are remembered", len(m.clients), m.recent.Len())
	}
	again, _ := m.begin(netip.MustParseAddr(first), now)
	held.end(false, now) // of a client forgotten meanwhile: it must not take the new one along
	if m.clients[netip.MustParseAddr(first)] == nil {
		t.Error("a forgotten client took its successor along")
	}
	again.end(true, now)
	if m.clients[netip.MustParseAddr(first)] == nil {
		t.Error("a miss was forgotten")
	}
}

func TestOneNetworkIsOneClient(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		a, b string
		same bool
	}{
		{"2001:db8::1", "2001:db8::ffff:1", true},
		{"2001:db8:0:1::1", "2001:db8:0:2::1", false},
		{"203.0.113.7", "203.0.113.7", true},
		{"203.0.113.7", "203.0.113.8", false},
	} {
		if got := keyOf(netip.MustParseAddr(tt.a)) == keyOf(netip.MustParseAddr(tt.b)); got != tt.same {
			t.Errorf("%s and %s are one client: %t", tt.a, tt.b, got)
		}
	}
	if keyOf(netip.Addr{}).IsValid() {
		t.Error("an address was made of none")
	}
}
