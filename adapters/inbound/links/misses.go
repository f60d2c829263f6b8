// SPDX-License-Identifier: Apache-2.0

package links

import (
	"container/list"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// The bounds of guessing tokens (design: security S08).
const (
	missesMax    = 10 // per client and minute
	missInterval = time.Minute / missesMax
	// triesMax is how many attempts of one client are under way at a time: a mobile
	// network's address is many shoppers', and none of them has missed yet.
	triesMax   = 100
	clientsMax = 10_000 // remembered; the one that came least recently is forgotten first
	// networkBits is how much of an IPv6 address names a client: whoever has one has its /64.
	networkBits = 64
)

// misses remembers which clients asked for links that do not exist.
type misses struct {
	mu      sync.Mutex
	clients map[netip.Addr]*list.Element // of *client
	recent  *list.List                   // the most recent first
}

// client is one address that has attempts under way or misses to work off.
type client struct {
	key   netip.Addr
	left  *rate.Limiter
	tries int // attempts under way
}

func newMisses() *misses { return &misses{clients: map[netip.Addr]*list.Element{}, recent: list.New()} }

// attempt is one try at a link, whose outcome is not known yet.
type attempt struct {
	of     *misses
	client *client
}

// begin lets a client try, or says how long it has to wait. A try must be ended.
func (m *misses) begin(from netip.Addr, now time.Time) (try *attempt, wait time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.client(keyOf(from))
	if free := c.left.TokensAt(now); free < 1 {
		return nil, time.Duration((1 - free) * float64(missInterval))
	}
	if c.tries == triesMax {
		return nil, time.Second
	}
	c.tries++
	return &attempt{m, c}, 0
}

// end counts the try when it missed, and forgets a client that owes nothing. Whoever
// missed more often at once than allowed works all of it off.
func (a *attempt) end(missed bool, now time.Time) {
	a.of.mu.Lock()
	defer a.of.mu.Unlock()
	c := a.client
	c.tries--
	if missed {
		c.left.ReserveN(now, 1)
	}
	if c.tries == 0 && c.left.TokensAt(now) >= missesMax {
		a.of.forget(c)
	}
}

// client finds or remembers one, at the cost of the one that came least recently.
func (m *misses) client(key netip.Addr) *client {
	if e, ok := m.clients[key]; ok {
		m.recent.MoveToFront(e)
		return e.Value.(*client)
	}
	if m.recent.Len() >= clientsMax {
		m.forget(m.recent.Back().Value.(*client))
	}
	c := &client{key: key, left: rate.NewLimiter(rate.Every(missInterval), missesMax)}
	m.clients[key] = m.recent.PushFront(c)
	return c
}

// forget drops a client, unless its address has been taken over by a later one.
func (m *misses) forget(c *client) {
	if e, ok := m.clients[c.key]; ok && e.Value == c {
		m.recent.Remove(e)
		delete(m.clients, c.key)
	}
}

func keyOf(a netip.Addr) netip.Addr {
	if !a.Is6() {
		return a
	}
	p, err := a.Prefix(networkBits)
	if err != nil {
		return a
	}
	return p.Addr()
}
