// SPDX-License-Identifier: Apache-2.0

package pluginhost_test

import (
	"os"
	"path/filepath"
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
