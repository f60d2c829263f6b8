// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package protocoltest

import "os/exec"

func isolate(*exec.Cmd) {}

func kill(cmd *exec.Cmd) { _ = cmd.Process.Kill() }

func interrupt(*exec.Cmd) (ok bool) { return false }

func openFiles(*exec.Cmd) (n int, ok bool) { return 0, false }
