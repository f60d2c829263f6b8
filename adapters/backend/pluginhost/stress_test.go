// SPDX-License-Identifier: Apache-2.0

package pluginhost_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cartage-dev/cartage/adapters/backend/pluginhost"
	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/ports/backend"
)

// faults is how often each thing is done to a plugin under load. It is set in full
// by CARTAGE_PLUGIN_FAULTS=full (with -timeout 20m).
type faults struct{ kills, stops, panics, exits, starts int }

var (
	someFaults = faults{kills: 25, stops: 3, panics: 6, exits: 6, starts: 3}
	allFaults  = faults{kills: 500, stops: 100, panics: 100, exits: 100, starts: 50}
)

// load calls two plugins all the time, the way the guard does: what a crash cut
// off is asked once more, and a read may be asked again.
type load struct {
	callers            sync.WaitGroup
	answered, cutOff   atomic.Int64
	elsewhere, tooLate atomic.Int64
	stop               context.CancelFunc
}

const (
	stressCall  = 2 * time.Second
	stressSlack = time.Second
)

func startLoad(t *testing.T, sick, other *pluginhost.Plugin) *load {
	ctx, cancel := context.WithCancel(t.Context())
	l := &load{stop: cancel}
	for range 6 {
		l.callers.Go(func() {
			for ctx.Err() == nil {
				began := time.Now()
				err := buyWithin(sick, "shirt", fmt.Sprint("sku-", rand.IntN(5)))
				if time.Since(began) > stressCall+stressSlack {
					l.tooLate.Add(1)
				}
				l.count(t, err)
			}
		})
		l.callers.Go(func() {
			for ctx.Err() == nil {
				if err := buyWithin(other, "shirt"); err != nil {
					t.Errorf("the other backend: %v", err)
				}
				l.elsewhere.Add(1)
				time.Sleep(time.Millisecond)
			}
		})
	}
	return l
}

func buyWithin(p *pluginhost.Plugin, skus ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), stressCall)
	defer cancel()
	return buy(ctx, p, "", skus...)
}

func (l *load) count(t *testing.T, err error) {
	if err == nil {
		l.answered.Add(1)
		return
	}
	switch kind := fault.KindOf(err); {
	case errors.Is(err, backend.ErrInterrupted) || kind == fault.Unknown || kind == fault.Unavailable:
		l.cutOff.Add(1)
	default: // a poison_request above all
		t.Errorf("a call under load: %v", err)
	}
}

// TestFaultsUnderLoad does to one plugin all that can end it, again and again.
func TestFaultsUnderLoad(t *testing.T) {
	t.Parallel()
	much := someFaults
	if os.Getenv("CARTAGE_PLUGIN_FAULTS") == "full" {
		much = allFaults
	}
	h := newHost(t)
	pluginhost.CheckHealthEvery(h.Host, 100*time.Millisecond)
	pluginhost.QuarantineAfter(h.Host, 1_000_000, time.Hour)
	s := named(t, "flaky")
	sick, err := h.Launch(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	other := spec(t, "")
	other.Backend = "us"
	well, err := h.Launch(t.Context(), other)
	if err != nil {
		t.Fatal(err)
	}
	l := startLoad(t, sick, well)
	kill := func(sig syscall.Signal) func() {
		return func() { _ = syscall.Kill(sick.Status().PID, sig) }
	}
	send := func(what string) func() {
		return func() { // something else each time, lest it be taken for a poison request
			req := backend.PutCart{Reference: what, Items: []cart.Item{{SKU: fmt.Sprint(rand.Uint64()), Quantity: 1}}}
			_, _ = sick.Backend().Carts.Put(soon(t, stressCall), gbp, req)
		}
	}
	var back []time.Duration // from a kill to the next answer
	for _, f := range harm(much, kill, send, func() {
		tell(t, s.Path, "exit")
		kill(syscall.SIGKILL)()
		time.Sleep(50 * time.Millisecond)
		tell(t, s.Path, "serve")
	}) {
		before := sick.Status().PID
		began := time.Now()
		f.do()
		eventually(t, f.name+": another process", func() bool {
			s := sick.Status()
			return s.State == pluginhost.Ready && s.PID != before
		})
		eventually(t, f.name+": an answer", func() bool { return buyWithin(sick, "shirt") == nil })
		if f.name == "kill" {
			back = append(back, time.Since(began))
		}
	}
	l.stop()
	l.callers.Wait()
	slices.Sort(back)
	t.Logf("%d answered, %d cut off, %d elsewhere; serving again after a kill in %s (median), %s (p99)",
		l.answered.Load(), l.cutOff.Load(), l.elsewhere.Load(), back[len(back)/2], back[len(back)*99/100])
	if n := l.tooLate.Load(); n > 0 {
		t.Errorf("%d calls took longer than %s", n, stressCall+stressSlack)
	}
	if well.Status().Restarts != 0 || l.answered.Load() == 0 {
		t.Errorf("the other one: %+v; answered %d", well.Status(), l.answered.Load())
	}
	if got := sick.Status(); got.State != pluginhost.Ready || got.Refused != 0 {
		t.Errorf("got %+v", got)
	}
}

// harmful is one thing that ends a process.
type harmful struct {
	name string
	do   func()
}

// harm is all of much, in an order of its own each time.
func harm(much faults, kill func(syscall.Signal) func(), send func(string) func(), start func()) (all []harmful) {
	for _, f := range []struct {
		harmful
		times int
	}{
		{harmful{"kill", kill(syscall.SIGKILL)}, much.kills},
		{harmful{"stop", kill(syscall.SIGSTOP)}, much.stops},
		{harmful{"panic", send("panic beside")}, much.panics},
		{harmful{"exit", send("exit")}, much.exits},
		{harmful{"start", start}, much.starts},
	} {
		for range f.times {
			all = append(all, f.harmful)
		}
	}
	rand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}
