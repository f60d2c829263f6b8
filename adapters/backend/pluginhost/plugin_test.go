// SPDX-License-Identifier: Apache-2.0

package pluginhost_test

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
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
	"github.com/cartage-dev/cartage/plugins/protocol"
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

// TestKill ends the process in every way it can end: the next call finds a new one.
func TestKill(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		end  func(t *testing.T, p *pluginhost.Plugin)
		how  string
	}{
		{"SIGKILL", func(_ *testing.T, p *pluginhost.Plugin) { _ = syscall.Kill(p.Status().PID, syscall.SIGKILL) }, "signal 9"},
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

func TestCleanEnvironment(t *testing.T) {
	t.Setenv("CARTAGE_CANARY", "a-secret-of-the-host")
	t.Setenv("SHOP_REGION", "eu-1")
	h := newHost(t)
	s := spec(t, "")
	s.Env = []string{"SHOP_REGION", "NOT_SET_ANYWHERE"}
	p, err := h.Launch(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	env, err := put(t.Context(), p, "look")
	if err != nil {
		t.Fatal(err)
	}
	for entry := range strings.SplitSeq(env, "\x00") {
		if name, _, _ := strings.Cut(entry, "="); !slices.Contains(allowedEnv, name) {
			t.Errorf("the plugin sees %s", name)
		}
	}
	if strings.Contains(env, "a-secret-of-the-host") || strings.Contains(env, "s3cret") {
		t.Errorf("the plugin sees the host's environment:\n%s", env)
	}
	if !strings.Contains(env, "SHOP_REGION=eu-1") {
		t.Errorf("the plugin does not see what it should:\n%s", env)
	}
	files, err := put(t.Context(), p, "look at files")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(files) {
		_, target, _ := strings.Cut(strings.TrimSpace(line), " ")
		kind, _, _ := strings.Cut(target, ":")
		if target != "/dev/null" && !strings.HasPrefix(target, "/proc/") && !strings.HasPrefix(target, "/sys/fs/cgroup/") && // the Go runtime's own
			!slices.Contains([]string{"pipe", "socket", "anon_inode"}, kind) {
			t.Errorf("the plugin has inherited %q", line)
		}
	}
}

// allowedEnv is all that a plugin may see, in the order of protocol/README.md.
var allowedEnv = []string{
	protocol.MagicCookieKey, "PLUGIN_PROTOCOL_VERSIONS", "PLUGIN_UNIX_SOCKET_DIR", "PLUGIN_CLIENT_CERT", protocol.LifelineEnv,
	"PLUGIN_MIN_PORT", "PLUGIN_MAX_PORT", "GOMEMLIMIT", "PATH", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR", "SHOP_REGION",
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

// TestSwappedProgram replaces the file after it was launched: what runs after a
// restart is still what was checked.
func TestSwappedProgram(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	s := spec(t, "")
	program, err := os.ReadFile(s.Path)
	if err != nil {
		t.Fatal(err)
	}
	s.Path = filepath.Join(t.TempDir(), "plugin")
	if err := os.WriteFile(s.Path, program, 0o700); err != nil {
		t.Fatal(err)
	}
	p, err := h.Launch(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	before := p.Status()
	if err := os.Remove(s.Path); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.Path, []byte("#!/bin/sh\nexit 9\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	_ = syscall.Kill(before.PID, syscall.SIGKILL)
	eventually(t, "another process", func() bool { return p.Status().State == pluginhost.Ready && p.Status().PID != before.PID })
	if id, err := put(t.Context(), p, ""); err != nil || id == "" {
		t.Errorf("got %q, %v", id, err)
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

// TestSweep removes what a killed host left, and nothing of a living one's.
func TestSweep(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	p := launch(t, h, "")
	dead := filepath.Join(h.sockets, "cartage-dead")
	if err := os.Mkdir(dead, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dead, "lock"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	second := house{log: &lines{}}
	second.Host = secondHost(t, h.sockets)
	if _, err := os.Stat(dead); !errors.Is(err, fs.ErrNotExist) {
		t.Error("what the dead host left is still there")
	}
	if _, err := put(t.Context(), p, ""); err != nil {
		t.Errorf("the living host's plugin: %v", err)
	}
	if err := second.Close(t.Context()); err != nil {
		t.Error(err)
	}
}
