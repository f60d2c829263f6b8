// SPDX-License-Identifier: Apache-2.0

//go:build unix

package protocoltest

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
)

// isolate gives the process a group of its own.
func isolate(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// kill ends the process with its group.
func kill(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }

// interrupt sends what a terminal or a supervisor would; ok is false where there are no such signals.
func interrupt(cmd *exec.Cmd) (ok bool) {
	_ = cmd.Process.Signal(os.Interrupt)
	_ = cmd.Process.Signal(syscall.SIGTERM)
	return true
}

// openFiles counts the descriptors of a process; ok is false where nobody can say.
func openFiles(cmd *exec.Cmd) (n int, ok bool) {
	if runtime.GOOS != "linux" {
		return 0, false
	}
	found, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", cmd.Process.Pid))
	return len(found), err == nil
}
