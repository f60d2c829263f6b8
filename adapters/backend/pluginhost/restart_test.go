// SPDX-License-Identifier: Apache-2.0

package pluginhost_test

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cartage-dev/cartage/adapters/backend/pluginhost"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/ports/backend"
)

// TestKill ends the process in every way it can end: the next call finds a new one.
func TestKill(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		end  func(t *testing.T, p *pluginhost.Plugin)
		how  string
	}{
		{"SIGKILL", func(_ *testing.T, p *pluginhost.Plugin) { _ = syscall.Kill(p.Status().PID, syscall.SIGKILL) }, "killed by signal 9, not the host's"},
		{"SIGSEGV", func(_ *testing.T, p *pluginhost.Plugin) { _ = syscall.Kill(p.Status().PID, syscall.SIGABRT) }, ""},
		{"exit in a call", func(t *testing.T, p *pluginhost.Plugin) {
			if _, err := put(t.Context(), p, "exit"); fault.KindOf(err) != fault.Unknown || !errors.Is(err, backend.ErrInterrupted) {
				t.Errorf("the write in flight: got %v, want it perhaps done and interrupted", err)
			}
		}, "status 4"},
		{"stops", func(t *testing.T, p *pluginhost.Plugin) {
			began := time.Now()
			if _, err := put(soon(t, 300*time.Millisecond), p, "stop"); fault.KindOf(err) != fault.Unknown || errors.Is(err, backend.ErrInterrupted) {
				t.Errorf("the write in flight: got %v, want it perhaps done and not interrupted", err)
			}
			if took := time.Since(began); took > 2*time.Second {
				t.Errorf("the call took %s", took)
			}
		}, "killed by the host"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t)
			pluginhost.CheckHealthEvery(h.Host, 200*time.Millisecond)
			p := launch(t, h, "")
			before := p.Status().PID
			tt.end(t, p)
			eventually(t, "another process", func() bool {
				s := p.Status()
				return s.State == pluginhost.Ready && s.PID != before && s.Restarts == 1
			})
			if id, err := put(t.Context(), p, ""); err != nil || id == strconv.Itoa(before) {
				t.Errorf("got %q, %v", id, err)
			}
			if how := p.Status().LastExit; !strings.Contains(how, tt.how) {
				t.Errorf("it ended so: %q, want %q", how, tt.how)
			}
			if alive(before) {
				t.Error("the old process is still there")
			}
		})
	}
}

// TestRepeatedKills keeps calling while the process is killed again and again: a
// call that was not sent waits for the next process, and no file is left over.
func TestRepeatedKills(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	p := launch(t, h, "")
	for i := range 4 {
		before := p.Status()
		_ = syscall.Kill(before.PID, syscall.SIGKILL)
		eventually(t, "an answer", func() bool {
			id, err := put(t.Context(), p, "")
			return err == nil && id != strconv.Itoa(before.PID)
		})
		if got := p.Status().Restarts; got != i+1 {
			t.Errorf("restarts %d, want %d", got, i+1)
		}
	}
	dirs, err := filepath.Glob(filepath.Join(h.sockets, "*", "plugin-dir*"))
	if err != nil || len(dirs) != 1 {
		t.Errorf("socket folders: %v, %v", dirs, err)
	}
}

// TestChildrenGoWithTheirParent kills a plugin that has left children everywhere: in
// its group, in a session of their own, and without the environment it gave them.
// What has left the group and wiped its environment too is for TestAdopt.
func TestChildrenGoWithTheirParent(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	p := launch(t, h, "")
	pids, err := put(t.Context(), p, "children")
	if err != nil || len(strings.Fields(pids)) != 3 {
		t.Fatalf("got %q, %v", pids, err)
	}
	before := p.Status().PID
	_ = syscall.Kill(before, syscall.SIGKILL)
	eventually(t, "another process", func() bool { return p.Status().State == pluginhost.Ready && p.Status().PID != before })
	for _, pid := range strings.Fields(pids) {
		eventually(t, "child "+pid+" gone", func() bool { return gone(pid) })
	}
}

// gone is true of a zombie too: its new parent is not us, and may take its time.
func gone(pid string) bool {
	stat, err := os.ReadFile("/proc/" + pid + "/stat")
	return err != nil || strings.Contains(string(stat), ") Z ")
}

func TestPanicCostsOneCall(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	p := launch(t, h, "")
	pid := p.Status().PID
	if _, err := put(t.Context(), p, "panic"); fault.KindOf(err) != fault.Internal {
		t.Errorf("got %v", err)
	}
	if id, err := put(t.Context(), p, ""); err != nil || id != strconv.Itoa(pid) {
		t.Errorf("got %q, %v", id, err)
	}
}
