// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// holderMax bounds what is read of a lock file.
const holderMax = 512

// ErrHeld says that another process is the database's host; the text around it says which.
var ErrHeld = errors.New("another host has it open")

// takeLock makes this process the database's only host. The lock is the open
// file's, so the system gives it back when the process dies; the file itself stays
// behind, since removing it would let two hosts lock two files of one name.
func takeLock(path string) (*os.File, error) {
	f, err := os.OpenFile(path+".lock", os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // G304: the operator's own path
	if err != nil {
		return nil, fmt.Errorf("open lock file: %w", err)
	}
	if err := flock(f, unix.LOCK_EX|unix.LOCK_NB); err != nil {
		if errors.Is(err, unix.EWOULDBLOCK) {
			err = fmt.Errorf("%w: %s", ErrHeld, holder(f))
		} else {
			err = fmt.Errorf("lock %s: %w", f.Name(), err)
		}
		return nil, errors.Join(err, f.Close())
	}
	if err := sign(f); err != nil {
		return nil, errors.Join(fmt.Errorf("write lock file: %w", err), f.Close())
	}
	return f, nil
}

// dropLock gives the lock back by name: a child that this process is just starting
// holds the open file, and would keep the lock, until it runs its own program.
func dropLock(f *os.File) error {
	return errors.Join(flock(f, unix.LOCK_UN), f.Close())
}

// flock tries again when a signal interrupts it.
func flock(f *os.File, how int) error {
	for {
		err := unix.Flock(int(f.Fd()), how)
		if !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

func sign(f *os.File) error {
	name, err := os.Hostname()
	if err != nil {
		name = "unknown"
	}
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err = f.WriteAt(fmt.Appendf(nil, "pid %d on %s\n", os.Getpid(), name), 0)
	return err
}

// holder is what the lock's owner wrote of itself.
func holder(f *os.File) string {
	text, err := io.ReadAll(io.NewSectionReader(f, 0, holderMax))
	if who := strings.TrimSpace(string(text)); err == nil && who != "" {
		return who
	}
	return "it has not said who it is"
}
