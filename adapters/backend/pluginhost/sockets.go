// SPDX-License-Identifier: Apache-2.0

package pluginhost

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

const (
	socketsPrefix = "cartage-"
	socketsLock   = "lock" // held for as long as the host lives
	// pathMax leaves room for what go-plugin adds to a socket's path, which the
	// system bounds at 107 bytes, or less.
	pathMax = 50
)

// sockets is a folder of this host's own, open to nobody else.
type sockets struct {
	dir  string
	lock *os.File
}

func openSockets(base string) (*sockets, error) {
	if base == "" {
		base = os.TempDir()
	} else if err := os.MkdirAll(base, 0o700); err != nil {
		return nil, err
	}
	base, err := filepath.Abs(base)
	if err != nil {
		return nil, err
	}
	if len(base) > pathMax {
		return nil, fmt.Errorf("%s is too long for a socket's path: at most %d bytes", base, pathMax)
	}
	sweep(base)
	for range claimsMax {
		var s *sockets
		if s, err = claim(base); err == nil {
			return s, nil
		}
	}
	return nil, err
}

// claimsMax bounds how often another host may sweep a folder away before it is locked.
const claimsMax = 3

func claim(base string) (*sockets, error) {
	dir, err := os.MkdirTemp(base, socketsPrefix) // mode 0700
	if err != nil {
		return nil, err
	}
	lock, err := os.OpenFile(filepath.Join(dir, socketsLock), os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // G304: a folder of our own
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	err = syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		_, err = os.Stat(lock.Name())
	}
	if err != nil {
		return nil, errors.Join(err, lock.Close(), os.RemoveAll(dir))
	}
	return &sockets{dir, lock}, nil
}

// sweep removes the folders of hosts that are gone: those of ours whose lock nobody holds.
func sweep(base string) {
	left, _ := filepath.Glob(filepath.Join(base, socketsPrefix+"*", socketsLock))
	for _, path := range left {
		dir, err := os.Lstat(filepath.Dir(path))
		if err != nil || !dir.IsDir() || !ownedByUs(dir) {
			continue
		}
		lock, err := os.OpenFile(path, os.O_RDWR|syscall.O_NOFOLLOW, 0) //nolint:gosec // G304: a folder of our own
		if err != nil {
			continue
		}
		if syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil {
			endStrays(filepath.Dir(path)) // such as children of its plugins
			_ = os.RemoveAll(filepath.Dir(path))
		}
		_ = lock.Close()
	}
	sweepUnlocked(base)
}

// unlockedFor is how long a folder may be without a lock before its host is taken for
// dead: one that lives makes the lock at once.
const unlockedFor = time.Minute

// sweepUnlocked removes the folders of hosts that were killed before they had a lock, or
// after: those of ours that are empty, and named as only a host names them.
func sweepUnlocked(base string) {
	left, _ := filepath.Glob(filepath.Join(base, socketsPrefix+"[0-9]*"))
	for _, path := range left {
		if _, err := strconv.ParseUint(filepath.Base(path)[len(socketsPrefix):], 10, 64); err != nil {
			continue
		}
		if dir, err := os.Lstat(path); err == nil && dir.IsDir() && ownedByUs(dir) && time.Since(dir.ModTime()) > unlockedFor {
			_ = syscall.Rmdir(path) // which refuses one that is not empty
		}
	}
}

func ownedByUs(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Getuid()
}

func (s *sockets) close() error { return errors.Join(os.RemoveAll(s.dir), s.lock.Close()) }
