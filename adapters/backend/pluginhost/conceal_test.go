// SPDX-License-Identifier: Apache-2.0

package pluginhost_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cartage-dev/cartage/adapters/backend/pluginhost"
)

// pry says what of its host a plugin can open.
func pry() string {
	var open []string
	for _, what := range []string{"environ", "mem", "maps", "auxv", "fd", "cwd/."} {
		f, err := os.Open(fmt.Sprintf("/proc/%d/%s", os.Getppid(), what))
		if err == nil {
			open = append(open, what)
			_ = f.Close()
		}
	}
	return "open: " + strings.Join(open, " ")
}

// unprivilegedEnv marks the test's own second process, and unprivileged is its user
// when the first is root's, whom no system conceals anything from.
const (
	unprivilegedEnv = "CARTAGE_TEST_UNPRIVILEGED"
	unprivileged    = 65534
)

// TestConceal runs in a process of its own, which it changes for good.
func TestConceal(t *testing.T) {
	if !asUnprivileged(t) {
		return
	}
	h := newHost(t)
	p := launch(t, h, "")
	before, err := put(t.Context(), p, "pry")
	if err != nil || !strings.Contains(before, "environ") || !strings.Contains(before, "fd") {
		t.Fatalf("nothing to conceal: %q, %v", before, err)
	}
	if err := pluginhost.Conceal(); err != nil {
		t.Fatal(err)
	}
	for range 2 { // by a process that was there before, and by one started since
		if after, err := put(soon(t, 10*time.Second), p, "pry"); err != nil || after != "open: " {
			t.Errorf("of a concealed host it got %q, %v", after, err)
		}
		was := p.Status().PID
		_ = syscall.Kill(was, syscall.SIGKILL)
		eventually(t, "another process", func() bool { return p.Status().State == pluginhost.Ready && p.Status().PID != was })
	}
	eventually(t, "its memory looked at", func() bool { return p.Status().MemoryBytes > 0 })
	if log := h.log.String(); strings.Contains(log, "without its limits") {
		t.Error("a concealed host cannot limit its plugins")
	}
	pids, err := put(t.Context(), p, "children")
	if err != nil {
		t.Fatal(err)
	}
	_ = syscall.Kill(p.Status().PID, syscall.SIGKILL)
	for _, pid := range strings.Fields(pids) {
		eventually(t, "child "+pid+" gone", func() bool { return gone(pid) })
	}
}

// asUnprivileged runs the same test once more in a process of its own, by another
// user where we are root; here reports that this is the one.
func asUnprivileged(t *testing.T) (here bool) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("there is no /proc to look into")
	}
	if os.Getenv(unprivilegedEnv) != "" {
		return true
	}
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "cph-") // where another user can go
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	program := filepath.Join(dir, "test")
	if err := os.WriteFile(program, self, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, program} {
		if err := os.Chmod(path, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	c := exec.CommandContext(t.Context(), program, "-test.run=^"+t.Name()+"$", "-test.v")
	c.Dir, c.Env = dir, append(os.Environ(), unprivilegedEnv+"=1")
	if os.Getuid() == 0 {
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: unprivileged, Gid: unprivileged}}
	}
	out, err := c.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Errorf("%v:\n%s", err, out)
	}
	return false
}
