// SPDX-License-Identifier: Apache-2.0

package pluginhost

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// family tells the processes that a host started from those that these left behind.
type family struct {
	mu  sync.Mutex // while a process is started, reaped or looked for
	own map[int]bool
	// Set by adopt, before anything is started.
	strangers map[int]bool // children that this process had before
	merciless bool         // what is adopted is killed, and not only reaped
	died      chan os.Signal
	quit      chan struct{}
	done      sync.WaitGroup
}

func newFamily() *family { return &family{own: map[int]bool{}} }

// start runs cmd, which is nobody's orphan from its first moment.
func (f *family) start(cmd *exec.Cmd) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	err := cmd.Start()
	if err == nil {
		f.own[cmd.Process.Pid] = true
	}
	return err
}

// reap waits for a process that is known to have ended; its number may be another's at once.
func (f *family) reap(p *os.Process) (*os.ProcessState, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.own, p.Pid)
	return p.Wait()
}

// Adopt makes this process the parent of whatever outlives its parent among the
// plugins' descendants. Those are killed when a plugin's process ends, however well they
// hide, unless their environment says that they belong to another that still runs. It is
// for a process that starts nothing but the plugins of this one host; call it before Launch.
// As process 1, whose children may be anybody's, it only reaps. It does nothing where the
// system cannot tell.
func (h *Host) Adopt() error {
	f := h.family
	before, err := children()
	if err != nil {
		return nil //nolint:nilerr // a kernel without lists of children
	}
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("adopt what plugins leave behind: %w", err)
	}
	f.strangers, f.merciless = map[int]bool{}, os.Getpid() != 1
	for _, pid := range before {
		f.strangers[pid] = true
	}
	f.quit, f.died = make(chan struct{}), make(chan os.Signal, 1)
	signal.Notify(f.died, unix.SIGCHLD)
	f.done.Go(func() {
		for {
			select {
			case <-f.died:
				f.look("", nil)
			case <-f.quit:
				return
			}
		}
	})
	return nil
}

// close gives adoption up; every process must be gone.
func (f *family) close() {
	if f.quit == nil {
		return
	}
	signal.Stop(f.died)
	close(f.quit)
	f.done.Wait()
	_ = unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)
}

const (
	orphanRounds = 20 // of looking for what the last round's deaths have orphaned
	orphanPause  = 5 * time.Millisecond
)

// endOrphans kills what was adopted, but for what belongs to sockets in dir that
// still exist, and says how many there were. An empty dir spares nobody.
func (f *family) endOrphans(dir string) int {
	if f.quit == nil || !f.merciless {
		return 0
	}
	killed := map[int]bool{}
	for range orphanRounds {
		if !f.look(dir, killed) {
			break
		}
		time.Sleep(orphanPause)
	}
	return len(killed)
}

// look reaps what was adopted and has ended. With killed, it kills the rest and
// notes it there; left reports that some are still dying.
func (f *family) look(dir string, killed map[int]bool) (left bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	all, _ := children()
	for _, pid := range all {
		if f.own[pid] || f.strangers[pid] {
			continue
		}
		// Nobody else reaps it, so its number stays its own while we look.
		if reaped, err := unix.Wait4(pid, nil, unix.WNOHANG, nil); reaped == pid || errors.Is(err, unix.ECHILD) || killed == nil {
			continue
		}
		if belongs(pid, dir) {
			continue
		}
		left = true
		if unix.Kill(pid, syscall.SIGKILL) == nil {
			killed[pid] = true
		}
	}
	return left
}

// belongs reports whether a process is known by its environment, as endStrays knows
// it, to be of sockets in dir that still exist.
func belongs(pid int, dir string) bool {
	of := socketDirOf(pid)
	if dir == "" || !strings.HasPrefix(of, dir+string(filepath.Separator)) {
		return false
	}
	info, err := os.Stat(of)
	return err == nil && info.IsDir()
}

// children are the processes whose parent we are.
func children() ([]int, error) {
	lists, _ := filepath.Glob("/proc/self/task/*/children")
	if len(lists) == 0 {
		return nil, errors.ErrUnsupported
	}
	var all []int
	for _, path := range lists {
		text, err := os.ReadFile(path) //nolint:gosec // G304: the system's own; empty once the thread has ended
		if err != nil {
			continue
		}
		for word := range strings.FieldsSeq(string(text)) {
			if pid, err := strconv.Atoi(word); err == nil {
				all = append(all, pid)
			}
		}
	}
	return all, nil
}
