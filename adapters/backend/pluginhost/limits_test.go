// SPDX-License-Identifier: Apache-2.0

package pluginhost_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/cartage-dev/cartage/adapters/backend/pluginhost"
)

// TestLimitsOfAProcess looks at what the system and the process itself know of them.
func TestLimitsOfAProcess(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		limits pluginhost.Limits
		files  string
		memory int64
	}{
		{"defaults", pluginhost.Limits{}, "1024", 512 << 20},
		{"others", pluginhost.Limits{MemoryBytes: 300 << 20, Files: 321}, "321", 300 << 20},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t)
			s := spec(t, "")
			s.Limits = tt.limits
			p, err := h.Launch(t.Context(), s)
			if err != nil {
				t.Fatal(err)
			}
			if soft, hard := filesOf(t, p.Status().PID); soft != tt.files || hard != tt.files {
				t.Errorf("it may open %s files, or %s; want %s", soft, hard, tt.files)
			}
			env, err := put(t.Context(), p, "look")
			if want := fmt.Sprintf("GOMEMLIMIT=%d", tt.memory/10*9); err != nil || !strings.Contains(env, want) {
				t.Errorf("no %s in its environment: %q, %v", want, env, err)
			}
			h.want(t, "cartage_plugin_memory_limit_bytes", float64(tt.memory))
			eventually(t, "a look at its memory", func() bool { return p.Status().MemoryBytes > 0 })
			if got := p.Status(); got.MemoryMax != tt.memory || got.MemoryBytes > tt.memory {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// filesOf is how many files a process may open, now and at most.
func filesOf(t *testing.T, pid int) (soft, hard string) {
	t.Helper()
	limits, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(limits)) {
		if rest, ok := strings.CutPrefix(line, "Max open files"); ok && len(strings.Fields(rest)) > 1 {
			return strings.Fields(rest)[0], strings.Fields(rest)[1]
		}
	}
	t.Fatalf("no limit of files in %s", limits)
	return "", ""
}
