// SPDX-License-Identifier: Apache-2.0

package pluginhost

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/plugins/protocol"
	"github.com/cartage-dev/cartage/ports/backend"
)

// Plugin is one backend's plugin, whichever process it is at the moment. One
// goroutine owns all its transitions.
type Plugin struct {
	host        *Host
	spec        Spec
	program     program
	log         *slog.Logger
	description protocol.Description

	current  atomic.Pointer[generation]
	startAt  atomic.Int64    // Unix nanoseconds of the next start, while there is a pause before it
	stopping context.Context // ended by stop
	stop     context.CancelFunc
	joined   chan struct{} // closed when the owner and the process are gone

	mu      sync.Mutex
	status  Status
	changed chan struct{} // closed, and made anew, when a process becomes ready or none ever will
}

// Description is what the plugin said of itself when it was launched.
func (p *Plugin) Description() protocol.Description { return p.description }

// Status is how it is at the moment.
func (p *Plugin) Status() Status {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.status
}

// Backend is the plugin as the engine calls it. It is the same through every
// restart; a call waits a moment for the next process when there is none.
func (p *Plugin) Backend() backend.Backend {
	return protocol.NewBackend(router{p}, p.description)
}

// Check asks now whether the commerce system can be reached; see protocol.LifecycleServer.
func (p *Plugin) Check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, checkMax)
	defer cancel()
	return p.checked(protocol.NewLifecycle(router{p}).Check(ctx))
}

// checked remembers how a check went.
func (p *Plugin) checked(err error) error {
	said := "ok"
	if err != nil {
		f := fault.From(err)
		said = (&fault.Error{Kind: f.Kind, Code: f.Code, Message: f.Message}).Error()
	}
	p.mu.Lock()
	was := p.status.Checked
	p.status.Checked = said
	p.mu.Unlock()
	switch {
	case was == said:
	case err != nil:
		p.log.Warn("commerce system is not well", "check", said)
	case was != "":
		p.log.Info("commerce system is well again")
	}
	return err
}

func (p *Plugin) become(state string, change func(*Status)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.status.State, p.status.Since = state, time.Now()
	if change != nil {
		change(&p.status)
	}
	if state == Ready || state == Stopped {
		close(p.changed)
		p.changed = make(chan struct{})
	}
	up := 0.0
	if state == Ready {
		up = 1
	}
	p.host.up.WithLabelValues(p.spec.Backend).Set(up)
}

// ready makes g the process that calls go to.
func (p *Plugin) ready(g *generation, restarts int) {
	p.current.Store(g)
	p.become(Ready, func(s *Status) { s.PID, s.Restarts = g.process.cmd.Process.Pid, restarts })
	p.log.Info("plugin ready", "pid", g.process.cmd.Process.Pid, "version", p.description.Info.Version)
}

// own is the life of a plugin from its first process to stop.
func (p *Plugin) own(g *generation) {
	defer close(p.joined)
	defer p.program.close()
	var crashes []time.Time
	for restarts := 1; g != nil; restarts++ {
		p.watch(g)
		if p.stopping.Err() != nil {
			p.finish(g)
			break
		}
		p.current.CompareAndSwap(g, nil)
		how := g.process.how
		g.end(p.stopping, 0)
		p.log.Error("plugin process ended", "pid", g.process.cmd.Process.Pid, "how", how)
		p.become(Backoff, func(s *Status) { s.PID, s.LastExit = 0, how })
		crashes = append(crashes, time.Now())
		if g = p.again(&crashes); g != nil {
			p.host.restarts.WithLabelValues(p.spec.Backend).Inc()
			p.ready(g, restarts)
		}
	}
	p.become(Stopped, func(s *Status) { s.PID = 0 })
}

// watch returns when the process has ended, or the plugin is to stop.
func (p *Plugin) watch(g *generation) {
	ctx, cancel := context.WithCancel(p.stopping)
	var looking sync.WaitGroup
	looking.Go(func() { p.watchHealth(ctx, g) })
	looking.Go(func() { p.watchBackend(ctx, g) })
	select {
	case <-g.process.ended:
	case <-p.stopping.Done():
	}
	cancel()
	looking.Wait()
}

// watchHealth kills a process that has stopped answering.
func (p *Plugin) watchHealth(ctx context.Context, g *generation) {
	tick := time.NewTicker(healthEvery)
	defer tick.Stop()
	for misses := 0; ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		err := g.healthy(ctx)
		if err == nil || ctx.Err() != nil {
			misses = 0
			continue
		}
		if misses++; misses == healthMisses {
			p.log.Error("plugin does not answer and is killed", "pid", g.process.cmd.Process.Pid, "error", err)
			g.process.kill()
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
func (p *Plugin) again(crashes *[]time.Time) *generation {
	for {
		*crashes = slices.DeleteFunc(*crashes, func(at time.Time) bool { return time.Since(at) > crashWindow })
		rest := pause(len(*crashes))
		p.startAt.Store(time.Now().Add(rest).UnixNano())
		select {
		case <-p.stopping.Done():
			return nil
		case <-time.After(rest):
		}
		g, d, err := p.launch(p.stopping)
		if err == nil && !sameOffer(d, p.description) {
			g.end(p.stopping, shutdownMax)
			err = fault.New(fault.Internal, "plugin_changed", "it describes itself otherwise than before").By(fault.Plugin)
		}
		if err == nil {
			return g
		}
		if p.stopping.Err() != nil {
			return nil
		}
		p.log.Error("plugin did not start again", "error", err)
		*crashes = append(*crashes, time.Now())
	}
}

// startsIn is how long it is until the next process is started; not positive when it may be any moment.
func (p *Plugin) startsIn() time.Duration { return time.Until(time.Unix(0, p.startAt.Load())) }

// pause is how long to wait before a restart, after so many crashes of late: not
// at all at first, then longer and longer, with a jitter that keeps backends out of step.
func pause(crashes int) time.Duration {
	if crashes <= crashesAtOnce {
		return 0
	}
	doubled := backoffMax
	if n := crashes - crashesAtOnce; n < 10 {
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
	ctx, cancel := context.WithTimeout(context.Background(), drainMax)
	defer cancel()
	if left := g.drain(ctx); left > 0 {
		p.log.Warn("plugin stops with calls in flight", "calls", left)
	}
	p.current.Store(nil)
	g.end(context.Background(), shutdownMax)
	p.log.Info("plugin stopped", "how", g.process.how)
}
