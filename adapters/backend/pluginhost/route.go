// SPDX-License-Identifier: Apache-2.0

package pluginhost

import (
	"context"
	"fmt"
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
	g, err := r.plugin.acquire(ctx)
	if err != nil {
		return err
	}
	defer g.inFlight.Add(-1)
	err = g.conn.Invoke(ctx, method, args, reply, opts...)
	if g.interrupted(ctx, err) {
		return fmt.Errorf("%w: %w", backend.ErrInterrupted, err)
	}
	return err
}

// noticeMax bounds how long after a call that was cut off the end of the process may be noticed.
const noticeMax = 100 * time.Millisecond

// interrupted reports whether a call ended because its process did. Only the
// transport answers with such a code and no detail, or a plugin that knows only codes.
func (g *generation) interrupted(ctx context.Context, err error) bool {
	s, ok := status.FromError(err)
	if !ok || len(s.Details()) > 0 || s.Code() != codes.Unavailable && s.Code() != codes.Canceled {
		return false
	}
	select {
	case <-g.process.ended:
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
		p.mu.Unlock()
		if g := p.pin(); g != nil {
			return g, nil
		}
		if p.stopping.Err() != nil {
			return nil, fault.New(fault.Unavailable, "plugin_stopped", "the backend's plugin has been stopped")
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
	if !g.draining.Load() {
		return g
	}
	g.inFlight.Add(-1)
	return nil
}

func restarting() *fault.Error {
	return fault.New(fault.Unavailable, "plugin_restarting", "the backend's plugin is being started again").
		By(fault.Plugin).After(time.Second).Because(backend.ErrInterrupted)
}
