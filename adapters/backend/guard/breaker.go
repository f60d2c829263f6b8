// SPDX-License-Identifier: Apache-2.0

package guard

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/sony/gobreaker/v2"

	"github.com/cartage-dev/cartage/core/fault"
)

// The states of a breaker, as State.Breaker and logs show them.
const (
	Closed   = "closed"    // all is well
	HalfOpen = "half_open" // a few calls try whether it is well again
	Open     = "open"      // the backend is left alone
)

// changesMax is how many changes of state may wait to be logged; more are not logged.
const changesMax = 16

// What the breaker is told about a call that did not succeed. Anything else it
// hears is a stranger's panic, which is no verdict either.
var (
	errIll       = errors.New("the backend is ill")
	errNoVerdict = errors.New("this says nothing about the backend")
)

// judge says what a fault of a kind means to the breaker; nil is a sign of health.
// A backend that asks for patience and a bug of ours are no sign of anything: were
// they health, one of them would close a breaker that nothing has mended.
func judge(k fault.Kind) error {
	switch {
	case k.CountsAgainstBackend():
		return errIll
	case k == fault.Limited, k == fault.Internal:
		return errNoVerdict
	}
	return nil
}

// change is one change of the breaker's state.
type change struct{ from, to gobreaker.State }

func (g *Guard) newBreaker() *gobreaker.CircuitBreaker[struct{}] {
	s := g.settings
	return gobreaker.NewCircuitBreaker[struct{}](gobreaker.Settings{
		Name: g.name, MaxRequests: s.Probes, Timeout: g.openFor,
		Interval: s.Window, BucketPeriod: s.Window / buckets,
		IsSuccessful: func(err error) bool { return err == nil },
		IsExcluded:   func(err error) bool { return err != nil && !errors.Is(err, errIll) },
		ReadyToTrip: func(c gobreaker.Counts) bool {
			// Calls that have ended: c.Requests also has those that still hang, and
			// the more of them hang the healthier the backend would look.
			ended := c.TotalSuccesses + c.TotalFailures
			return ended >= s.MinRequests && float64(c.TotalFailures) >= s.FailureRatio*float64(ended)
		},
		OnStateChange: g.changed,
	})
}

// changed runs under the breaker's lock: it must neither wait nor ask the breaker anything.
func (g *Guard) changed(_ string, from, to gobreaker.State) {
	if to == gobreaker.StateOpen {
		until := time.Now().Add(g.openFor)
		g.openUntil.Store(&until)
	}
	g.latest.Store(int64(to))
	select {
	case g.changes <- change{from, to}:
	default: // whoever is behind reads latest, so the metric comes right all the same
	}
}

// watch reports changes of state until the guard is closed.
func (g *Guard) watch() {
	for {
		select {
		case c := <-g.changes:
			g.report(c)
		case <-g.done:
			for len(g.changes) > 0 { // nobody else takes from it
				g.report(<-g.changes)
			}
			return
		}
	}
}

func (g *Guard) report(c change) {
	g.figures.setState(gobreaker.State(g.latest.Load()))
	attrs := []slog.Attr{slog.String("backend", g.name), slog.String("from", stateName(c.from)), slog.String("to", stateName(c.to))}
	level := slog.LevelInfo
	if c.to == gobreaker.StateOpen {
		level = slog.LevelWarn
		attrs = append(attrs, slog.String("last_fault", g.lastFault.Load().String()))
	}
	g.log.LogAttrs(context.Background(), level, "breaker changed state", attrs...)
}

// unavailable is the fault of a call that the breaker refused.
func (g *Guard) unavailable() *fault.Error {
	rest := time.Duration(0)
	if until := g.openUntil.Load(); until != nil {
		rest = time.Until(*until)
	}
	seconds := max((rest+time.Second-1)/time.Second, 1)
	return fault.New(fault.Unavailable, "backend_unavailable", "the backend has been failing and is left alone for a while").
		By(fault.Backend).After(seconds * time.Second)
}

func stateName(s gobreaker.State) string {
	switch s {
	case gobreaker.StateHalfOpen:
		return HalfOpen
	case gobreaker.StateOpen:
		return Open
	default:
		return Closed
	}
}
