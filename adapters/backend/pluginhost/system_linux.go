// SPDX-License-Identifier: Apache-2.0

package pluginhost

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// seal copies r into memory that can never change again, and says under which
// path a child of ours executes it. Without memfd there is no copy and no error.
func seal(r io.Reader) (*os.File, string, error) {
	fd, err := unix.MemfdCreate("cartage-plugin", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", fmt.Errorf("make memory file: %w", err)
	}
	f := os.NewFile(uintptr(fd), "cartage-plugin")
	_, err = io.Copy(f, r)
	if err == nil {
		_, err = unix.FcntlInt(f.Fd(), unix.F_ADD_SEALS, unix.F_SEAL_WRITE|unix.F_SEAL_SHRINK|unix.F_SEAL_GROW|unix.F_SEAL_SEAL)
	}
	if err != nil {
		return nil, "", errors.Join(err, f.Close())
	}
	return f, fmt.Sprintf("/proc/self/fd/%d", f.Fd()), nil
}

// isolate gives the child a process group of its own, which it leaves no member of
// behind, and ties its life to the thread that starts it.
func isolate(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// awaitExit returns once the process has ended, before it is reaped: until then
// its number is nobody else's.
func awaitExit(pid int) {
	for {
		err := unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, unix.EINTR) {
			return
		}
	}
}
