// SPDX-License-Identifier: Apache-2.0

package pluginhost_test

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cartage-dev/cartage/adapters/backend/pluginhost"
)

// hide leaves a process that has neither our session, our environment, nor a parent
// that lives, and says which.
func hide(seconds string) (pid string, err error) {
	c := exec.Command("sh", "-c", "sleep "+seconds+" >/dev/null 2>&1 & echo $!")
	c.Env = []string{"PATH=" + os.Getenv("PATH")}
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	out, err := c.Output()
	return strings.TrimSpace(string(out)), err
}

// reaped is not true of a zombie.
func reaped(pid string) bool {
	_, err := os.Stat("/proc/" + pid)
	return err != nil
}

// TestAdopt runs in a process of its own, since all that it orphans is its own: what
// hides is gone once its plugin is, and what is somebody else's stays.
func TestAdopt(t *testing.T) {
	if !asUnprivileged(t) {
		return
	}
	if err := pluginhost.Conceal(); err != nil { // as the host does, which must find its children all the same
		t.Fatal(err)
	}
	stranger := exec.CommandContext(t.Context(), "sleep", "1000")
	if err := stranger.Start(); err != nil {
		t.Fatal(err)
	}
	h := newHost(t)
	if err := h.Adopt(); err != nil {
		t.Fatal(err)
	}
	s := spec(t, "")
	s.Backend = "us"
	other, err := h.Launch(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	p := launch(t, h, "")
	hidden := func(what string) string {
		t.Helper()
		pid, err := put(soon(t, 10*time.Second), p, what)
		if n, atoi := strconv.Atoi(pid); err != nil || atoi != nil || !alive(n) {
			t.Fatalf("nothing is hidden: %q, %v", pid, err)
		}
		return pid
	}
	brief := hidden("hide for a moment")
	eventually(t, "the end of one that ended by itself", func() bool { return reaped(brief) })

	all, was := []string{hidden("hide"), hidden("hide")}, p.Status().PID
	_ = syscall.Kill(was, syscall.SIGKILL)
	for _, pid := range all {
		eventually(t, "the end of "+pid, func() bool { return reaped(pid) })
	}
	eventually(t, "the next process", func() bool { return p.Status().State == pluginhost.Ready && p.Status().PID != was })
	if log := h.log.String(); !strings.Contains(log, `"processes":2`) {
		t.Error("the log does not say that two were killed")
	}

	last := hidden("hide")
	p.Close(t.Context())
	if !reaped(last) {
		t.Error("one outlives its plugin's Close")
	}
	if _, err := put(soon(t, 10*time.Second), other, ""); err != nil || other.Status().Restarts != 0 {
		t.Errorf("the plugin beside it: %v, %+v", err, other.Status())
	}
	if !alive(stranger.Process.Pid) {
		t.Error("a child that was there before is gone")
	}
	if err := h.Close(t.Context()); err != nil {
		t.Error(err)
	}
	_ = stranger.Process.Kill()
	if err := stranger.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Errorf("the stranger's end was taken by another: %v", err)
	}
}

// TestAdoptUnderLoad kills plugins again and again while orphans end: no end of a
// process is taken from whoever waits for it.
func TestAdoptUnderLoad(t *testing.T) {
	if !asUnprivileged(t) {
		return
	}
	h := newHost(t)
	if err := h.Adopt(); err != nil {
		t.Fatal(err)
	}
	pluginhost.QuarantineAfter(h.Host, 1000, time.Hour)
	p := launch(t, h, "")
	for range 15 {
		for range 3 {
			_, _ = put(soon(t, 10*time.Second), p, "hide for a moment")
		}
		was := p.Status().PID
		_ = syscall.Kill(was, syscall.SIGKILL)
		eventually(t, "the next process", func() bool { return p.Status().State == pluginhost.Ready && p.Status().PID != was })
		if how := p.Status().LastExit; how != "killed by signal 9, not the host's" {
			t.Errorf("it ended: %q", how)
		}
	}
	p.Close(t.Context())
	eventually(t, "no child", func() bool { return len(ownChildren()) == 0 })
}
