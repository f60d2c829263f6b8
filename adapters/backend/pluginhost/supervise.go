// SPDX-License-Identifier: Apache-2.0

package pluginhost

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/plugins/protocol"
)

// own is the life of a plugin from its first process to stop.
func (p *Plugin) own(g *generation) {
	defer close(p.joined)
	defer p.program.close()
	defer p.hurry()
	past, strained := crashes{pace: p.host.pace}, strain{pace: p.host.pace}
	for restarts := 1; g != nil; {
		if p.watch(g, &past, &strained) {
			g = p.renew(g)
			continue
		}
		if p.stopping.Err() != nil {
			p.finish(g)
			break
		}
		p.current.CompareAndSwap(g, nil)
		if g.process.itself {
			p.condemn(p.docket.crashed(g.calls.list()))
		}
		past.add(time.Now())
		how := g.process.how
		g.end(p.stopping, 0)
		p.log.Error("plugin process ended", "pid", g.process.cmd.Process.Pid, "how", how)
		p.become(Backoff, func(s *Status) { s.PID, s.LastExit = 0, how })
		if g = p.again(&past); g != nil {
			p.host.roster.counted.restarts.WithLabelValues(p.spec.Backend).Inc()
			p.ready(g, restarts)
			restarts++
		}
	}
	p.retired.Wait()
	p.become(Stopped, func(s *Status) { s.PID, s.NextTry = 0, time.Time{} })
}

func (p *Plugin) condemn(calls []*call) {
	for _, c := range calls {
		p.log.Error("plugin ended each time it was sent a request, which is refused from now on",
			"op", c.method, "fingerprint", c.fingerprints()[0].name(), "refused_for", suspicionFor.String())
	}
}

// giveUp lets go of what a plugin holds that nobody will own.
func (p *Plugin) giveUp() {
	p.stop()
	p.hurry()
	p.program.close()
}

// watch returns when the process has ended, or the plugin is to stop, or the process is
// to be replaced. A reset that comes meanwhile is for crashes of before, and not for the next.
func (p *Plugin) watch(g *generation, past *crashes, strained *strain) (renew bool) {
	ctx, cancel := context.WithCancel(p.stopping)
	var looking sync.WaitGroup
	looking.Go(func() { p.watchHealth(ctx, g) })
	looking.Go(func() { p.watchBackend(ctx, g) })
	tick := time.NewTicker(memoryEvery)
	defer tick.Stop()
	for watching := true; watching && !renew; {
		select {
		case <-g.process.ended:
			watching = false
		case <-p.stopping.Done():
			watching = false
		case <-p.forgive:
			past.forget()
		case now := <-tick.C:
			renew = strained.due(g.process.memory.Load(), p.spec.Limits.MemoryBytes, now)
		}
	}
	cancel()
	looking.Wait()
	return renew
}

// watchHealth kills a process that has stopped answering.
func (p *Plugin) watchHealth(ctx context.Context, g *generation) {
	tick := time.NewTicker(p.host.pace.healthEvery)
	defer tick.Stop()
	for misses := 0; ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		err := g.healthy(ctx, p.host.pace.healthMax)
		if err == nil || ctx.Err() != nil {
			misses = 0
			continue
		}
		if misses++; misses == healthMisses {
			p.log.Error("plugin does not answer and is killed", "pid", g.process.cmd.Process.Pid, "error", err)
			g.process.killFor("did not answer")
			return
		}
	}
}

