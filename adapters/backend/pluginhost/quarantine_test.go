// SPDX-License-Identifier: Apache-2.0

package pluginhost_test

import (
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cartage-dev/cartage/adapters/backend/pluginhost"
	"github.com/cartage-dev/cartage/core/fault"
)

// TestQuarantine kills a plugin more often than is borne.
func TestQuarantine(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	pluginhost.QuarantineAfter(h.Host, 3, time.Hour)
	p := launch(t, h, "")
	killTimes(t, p, 4)
	eventually(t, "quarantine", func() bool { return p.Status().State == pluginhost.Quarantined })
	s := p.Status()
	if s.PID != 0 || time.Until(s.NextTry) < 50*time.Minute || s.Restarts != 3 {
		t.Errorf("got %+v", s)
	}
	if !strings.Contains(s.LastExit, "probably out of memory") {
		t.Errorf("a kill that was not ours: %q", s.LastExit)
	}
	began := time.Now()
	_, err := put(soon(t, 20*time.Second), p, "")
	if f := fault.From(err); f == nil || f.Kind != fault.Unavailable || f.Code != "plugin_quarantined" || f.RetryAfter < 50*time.Minute {
		t.Errorf("got %v", err)
	}
	if took := time.Since(began); took > 500*time.Millisecond {
		t.Errorf("a call took %s to be refused", took)
	}
	h.want(t, "cartage_plugin_quarantined", 1)
	h.want(t, "cartage_plugin_up", 0)
	if !strings.Contains(h.log.String(), "plugin ended too often and is quarantined") {
		t.Error("the log does not say so")
	}

	p.Reset()
	eventually(t, "an answer", func() bool { _, err := put(t.Context(), p, ""); return err == nil })
	h.want(t, "cartage_plugin_quarantined", 0)
	killTimes(t, p, 3) // all is forgiven: as many as at first
	eventually(t, "an answer", func() bool { _, err := put(t.Context(), p, ""); return err == nil })
}

// TestQuarantineIsTried lets a quarantined plugin come back by itself, and fail again.
func TestQuarantineIsTried(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	pluginhost.QuarantineAfter(h.Host, 1, 300*time.Millisecond)
	s := named(t, "flaky")
	p, err := h.Launch(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	tell(t, s.Path, "exit")
	killTimes(t, p, 1)
	eventually(t, "quarantine", func() bool { return p.Status().State == pluginhost.Quarantined })
	tries := func() int { return strings.Count(h.log.String(), "plugin did not start again") }
	before := tries()
	eventually(t, "two tries", func() bool { return tries() >= before+2 })
	if got := p.Status().State; got != pluginhost.Quarantined {
		t.Errorf("after a try that failed it is %s", got)
	}
	tell(t, s.Path, "serve")
	eventually(t, "an answer", func() bool { _, err := put(t.Context(), p, ""); return err == nil })
	killTimes(t, p, 1) // one crash soon after a try is enough
	eventually(t, "quarantine", func() bool { return p.Status().State == pluginhost.Quarantined })
	eventually(t, "an answer", func() bool { _, err := put(t.Context(), p, ""); return err == nil })
}

func tell(t *testing.T, program, what string) {
	t.Helper()
	if err := os.WriteFile(program+".does", []byte(what), 0o600); err != nil {
		t.Fatal(err)
	}
}

// killTimes kills one process after the other.
func killTimes(t *testing.T, p *pluginhost.Plugin, times int) {
	t.Helper()
	for range times {
		var pid int
		eventually(t, "a process", func() bool { pid = p.Status().PID; return pid != 0 })
		_ = syscall.Kill(pid, syscall.SIGKILL)
		eventually(t, "its end", func() bool { return p.Status().PID != pid })
	}
}
