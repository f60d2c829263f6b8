// SPDX-License-Identifier: Apache-2.0

package pluginhost

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"
)

// firstOwn is the lowest descriptor that is not stdin, stdout or stderr.
const firstOwn = 3

// startAlone starts cmd, which inherits nothing but what cmd names: whoever started the
// host may have left it descriptors that close at no exec, and so may a library of its own.
func startAlone(start func(*exec.Cmd) error) func(*exec.Cmd) error {
	return func(cmd *exec.Cmd) error {
		if err := keepToOurselves(); err != nil {
			return fmt.Errorf("keep open files from the program: %w", err)
		}
		return start(cmd)
	}
}

// keepListed marks what the system lists in dir as open, to be closed at an exec.
func keepListed(dir string) error {
	open, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, entry := range open {
		if fd, err := strconv.Atoi(entry.Name()); err == nil && fd >= firstOwn {
			syscall.CloseOnExec(fd) // one that was closed meanwhile does no harm
		}
	}
	return nil
}
