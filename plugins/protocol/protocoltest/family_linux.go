// SPDX-License-Identifier: Apache-2.0

package protocoltest

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// entry is what /proc/PID/stat says, as proc_pid_stat(5) describes it.
type entry struct {
	member
	parent, group int
	dead          bool
}

// family lists the processes that belong to pid beside itself: those below it, of its group, with the
// folder of its socket in their environment, and those known from before that live.
func family(pid int, dir string, known []member) (members []member, ok bool) {
	all := entries()
	below := map[int]bool{pid: true}
	for range len(all) { // a child may come before its parent
		grown := len(below)
		for _, s := range all {
			if below[s.parent] {
				below[s.pid] = true
			}
		}
		if len(below) == grown {
			break
		}
	}
	for _, s := range all {
		if s.pid == pid || s.dead {
			continue
		}
		if below[s.pid] || s.group == pid || slices.Contains(known, s.member) || keeps(s.pid, dir) {
			members = append(members, s.member)
		}
	}
	return members, len(all) > 0
}

func entries() (all []entry) {
	found, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range found {
		text, err := os.ReadFile(path) //nolint:gosec // G304: of the kernel's own
		if err != nil {
			continue // it has ended
		}
		open, end := bytes.IndexByte(text, '('), bytes.LastIndexByte(text, ')') // a name may hold anything
		if open < 0 || end < open {
			continue
		}
		words := strings.Fields(string(text[end+1:]))
		if len(words) < 20 {
			continue
		}
		s := entry{member: member{started: words[19], name: string(text[open+1 : end])}, dead: words[0] == "Z" || words[0] == "X"}
		s.pid, _ = strconv.Atoi(strings.TrimSpace(string(text[:open])))
		s.parent, _ = strconv.Atoi(words[1])
		s.group, _ = strconv.Atoi(words[2])
		all = append(all, s)
	}
	return all
}

// keeps reports whether a process has the folder in its environment, where we may look.
func keeps(pid int, dir string) bool {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "environ"))
	return err == nil && slices.Contains(strings.Split(string(text), "\x00"), "PLUGIN_UNIX_SOCKET_DIR="+dir)
}

func (m member) kill() { _ = syscall.Kill(m.pid, syscall.SIGKILL) }

// resident is how much memory a process holds, in bytes; ok is false where nobody can say.
func resident(pid int) (n int64, ok bool) {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "statm"))
	words := strings.Fields(string(text))
	if err != nil || len(words) < 2 {
		return 0, false
	}
	pages, err := strconv.ParseInt(words[1], 10, 64)
	return pages * int64(os.Getpagesize()), err == nil
}
