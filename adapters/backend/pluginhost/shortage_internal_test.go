// SPDX-License-Identifier: Apache-2.0

package pluginhost

import (
	"os"
	"path/filepath"
	"testing"
)

// TestShortage reads both of the system's ways to count.
func TestShortage(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "count")
	says := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := shortage{file: file}
	says("low 0\nhigh 0\nmax 7\noom 3\noom_kill 2\noom_group_kill 9\n") // memory.events
	s.count()
	s.count()
	if s.lately() {
		t.Error("what was before is laid to an end of now")
	}
	says("oom_kill_disable 0\nunder_oom 0\noom_kill 3\n") // memory.oom_control
	if !s.lately() {
		t.Error("a kill is not noticed")
	}
	s.count()
	if !s.lately() {
		t.Error("it is forgotten at once")
	}
	s.count()
	if s.lately() || (&shortage{}).lately() {
		t.Error("it is never forgotten, or comes from nowhere")
	}
	p := &process{limits: Limits{MemoryBytes: 1000}, shortage: shortage{file: file}}
	if p.whyKilled() == "" {
		t.Error("no sign of a shortage in the cgroup")
	}
}
