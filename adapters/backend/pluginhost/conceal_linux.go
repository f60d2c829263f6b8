// SPDX-License-Identifier: Apache-2.0

package pluginhost

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Conceal keeps the memory, the environment and the open files of this process from
// others of the same user, plugins above all: what they could read through /proc or a
// debugger. It costs core dumps, and a debugger needs root. Plugins started afterwards are
// not concealed. Call it first of all, before secrets are read. It does not hold root.
func Conceal() error {
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("conceal this process from others of its user: %w", err)
	}
	return nil
}
