// SPDX-License-Identifier: Apache-2.0

package pluginhost_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// descendants are the processes that were started for sockets below dir.
func descendants(dir string) (pids []string) {
	environments, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, e := range environments {
		if env, err := os.ReadFile(e); err == nil && strings.Contains(string(env), "PLUGIN_UNIX_SOCKET_DIR="+dir) {
			pids = append(pids, filepath.Base(filepath.Dir(e)))
		}
	}
	return pids
}

// ownChildren are our children, zombies too.
func ownChildren() (all []string) {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		stat, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		_, after, _ := strings.Cut(string(stat), ") ")
		if fields := strings.Fields(after); len(fields) > 1 && fields[1] == strconv.Itoa(os.Getpid()) {
			all = append(all, string(stat))
		}
	}
	return all
}
