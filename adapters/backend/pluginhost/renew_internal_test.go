// SPDX-License-Identifier: Apache-2.0

package pluginhost

import (
	"testing"
	"time"
)

func TestStrain(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	s := strain{pace: defaultPace()}
	for _, step := range []struct {
		name  string
		after time.Duration
		used  int64 // of 1000
		want  bool
	}{
		{"far from it", 0, 500, false},
		{"near", 0, 900, false},
		{"not for long yet", 119 * time.Second, 900, false},
		{"down for a moment", time.Second, 800, false},
		{"near again", time.Second, 900, false},
		{"and still", time.Minute, 810, false},
		{"long enough", time.Minute, 900, true},
		{"its successor too", time.Second, 900, false},
		{"for long", 20 * time.Minute, 900, false},
		{"but not twice so soon", 9 * time.Minute, 900, false},
		{"until the time has come", time.Minute, 900, true},
	} {
		now = now.Add(step.after)
		if got := s.due(step.used, 1000, now); got != step.want {
			t.Errorf("%s: got %v", step.name, got)
		}
	}
}