// watchBackend asks now and then whether the commerce system is there. It is for
// people to see and never ends a process.
func (p *Plugin) watchBackend(ctx context.Context, g *generation) {
	tick := time.NewTicker(checkEvery)
	defer tick.Stop()
	for {
		asking, cancel := context.WithTimeout(ctx, checkMax)
		err := g.lifecycle.Check(asking)
		cancel()
		if ctx.Err() != nil {
			return
		}
		_ = p.checked(err)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// again starts the next process, however often it takes; nil once the plugin is to stop.
func (p *Plugin) again(past *crashes) *generation {
	for {
		rest, quarantined := past.rest(time.Now())
		p.wait(rest, quarantined)
		select {
		case <-p.stopping.Done():
			return nil
		case <-p.forgive:
			past.forget()
			p.startAt.Store(0)
			p.become(Backoff, func(s *Status) { s.NextTry = time.Time{} }) // callers wait for it again
		case <-time.After(rest):
			past.tried(time.Now(), quarantined)
		}
		var g *generation
		err := p.program.unchanged()
		if past.look(err); err == nil {
			if g, err = p.next(); err == nil {
				return g
			}
			past.add(time.Now())
		}
		if p.stopping.Err() != nil {
			return nil
		}
		p.log.Error("plugin did not start again", "error", err)
		p.failed(err)
	}
}

// next starts a process that must be what those before it were.
func (p *Plugin) next() (*generation, error) {
	g, d, err := p.launch(p.stopping)
	if err == nil && !sameOffer(d, p.description) {
		g.end(p.stopping, shutdownMax)
		err = fault.New(fault.Internal, "plugin_changed", "it describes itself otherwise than before").By(fault.Plugin)
	}
	return g, err
}

// failed shows why a start failed. The plugin's last words are for the log alone.
func (p *Plugin) failed(err error) {
	how := "did not start: " + p.Redacted(strings.TrimSuffix(firstLine(err), strings.TrimRight(lastWords, ":")))
	p.mu.Lock()
	defer p.mu.Unlock()
	p.status.LastExit = how
}

// wait shows what is waited for before the next start.
func (p *Plugin) wait(rest time.Duration, quarantined bool) {
	next := time.Now().Add(rest)
	p.startAt.Store(next.UnixNano())
	state := Backoff
	if quarantined {
		state = Quarantined
	}
	p.mu.Lock()
	was := p.status.State
	p.status.NextTry = next
	p.mu.Unlock()
	if was == state {
		return
	}
	p.become(state, nil)
	if quarantined {
		p.log.Error("plugin ended too often and is quarantined", "crashes_allowed", p.host.pace.crashesMax,
			"within", p.host.pace.crashWindow.String(), "next_try", next.UTC())
	}
}

// startsIn is how long it is until the next process is started; not positive when it may be any moment.
func (p *Plugin) startsIn() time.Duration { return time.Until(time.Unix(0, p.startAt.Load())) }

// crashes is what a plugin's pauses are reckoned from. Its owner alone uses it.
type crashes struct {
	pace  pace
	at    []time.Time // within the window
	trial time.Time   // when the last try out of quarantine began; zero without one
	// refused counts, in a row, starts that were not tried since the file was another: no
	// crashes, so they lead to no quarantine, and end soon after the file is back.
	refused int
}

func (c *crashes) look(changed error) {
	if c.refused++; changed == nil {
		c.refused = 0
	}
}

func (c *crashes) add(now time.Time) { c.at = append(c.at, now) }

func (c *crashes) forget() { c.at, c.trial, c.refused = nil, time.Time{}, 0 }

// tried notes a start out of quarantine: a crash soon after leads back at once.
func (c *crashes) tried(now time.Time, quarantined bool) {
	if quarantined {
		c.at, c.trial = nil, now
	}
}

// rest is how long to wait before a restart: not at all at first, then longer and
// longer, with a jitter that keeps backends out of step, and in quarantine long.
func (c *crashes) rest(now time.Time) (rest time.Duration, quarantined bool) {
	if c.refused > 0 {
		return pause(c.refused), false
	}
	c.at = slices.DeleteFunc(c.at, func(at time.Time) bool { return now.Sub(at) > c.pace.crashWindow })
	if len(c.at) > c.pace.crashesMax || !c.trial.IsZero() && len(c.at) > 0 && now.Sub(c.trial) <= c.pace.crashWindow {
		return c.pace.tryEvery, true
	}
	c.trial = time.Time{}
	if len(c.at) <= c.pace.crashesAtOnce {
		return 0, false
	}
	return pause(len(c.at) - c.pace.crashesAtOnce), false
}

func pause(n int) time.Duration {
	doubled := backoffMax
	if n < 10 {
		doubled = min(backoffMax, backoffFirst<<n)
	}
	return doubled/2 + rand.N(doubled/2) //nolint:gosec // G404: jitter
}

func sameOffer(a, b protocol.Description) bool {
	return a.Info == b.Info && slices.Equal(a.Ports, b.Ports)
}

// finish lets calls in flight end, then the process.
func (p *Plugin) finish(g *generation) {
	p.become(Stopping, nil)
	ctx, cancel := context.WithTimeout(p.patience, drainMax)
	defer cancel()
	if left := g.drain(ctx); left > 0 {
		p.log.Warn("plugin stops with calls in flight", "calls", left)
	}
	p.current.Store(nil)
	g.end(context.Background(), shutdownMax)
	p.log.Info("plugin stopped", "how", g.process.how)
}
