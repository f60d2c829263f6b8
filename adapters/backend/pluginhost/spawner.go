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
	done sync.WaitGroup
}

type job struct {
	cmd     *exec.Cmd
	started chan error
}

func newSpawner() *spawner {
	s := &spawner{jobs: make(chan job)}
	s.done.Go(func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		for j := range s.jobs {
			j.started <- j.cmd.Start()
		}
	})
	return s
}

func (s *spawner) start(cmd *exec.Cmd) error {
	j := job{cmd, make(chan error, 1)}
	s.jobs <- j
	return <-j.started
}

// close ends the thread; every process must be gone.
func (s *spawner) close() {
	close(s.jobs)
	s.done.Wait()
}
