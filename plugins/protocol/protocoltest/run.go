// SPDX-License-Identifier: Apache-2.0

package protocoltest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cartage-dev/cartage/plugins/protocol"
	"github.com/cartage-dev/cartage/ports/backend"
	"github.com/cartage-dev/cartage/ports/backend/backendtest"
)

// rule is one demand of the protocol.
type rule struct {
	backendtest.Rule
	check checkFunc
}

// Rules lists every rule in the order in which they run: those of the process,
// those of the ports, and those that look back at the whole run.
func Rules(also ...Also) []backendtest.Rule {
	var all []backendtest.Rule
	for _, r := range processRules() {
		all = append(all, r.Rule)
	}
	for _, r := range also {
		all = append(all, r.Rule)
	}
	all = append(all, backendtest.Rules()...)
	for _, r := range closingRules() {
		all = append(all, r.Rule)
	}
	return all
}

type checkFunc = func(ctx context.Context, t *backendtest.T, r *trial)

// The rules without which no other can be judged, and the one without which no port can.
const (
	startsID  = "process.starts"
	acceptsID = "process.configure.accepts"
	checkID   = "process.check"
)

// trial is the state of one Run.
type trial struct {
	program Program
	bench   *backendtest.Bench
	report  *backendtest.Report
	saids   []*output // of every process that was started

	main        *process // configured, for the rules of the ports
	description protocol.Description
	largest     int64  // bytes of an answer, of processes that are gone
	hopeless    string // why no further rule is judged
	away        string // why no further rule of a port is
}

// Options bound a run, and say who hears of each result at once.
type Options struct {
	backendtest.Options
	// Progress is called after each rule; it may be nil.
	Progress func(backendtest.Result)
	// Also are rules of the caller's own, which run behind those of the process.
	Also []Also
}

// Also is a rule that another package adds.
type Also struct {
	backendtest.Rule
	Check func(ctx context.Context, t *backendtest.T)
}

// runMax bounds Run where the options do not.
const runMax = 10 * time.Minute

// Run judges a built plugin by every rule that options choose. A program that does
// not even start is a report; the error is that of backendtest.Run.
func Run(ctx context.Context, p Program, s backendtest.Sample, o Options) (backendtest.Report, error) {
	p, err := p.check()
	if err != nil {
		return backendtest.Report{}, err
	}
	o.Secrets = append(o.Secrets, p.hidden()...)
	bench, err := backendtest.NewBench(s, o.Options)
	if err != nil {
		return backendtest.Report{}, err
	}
	chosen, err := backendtest.Select(Rules(o.Also...), o.Only...)
	if err != nil {
		return backendtest.Report{}, err
	}
	if o.RunMax <= 0 {
		o.RunMax = runMax
	}
	ctx, cancel := context.WithTimeout(ctx, o.RunMax)
	defer cancel()
	r := &trial{program: p, bench: bench, report: &backendtest.Report{Subject: p.Path}}
	defer r.stop()
	own := append(processRules(), closingRules()...)
	for _, also := range o.Also {
		own = append(own, rule{also.Rule, func(ctx context.Context, t *backendtest.T, _ *trial) { also.Check(ctx, t) }})
	}
	for _, rule := range chosen {
		result := r.judge(ctx, own, rule)
		if err := ctx.Err(); err != nil { // what was cut off is not judged
			return *r.report, backendtest.Unfinished(err, len(chosen)-len(r.report.Results))
		}
		r.report.Results = append(r.report.Results, result)
		if o.Progress != nil {
			o.Progress(result)
		}
	}
	return *r.report, nil
}

