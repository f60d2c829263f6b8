// SPDX-License-Identifier: Apache-2.0

package pluginhost_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/cartage-dev/cartage/adapters/backend/pluginhost"
	"github.com/cartage-dev/cartage/plugins/protocol"
)

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
}

// allowedEnv is all that a plugin may see, in the order of protocol/README.md.
var allowedEnv = []string{
	protocol.MagicCookieKey, "PLUGIN_PROTOCOL_VERSIONS", "PLUGIN_UNIX_SOCKET_DIR", "PLUGIN_CLIENT_CERT", protocol.LifelineEnv,
	"PLUGIN_MIN_PORT", "PLUGIN_MAX_PORT", "GOMEMLIMIT", "PATH", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR", "SHOP_REGION",
}

// TestDescriptors leaves descriptors open that close at no exec, as a shell that starts a
// host may, and demands that a plugin has but its own from its first moment on.
func TestDescriptors(t *testing.T) {
	h := newHost(t)
	leak(t)
	p, err := h.Launch(t.Context(), named(t, "looks-at-once"))
	if err != nil {
		t.Fatal(err)
	}
	wantOwnDescriptors(t, p)
	leak(t) // what came after the first start is kept from the second
	was := p.Status().PID
	_ = syscall.Kill(was, syscall.SIGKILL)
	eventually(t, "another process", func() bool { return p.Status().State == pluginhost.Ready && p.Status().PID != was })
	wantOwnDescriptors(t, p)
}

// leak opens a file, the ends of a pipe and a socket, and the file once more far up.
func leak(t *testing.T) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "canary")
	if err := os.WriteFile(path, []byte("a secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := syscall.Open(path, syscall.O_RDONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	pipe := make([]int, 2)
	if err := syscall.Pipe(pipe); err != nil {
		t.Fatal(err)
	}
	socket, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	high, err := unix.FcntlInt(uintptr(file), unix.F_DUPFD, highDescriptor)
	if err != nil {
		t.Fatal(err)
	}
	for _, fd := range append(pipe, file, socket, high) {
		t.Cleanup(func() { _ = syscall.Close(fd) })
	}
}

const highDescriptor = 900

// descriptors are what ours lead to, by number; looking opens none.
func descriptors() string {
	var all []string
	for fd := range 2 * highDescriptor {
		if target, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd)); err == nil {
			all = append(all, fmt.Sprint(fd, " ", target))
		}
	}
	return strings.Join(all, "\n")
}

// wantOwnDescriptors demands of a plugin's first moment: nothing on stdin, three pipes whose
// other ends are the host's, and beyond these only what the Go runtime reads its quota from.
func wantOwnDescriptors(t *testing.T, p *pluginhost.Plugin) {
	t.Helper()
	seen, err := put(t.Context(), p, "what it saw at once")
	if err != nil {
		t.Fatal(err)
	}
	hosts := map[string]int{} // how many descriptors of the host lead to a target
	for line := range strings.Lines(descriptors()) {
		_, target, _ := strings.Cut(strings.TrimSpace(line), " ")
		hosts[target]++
	}
	pipes := map[string]bool{}
	for line := range strings.Lines(seen) {
		number, target, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch {
		case number == "0" && target == "/dev/null":
		case slices.Contains([]string{"1", "2", "3"}, number) && strings.HasPrefix(target, "pipe:") && hosts[target] == 1:
			pipes[target] = true // a pipe that the host had both ends of would be another's
		case len(number) == 1 && number > "3" && strings.HasPrefix(target, "/sys/fs/cgroup/"):
		default:
			t.Errorf("the plugin has inherited %q", line)
		}
	}
	if len(pipes) != 3 {
		t.Errorf("it has %d pipes to the host, want 3, of\n%s", len(pipes), seen)
	}
}
