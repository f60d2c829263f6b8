// SPDX-License-Identifier: Apache-2.0

package pluginhost

import (
	"fmt"
	"time"
)

// Limits bound what one process of a plugin may use. They hold a plugin that has
// a bug; to hold one that wants to do harm takes a user and a cgroup of its own.
type Limits struct {
	// MemoryBytes is how much may be resident; zero is 512 MiB. The Go runtime is
	// told of nine tenths of it (GOMEMLIMIT), and a process that is found above it is
	// killed. One that stays near it is replaced before that; see strain. Children of
	// its own are not counted.
	MemoryBytes int64
	// Files is how many file descriptors may be open; zero is 1024. The system
	// itself refuses more.
	Files uint64
}

const (
	memoryDefault = 512 << 20
	filesDefault  = 1024
	// memoryEvery is how often memory is looked at: what a process can take in
	// between is what it may exceed its limit by.
	memoryEvery = 250 * time.Millisecond
)

func (l Limits) withDefaults() Limits {
	if l.MemoryBytes <= 0 {
		l.MemoryBytes = memoryDefault
	}
	if l.Files == 0 {
		l.Files = filesDefault
	}
	return l
}

// env tells a Go runtime when to collect harder.
func (l Limits) env() string { return fmt.Sprintf("GOMEMLIMIT=%d", l.MemoryBytes/10*9) }

const tooMuchMemory = "used more memory than allowed"

func (l Limits) exceeded(used int64) string {
	return fmt.Sprintf("%s (%d MiB of %d MiB)", tooMuchMemory, used>>20, l.MemoryBytes>>20)
}

// limit binds the process. What it did before it was bound, in the moment since its
// start, it did with the host's limits; hence once more when it has shaken hands.
func (p *process) limit() {
	if err := limit(int(p.pid.Load()), p.limits); err != nil {
		p.stderr.log.Warn("a plugin's process is not bound as it should be", "pid", p.pid.Load(), "error", err)
	}
}

// watchMemory kills the process when it takes more than it may. It ends with it.
func (p *process) watchMemory() {
	tick := time.NewTicker(memoryEvery)
	defer tick.Stop()
	pid := p.pid.Load()
	for looks := 1; ; looks++ {
		select {
		case <-p.exited:
			return
		case <-tick.C:
		}
		if looks%shortageLooks == 0 {
			p.shortage.count()
		}
		used, ok := resident(int(pid))
		if ok && used > 0 { // one that is ending has none any more
			p.memory.Store(used)
		}
		if ok && used > p.limits.MemoryBytes {
			p.stderr.log.Error("plugin takes too much memory and is killed", "pid", pid, "bytes", used, "allowed", p.limits.MemoryBytes)
			p.killFor(p.limits.exceeded(used))
			return
		}
	}
}
