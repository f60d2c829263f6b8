// SPDX-License-Identifier: Apache-2.0

package guard

import (
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/sony/gobreaker/v2"

	"github.com/cartage-dev/cartage/ports/backend"
)

// Options are what a Guard reports to. Both may be nil: it then keeps quiet.
type Options struct {
	Logger *slog.Logger
	// Registerer may be shared by many guards of different names.
	Registerer prometheus.Registerer
}

// Guard stands in front of one configured backend, until Close. It may be used
// concurrently.
type Guard struct {
	name     string
	settings Settings
	log      *slog.Logger
	figures  figures
	retries  *allowance
	slots    chan struct{} // one element per call at the backend
	queue    chan struct{} // one element per call waiting for a slot
	breaker  *gobreaker.CircuitBreaker[struct{}]
	openFor  time.Duration // Settings.OpenFor with this guard's own jitter

	openUntil atomic.Pointer[time.Time]
	latest    atomic.Int64 // gobreaker.State, for the metric
	lastFault atomic.Pointer[incident]

	changes chan change
	done    chan struct{}
	watched sync.WaitGroup
	closing sync.Once
}

// New makes a guard for the backend that config calls name. A name may be guarded
// again on the same Registerer once its earlier guard is closed, or in its place: see Replace.
func New(name string, s Settings, o Options) *Guard {
	s = s.complete()
	g := &Guard{
		name: name, settings: s, log: o.Logger, retries: newAllowance(time.Now(), burstPerPlace*s.Concurrency),
		slots: make(chan struct{}, s.Concurrency), queue: make(chan struct{}, s.Queue),
		openFor: s.OpenFor + jitter(0, s.OpenFor*openJitterPercent/100),
		changes: make(chan change, changesMax), done: make(chan struct{}),
	}
	if g.log == nil {
		g.log = slog.New(slog.DiscardHandler)
	}
	g.figures = newFigures(name, o.Registerer, g.log)
	g.breaker = g.newBreaker()
	g.watched.Go(g.watch)
	return g
}

// Wrap returns b with every port guarded. A port that b does not offer stays nil.
// Whatever is wrapped by one Guard shares its breaker and its places.
func (g *Guard) Wrap(b backend.Backend) backend.Backend {
	wrapped := backend.Backend{Info: b.Info}
	if b.Carts != nil {
		wrapped.Carts = g.carts(b)
	}
	if b.Checkout != nil {
		wrapped.Checkout = g.checkout(b)
	}
	if b.Orders != nil {
		wrapped.Orders = g.orders(b)
	}
	if b.Loyalty != nil {
		wrapped.Loyalty = g.loyalty(b)
	}
	return wrapped
}

// State is how a guard looks at one moment.
type State struct {
	Breaker  string // Closed, HalfOpen or Open
	InFlight int    // calls at the backend
	// LastFault says when and how a call last failed that was not the caller's
	// matter; empty when none has.
	LastFault string
}

// State shows how the guard looks now.
func (g *Guard) State() State {
	return State{Breaker: stateName(g.breaker.State()), InFlight: len(g.slots), LastFault: g.lastFault.Load().String()}
}

// Close ends the guard's goroutine and takes its metrics away. Calls still work
// afterwards; nobody hears of them. It may be called more than once.
func (g *Guard) Close() { g.end(func() { g.figures.remove(g.name) }) }

// Replace is Close for a guard that next has taken the place of, under the same
// name: the metrics stay, and show next.
func (g *Guard) Replace(next *Guard) {
	g.end(func() { next.figures.setState(next.breaker.State()) })
}

func (g *Guard) end(last func()) {
	g.closing.Do(func() {
		close(g.done)
		g.watched.Wait()
		last()
	})
}
