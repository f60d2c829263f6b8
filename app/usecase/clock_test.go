// SPDX-License-Identifier: Apache-2.0

package usecase

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// machine is a machine's two clocks.
type machine struct {
	wall   time.Time
	passed time.Duration
}

func (m *machine) read() (time.Time, time.Duration) { return m.wall, m.passed }

func (m *machine) pass(d time.Duration) { m.wall, m.passed = m.wall.Add(d), m.passed+d }

func TestClock(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name string
		jump time.Duration // of the wall clock, an hour after the start
		want time.Duration // after another hour
		off  bool
	}{
		{"no jump", 0, 2 * time.Hour, false},
		{"a small step ahead is followed", 4 * time.Second, 2*time.Hour + 4*time.Second, false},
		{"a small step back is waited for", -4 * time.Second, 2 * time.Hour, false},
		{"an hour ahead", time.Hour, 2 * time.Hour, true},
		{"a day ahead", 24 * time.Hour, 2 * time.Hour, true},
		{"an hour back", -time.Hour, 2 * time.Hour, true},
		{"a day back", -24 * time.Hour, 2 * time.Hour, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := &machine{wall: noon}
			c := newClock(m.read)
			m.pass(time.Hour)
			m.wall = m.wall.Add(tt.jump)
			c.Now()
			m.pass(time.Hour)
			if got := c.Now().Sub(noon); got != tt.want || c.Off() != tt.off {
				t.Errorf("got %s after noon, off %t; want %s, %t", got, c.Off(), tt.want, tt.off)
			}
			if tt.off { // put right again
				m.wall = m.wall.Add(-tt.jump)
				if c.Now(); c.Off() {
					t.Error("a clock that was put right is not believed")
				}
			}
		})
	}
}

// TestClockSteps lets the wall clock jump as it likes: never back, and never more than the drift ahead of what has passed for each step.
func TestClockSteps(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := &machine{wall: time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)}
		c, small := newClock(m.read), time.Duration(0)
		start, last := m.wall, m.wall
		for range rapid.IntRange(1, 50).Draw(t, "steps") {
			m.pass(time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "passes")))
			m.wall = m.wall.Add(time.Duration(rapid.Int64Range(-int64(48*time.Hour), int64(48*time.Hour)).Draw(t, "jump")))
			small += clockDrift
			now := c.Now()
			if now.Before(last) {
				t.Fatalf("it went back from %s to %s", last, now)
			}
			if ahead := now.Sub(start) - m.passed; ahead < 0 || ahead > small {
				t.Fatalf("it is %s ahead of what has passed", ahead)
			}
			last = now
		}
	})
}
