// SPDX-License-Identifier: Apache-2.0

package httpserver

import (
	"container/list"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	clientsMax = 10_000 // remembered; the one that came least recently is forgotten first
	// networkBits is how much of an IPv6 address names a client: whoever has one has its /64.
	networkBits = 64
)

// Misses remembers which clients failed lately at something that only guessers
// fail at often. What succeeds costs nothing, since many may share one address.
type Misses struct {
	each   time.Duration // a miss is worked off in this time
	most   int           // misses that a client may owe
	atOnce int

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

// NewMisses allows each client so many misses a minute, and so many attempts at
// once: their misses count only when they end.
func NewMisses(perMinute, atOnce int) *Misses {
	return &Misses{
		each: time.Minute / time.Duration(perMinute), most: perMinute, atOnce: atOnce,
		clients: map[netip.Addr]*list.Element{}, recent: list.New(),
	}
}

// Attempt is one try, whose outcome is not known yet.
type Attempt struct {
	of     *Misses
	client *client
}

// Begin lets a client try, or returns nil and how long it has to wait. An attempt must be ended.
func (m *Misses) Begin(from netip.Addr, now time.Time) (try *Attempt, wait time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.client(keyOf(from))
	if free := c.left.TokensAt(now); free < 1 {
		return nil, time.Duration((1 - free) * float64(m.each))
	}
	if c.tries == m.atOnce {
		return nil, time.Second
	}
	c.tries++
	return &Attempt{m, c}, 0
}

// End counts the try when it missed, and forgets a client that owes nothing. Whoever
// missed more often at once than allowed works all of it off.
func (a *Attempt) End(missed bool, now time.Time) {
	a.of.mu.Lock()
	defer a.of.mu.Unlock()
	c := a.client
	c.tries--
	if missed {
		c.left.ReserveN(now, 1)
	}
	if c.tries == 0 && c.left.TokensAt(now) >= float64(a.of.most) {
		a.of.forget(c)
	}
}

// client finds or remembers one, at the cost of the one that came least recently.
func (m *Misses) client(key netip.Addr) *client {
	if e, ok := m.clients[key]; ok {
		m.recent.MoveToFront(e)
		return e.Value.(*client)
	}
	if m.recent.Len() >= clientsMax {
		m.forget(m.recent.Back().Value.(*client))
	}
	c := &client{key: key, left: rate.NewLimiter(rate.Every(m.each), m.most)}
	m.clients[key] = m.recent.PushFront(c)
	return c
}

// forget drops a client, unless its address has been taken over by a later one.
func (m *Misses) forget(c *client) {
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
