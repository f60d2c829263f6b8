// SPDX-License-Identifier: Apache-2.0

package pluginhost

import (
	"math"

	"golang.org/x/sys/unix"
)

// keepToOurselves lets no program that we start inherit a descriptor by itself.
func keepToOurselves() error {
	if unix.CloseRange(firstOwn, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC) == nil {
		return nil
	}
	return keepListed("/proc/self/fd") // before Linux 5.11, and where a sandbox forbids the call
}
