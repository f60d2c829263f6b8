// SPDX-License-Identifier: Apache-2.0

package pluginhost_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"
)

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

// TestSweepUnlocked removes the folder of a host that was killed before it had a lock, and
// no other that looks a little like it.
func TestSweepUnlocked(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, dir, holds string
		age              time.Duration
		swept            bool
	}{
		{name: "a host's", dir: "cartage-123456789", age: 2 * time.Minute, swept: true},
		{name: "of a host that is just starting", dir: "cartage-123456789", age: 20 * time.Second},
		{name: "one that holds something", dir: "cartage-123456789", holds: "notes", age: 2 * time.Minute},
		{name: "another's by its name", dir: "cartage-2026-backup", age: 2 * time.Minute},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			base, err := os.MkdirTemp("", "cph-")
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = os.RemoveAll(base) }()
			dir := filepath.Join(base, tt.dir)
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			if tt.holds != "" {
				if err := os.WriteFile(filepath.Join(dir, tt.holds), nil, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			then := time.Now().Add(-tt.age)
			if err := os.Chtimes(dir, then, then); err != nil {
				t.Fatal(err)
			}
			if err := secondHost(t, base).Close(t.Context()); err != nil {
				t.Error(err)
			}
			if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) != tt.swept {
				t.Errorf("got %v, want it swept: %v", err, tt.swept)
			}
		})
	}
}
