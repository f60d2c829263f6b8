// SPDX-License-Identifier: Apache-2.0

package pluginhost

import (
	"time"

	"google.golang.org/grpc/mem"
)

// InFlight is how many calls the current process has in hand.
func InFlight(p *Plugin) int64 {
	if g := p.current.Load(); g != nil {
		return g.inFlight.Load()
	}
	return 0
}

// CheckHealthEvery sets how often plugins launched from now on are asked for their health.
func CheckHealthEvery(h *Host, every time.Duration) { h.pace.healthEvery = every }

// QuarantineAfter sets how many crashes plugins launched from now on are allowed
// within a minute, all without a pause, and how often a quarantined one is tried.
func QuarantineAfter(h *Host, crashes int, tryEvery time.Duration) {
	h.pace.crashesAtOnce, h.pace.crashesMax, h.pace.tryEvery = crashes, crashes, tryEvery
}

// RenewAfter sets how long plugins launched from now on may stay near their limit of memory,
// and how often they are replaced.
func RenewAfter(h *Host, strained, every time.Duration) {
	h.pace.strainedMax, h.pace.renewEvery = strained, every
}

// Resident is the memory that a process occupies.
func Resident(pid int) int64 {
	used, _ := resident(pid)
	return used
}

func bufferOf(wire []byte) mem.BufferSlice { return mem.BufferSlice{mem.SliceBuffer(wire)} }
