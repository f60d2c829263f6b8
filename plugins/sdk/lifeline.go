// SPDX-License-Identifier: Apache-2.0

package sdk

import (
	"io"
	"os"
	"strconv"
	"time"
)

// parentEvery is how often to look for a new parent when there is no lifeline.
const parentEvery = time.Second

// hostGone waits until the host is gone, or until ended is closed, and reports
// which. The lifeline is a pipe whose other end only the host holds: end of file
// is its death, however it died. Without one, a process whose parent changes is an orphan.
func hostGone(lifeline string, ended <-chan struct{}) bool {
	parent := os.Getppid()
	if fd, err := strconv.ParseUint(lifeline, 10, 16); err == nil && fd > 2 {
		pipe := os.NewFile(uintptr(fd), "lifeline")
		if _, err := io.Copy(io.Discard, pipe); err == nil {
			return true
		}
	}
	tick := time.NewTicker(parentEvery)
	defer tick.Stop()
	for os.Getppid() == parent {
		select {
		case <-ended:
			return false
		case <-tick.C:
		}
	}
	return true
}
