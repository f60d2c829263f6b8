// SPDX-License-Identifier: Apache-2.0

package pluginhost

import (
	"os/exec"
	"runtime"
	"sync"
)

// spawner starts every process from one thread that lives as long as the host:
// the signal that ends a child with its parent is bound to the thread that made it.
type spawner struct {
	jobs chan job
	quit chan struct{}
	done sync.WaitGroup
}

type job struct {
	cmd     *exec.Cmd
	started chan error
}

func newSpawner(start func(*exec.Cmd) error) *spawner {
	s := &spawner{jobs: make(chan job), quit: make(chan struct{})}
	s.done.Go(func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		for {
			select {
			case j := <-s.jobs:
				j.started <- start(j.cmd)
			case <-s.quit:
				return
			}
		}
	})
	return s
}

// start is refused once the spawner is closed.
func (s *spawner) start(cmd *exec.Cmd) error {
	j := job{cmd, make(chan error, 1)}
	select {
	case s.jobs <- j:
		return <-j.started
	case <-s.quit:
		return closed()
	}
}

// close ends the thread; every process must be gone.
func (s *spawner) close() {
	close(s.quit)
	s.done.Wait()
}