func (r *trial) judge(ctx context.Context, own []rule, chosen backendtest.Rule) backendtest.Result {
	if r.hopeless != "" {
		return r.bench.Observe(ctx, chosen, func(_ context.Context, t *backendtest.T) { t.Skip(r.hopeless) })
	}
	if i := slices.IndexFunc(own, func(o rule) bool { return o.ID == chosen.ID }); i >= 0 {
		result := r.bench.Observe(ctx, chosen, func(ctx context.Context, t *backendtest.T) { own[i].check(ctx, t, r) })
		if result.Outcome == backendtest.Failed && (chosen.ID == startsID || chosen.ID == acceptsID) {
			r.hopeless = chosen.ID + " failed, without which this cannot be judged"
		}
		if result.Outcome == backendtest.Failed && chosen.ID == checkID {
			r.away = checkID + " failed, and what it lacks every port would: mend that first"
		}
		return result
	}
	if r.away != "" {
		return r.bench.Observe(ctx, chosen, func(_ context.Context, t *backendtest.T) { t.Skip(r.away) })
	}
	b, err := r.backend(ctx)
	if err != nil {
		return r.bench.Observe(ctx, chosen, func(_ context.Context, t *backendtest.T) {
			t.Breach("a plugin that starts and takes its settings", err.Error())
		})
	}
	result := r.bench.Judge(ctx, chosen, b)
	if !r.main.lives(ctx) {
		died := r.main.obituary()
		r.stop()
		end := r.bench.Observe(ctx, chosen, func(_ context.Context, t *backendtest.T) { t.Breach("the process to live on", died) })
		result.Outcome, result.Breaches = backendtest.Failed, append(end.Breaches, result.Breaches...)
	}
	return result
}

// backend is the plugin's ports, of a process that was configured before or is now.
func (r *trial) backend(ctx context.Context) (backend.Backend, error) {
	if r.main == nil {
		p, err := r.configured(ctx, r.program)
		if err != nil {
			return backend.Backend{}, err
		}
		d, err := describe(ctx, p)
		if err != nil {
			p.end()
			return backend.Backend{}, err
		}
		r.main, r.description = p, d
		r.report.Subject = subject(d)
	}
	return protocol.NewBackend(r.main.conn, r.description), nil
}

func subject(d protocol.Description) string {
	b := protocol.NewBackend(nil, d)
	text := backendtest.Subject(b)
	if d.Info.KeyedWrites {
		text += "; keyed writes"
	}
	if d.Info.ReadBack {
		text += "; reads back"
	}
	if d.Info.Demo {
		text += "; a demo"
	}
	return text
}

// started is a process that shook hands.
func (r *trial) started(ctx context.Context, p Program) (*process, error) {
	run, err := start(ctx, p)
	if err != nil {
		return nil, err
	}
	r.saids = append(r.saids, run.said)
	return run, nil
}

// configured is a process that took its settings.
func (r *trial) configured(ctx context.Context, p Program) (*process, error) {
	run, err := r.started(ctx, p)
	if err != nil {
		return nil, err
	}
	if err := configure(ctx, run, p); err != nil {
		run.end()
		return nil, errors.New("configure: " + backendtest.DescribeFault(err))
	}
	return run, nil
}

func configure(ctx context.Context, run *process, p Program) error {
	ctx, cancel := context.WithTimeout(ctx, configureMax)
	defer cancel()
	return protocol.NewLifecycle(run.conn).Configure(ctx, p.configuration())
}

func describe(ctx context.Context, run *process) (protocol.Description, error) {
	ctx, cancel := context.WithTimeout(ctx, askMax)
	defer cancel()
	d, err := protocol.NewLifecycle(run.conn).Describe(ctx)
	if err != nil {
		return d, fmt.Errorf("describe: %s", backendtest.DescribeFault(err))
	}
	return d, nil
}

// stop ends the process of the ports.
func (r *trial) stop() {
	if r.main != nil {
		r.largest = max(r.largest, r.main.sizes.largest.Load())
		r.main.end()
		r.main = nil
	}
}

// fresh gives check a process of its own that shook hands, and ends it afterwards.
func (r *trial) fresh(ctx context.Context, t *backendtest.T, check func(p *process)) {
	p, err := r.started(ctx, r.program)
	if !t.Expect(err == nil, "a handshake", fmt.Sprint(err)) {
		return
	}
	defer p.end()
	check(p)
}

// ready is fresh with a process that took its settings.
func (r *trial) ready(ctx context.Context, t *backendtest.T, check func(p *process)) {
	p, err := r.configured(ctx, r.program)
	if !t.Expect(err == nil, "a plugin that starts and takes its settings", fmt.Sprint(err)) {
		return
	}
	defer p.end()
	check(p)
}
