// SPDX-License-Identifier: Apache-2.0

package pluginhost

import (
	"context"
	"time"
)

// strain tells when a process is to be replaced before its memory is too much: a leak
// then costs no call. The owner alone uses it.
type strain struct {
	pace  pace
	since time.Time // it has been above four fifths of its limit; zero when it is not
	last  time.Time // the last replacement, or try of one
}

func (s *strain) due(used, most int64, now time.Time) bool {
	if used <= most/5*4 {
		s.since = time.Time{}
		return false
	}
	if s.since.IsZero() {
		s.since = now
	}
	if now.Sub(s.since) < s.pace.strainedMax || !s.last.IsZero() && now.Sub(s.last) < s.pace.renewEvery {
		return false
	}
	s.since, s.last = time.Time{}, now
	return true
}

// renew starts the next process beside g, and lets g end once its calls have. While both
// run they take the memory of both. When the next does not start, g stays.
func (p *Plugin) renew(g *generation) *generation {
	pid := g.process.cmd.Process.Pid
	p.log.Warn("plugin stays near its limit of memory and is replaced", "pid", pid,
		"bytes", g.process.memory.Load(), "allowed", p.spec.Limits.MemoryBytes, "for", p.host.pace.strainedMax.String())
	err := p.program.unchanged()
	var next *generation
	if err == nil {
		next, err = p.next()
	}
	if err != nil {
		if p.stopping.Err() == nil {
			p.log.Error("plugin keeps its process, since no other started beside it", "pid", pid, "error", err)
		}
		return g
	}
	p.host.roster.counted.renewals.WithLabelValues(p.spec.Backend).Inc()
	p.ready(next, p.Status().Restarts)
	p.retired.Go(func() {
		ctx, cancel := context.WithTimeout(p.patience, drainMax)
		defer cancel()
		left := g.drain(ctx)
		g.end(context.Background(), shutdownMax)
		p.log.Info("plugin's process replaced", "pid", pid, "calls_cut_off", left, "how", g.process.how)
	})
	return next
}
