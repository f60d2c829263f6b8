// SPDX-License-Identifier: Apache-2.0

package pluginhost

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/ports/backend"
)

// router is a connection to whichever process of a plugin is current.
type router struct{ plugin *Plugin }

var _ grpc.ClientConnInterface = router{}

// Invoke sends one call to the current process. What could not be sent is certainly not done.
func (r router) Invoke(ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
	c := &call{method: method, message: args}
	g, leave, err := r.plugin.admit(ctx, c)
	if err != nil {
		return err
	}
	defer leave()
	g.calls.add(c)
	err = g.conn.Invoke(ctx, method, args, reply, opts...)
	if g.interrupted(ctx, err) {
		return fmt.Errorf("%w: %w", backend.ErrInterrupted, err) // and c stays in the list, for the docket
	}
	g.calls.remove(c)
	if answered(err) {
		r.plugin.docket.acquit(c)
	}
	return err
}

// admit pins the process that c goes to, unless c is known to end processes. A
// call that is only suspected waits for its turn, without keeping a process from being stopped.
func (p *Plugin) admit(ctx context.Context, c *call) (_ *generation, leave func(), err error) {
	var turn func()
	for {
		g, err := p.acquire(ctx)
		verdict := clean
		if err == nil {
			verdict = p.docket.judge(c)
		}
		if verdict == suspected && turn == nil {
			g.inFlight.Add(-1)
			turn = p.docket.await(ctx)
			continue
		}
		if turn == nil {
			turn = func() {}
		}
		if verdict == clean { // acquitted while it waited
			turn()
			turn = func() {}
		}
		switch {
		case err != nil:
			turn()
			return nil, nil, err
		case verdict == condemned:
			g.inFlight.Add(-1)
			turn()
			p.host.roster.counted.refused.WithLabelValues(p.spec.Backend).Inc()
			return nil, nil, poisonous()
		}
		return g, func() { g.inFlight.Add(-1); turn() }, nil
	}
}

// answered reports whether the process lived to say something, be it a fault.
func answered(err error) bool {
	s, _ := status.FromError(err)
	cutOff := slices.Contains([]codes.Code{codes.Unavailable, codes.Canceled, codes.DeadlineExceeded}, s.Code())
	return !cutOff || len(s.Details()) > 0
}

// calls are those in flight.
type calls struct {
	mu  sync.Mutex
	all map[*call]struct{}
}

func (c *calls) add(one *call) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.all == nil {
		c.all = map[*call]struct{}{}
	}
	c.all[one] = struct{}{}
}

func (c *calls) remove(one *call) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.all, one)
}

func (c *calls) list() []*call {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Collect(maps.Keys(c.all))
}

// noticeMax bounds how long after a call that was cut off the end of the process may be noticed.
const noticeMax = 250 * time.Millisecond

// interrupted reports whether a call ended because its process did. Only the
// transport answers with such a code and no detail, or a plugin that knows only codes.
func (g *generation) interrupted(ctx context.Context, err error) bool {
	s, ok := status.FromError(err)
	if !ok || len(s.Details()) > 0 || s.Code() != codes.Unavailable && s.Code() != codes.Canceled {
		return false
	}
	select {
	case <-g.process.exited:
		return true
	case <-time.After(noticeMax):
	case <-ctx.Done():
	}
	return g.draining.Load()
}

// NewStream is not part of the protocol.
func (router) NewStream(context.Context, *grpc.StreamDesc, string, ...grpc.CallOption) (grpc.ClientStream, error) {
	return nil, fault.New(fault.Unsupported, "no_streams", "the plugin protocol has no streams")
}

// acquire pins the current process, and waits a moment for the next when there is
// none: a restart takes far less than a backend's answer.
func (p *Plugin) acquire(ctx context.Context) (*generation, error) {
	var wait *time.Timer
	for {
		p.mu.Lock()
		changed := p.changed // before looking, so that no change is missed
		quarantined := p.status.State == Quarantined
		p.mu.Unlock()
		if g := p.pin(); g != nil {
			return g, nil
		}
		if p.stopping.Err() != nil {
			return nil, fault.New(fault.Unavailable, "plugin_stopped", "the backend's plugin has been stopped")
		}
		if quarantined {
			return nil, fault.New(fault.Unavailable, "plugin_quarantined", "the backend's plugin ended too often and is left alone for a while").
				By(fault.Plugin).After(max(p.startsIn(), time.Second))
		}
		if wait == nil {
			wait = time.NewTimer(restartWait)
			defer wait.Stop()
		}
		if p.startsIn() > restartWait {
			return nil, restarting().After(p.startsIn())
		}
		select {
		case <-changed:
		case <-p.stopping.Done():
		case <-wait.C:
			return nil, restarting()
		case <-ctx.Done():
			return nil, restarting()
		}
	}
}

// pin counts a call in before it looks whether calls still may come: whoever
// drains looks the other way round, so that neither misses the other.
func (p *Plugin) pin() *generation {
	g := p.current.Load()
	if g == nil {
		return nil
	}
	g.inFlight.Add(1)
	select {
	case <-g.process.exited: // and its owner has not got round to it yet
	default:
		if !g.draining.Load() {
			return g
		}
	}
	g.inFlight.Add(-1)
	return nil
}

func restarting() *fault.Error {
	return fault.New(fault.Unavailable, "plugin_restarting", "the backend's plugin is being started again").
		By(fault.Plugin).After(time.Second).Because(backend.ErrInterrupted)
}
