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
	if !strings.HasPrefix(s.LastExit, "killed by signal 9") {
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

// TestResetOfWhatDiesAtEachStart has an operator who does not mend the cause at
// first: what is waited for says so, and why.
func TestResetOfWhatDiesAtEachStart(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	pluginhost.QuarantineAfter(h.Host, 3, time.Hour)
	s := named(t, "flaky")
	p, err := h.Launch(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	tell(t, s.Path, "exit")
	killTimes(t, p, 1)
	eventually(t, "quarantine", func() bool { return p.Status().State == pluginhost.Quarantined })
	tries := func() int { return strings.Count(h.log.String(), "plugin did not start again") }
	before, began := tries(), time.Now()
	p.Reset()
	got := p.Settled(soon(t, 30*time.Second), began)
	if got.State != pluginhost.Quarantined || !got.Since.After(began) || time.Until(got.NextTry) < 50*time.Minute || tries() != before+4 {
		t.Errorf("after %d tries more it is %+v", tries()-before, got)
	}
	if !strings.HasPrefix(got.LastExit, "did not start: handshake: ") || !strings.HasSuffix(got.LastExit, "the process exited with status 5") {
		t.Errorf("last exit %q", got.LastExit)
	}
	tell(t, s.Path, "serve")
	began = time.Now()
	p.Reset()
	if got := p.Settled(soon(t, 30*time.Second), began); got.State != pluginhost.Ready || got.PID == 0 || !got.NextTry.IsZero() {
		t.Errorf("after it was mended it is %+v", got)
	}
}

// TestResetIsForThePast: a word given while a plugin runs does not take it out of
// a quarantine that comes later.
func TestResetIsForThePast(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	pluginhost.QuarantineAfter(h.Host, 2, time.Hour)
	p := launch(t, h, "")
	killTimes(t, p, 1)
	eventually(t, "a process", func() bool { return p.Status().PID != 0 })
	p.Reset()
	if got := p.Settled(t.Context(), time.Now()); got.State != pluginhost.Ready {
		t.Errorf("got %+v", got)
	}
	killTimes(t, p, 3)
	eventually(t, "quarantine", func() bool { return p.Status().State == pluginhost.Quarantined })
	time.Sleep(200 * time.Millisecond)
	if got := p.Status(); got.State != pluginhost.Quarantined || got.Restarts != 3 {
		t.Errorf("got %+v", got)
	}
}

// TestRedacted: what is shown of a plugin's words is bounded and holds no secret.
func TestRedacted(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	p := launch(t, h, "")
	if got := p.Redacted("no: s3cret-value" + strings.Repeat("x", 10_000)); strings.Contains(got, "s3cret") || len(got) > 1<<10 {
		t.Errorf("got %q", got)
	}
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
