// SPDX-License-Identifier: Apache-2.0

package pluginhost_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/cartage-dev/cartage/adapters/backend/pluginhost"
)

const (
	spinnerCallers = 4
	spinnerFor     = time.Second
)

// TestBesideASpinner prints how long calls to a healthy plugin take while another takes
// every core, and while it does not (-v shows it). Plugins are not made nicer than the
// host: at 1, 5 and 10 the figures were those at 0.
func TestBesideASpinner(t *testing.T) {
	h := newHost(t)
	s := spec(t, "")
	s.Backend = "us"
	well, err := h.Launch(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	sick := launch(t, h, "")
	quiet := timed(t, well)
	_, _ = put(soon(t, 20*time.Second), sick, "spin")
	spinning := timed(t, well)
	for _, m := range []struct {
		when  string
		calls []time.Duration
	}{{"nobody spins", quiet}, {"another spins", spinning}} {
		if len(m.calls) == 0 {
			t.Fatalf("no answer while %s", m.when)
		}
		t.Logf("while %s: %d calls, p50 %s, p99 %s", m.when, len(m.calls), m.calls[len(m.calls)/2], m.calls[len(m.calls)*99/100])
	}
	if well.Status().Restarts != 0 {
		t.Errorf("got %+v", well.Status())
	}
}

// timed is how long calls took, the shortest first.
func timed(t *testing.T, p *pluginhost.Plugin) (all []time.Duration) {
	t.Helper()
	var mu sync.Mutex
	var callers sync.WaitGroup
	for range spinnerCallers {
		callers.Go(func() {
			for end := time.Now().Add(spinnerFor); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
				began := time.Now()
				if _, err := put(soon(t, 20*time.Second), p, ""); err != nil {
					t.Error(err)
				}
				mu.Lock()
				all = append(all, time.Since(began))
				mu.Unlock()
			}
		})
	}
	callers.Wait()
	slices.Sort(all)
	return all
}
