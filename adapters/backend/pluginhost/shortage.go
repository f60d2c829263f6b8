// SPDX-License-Identifier: Apache-2.0

package pluginhost

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// shortage counts how often the system killed in a process's cgroup for want of memory.
// It may have been another process of that cgroup.
type shortage struct {
	file        string // where the system counts; empty where it does not
	older, last int64
}

// shortageLooks is how many looks at memory there are from one count to the next: an end
// is laid to what was counted since the last but one, five to ten seconds ago.
const shortageLooks = 20

func newShortage(pid int) shortage {
	s := shortage{file: oomFileOf(pid)}
	s.last = oomKills(s.file)
	s.older = s.last
	return s
}

func (s *shortage) count() { s.older, s.last = s.last, oomKills(s.file) }

func (s *shortage) lately() bool { return oomKills(s.file) > s.older }

// oomKills reads the counter oom_kill of a cgroup; zero when there is none.
func oomKills(file string) int64 {
	if file == "" {
		return 0
	}
	text, err := os.ReadFile(file) //nolint:gosec // G304: the system's own
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if count, is := strings.CutPrefix(line, "oom_kill "); is {
			n, _ := strconv.ParseInt(strings.TrimSpace(count), 10, 64)
			return n
		}
	}
	return 0
}

// whyKilled is a sign that a signal 9 which was not ours came for want of memory;
// empty without one. The process has ended and nobody watches it any more.
func (p *process) whyKilled() string {
	used, most := p.memory.Load(), p.limits.MemoryBytes
	switch {
	case used >= most/10*9:
		return fmt.Sprintf("it used %d MiB of %d MiB", used>>20, most>>20)
	case p.shortage.lately():
		return "the system killed for want of memory in its cgroup"
	}
	return ""
}
