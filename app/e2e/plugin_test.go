// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cartage-dev/cartage/app/apptest"
)

// readiness is /readyz?output=json.
type readiness struct {
	Ready bool
	Parts []struct {
		Name   string
		OK     bool
		Detail map[string]string
	}
}

// plugin finds the process of backend mock, or node where that one is configured, which must be running.
func plugin(t testing.TB, h *apptest.Host) (pid, restarts int) {
	t.Helper()
	_, body := get(t, h.Admin+"/readyz?output=json")
	for _, p := range decode[readiness](t, []byte(body)).Parts {
		if p.Name == "backend mock" || p.Name == "backend node" {
			pid, _ = strconv.Atoi(p.Detail["pid"])
			restarts, _ = strconv.Atoi(p.Detail["restarts"])
		}
	}
	return pid, restarts
}

// patient gives calls the time that a start takes on a busy machine.
var patient = []string{"CARTAGE_SHOPS__DEMO__POQ__BUDGET=4s", "CARTAGE_BACKENDS__MOCK__GUARD__TIMEOUT=4s"}

// TestKilledPluginCostsNoTransfer kills the plugin again and again while carts
// come in. A call in flight is perhaps done; the guard asks again under the same key.
func TestKilledPluginCostsNoTransfer(t *testing.T) {
	t.Parallel()
	// Five kills in a row are no crash loop, and eight are one: stay below.
	const kills, callers, each = 5, 8, 25
	h := apptest.Start(t, apptest.Options{Environ: append([]string{"CARTAGE_BACKENDS__MOCK__SETTINGS__DELAY_MS=20"}, patient...)})
	var failed sync.Map
	var sold atomic.Int64
	var selling sync.WaitGroup
	for c := range callers {
		selling.Go(func() {
			for i := range each {
				reference := fmt.Sprintf("kill-%d-%d", c, i)
				if status, body := post(t, h, bag(reference, "1 item_1_sku", "2 item_2_sku")); status != http.StatusOK {
					failed.Store(reference, fmt.Sprintf("%d %s", status, body))
				}
				sold.Add(1)
			}
		})
	}
	for range kills {
		// A call is sent once more, and not twice: what the last kill hit has to be over.
		before := sold.Load()
		eventually(func() bool { return sold.Load() >= before+2*callers })
		if pid, _ := plugin(t, h); pid > 0 {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
	selling.Wait()
	failed.Range(func(reference, why any) bool {
		t.Errorf("%s: %s", reference, why)
		return true
	})
	if _, restarts := plugin(t, h); restarts == 0 {
		t.Error("no kill reached the plugin")
	}
}

// TestDeathOfAPluginOpensNoBreaker kills the plugin while more calls are in flight
// than the breaker needs to judge a backend by: they all end well on the next process.
func TestDeathOfAPluginOpensNoBreaker(t *testing.T) {
	t.Parallel()
	const callers = 40
	h := apptest.Start(t, apptest.Options{Environ: append([]string{"CARTAGE_BACKENDS__MOCK__SETTINGS__DELAY_MS=300"}, patient...)})
	var selling sync.WaitGroup
	for c := range callers {
		selling.Go(func() {
			if status, body := post(t, h, bag(fmt.Sprintf("flight-%d", c), "1 item_1_sku")); status != http.StatusOK {
				t.Errorf("%d %s", status, body)
			}
		})
	}
	time.Sleep(150 * time.Millisecond)
	if pid, _ := plugin(t, h); pid > 0 {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	selling.Wait()
	if _, body := get(t, h.Admin+"/readyz?verbose"); !strings.Contains(body, `breaker="closed"`) || !strings.Contains(body, `restarts="1"`) {
		t.Errorf("afterwards: %s", body)
	}
}

// TestStoppedHostLeavesNoPlugin also holds when the stop is an ordinary one.
func TestStoppedHostLeavesNoPlugin(t *testing.T) {
	t.Parallel()
	h := apptest.Start(t, apptest.Options{})
	pid, _ := plugin(t, h)
	if pid == 0 {
		t.Fatal("no plugin runs")
	}
	h.Stop()
	if err := syscall.Kill(pid, 0); err == nil {
		t.Errorf("plugin %d outlived its host", pid)
	}
}
