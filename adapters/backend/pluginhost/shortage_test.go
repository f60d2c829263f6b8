// SPDX-License-Identifier: Apache-2.0

package pluginhost_test

import (
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cartage-dev/cartage/adapters/backend/pluginhost"
)

// nearFull is a plugin with its memory filled, and room for what a test's own program takes.
func nearFull(t *testing.T, h house, fill string) (p *pluginhost.Plugin, pid int) {
	t.Helper()
	s := spec(t, "")
	s.Limits.MemoryBytes = 256 << 20
	p, err := h.Launch(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	full, err := put(soon(t, 10*time.Second), p, fill)
	if err != nil {
		t.Fatal(err)
	}
	if pid, err = strconv.Atoi(full); err != nil {
		t.Fatal(err)
	}
	return p, pid
}

// TestKilledNearItsLimit is a signal 9 of somebody else's that may well be the system's.
func TestKilledNearItsLimit(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	p, full := nearFull(t, h, "fill to 95%")
	eventually(t, "a look at its memory", func() bool { return p.Status().MemoryBytes > 232<<20 })
	_ = syscall.Kill(full, syscall.SIGKILL)
	eventually(t, "the end of its process", func() bool { return p.Status().LastExit != "" })
	if how := p.Status().LastExit; !strings.HasPrefix(how, "killed by signal 9, probably out of memory: it used 2") {
		t.Errorf("it ended: %q", how)
	}
}
