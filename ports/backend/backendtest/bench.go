// SPDX-License-Identifier: Apache-2.0

package backendtest

import (
	"context"
	"crypto/rand"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/ports/backend"
)

// Options bound a run.
type Options struct {
	// Only names rules by glob, such as carts.put.*; none is all.
	Only []string
	// Secrets must show up in no fault, and show up in no report.
	Secrets []string
	CallMax time.Duration // of one call; default: 5 s, the most that a host's config can allow
	RuleMax time.Duration // of one rule; default: 30 s
	RunMax  time.Duration // of Run as a whole; default: 5 min
}

// HostCallMax is what a host allows a call unless its config says otherwise (guard.timeout).
// A call that takes longer is noted and breaks no rule, since machines differ.
const HostCallMax = 1500 * time.Millisecond

// The defaults of Options.
const (
	callMax = 5 * time.Second
	ruleMax = 30 * time.Second
	runMax  = 5 * time.Minute
)

// Bench judges one backend, rule by rule. It is not for concurrent use.
type Bench struct {
	sample  Sample
	options Options
	hide    *strings.Replacer
	nonce   string
	told    []toldFault
	changes atomic.Int32 // whether carts can be changed, once that is known
}

// toldFault is a fault that a backend answered some rule with.
type toldFault struct {
	rule  string
	fault *fault.Error
}

// NewBench is a bench for one run. What is wrong with the sample is Invalid
// (invalid_sample).
func NewBench(s Sample, o Options) (*Bench, error) {
	s, err := s.complete()
	if err != nil {
		return nil, err
	}
	o.CallMax, o.RuleMax, o.RunMax = orDefault(o.CallMax, callMax), orDefault(o.RuleMax, ruleMax), orDefault(o.RunMax, runMax)
	return &Bench{sample: s, options: o, hide: hider(slices.Concat(o.Secrets, textsOf(s.buyer()), textsOf(CanaryBuyer()))), nonce: rand.Text()[:10]}, nil
}

// Run judges b by every rule that options choose. The error is about the
// arguments, or says that ctx ended or Options.RunMax was over before the last rule.
func Run(ctx context.Context, b backend.Backend, s Sample, o Options) (Report, error) {
	bench, err := NewBench(s, o)
	if err != nil {
		return Report{}, err
	}
	rules, err := Select(Rules(), o.Only...)
	if err != nil {
		return Report{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, bench.options.RunMax)
	defer cancel()
	r := Report{Subject: Subject(b)}
	for _, rule := range rules {
		result := bench.Judge(ctx, rule, b)
		if err := ctx.Err(); err != nil { // what was cut off is not judged
			return r, Unfinished(err, len(rules)-len(r.Results))
		}
		r.Results = append(r.Results, result)
	}
	return r, nil
}

// Unfinished is the error of a run that was over before so many rules were judged:
// Unavailable (unfinished).
func Unfinished(cause error, rules int) error {
	return fault.New(fault.Unavailable, "unfinished", "the run was over before %d of the rules were judged", rules).Because(cause)
}

// Subject is how a report names a backend.
func Subject(b backend.Backend) string {
	ports := make([]string, 0, len(backend.Ports()))
	for _, p := range b.Offered() {
		ports = append(ports, string(p))
	}
	return printable(fmt.Sprintf("%s %s, which offers %s", b.Info.Name, b.Info.Version, strings.Join(ports, ", ")))
}

// Judge holds b to one rule of Rules.
func (b *Bench) Judge(ctx context.Context, r Rule, subject backend.Backend) Result {
	return b.observe(ctx, r, subject, func(ctx context.Context, t *T) {
		if r.port != "" && !slices.Contains(subject.Offered(), r.port) {
			t.Skip("the backend does not offer the port " + string(r.port))
			return
		}
		r.check(ctx, t)
	})
}

// Observe is Judge for another kit's rule, whose check is its own: it gets the
// same bounds, the same recovery and the same report.
func (b *Bench) Observe(ctx context.Context, r Rule, check func(ctx context.Context, t *T)) Result {
	return b.observe(ctx, r, backend.Backend{}, check)
}

func (b *Bench) observe(ctx context.Context, r Rule, subject backend.Backend, check func(ctx context.Context, t *T)) Result {
	ctx, cancel := context.WithTimeout(ctx, b.options.RuleMax)
	defer cancel()
	t := &T{Sample: b.sample, bench: b, rule: r, backend: subject, names: map[string]string{}, told: slices.Clone(b.told)}
	began := time.Now()
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer t.recovered()
		check(ctx, t)
	}()
	select {
	case <-done:
	case <-ctx.Done():
		select { // a rule that heeds its context says more
		case <-done:
		case <-time.After(graceMax):
			t.Breach(fmt.Sprintf("an end within %s", b.options.RuleMax), "no end: a call does not come back")
		}
	}
	result := t.result(time.Since(began))
	b.told = append(b.told, t.heard()...)
	return result
}

// graceMax is how long a rule may take to notice that its time is up.
const graceMax = time.Second

// recovered turns a panic into the breach of one rule.
func (t *T) recovered() {
	if p := recover(); p != nil {
		t.Breach("an answer or a fault", fmt.Sprintf("a panic: %v, at %s", p, firstFrames(string(debug.Stack()))))
	}
}

// firstFrames names where a panic happened, without what runtime adds.
func firstFrames(stack string) string {
	var frames []string
	for line := range strings.SplitSeq(stack, "\n") {
		if strings.HasPrefix(line, "\t") && !strings.Contains(line, "runtime/") && !strings.Contains(line, "backendtest/bench.go") {
			at := strings.TrimSpace(line[strings.LastIndex(line, "/")+1:])
			at, _, _ = strings.Cut(at, " ")
			frames = append(frames, at)
		}
	}
	return strings.Join(frames[:min(len(frames), 3)], ", ")
}

func orDefault(d, otherwise time.Duration) time.Duration {
	if d <= 0 {
		return otherwise
	}
	return d
}
