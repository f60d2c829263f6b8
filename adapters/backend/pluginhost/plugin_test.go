// SPDX-License-Identifier: Apache-2.0

package pluginhost_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cartage-dev/cartage/adapters/backend/pluginhost"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/secret"
	"github.com/cartage-dev/cartage/ports/backend"
)

var gbp = backend.Call{Shop: "demo", Currency: "GBP"}

func spec(t *testing.T, role string) pluginhost.Spec {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	settings, err := json.Marshal(map[string]string{"role": role})
	if err != nil {
		t.Fatal(err)
	}
	return pluginhost.Spec{
		Backend: "eu", Path: self, Settings: settings, StartTimeout: 10 * time.Second,
		Secrets: map[string]secret.Text{"token": secret.New("s3cret-value")}, Env: []string{raceEnv},
	}
}

// named is the test's program under a name that tells it how to behave.
func named(t *testing.T, name string) pluginhost.Spec {
	t.Helper()
	s := spec(t, "")
	link := filepath.Join(t.TempDir(), name)
	if err := os.Symlink(s.Path, link); err != nil {
		t.Fatal(err)
	}
	s.Path = link
	return s
}

func launch(t *testing.T, h house, role string) *pluginhost.Plugin {
	t.Helper()
	p, err := h.Launch(t.Context(), spec(t, role))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func put(ctx context.Context, p *pluginhost.Plugin, what string) (string, error) {
	answer, err := p.Backend().Carts.Put(ctx, gbp, backend.PutCart{Reference: what})
	return string(answer.Cart.ID), err
}

func soon(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func alive(pid int) bool { return syscall.Kill(pid, 0) == nil }

func TestLaunchAndClose(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	p := launch(t, h, "")
	d := p.Description()
	if d.Info.Name != "test" || d.Info.Version != "1.2.3" || !d.Info.KeyedWrites || len(d.Ports) != 1 {
		t.Errorf("got %+v", d)
	}
	status := p.Status()
	if status.State != pluginhost.Ready || !alive(status.PID) || len(status.SHA256) != 64 {
		t.Errorf("got %+v", status)
	}
	if id, err := put(t.Context(), p, ""); err != nil || id != strconv.Itoa(status.PID) {
		t.Errorf("got cart %q, %v from process %d", id, err, status.PID)
	}
	if err := h.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if alive(status.PID) {
		t.Error("the process outlived the host")
	}
	if got := p.Status(); got.State != pluginhost.Stopped || got.PID != 0 {
		t.Errorf("got %+v", got)
	}
	if _, err := put(t.Context(), p, ""); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("a call after the end: %v", err)
	}
	if _, err := h.Launch(t.Context(), spec(t, "")); err == nil {
		t.Error("a closed host launched a plugin")
	}
}

func TestRefusedStarts(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	pinned := spec(t, "")
	pinned.SHA256 = strings.Repeat("0", 64)
	missing := spec(t, "")
	missing.Path = filepath.Join(t.TempDir(), "nothing")
	folder := spec(t, "")
	folder.Path = t.TempDir()
	plainFile := spec(t, "")
	plainFile.Path = filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(plainFile.Path, []byte("hi"), 0o600); err != nil {
		t.Fatal(err)
	}
	badSettings := spec(t, "")
	badSettings.Settings = []byte(`{"rolle":"x"}`)
	mute := named(t, "mute")
	mute.StartTimeout = 300 * time.Millisecond
	greedy := named(t, "greedy")
	greedy.Limits.MemoryBytes = 192 << 20
	starts := []struct {
		name string
		spec pluginhost.Spec
		kind fault.Kind
		want []string
	}{
		{"missing", missing, fault.Invalid, []string{"there is no program"}},
		{"a folder", folder, fault.Invalid, []string{"not an executable file"}},
		{"not executable", plainFile, fault.Invalid, []string{"not an executable file"}},
		{"another checksum", pinned, fault.Invalid, []string{"SHA-256"}},
		{"bad settings", badSettings, fault.Invalid, []string{"settings.rolle"}},
		{"exits", named(t, "exits"), fault.Internal, []string{"exited with status 3", "cannot find my keys: [redacted]"}},
		{"says nothing", mute, fault.Internal, []string{"no handshake within 300ms"}},
		{"says something else", named(t, "garbled"), fault.Internal, []string{"handshake", "hello, world"}},
		{"does not encrypt", named(t, "plain"), fault.Internal, nil},
		{"another version", named(t, "version"), fault.Internal, []string{"handshake", "version"}},
		{"a line without end", named(t, "endless"), fault.Internal, nil},
		{"exits and leaves a child", named(t, "exits-with-child"), fault.Internal, []string{"exited with status 3"}},
		{"takes all memory", greedy, fault.Internal, []string{"used more memory than allowed"}},
		{"describes itself at length", named(t, "raw-verbose"), fault.Invalid, []string{"name"}},
	}
	stillWell := beside(t, h)
	t.Run("each", func(t *testing.T) { // and wait for all of them
		for _, tt := range starts {
			t.Run(tt.name, func(t *testing.T) {
				t.Parallel()
				began := time.Now()
				_, err := h.Launch(soon(t, 20*time.Second), tt.spec)
				if err == nil {
					t.Fatal("it was launched")
				}
				f, _ := errors.AsType[*fault.Error](err)
				if tt.kind == fault.Invalid && (f == nil || f.Kind != fault.Invalid || len(f.Fields) == 0) {
					t.Errorf("got %v, want an Invalid fault with a field", err)
				}
				for _, want := range tt.want {
					if !strings.Contains(err.Error(), want) {
						t.Errorf("got %q, want it to say %q", err, want)
					}
				}
				if strings.Contains(err.Error(), "s3cret") {
					t.Errorf("the error tells a secret: %v", err)
				}
				if took := time.Since(began); took > 15*time.Second {
					t.Errorf("it took %s", took)
				}
			})
		}
	})
	stillWell()
}

func TestLaunchIsGivenUp(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	began := time.Now()
	if _, err := h.Launch(ctx, named(t, "mute")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %s", took)
	}
}

func TestDeadlineAndCancellationCross(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	p := launch(t, h, "")
	if _, err := put(soon(t, 100*time.Millisecond), p, "wait"); fault.KindOf(err) != fault.Unknown {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	if _, err := put(ctx, p, "wait"); fault.KindOf(err) != fault.Unknown {
		t.Errorf("got %v", err)
	}
}

func TestMessageLimit(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	p := launch(t, h, "")
	_, err := put(t.Context(), p, "huge")
	if f := fault.From(err); f == nil || f.Code != "message_too_large" {
		t.Errorf("got %v", err)
	}
	if _, err := put(t.Context(), p, ""); err != nil {
		t.Errorf("the next call: %v", err)
	}
}

// TestCloseLetsCallsFinish closes the host while calls are under way.
func TestCloseLetsCallsFinish(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	p := launch(t, h, "")
	var calls sync.WaitGroup
	var sent, failed atomic.Int32
	for range 8 {
		calls.Go(func() {
			sent.Add(1)
			if _, err := put(t.Context(), p, "slow"); err != nil {
				failed.Add(1)
				t.Errorf("a call in flight: %v", err)
			}
		})
	}
	eventually(t, "calls under way", func() bool { return sent.Load() == 8 })
	time.Sleep(50 * time.Millisecond)
	if err := h.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	calls.Wait()
}

// TestNoise writes to stderr what go-plugin's own reader panics over.
func TestNoise(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	p := launch(t, h, "noisy")
	eventually(t, "its log", func() bool { return strings.Contains(h.log.String(), `"msg":"after"`) })
	log := h.log.String()
	for _, want := range []string{`"msg":"hello"`, `"backend":"eu"`, `"answer":"42"`, `"msg":"token is [redacted]"`, `"level":"ERROR","msg":"panic: not really"`, `\u001b[31mred`} {
		if !strings.Contains(log, want) {
			t.Errorf("the log does not hold %s", want)
		}
	}
	if strings.Contains(log, "s3cret") {
		t.Error("the log tells a secret")
	}
	for line := range strings.Lines(log) {
		var record map[string]any
		if err := json.Unmarshal([]byte(line), &record); err != nil || len(line) > 70<<10 {
			t.Errorf("a line of %d bytes is not one record: %v", len(line), err)
		}
	}
	if flood := strings.Count(log, `"msg":"flood"`); flood >= 2000 {
		t.Errorf("all %d lines of a flood were logged", flood)
	}
	if _, err := put(t.Context(), p, ""); err != nil {
		t.Error(err)
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	well, ill := launch(t, h, ""), launch(t, h, "cut off")
	if err := well.Check(t.Context()); err != nil || well.Status().Checked != "ok" {
		t.Errorf("got %v, %q", err, well.Status().Checked)
	}
	if err := ill.Check(t.Context()); fault.KindOf(err) != fault.Unavailable || !strings.Contains(ill.Status().Checked, "the shop is away") {
		t.Errorf("got %v, %q", err, ill.Status().Checked)
	}
	if ill.Status().State != pluginhost.Ready {
		t.Error("a commerce system that is away made the plugin unready")
	}
}
