// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package pluginhost

import (
	"io"
	"os"
	"os/exec"
	"syscall"
)

// seal has no portable way: the file itself runs.
func seal(io.Reader) (*os.File, string, error) { return nil, "", nil }

// isolate gives the child a process group of its own. Its lifeline alone tells it that the host is gone.
func isolate(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// awaitExit leaves the waiting to whoever reaps.
func awaitExit(int) {}

// limit has no portable way.
func limit(int, Limits) error { return nil }

// resident has no portable way.
func resident(int) (int64, bool) { return 0, false }

// oomFileOf has no portable way.
func oomFileOf(int) string { return "" }

// endStrays has no portable way: what left its group is not found.
func endStrays(string) int { return 0 }
