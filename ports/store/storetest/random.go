// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/handoff"
	"github.com/cartage-dev/cartage/core/idempotency"
	"github.com/cartage-dev/cartage/core/shop"
	"github.com/cartage-dev/cartage/ports/store"
)

// The bounds of the random cases.
const (
	walks = 8   // each from a seed of its own
	steps = 120 // of each walk
)

// randomCases are walks that are the same at every run.
func randomCases() []verdict {
	var all []verdict
	for seed := range uint64(walks) {
		all = append(all, verdict{fmt.Sprint("seed ", seed), func(t *testing.T, s store.Store) {
			w := newWalk(t, s, seed)
			for range steps {
				if w.step(); t.Failed() {
					t.Logf("seed %d, after:\n%s", seed, strings.Join(w.trace, "\n"))
					return
				}
			}
		}})
	}
	return all
}

// walk does the same to a store and to a model of it.
type walk struct {
	*rand.Rand
	t     *testing.T
	s     store.Store
	now   time.Time
	trace []string

	links   []modelLink // in the order they were put; an index is a link's name
	records map[idempotency.Scope]record
}

type modelLink struct {
	store.Handoff
	there, ended bool
}

func newWalk(t *testing.T, s store.Store, seed uint64) *walk {
	return &walk{
		Rand: rand.New(rand.NewPCG(seed, 0)), //nolint:gosec // G404: the same walk at every run
		t:    t, s: s, now: noon, records: map[idempotency.Scope]record{},
	}
}

func (w *walk) did(format string, args ...any) {
	w.trace = append(w.trace, w.now.Sub(noon).String()+" "+fmt.Sprintf(format, args...))
}

// step moves the clock, by now and then much, and does one thing.
func (w *walk) step() {
	w.t.Helper()
	w.now = w.now.Add([]time.Duration{0, 1, time.Second, 5 * time.Minute, 20 * time.Hour}[w.weighted(8, 4, 8, 4, 1)])
	[]func(){w.put, w.take, w.live, w.update, w.sweepLinks, w.sweepRecords}[w.weighted(6, 5, 4, 10, 1, 1)]()
}

// weighted is an index, drawn by these weights.
func (w *walk) weighted(weights ...int) int {
	var sum int
	for _, n := range weights {
		sum += n
	}
	draw := w.IntN(sum)
	for i, n := range weights {
		if draw -= n; draw < 0 {
			return i
		}
	}
	return 0
}

// put puts a new link, or one that has not ended once more.
func (w *walk) put() {
	h := store.Handoff{
		Hash: hashOf(fmt.Sprint(len(w.links))), Shop: []shop.ID{"alpha", "beta"}[w.IntN(2)],
		Reference: fmt.Sprint("R-", w.IntN(2)),
	}
	at := len(w.links)
	if at > 0 && w.IntN(5) == 0 {
		if i := w.IntN(at); w.links[i].there && !w.links[i].ended {
			h, at = w.links[i].Handoff, i
		}
	}
	h.Target = make([]byte, w.IntN(20))
	for i := range h.Target {
		h.Target[i] = "\x00\x01a \n\x7f\x80\xff"[w.IntN(8)]
	}
	h.ExpiresAt = w.now.Add(time.Duration(w.IntN(20)-1) * time.Minute)
	w.did("put link %d of %s/%s until %s", at, h.Shop, h.Reference, h.ExpiresAt.Sub(noon))
	links{w.t, w.s.Handoffs}.put(h)
	for i, other := range w.links {
		if i != at && other.Shop == h.Shop && other.Reference == h.Reference {
			w.links[i].ended = true
		}
	}
	if at == len(w.links) {
		w.links = append(w.links, modelLink{})
	}
	w.links[at] = modelLink{Handoff: h, there: true}
}

// pick is one of the latest links, or one that never was.
func (w *walk) pick() (at int, l modelLink, hash handoff.Hash) {
	at = max(0, len(w.links)-w.IntN(8))
	if at < len(w.links) {
		l = w.links[at]
	}
	return at, l, hashOf(fmt.Sprint(at))
}

func (l modelLink) live(now time.Time) bool { return l.there && !l.ended && now.Before(l.ExpiresAt) }

func (w *walk) take() {
	at, l, hash := w.pick()
	w.did("take link %d", at)
	got, err := w.s.Handoffs.Take(w.t.Context(), hash, w.now)
	switch {
	case l.live(w.now):
		if err != nil {
			w.t.Errorf("Take = %v", err)
		}
		links{w.t, w.s.Handoffs}.is(got, l.Handoff)
		w.links[at].ended = true
	case l.there && l.ended:
		refused(w.t, "Take", err, fault.Conflict, "handoff_ended")
	default:
		refused(w.t, "Take", err, fault.NotFound, "")
	}
}

func (w *walk) live() {
	at, l, hash := w.pick()
	w.did("look at link %d", at)
	links{w.t, w.s.Handoffs}.live(hash, w.now, l.live(w.now))
}

func (w *walk) sweepLinks() {
	var want int
	for i, l := range w.links {
		if l.there && l.ExpiresAt.Add(day).Before(w.now) {
			w.links[i].there = false
			want++
		}
	}
	w.did("sweep links")
	sweeps(w.t, w.s.Handoffs, w.now, want)
}

func (w *walk) sweepRecords() {
	var want int
	for at, r := range w.records {
		if r.KeepUntil.Before(w.now) && (r.State != idempotency.Running || !r.LeaseUntil.After(w.now)) {
			delete(w.records, at)
			want++
		}
	}
	w.did("sweep records")
	sweeps(w.t, w.s.Idempotency, w.now, want)
}

var errRandom = errors.New("no")

// update applies one of the transitions that a use case applies.
func (w *walk) update() {
	at := idempotency.Scope{Shop: "alpha", Operation: []string{"a", "b"}[w.IntN(2)], Name: fmt.Sprint(w.IntN(3))}
	before := w.records[at]
	fp, generation, answer := []idempotency.Fingerprint{{1}, {2}}[w.IntN(2)], before.Generation, []byte(fmt.Sprint(w.Uint32()))
	terms := idempotency.Terms{Lease: 10 * time.Second, Keep: time.Duration(w.IntN(48)) * time.Hour}
	now, kind := w.now, w.weighted(6, 4, 2, 2, 2)
	var failure error
	if kind == 3 {
		failure = errRandom
	}
	transition := func(r record) (record, error) {
		switch kind {
		case 0:
			r, _ = r.Claim(fp, now, terms, 0)
		case 1:
			r, _ = r.Finish(generation, answer, now.Add(time.Hour))
		case 2:
			r = r.Release(generation)
		case 3:
			r.Generation, r.State = 1_000, idempotency.Done
		}
		return r, failure
	}
	w.did("%s %q", []string{"claim", "finish", "release", "fail", "look"}[kind], at)
	var found record
	err := w.s.Idempotency.Update(w.t.Context(), at, func(r record) (record, error) {
		found = r
		return transition(r)
	})
	if err != failure { //nolint:errorlint // "returned as it is" means this very value
		w.t.Errorf("Update = %v, want %v", err, failure)
	}
	if !sameRecord(found, before) {
		w.t.Errorf("Update found %+v, want %+v in UTC", found, before)
	}
	if after, err := transition(before); err == nil && !sameRecord(utc(after), before) {
		w.records[at] = utc(after)
	}
}

// utc is the record as a store gives it back.
func utc(r record) record {
	r.LeaseUntil, r.LiveUntil, r.KeepUntil = r.LeaseUntil.UTC(), r.LiveUntil.UTC(), r.KeepUntil.UTC()
	return r
}
