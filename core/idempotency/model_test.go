// SPDX-License-Identifier: Apache-2.0

package idempotency_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cartage-dev/cartage/core/idempotency"
)

// model runs several callers against one record and remembers, on its own, what
// they were told.
type model struct {
	record idempotency.Record
	now    time.Time
	claims [3]*idempotency.Record // what each caller holds or believes it holds
	// tried is the request that each generation went out for; last is the newest one.
	tried map[uint32]idempotency.Fingerprint
	last  uint32
	// answers are the accepted ones by generation, and live is until when the newest may be repeated.
	answers map[uint32][]byte
	newest  []byte
	live    time.Time
}

// working lists the callers whose lease runs.
func (m *model) working() (callers []int) {
	for i, c := range m.claims {
		if c != nil && m.now.Before(c.LeaseUntil) {
			callers = append(callers, i)
		}
	}
	return callers
}

func (m *model) claim(t *rapid.T) {
	caller := rapid.IntRange(0, len(m.claims)-1).Draw(t, "caller")
	fp := idempotency.Fingerprint{rapid.ByteRange(1, 2).Draw(t, "request")}
	usedUp := rapid.SampledFrom([]uint32{0, 0, m.last, m.last + 1}).Draw(t, "used up")
	if m.claims[caller] != nil {
		return // it is still at its last one
	}
	before := m.record
	after, verdict := before.Claim(fp, m.now, terms, usedUp)
	m.record = after
	_, answered := m.answers[m.last]
	same := m.last != 0 && m.tried[m.last] == fp
	if verdict != idempotency.Run {
		if diff := cmp.Diff(after, before); diff != "" {
			t.Errorf("verdict %d changed the record (-got +want):\n%s", verdict, diff)
		}
	}
	switch verdict {
	case idempotency.Wait:
		if answered || !m.now.Before(before.LeaseUntil) {
			t.Errorf("told to wait for nobody")
		}
	case idempotency.Replay:
		if !answered || !same || usedUp == m.last || !m.now.Before(m.live) || !bytes.Equal(after.Answer, m.answers[m.last]) {
			t.Errorf("replayed %q for generation %d: answered %t, same request %t", after.Answer, m.last, answered, same)
		}
	case idempotency.Run:
		if at := m.working(); len(at) > 0 {
			t.Errorf("caller %d runs while %v still work", caller, at)
		}
		if same && answered && usedUp != m.last && m.now.Before(m.live) {
			t.Errorf("ran again what has a live answer")
		}
		if fresh := !same || answered; fresh != (after.Generation > m.last) || after.Generation < m.last || after.Generation == 0 {
			t.Errorf("generation %d follows %d: same request %t, answered %t", after.Generation, m.last, same, answered)
		}
		m.last, m.tried[after.Generation], m.claims[caller] = after.Generation, fp, &after
	}
}

// settle finishes or releases the way a caller must: it asks first whether its claim stands.
func (m *model) settle(t *rapid.T, finish bool) {
	caller := rapid.IntRange(0, len(m.claims)-1).Draw(t, "caller")
	claimed := m.claims[caller]
	if claimed == nil {
		return
	}
	m.claims[caller] = nil
	if !m.record.Held(*claimed) {
		if m.now.Before(claimed.LeaseUntil) {
			t.Errorf("caller %d lost its claim within its lease", caller)
		}
		return
	}
	if !finish {
		m.record = m.record.Release(claimed.Generation)
		return
	}
	answer, live := fmt.Appendf(nil, "%d by %d at %v", claimed.Generation, caller, m.now), m.now.Add(15*time.Second)
	after, ok := m.record.Finish(claimed.Generation, answer, live)
	if _, before := m.answers[claimed.Generation]; !ok || before {
		t.Errorf("a claim that stands was finished: %t; answered before: %t", ok, before)
	}
	m.record, m.answers[claimed.Generation], m.newest, m.live = after, answer, answer, live
}

// late finishes and releases generations that nobody is at.
func (m *model) late(t *rapid.T) {
	generation := rapid.Uint32Range(0, m.last+1).Draw(t, "generation")
	if m.record.State == idempotency.Running && m.record.Generation == generation {
		return
	}
	after, ok := m.record.Finish(generation, []byte("void"), m.now.Add(time.Hour))
	if diff := cmp.Diff(after, m.record); ok || diff != "" {
		t.Errorf("a void Finish of %d: %t (-got +want):\n%s", generation, ok, diff)
	}
	if diff := cmp.Diff(m.record.Release(generation), m.record); diff != "" {
		t.Errorf("a void Release of %d (-got +want):\n%s", generation, diff)
	}
}

func runModel(t *rapid.T) {
	m := &model{now: start, tried: map[uint32]idempotency.Fingerprint{}, answers: map[uint32][]byte{}}
	t.Repeat(map[string]func(*rapid.T){
		"claim":   m.claim,
		"finish":  func(t *rapid.T) { m.settle(t, true) },
		"release": func(t *rapid.T) { m.settle(t, false) },
		"late":    m.late,
		"vanish":  func(t *rapid.T) { m.claims[rapid.IntRange(0, len(m.claims)-1).Draw(t, "caller")] = nil },
		"wait": func(t *rapid.T) {
			m.now = m.now.Add(rapid.SampledFrom([]time.Duration{0, time.Millisecond, terms.Lease - 1, terms.Lease, 2 * terms.Lease}).Draw(t, "for"))
		},
		"": func(t *rapid.T) {
			if at := m.working(); len(at) > 1 {
				t.Errorf("%v work at once", at)
			}
			if !bytes.Equal(m.record.Answer, m.newest) {
				t.Errorf("the record forgot its newest answer: %q, want %q", m.record.Answer, m.newest)
			}
		},
	})
}

func TestModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, runModel)
}

// FuzzModel lets the fuzzer choose what the callers do.
func FuzzModel(f *testing.F) {
	f.Add(bytes.Repeat([]byte{0}, 256))
	f.Add(bytes.Repeat([]byte{1, 0, 2, 0, 0, 3, 0, 5}, 64))
	f.Fuzz(rapid.MakeFuzz(runModel))
}
