// SPDX-License-Identifier: Apache-2.0

//go:build linux || darwin

package main

import (
	"errors"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// sharePort lets the next process of this plugin listen while this one still serves.
func sharePort(_, _ string, conn syscall.RawConn) error {
	var failed error
	err := conn.Control(func(fd uintptr) {
		failed = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
	})
	return errors.Join(err, failed)
}

// tryLock reports whether f, locked against other processes, is now ours. The
// system gives it back when a process dies.
func tryLock(f *os.File) (bool, error) {
	err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) || errors.Is(err, unix.EINTR) {
		return false, nil
	}
	return err == nil, err
}

func unlock(f *os.File) error { return unix.Flock(int(f.Fd()), unix.LOCK_UN) }
