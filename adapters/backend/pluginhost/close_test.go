// SPDX-License-Identifier: Apache-2.0

package pluginhost_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/cartage-dev/cartage/adapters/backend/pluginhost"
	"github.com/cartage-dev/cartage/core/fault"
)

// TestHandOver runs two plugins of one backend's name: the old one ends its calls
// while the new one takes over, and the figures are the new one's.
func TestHandOver(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	old := launch(t, h, "")
	h.want(t, "cartage_plugin_up", 1)
	var call sync.WaitGroup
	call.Go(func() {
		if _, err := put(t.Context(), old, "slow"); err != nil {
			t.Errorf("a call in flight: %v", err)
		}
	})
	eventually(t, "the call under way", func() bool { return pluginhost.InFlight(old) == 1 })
	next := launch(t, h, "")
	pid := old.Status().PID
	var closing sync.WaitGroup
	for range 2 {
		closing.Go(func() { old.Close(t.Context()) })
	}
	eventually(t, "the old one stopping", func() bool { return old.Status().State != pluginhost.Ready })
	h.want(t, "cartage_plugin_up", 1)
	if _, err := put(t.Context(), old, ""); fault.From(err).Code != "plugin_stopped" {
		t.Errorf("a new call to the old one: %v", err)
	}
	closing.Wait()
	call.Wait()
	if alive(pid) || old.Status().State != pluginhost.Stopped {
		t.Errorf("got %+v", old.Status())
	}
	if _, err := put(t.Context(), next, ""); err != nil {
		t.Errorf("the new one: %v", err)
	}
	h.want(t, "cartage_plugin_up", 1)
	next.Close(t.Context())
	if left, err := h.figures.Gather(); len(left) != 0 || err != nil {
		t.Errorf("figures are left of a backend that is gone: %v, %v", left, err)
	}
	if err := h.Close(t.Context()); err != nil {
		t.Error(err)
	}
	next.Close(t.Context())
}

// TestCloseInAHurry closes a plugin whose call would take longer than there is time.
func TestCloseInAHurry(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	p := launch(t, h, "")
	var call sync.WaitGroup
	call.Go(func() {
		if _, err := put(soon(t, 20*time.Second), p, "wait"); fault.KindOf(err) != fault.Unknown {
			t.Errorf("a call that was cut off: got %v, want it perhaps done", err)
		}
	})
	eventually(t, "the call under way", func() bool { return pluginhost.InFlight(p) == 1 })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	p.Close(ctx)
	if took := time.Since(began); took > 8*time.Second {
		t.Errorf("it took %s", took)
	}
	call.Wait()
}

// TestCloseWhileLaunching closes the host while a plugin takes its time to start.
func TestCloseWhileLaunching(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	for _, program := range []string{"mute", "raw-silent", "plain"} {
		s := named(t, program)
		s.StartTimeout = time.Minute
		launched := make(chan error, 1)
		host := house{Host: secondHost(t, h.sockets)}
		go func() {
			_, err := host.Launch(t.Context(), s)
			launched <- err
		}()
		time.Sleep(300 * time.Millisecond)
		began := time.Now()
		if err := host.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if err := <-launched; err == nil {
			t.Errorf("%s was launched", program)
		}
		if took := time.Since(began); took > 8*time.Second {
			t.Errorf("%s: it took %s", program, took)
		}
	}
}
