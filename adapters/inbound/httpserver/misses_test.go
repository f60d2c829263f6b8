// SPDX-License-Identifier: Apache-2.0

package httpserver

import (
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"time"
)

const (
	testMisses = 10
	testAtOnce = 100
	testEach   = time.Minute / testMisses
)

func TestMissesAreWorkedOff(t *testing.T) {
	t.Parallel()
	m, now, from := NewMisses(testMisses, testAtOnce), time.Now(), netip.MustParseAddr("203.0.113.7")
	for i := range testMisses {
		try, _ := m.Begin(from, now)
		if try == nil {
			t.Fatalf("sent away before miss %d", i)
		}
		try.End(true, now)
	}
	if try, wait := m.Begin(from, now); try != nil || wait.Round(time.Millisecond) != testEach {
		t.Errorf("one more has to wait %v", wait)
	}
	if try, _ := m.Begin(netip.MustParseAddr("203.0.113.8"), now); try == nil {
		t.Error("somebody else was sent away")
	}
	if try, _ := m.Begin(from, now.Add(testEach)); try == nil {
		t.Error("sent away although one is worked off")
	}
}

func TestSuccessCostsNothing(t *testing.T) {
	t.Parallel()
	m, now, from := NewMisses(testMisses, testAtOnce), time.Now(), netip.MustParseAddr("203.0.113.7")
	for range 3 * testMisses {
		try, _ := m.Begin(from, now)
		if try == nil {
			t.Fatal("sent away without a miss")
		}
		try.End(false, now)
	}
	if n := len(m.clients); n != 0 {
		t.Errorf("%d clients are remembered for nothing", n)
	}
}

// TestAttemptsAtOnce: those who come at once and succeed cost each other nothing,
// there is a bound all the same, and misses at once are all worked off.
func TestAttemptsAtOnce(t *testing.T) {
	t.Parallel()
	m, now, from := NewMisses(testMisses, testAtOnce), time.Now(), netip.MustParseAddr("203.0.113.7")
	var mu sync.Mutex
	var let []*Attempt
	var all sync.WaitGroup
	for range 2 * testAtOnce {
		all.Go(func() {
			try, wait := m.Begin(from, now)
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
	if len(let) != testAtOnce {
		t.Fatalf("%d were let in at once, want %d", len(let), testAtOnce)
	}
	const missed = 30
	for i, try := range let {
		try.End(i < missed, now)
	}
	owed := (missed - testMisses + 1) * testEach
	if try, wait := m.Begin(from, now); try != nil || wait.Round(time.Millisecond) != owed {
		t.Errorf("after %d misses the wait is %v, want %v", missed, wait, owed)
	}
	if try, _ := m.Begin(from, now.Add(owed)); try == nil {
		t.Error("sent away although all is worked off")
	}
}

// TestAttemptsUnderWayAreRemembered: one that ends must not make room for two.
func TestAttemptsUnderWayAreRemembered(t *testing.T) {
	t.Parallel()
	m, now, from := NewMisses(testMisses, testAtOnce), time.Now(), netip.MustParseAddr("203.0.113.7")
	first, _ := m.Begin(from, now)
	for range testAtOnce - 1 {
		m.Begin(from, now)
	}
	first.End(false, now)
	if try, _ := m.Begin(from, now); try == nil {
		t.Error("the place that was given back is taken")
	}
	if try, _ := m.Begin(from, now); try != nil {
		t.Error("attempts under way were forgotten")
	}
}

func TestMissesAreBounded(t *testing.T) {
	t.Parallel()
	m, now := NewMisses(testMisses, testAtOnce), time.Now()
	miss := func(addr string) {
		if try, _ := m.Begin(netip.MustParseAddr(addr), now); try != nil {
			try.End(true, now)
		}
	}
	const first = "10.0.0.0"
	held, _ := m.Begin(netip.MustParseAddr(first), now)
	for i := range clientsMax + 500 {
		miss(fmt.Sprintf("10.%d.%d.%d", 1+i>>16, i>>8&255, i&255))
	}
	if len(m.clients) != clientsMax || m.recent.Len() != clientsMax {
		t.Errorf("%d and %d clients are remembered", len(m.clients), m.recent.Len())
	}
	again, _ := m.Begin(netip.MustParseAddr(first), now)
	held.End(false, now) // of a client forgotten meanwhile: it must not take the new one along
	if m.clients[netip.MustParseAddr(first)] == nil {
		t.Error("a forgotten client took its successor along")
	}
	again.End(true, now)
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
