// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package pluginhost

import (
	"os"
	"os/exec"
)

// family has no portable way: what leaves its parent is not found.
type family struct{}

func newFamily() *family { return &family{} }

func (*family) start(cmd *exec.Cmd) error                    { return cmd.Start() }
func (*family) reap(p *os.Process) (*os.ProcessState, error) { return p.Wait() }
func (*family) endOrphans(string) int                        { return 0 }
func (*family) close()                                       {}

// Adopt has no portable way: elsewhere it does nothing.
func (*Host) Adopt() error { return nil }
