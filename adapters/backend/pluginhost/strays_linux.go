// SPDX-License-Identifier: Apache-2.0

package pluginhost

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// socketDirEnv is the variable, handed down from parent to child, that tells whose
// descendant a process is.
const socketDirEnv = "PLUGIN_UNIX_SOCKET_DIR"

// straysRounds bounds how often to look for what was forked while looking.
const straysRounds = 5

// endStrays kills the processes that were started for sockets in dir or below it,
// whichever group or session they moved to, and says how many. One that wiped its
// environment as well is left to endOrphans.
func endStrays(dir string) (killed int) {
	if dir == "" {
		return 0
	}
	for range straysRounds {
		found := 0
		processes, _ := filepath.Glob("/proc/[0-9]*")
		for _, p := range processes {
			if pid, err := strconv.Atoi(filepath.Base(p)); err == nil && descends(pid, dir) && endIfStill(pid, dir) {
				found++
			}
		}
		if found == 0 {
			break
		}
		killed += found
	}
	return killed
}

func descends(pid int, dir string) bool {
	below, in := strings.CutPrefix(socketDirOf(pid), dir)
	return in && pid != os.Getpid() && (below == "" || below[0] == filepath.Separator)
}

// socketDirOf is the folder that a process was started for by its environment; empty
// for one that has none, or has ended.
func socketDirOf(pid int) string {
	env, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/environ")
	if err != nil {
		return ""
	}
	for entry := range bytes.SplitSeq(env, []byte{0}) {
		if value, is := bytes.CutPrefix(entry, []byte(socketDirEnv+"=")); is {
			return string(value)
		}
	}
	return ""
}

// endIfStill kills pid unless its number has become another's meanwhile.
func endIfStill(pid int, dir string) bool {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return false
	}
	defer func() { _ = unix.Close(fd) }()
	return descends(pid, dir) && unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0) == nil
}
