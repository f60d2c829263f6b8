// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/cartage-dev/cartage/core/fault"
)

// TestDiskFull fills a real file system up beside the database.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	mountTmpfs(t, dir, 2<<20)
	path, ballast := filepath.Join(dir, "cartage.db"), filepath.Join(dir, "ballast")
	db := openAt(t, path)
	put(t, db, "before")
	for round := range 2 {
		if err := fillUp(ballast); err != nil {
			t.Fatal(err)
		}
		kept, err := fill(t, db, 100*(round+1))
		wantFault(t, "Put", err, fault.Unavailable, "store_full")
		wantLive(t, db, append(kept, "before")...)
		full := false
		for range putsMax { // what room is left in the log's last page may still do
			if err = db.Store().Health.Ping(t.Context()); err != nil {
				full = true
				break
			}
		}
		if !full {
			t.Error("Ping finds room on a full disk")
		} else {
			wantFault(t, "Ping", err, fault.Unavailable, "store_full")
		}
		makeRoom(t, ballast)
		if err := db.Store().Health.Ping(t.Context()); err != nil {
			t.Errorf("Ping with room again = %v", err)
		}
		put(t, db, fmt.Sprint("after ", round))
		wantLive(t, db, append(kept, "before", fmt.Sprint("after ", round))...)
	}
	shut(t, db)
	wantLive(t, openAt(t, path), "before", "after 0", "after 1")
}

// fillUp writes until there is no room.
func fillUp(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	for err == nil {
		_, err = f.Write(make([]byte, 4<<10))
	}
	if errors.Is(err, unix.ENOSPC) {
		err = nil
	}
	return errors.Join(err, f.Close())
}

// makeRoom truncates: a process that another test is just starting may hold the file
// open for a moment, and with it the blocks of a file that is only removed.
func makeRoom(t *testing.T, ballast string) {
	t.Helper()
	if err := os.Truncate(ballast, 0); err != nil {
		t.Fatal(err)
	}
}

// TestOpenOnFullDisk wants plain words, and a start once there is room.
func TestOpenOnFullDisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	mountTmpfs(t, dir, 1<<20)
	path, ballast := filepath.Join(dir, "cartage.db"), filepath.Join(dir, "ballast")
	if err := fillUp(ballast); err != nil {
		t.Fatal(err)
	}
	db, err := Open(t.Context(), Options{Path: path})
	if db != nil {
		shut(t, db)
	}
	wantText(t, err, path)
	makeRoom(t, ballast)
	put(t, openAt(t, path), "a")
}

// TestReadOnly wants plain words for a folder that cannot be written to. Root may
// write anywhere but on a file system that is mounted read-only.
func TestReadOnly(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		before bool // whether the database exists
	}{
		{"nothing there", false},
		{"a database there", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			path := filepath.Join(dir, "cartage.db")
			var thaw func()
			if os.Geteuid() == 0 {
				mountTmpfs(t, dir, 4<<20)
			}
			if tt.before {
				db := openAt(t, path)
				put(t, db, "a")
				shut(t, db)
			}
			if os.Geteuid() == 0 {
				remount := func(flags uintptr) {
					if err := unix.Mount("", dir, "", unix.MS_REMOUNT|flags, ""); err != nil {
						t.Fatal(err)
					}
				}
				remount(unix.MS_RDONLY)
				thaw = func() { remount(0) }
			} else {
				if err := os.Chmod(dir, 0o500); err != nil {
					t.Fatal(err)
				}
				thaw = func() { _ = os.Chmod(dir, 0o700) }
			}
			_, err := Open(t.Context(), Options{Path: path})
			wantText(t, err, path, "open lock file")
			thaw()
			put(t, openAt(t, path), "b")
		})
	}
}

// mountTmpfs mounts a small file system on dir, or skips the test where it may not.
func mountTmpfs(t *testing.T, dir string, bytes int) {
	t.Helper()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d,mode=0700", bytes)); err != nil {
		t.Skipf("no file system of our own: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil { // busy for as long as makeRoom says
			t.Errorf("unmount: %v", err)
		}
	})
}

func TestRemoteFileSystems(t *testing.T) {
	t.Parallel()
	if err := refuseRemote(unix.EXT4_SUPER_MAGIC); err != nil {
		t.Errorf("ext4: %v", err)
	}
	wantText(t, refuseRemote(unix.NFS_SUPER_MAGIC), "network file system (NFS)", "local disk")
	if err := checkFileSystem(filepath.Join(t.TempDir(), "missing")); err == nil {
		t.Error("a missing folder has a file system")
	}
}
