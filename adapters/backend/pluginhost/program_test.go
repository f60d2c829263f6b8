// SPDX-License-Identifier: Apache-2.0

package pluginhost_test

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/cartage-dev/cartage/adapters/backend/pluginhost"
)

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

// TestChangedScript edits a script, which cannot run from a copy, after it was launched:
// what runs after a restart is what was launched, or nothing until that is back.
func TestChangedScript(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		pinned bool
		change func(t *testing.T, path string)
		says   string
	}{
		{"pinned", true, edit, "config pins "},
		{"not pinned", false, edit, "the first that was started had "},
		{"gone", true, func(t *testing.T, path string) {
			if err := os.Remove(path); err != nil {
				t.Error(err)
			}
		}, "there is no program"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t)
			s := spec(t, "")
			honest := "#!/bin/sh\nexec " + s.Path + "\n"
			s.Path = filepath.Join(t.TempDir(), "script")
			write(t, s.Path, honest)
			sum, err := pluginhost.Sum(s.Path)
			if err != nil {
				t.Fatal(err)
			}
			if tt.pinned {
				s.SHA256 = sum
			}
			p, err := h.Launch(t.Context(), s)
			if err != nil {
				t.Fatal(err)
			}
			was := p.Status().PID
			tt.change(t, s.Path)
			_ = syscall.Kill(was, syscall.SIGKILL)
			eventually(t, "a start that is refused", func() bool { return strings.Contains(p.Status().LastExit, tt.says) })
			got := p.Status()
			if got.State != pluginhost.Backoff || got.PID != 0 || !strings.HasPrefix(got.LastExit, "did not start: ") {
				t.Errorf("got %+v", got)
			}
			if tt.says != "there is no program" {
				for _, want := range []string{"sha256_changed", "has SHA-256 ", sum} {
					if !strings.Contains(got.LastExit, want) || !strings.Contains(h.log.String(), want) {
						t.Errorf("state or log do not say %q: %q", want, got.LastExit)
					}
				}
			}
			h.want(t, "cartage_plugin_up", 0)
			write(t, s.Path, honest)
			eventually(t, "another process", func() bool { return p.Status().State == pluginhost.Ready && p.Status().PID != was })
			if _, err := put(t.Context(), p, ""); err != nil {
				t.Error(err)
			}
		})
	}
}

func edit(t *testing.T, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, strings.Replace(string(text), "exec", "# edited\nexec", 1))
}

// write puts a program in place at once, so that nobody sees half of it.
func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path+".new", []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

// TestWhichProgram looks for the first digits of the checksum wherever people look.
func TestWhichProgram(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	p := launch(t, h, "")
	sum, err := pluginhost.Sum(spec(t, "").Path)
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Status().ShortSHA256(); len(got) != 12 || !strings.HasPrefix(sum, got) {
		t.Errorf("got %q of %s", got, sum)
	}
	if !strings.Contains(h.log.String(), `"sha256":"`+sum[:12]+`"`) {
		t.Error("the log does not say which program is ready")
	}
	want := map[string]string{"backend": "eu", "plugin": "test", "version": "1.2.3", "sha256": sum[:12]}
	if got := h.labels(t, "cartage_plugin_info"); !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	p.Close(t.Context())
	if got := h.labels(t, "cartage_plugin_info"); got != nil {
		t.Errorf("the figure outlives the plugin: %v", got)
	}
}
