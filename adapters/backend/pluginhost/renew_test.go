// SPDX-License-Identifier: Apache-2.0

package pluginhost_test

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cartage-dev/cartage/adapters/backend/pluginhost"
)

// TestRenewal replaces a process that stays near its limit while calls go on: none is
// lost, it is no crash, and it does not happen again soon.
func TestRenewal(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	pluginhost.RenewAfter(h.Host, time.Second, time.Hour)
	p, full := nearFull(t, h, "fill to 85%")
	ctx, cancel := context.WithCancel(t.Context())
	var calling sync.WaitGroup
	var answers atomic.Int64
	for range 4 {
		calling.Go(func() {
			for ctx.Err() == nil {
				if _, err := put(soon(t, 10*time.Second), p, "slow"); err != nil {
					t.Errorf("a call meanwhile: %v", err)
				}
				answers.Add(1)
			}
		})
	}
	eventually(t, "another process", func() bool { return p.Status().PID != full })
	eventually(t, "the end of the first", func() bool { return !alive(full) })
	before := answers.Load()
	eventually(t, "answers of the next", func() bool { return answers.Load() > before+4 })
	cancel()
	calling.Wait()
	got := p.Status()
	if got.State != pluginhost.Ready || got.Restarts != 0 || got.LastExit != "" {
		t.Errorf("got %+v", got)
	}
	h.want(t, "cartage_plugin_renewals_total", 1)
	if _, err := put(soon(t, 10*time.Second), p, "fill to 85%"); err != nil {
		t.Fatal(err)
	}
	time.Sleep(2500 * time.Millisecond)
	if p.Status().PID != got.PID {
		t.Error("it was replaced twice within the hour")
	}
}

// TestRenewalThatFails keeps the process when no other starts beside it.
func TestRenewalThatFails(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	pluginhost.RenewAfter(h.Host, 500*time.Millisecond, time.Hour)
	s := named(t, "flaky")
	s.Limits.MemoryBytes = 256 << 20
	p, err := h.Launch(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	write(t, s.Path+".does", "exit")
	was := p.Status().PID
	if _, err := put(soon(t, 10*time.Second), p, "fill to 85%"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a try", func() bool { return strings.Contains(h.log.String(), "plugin keeps its process") })
	if _, err := put(soon(t, 10*time.Second), p, ""); err != nil || p.Status().PID != was || p.Status().State != pluginhost.Ready {
		t.Errorf("got %v, %+v", err, p.Status())
	}
}
