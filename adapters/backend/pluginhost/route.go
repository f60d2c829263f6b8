// SPDX-License-Identifier: Apache-2.0

package pluginhost

import (
	"context"
	"time"

	"google.golang.org/grpc"

	"github.com/cartage-dev/cartage/core/fault"
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
	return g.conn.Invoke(ctx, method, args, reply, opts...)
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
		select {
		case <-changed:
		case <-p.stopping.Done():
		case <-wait.C:
			return nil, restarting()
		case <-ctx.Done():
			return nil, restarting().Because(ctx.Err())
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
	return fault.New(fault.Unavailable, "plugin_restarting", "the backend's plugin is being started again").By(fault.Plugin).After(time.Second)
}
