// SPDX-License-Identifier: Apache-2.0

package guard

import (
	"math/rand/v2"
	"time"
)

const (
	// margin is left of a caller's time, so that it can still act on our answer.
	margin = 20 * time.Millisecond
	// leastTime is the least a caller must have left for a call to be tried at all.
	leastTime = 30 * time.Millisecond
	// openJitterPercent keeps several hosts from probing a backend in step.
	openJitterPercent = 40
	// buckets is how finely the breaker's window slides.
	buckets = 10
)

// Settings are the numbers of a Guard. A field that is zero or less takes the
// value in brackets.
type Settings struct {
	// Timeout of one call, retry included (3 s); at least 30 ms. A caller that has
	// less time gets what it has, less 20 ms.
	Timeout time.Duration
	// ProbeTimeout of one call that tries whether the backend is well again (1 s).
	ProbeTimeout time.Duration
	// Concurrency is how many calls may be at the backend at once (64).
	Concurrency int
	// Queue is how many calls may wait for a place (0), each at most QueueWait (0).
	Queue     int
	QueueWait time.Duration
	// Window is how far back the breaker looks (10 s); at least twice the Timeout,
	// since a call is booked when it began and would be forgotten before it ended.
	Window time.Duration
	// The breaker opens when at least MinRequests calls (20) have ended, and this
	// share of them (0.5) in a fault that counts against the backend.
	MinRequests  uint32
	FailureRatio float64
	// OpenFor is how long the backend is then left alone (5 s), plus up to 40 %.
	OpenFor time.Duration
	// Probes is how many calls then try it at once, and how many in a row must
	// succeed (3).
	Probes uint32
}

// complete replaces what is missing or cannot work.
func (s Settings) complete() Settings {
	s.Timeout = max(positive(s.Timeout, 3*time.Second), leastTime)
	s.ProbeTimeout = positive(s.ProbeTimeout, time.Second)
	s.Concurrency = positive(s.Concurrency, 64)
	s.Queue = max(s.Queue, 0)
	s.QueueWait = max(s.QueueWait, 0)
	s.Window = max(positive(s.Window, 10*time.Second), 2*s.Timeout)
	s.MinRequests = positive(s.MinRequests, 20)
	s.FailureRatio = positive(s.FailureRatio, 0.5)
	s.OpenFor = positive(s.OpenFor, 5*time.Second)
	s.Probes = positive(s.Probes, 3)
	return s
}

func positive[N int | uint32 | float64 | time.Duration](n, otherwise N) N {
	if n > 0 {
		return n
	}
	return otherwise
}

// jitter is a random duration from low to high, both included.
func jitter(low, high time.Duration) time.Duration {
	return low + rand.N(high-low+1) //nolint:gosec // it spreads load, it keeps no secret
}
