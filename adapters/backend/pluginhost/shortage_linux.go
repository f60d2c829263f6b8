// SPDX-License-Identifier: Apache-2.0

package pluginhost

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// oomFileOf is where the system counts for the cgroup of a process: memory.events in
// version 2, memory.oom_control in version 1. In a container the path that the process
// shows may be the outer one, and its own group then stands at the root.
func oomFileOf(pid int) string {
	groups, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cgroup")
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(groups)) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3) // number, controllers, path
		if len(parts) < 3 {
			continue
		}
		root, name := "/sys/fs/cgroup", "memory.events"
		switch {
		case slices.Contains(strings.Split(parts[1], ","), "memory"):
			root, name = "/sys/fs/cgroup/memory", "memory.oom_control"
		case parts[1] != "":
			continue
		}
		for _, dir := range []string{parts[2], "/"} {
			if file := filepath.Join(root, dir, name); readable(file) {
				return file
			}
		}
	}
	return ""
}

func readable(file string) bool {
	_, err := os.ReadFile(file) //nolint:gosec // G304: the system's own
	return err == nil
}
