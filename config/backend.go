// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
)

// sha256Form is a SHA-256 in hexadecimal.
var sha256Form = regexp.MustCompile(`^[0-9A-Fa-f]{64}$`)

func (c *check) backends() {
	for _, name := range slices.Sorted(maps.Keys(c.cfg.Backends)) {
		path := join("backends", shown(name))
		c.checkName(path, name)
		c.backend(path, name, c.cfg.Backends[name])
	}
}

func (c *check) backend(path, name string, b Backend) {
	if b.Plugin == "" {
		c.wrong(join(path, "plugin"), "missing", "name the plugin's program", "")
	}
	switch {
	case b.SHA256 != "" && !sha256Form.MatchString(b.SHA256):
		c.wrong(join(path, "sha256"), "not a SHA-256", "write the 64 hexadecimal digits that cartage check prints", "")
	case b.SHA256 == "" && !c.allows(c.cfg.Allow.UnpinnedPlugins, name):
		c.wrong(join(path, "sha256"), "missing", fmt.Sprintf("write what cartage check prints, or name %s in allow.unpinned_plugins", shown(name)), "")
	}
	bounded(c, path, []span[time.Duration]{{"start_timeout", b.StartTimeout, 100 * time.Millisecond, 30 * time.Second}}, spoken)
	for i, variable := range b.Env {
		switch at := item(join(path, "env"), i); {
		case !variableName.MatchString(variable): // may be NAME=secret
			c.wrong(at, "not the name of a variable", "write the name alone: its value is taken from the host's environment", "")
		case strings.HasPrefix(strings.ToUpper(variable), prefix):
			c.wrong(at, "variable "+quote(variable)+" is the host's own", "hand on another", "")
		}
	}
	c.limits(join(path, "limits"), b.Limits)
	c.guard(join(path, "guard"), b.Guard)
	if !c.allows(c.cfg.Allow.InsecureBackends, name) {
		c.secure(join(path, "settings"), shown(name), b.Settings)
	}
}

// limits refuses what no plugin can live with, and what is no limit any more.
func (c *check) limits(path string, l Limits) {
	bounded(c, path, []span[Size]{{"memory", l.Memory, 64 * MiB, 64 * GiB}}, Size.String)
	bounded(c, path, []span[uint32]{{"files", l.Files, 64, 1 << 20}}, decimal[uint32])
}

// callMost is the most that one call to a backend may take.
const callMost = 5 * time.Second

func (c *check) guard(path string, g Guard) {
	bounded(c, path, []span[time.Duration]{
		{"timeout", g.Timeout, 50 * time.Millisecond, callMost},
		{"probe_timeout", g.ProbeTimeout, 50 * time.Millisecond, callMost},
		{"queue_wait", g.QueueWait, 0, 2 * time.Second},
		{"window", g.Window, time.Second, 10 * time.Minute},
		{"open_for", g.OpenFor, 100 * time.Millisecond, 5 * time.Minute},
	}, spoken)
	bounded(c, path, []span[int]{{"concurrency", g.Concurrency, 1, 4_096}, {"queue", g.Queue, 0, 4_096}}, decimal[int])
	bounded(c, path, []span[uint32]{{"min_requests", g.MinRequests, 1, 1_000_000}, {"probes", g.Probes, 1, 1_000}}, decimal[uint32])
	if least := 2 * max(g.Timeout, g.ProbeTimeout); g.Window >= time.Second && g.Window < least && least <= 2*callMost {
		// A failure is booked where its call began: one longer than the window would never count.
		c.wrong(join(path, "window"), spoken(g.Window)+" is too short", "write at least twice the timeouts, "+spoken(least), "")
	}
	if !(g.FailureRatio > 0 && g.FailureRatio <= 1) { // refuses NaN as well
		c.wrong(join(path, "failure_ratio"), fmt.Sprintf("%g is out of bounds", g.FailureRatio), "write more than 0 and at most 1", "")
	}
}

// secure looks for addresses without TLS in what a plugin is told. It does not
// repeat them: they may hold a password.
func (c *check) secure(path, backend string, setting any) {
	switch s := setting.(type) {
	case string:
		if strings.HasPrefix(strings.ToLower(strings.TrimSpace(s)), "http://") {
			c.wrong(path, "an http:// address", "write https://, or name "+backend+" in allow.insecure_backends", "")
		}
	case []any:
		for i, held := range s {
			c.secure(item(path, i), backend, held)
		}
	case tree:
		for key, held := range s {
			c.secure(join(path, shown(key)), backend, held)
		}
	}
}
