// SPDX-License-Identifier: Apache-2.0

package pluginhost

import (
	"context"
	"log/slog"
	"strings"
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
	startAt  atomic.Int64 // Unix nanoseconds of the next start, while there is a pause before it
	docket   *docket
	forgive  chan struct{} // asks the owner to forget the crashes
	redactor *strings.Replacer
	stopping context.Context // ended by stop
	stop     context.CancelFunc
	patience context.Context // ended by hurry: calls in flight are waited for no longer
	hurry    context.CancelFunc
	retired  sync.WaitGroup // processes that were replaced and are ending
	joined   chan struct{}  // closed when the owner and the process are gone

	mu      sync.Mutex
	status  Status
	changed chan struct{} // closed, and made anew, when a process becomes ready or none will soon
}

// Description is what the plugin said of itself when it was launched.
func (p *Plugin) Description() protocol.Description { return p.description }

// Status is how it is at the moment.
func (p *Plugin) Status() Status {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.status
	s.Refused, s.MemoryMax = p.docket.refused(), p.spec.Limits.MemoryBytes
	if g := p.current.Load(); g != nil {
		s.MemoryBytes = g.process.memory.Load()
	}
	return s
}

// Reset is an operator's word that the cause is mended: crashes so far and refused
// requests are forgotten, and a plugin in quarantine or before a pause starts at once.
func (p *Plugin) Reset() {
	s := p.Status()
	p.log.Info("plugin is reset", "state", s.State, "refused_requests", s.Refused)
	p.docket.forget()
	select {
	case p.forgive <- struct{}{}:
	default: // asked already
	}
}

// Settled waits for what comes of a Reset that was asked for after began, or of
// a start: until the plugin is ready, stops, or has come into quarantine since. When
// ctx ends sooner, it is how the plugin is then.
func (p *Plugin) Settled(ctx context.Context, began time.Time) Status {
	for {
		p.mu.Lock()
		state, since, changed := p.status.State, p.status.Since, p.changed
		p.mu.Unlock()
		if state == Ready || state == Stopping || state == Stopped || state == Quarantined && since.After(began) {
			return p.Status()
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return p.Status()
		}
	}
}

// Redacted is what somebody else said of this plugin, or it of itself, without the
// secrets that it was told, and no longer than a line may be.
func (p *Plugin) Redacted(text string) string {
	return clip(p.redactor.Replace(text), tailLineMax)
}

// Backend is the plugin as the engine calls it. It is the same through every
// restart; a call waits a moment for the next process when there is none.
func (p *Plugin) Backend() backend.Backend {
	return protocol.NewBackend(router{p}, p.description)
}

// Close stops this plugin alone and returns when its process is gone. Calls in
// flight get drainMax to end, or until ctx ends when that is sooner; new ones are
// Unavailable (plugin_stopped). It may be called more than once, and beside the host's Close.
func (p *Plugin) Close(ctx context.Context) {
	p.stop()
	defer context.AfterFunc(ctx, p.hurry)()
	<-p.joined // bounded: drainMax, and shutdownMax for the process
	p.host.roster.remove(p)
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
		said = p.Redacted((&fault.Error{Kind: f.Kind, Code: f.Code, Message: f.Message}).Error())
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
	if state == Ready || state == Quarantined || state == Stopped {
		close(p.changed)
		p.changed = make(chan struct{})
	}
}

// ready makes g the process that calls go to.
func (p *Plugin) ready(g *generation, restarts int) {
	p.current.Store(g)
	p.become(Ready, func(s *Status) { s.PID, s.Restarts, s.NextTry = g.process.cmd.Process.Pid, restarts, time.Time{} })
	p.log.Info("plugin ready", "pid", g.process.cmd.Process.Pid, "version", p.description.Info.Version, "sha256", p.Status().ShortSHA256())
}
