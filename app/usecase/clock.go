// SPDX-License-Identifier: Apache-2.0

package usecase

import (
	"sync"
	"time"
)

// clockDrift is how far the wall clock may be from the time that has passed before it is
// no longer believed: more than any correction makes in one step.
const clockDrift = 5 * time.Second

// Clock is the time to reckon holds with. It follows the wall clock in small steps and the time that
// has passed otherwise, so that a clock set an hour or a day ahead makes nothing run
// out early. It begins with the wall clock.
type Clock struct {
	read func() (wall time.Time, passed time.Duration)

	mu     sync.Mutex
	now    time.Time
	passed time.Duration
	off    bool
}

// NewClock is a clock by the machine's own.
func NewClock() *Clock {
	start := time.Now()
	return newClock(func() (time.Time, time.Duration) {
		t := time.Now()
		return t.UTC().Round(0), t.Sub(start) // Sub is by the monotonic clock, Round takes it away
	})
}

func newClock(read func() (time.Time, time.Duration)) *Clock {
	wall, passed := read()
	return &Clock{read: read, now: wall, passed: passed}
}

// Now is the time, in UTC. It never goes back.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	wall, passed := c.read()
	c.now = c.now.Add(max(passed-c.passed, 0))
	c.passed = passed
	off := wall.Sub(c.now)
	if c.off = off.Abs() > clockDrift; !c.off && off > 0 {
		c.now = wall
	}
	return c.now
}

// Off reports whether the wall clock was not believed when Now was last asked.
func (c *Clock) Off() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.off
}
