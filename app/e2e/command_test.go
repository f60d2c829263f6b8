// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cartage-dev/cartage/app/apptest"
	"github.com/cartage-dev/cartage/config"
)

// ran is how a command ended.
type ran struct {
	out, err string
	code     int
}

// cartage runs the program to its end.
func cartage(t *testing.T, env []string, args ...string) ran {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, apptest.Build(t).Host(), args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Dir = t.TempDir()
	var out, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &stderr
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return ran{out.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

func TestHelpNamesEveryCommand(t *testing.T) {
	t.Parallel()
	got := cartage(t, nil, "--help")
	for _, command := range []string{"dev", "serve", "check", "plugin", "reload", "shadow", "version"} {
		if !strings.Contains(got.out, command) {
			t.Errorf("--help does not name %s", command)
		}
		if help := cartage(t, nil, command, "--help"); help.code != 0 || !strings.Contains(help.out, "Usage:") {
			t.Errorf("%s --help ended with %d: %s", command, help.code, help.err)
		}
	}
}

func TestVersionAsJSON(t *testing.T) {
	t.Parallel()
	got := cartage(t, nil, "version", "--output", "json")
	var about map[string]any
	if err := json.Unmarshal([]byte(got.out), &about); err != nil || about["protocol"] != 1.0 {
		t.Errorf("got %q (%v)", got.out, err)
	}
}

func TestCheckShowsWhatEachPluginOffers(t *testing.T) {
	t.Parallel()
	h := &apptest.Host{}
	env := h.Environ(t, t.TempDir())
	got := cartage(t, env, "check", "--dev", "--output", "json")
	var found struct {
		OK       bool
		Backends []struct {
			Backend, Plugin, SHA256 string
			Ports                   []string
		}
	}
	if err := json.Unmarshal([]byte(got.out), &found); err != nil {
		t.Fatalf("%v in %q, %s", err, got.out, got.err)
	}
	if !found.OK || len(found.Backends) != 1 || found.Backends[0].Plugin != "mock" || len(found.Backends[0].SHA256) != 64 || len(found.Backends[0].Ports) != 4 {
		t.Errorf("got %+v", found)
	}
	if text := cartage(t, env, "check", "--dev"); text.code != 0 || !strings.Contains(text.out, "carts, checkout, orders, loyalty") {
		t.Errorf("got %d %q %q", text.code, text.out, text.err)
	}
}

func TestServeRefusesADemonstration(t *testing.T) {
	t.Parallel()
	h := &apptest.Host{}
	env := h.Environ(t, t.TempDir())
	demo := filepath.Join(t.TempDir(), "demo.yaml")
	if err := os.WriteFile(demo, config.Demo, 0o600); err != nil {
		t.Fatal(err)
	}
	got := cartage(t, env, "serve", "--config", demo)
	if got.code != config.ExitConfig {
		t.Fatalf("exit code %d, want %d: %s", got.code, config.ExitConfig, got.err)
	}
	for _, key := range []string{"shops.demo.poq.secrets", "backends.mock.sha256", "backends.mock.settings.public_url", "shops.demo.checkout_hosts"} {
		if !strings.Contains(got.err, key) {
			t.Errorf("%s is not refused: %s", key, got.err)
		}
	}
	if strings.Contains(got.err, apptest.Secret) {
		t.Errorf("the refusal prints the secret: %s", got.err)
	}
}

// TestServeNamesTheDemoBackend holds for a host that is told to allow all but that.
func TestServeNamesTheDemoBackend(t *testing.T) {
	t.Parallel()
	h := &apptest.Host{}
	env := append(h.Environ(t, t.TempDir()),
		"CARTAGE_ALLOW__INSECURE_BACKENDS=mock", "CARTAGE_ALLOW__UNPINNED_PLUGINS=mock",
		"CARTAGE_ALLOW__INSECURE_SHOPS=demo", "CARTAGE_ALLOW__DEMO_SECRETS=demo", "CARTAGE_ALLOW__DEMO_APPS=demo",
		"CARTAGE_SHOPS__DEMO__POQ__SECRETS=env:POQ_SECRET", "CARTAGE_SHOPS__DEMO__POQ__ORDERS_SECRETS=env:POQ_SECRET_2",
		"POQ_SECRET=a-secret-nobody-published", "POQ_SECRET_2=another-secret")
	demo := filepath.Join(t.TempDir(), "demo.yaml")
	if err := os.WriteFile(demo, config.Demo, 0o600); err != nil {
		t.Fatal(err)
	}
	got := cartage(t, env, "serve", "--config", demo)
	if got.code != config.ExitConfig || !strings.Contains(got.err, "allow.demo_backends") {
		t.Errorf("got %d: %s", got.code, got.err)
	}
}

func TestMistakesHavePlaces(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "bad.yaml")
	text := "server:\n  lisen: 127.0.0.1:0\nbackends:\n  m2:\n    plugin: mock\n    guard:\n      timeout: 2 sec\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	got := cartage(t, nil, "check", "--config", file)
	if got.code != config.ExitConfig {
		t.Errorf("exit code %d", got.code)
	}
	for _, want := range []string{file + ":2:3: server.lisen: ", "server.listen", file + ":7:16: backends.m2.guard.timeout: "} {
		if !strings.Contains(got.err, want) {
			t.Errorf("no %q in %s", want, got.err)
		}
	}
}

// TestKilledHost kills the whole host: what it acknowledged is still true after a
// start, and its plugin is gone.
func TestKilledHost(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	h := &apptest.Host{}
	env := h.Environ(t, dir)
	_, admin, _ := strings.Cut(freeURL(t), "http://")
	h.Admin = "http://" + admin
	env = append(env, "CARTAGE_ADMIN__LISTEN="+admin)
	host := startCommand(t, h, env)
	body := bag("kept", "1 item_1_sku")
	first := transfer(t, h, body)
	pid, _ := plugin(t, h)
	if err := host.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = host.Wait()
	if !eventually(func() bool { return syscall.Kill(pid, 0) != nil }) {
		t.Errorf("plugin %d outlived its host", pid)
	}
	startCommand(t, h, env)
	if again := transfer(t, h, body); again.URL != first.URL {
		t.Errorf("after a restart the same bag got %s, want %s", again.URL, first.URL)
	}
	if status, page := get(t, first.URL); status != http.StatusOK || itemsOn(page)["item_1_sku"] != "1" {
		t.Errorf("the link of before led to %d", status)
	}
	if second := cartage(t, append(env, "CARTAGE_SERVER__LISTEN=127.0.0.1:0", "CARTAGE_ADMIN__LISTEN=127.0.0.1:0"), "dev"); second.code == 0 || !strings.Contains(second.err, "pid") {
		t.Errorf("a second host on the same data ended with %d: %s", second.code, second.err)
	}
}

// startCommand runs `cartage dev` until the test ends, and waits until it is ready.
func startCommand(t *testing.T, h *apptest.Host, env []string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(apptest.Build(t).Host(), append([]string{"dev"}, args...)...)
	cmd.Env = append(os.Environ(), env...)
	var log bytes.Buffer
	cmd.Stderr, cmd.Stdout = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("log of the host:\n%s", log.String())
		}
	})
	ready := eventually(func() bool {
		res, err := http.Get(h.Admin + "/readyz")
		if err != nil {
			return false
		}
		_ = res.Body.Close()
		return res.StatusCode == http.StatusOK
	})
	if !ready {
		t.Fatal("the host did not become ready")
	}
	return cmd
}

// eventually asks for up to twenty seconds.
func eventually(holds func() bool) bool {
	for range 400 {
		if holds() {
			return true
		}
		time.Sleep(50 * time.Millisecond)
	}
	return false
}
