// SPDX-License-Identifier: Apache-2.0

package pluginhost

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// TestKeepListed is the way without close_range.
func TestKeepListed(t *testing.T) {
	t.Parallel()
	var fds []int
	for range 3 {
		fd, err := syscall.Open(os.DevNull, syscall.O_RDONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = syscall.Close(fd) }()
		fds = append(fds, fd)
	}
	if err := keepListed("/dev/fd"); err != nil {
		t.Fatal(err)
	}
	for _, fd := range fds {
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC == 0 {
			t.Errorf("descriptor %d stays open at an exec: %v", fd, err)
		}
	}
	if keepListed(filepath.Join(t.TempDir(), "nothing")) == nil {
		t.Error("a system that lists nothing is taken for one without open files")
	}
}
