// SPDX-License-Identifier: Apache-2.0

package pluginhost

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
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

// limit binds a process that has just been started, and lets the system end it
// sooner than the host when memory runs out.
func limit(pid int, l Limits) error {
	err := errors.Join(
		unix.Prlimit(pid, unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: l.Files, Max: l.Files}, nil),
		unix.Prlimit(pid, unix.RLIMIT_CORE, &unix.Rlimit{}, nil),
		os.WriteFile("/proc/"+strconv.Itoa(pid)+"/oom_score_adj", []byte(oomScore), 0),
	)
	if errors.Is(err, unix.ESRCH) || errors.Is(err, os.ErrNotExist) {
		return nil // it has ended
	}
	return err
}

// oomScore is added to what the system thinks of a process when memory runs out.
const oomScore = "500"

// resident is how many bytes of memory a process occupies; ok is false once it has ended.
func resident(pid int) (used int64, ok bool) {
	statm, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/statm")
	if err != nil {
		return 0, false
	}
	fields := strings.Fields(string(statm))
	if len(fields) < 2 {
		return 0, false
	}
	pages, err := strconv.ParseInt(fields[1], 10, 64)
	return pages * int64(os.Getpagesize()), err == nil
}
