// SPDX-License-Identifier: Apache-2.0

package reliability

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/ports/store"
)

// The bounds of waiting for a host and the backend that has its points to agree: what was begun and not booked is looked for
// after a quarter of a minute.
const (
	agreeMin = 17 * time.Second
	agreeMax = 2 * time.Minute
)

// TestPointsElsewhere kills the host, and with it the mock backend that has its points and loses answers, under tills. In the
// end both know the same points of each customer, and what was answered is booked.
func TestPointsElsewhere(t *testing.T) {
	h := newHost(t)
	h.env = append(h.env,
		"CARTAGE_SHOPS__DEMO__BACKENDS__LOYALTY=mock",
		fmt.Sprintf("CARTAGE_BACKENDS__MOCK__SETTINGS__LOYALTY__WELCOME=%d", pointsOfEach),
		"CARTAGE_BACKENDS__MOCK__SETTINGS__FAULTS__MOVES__LOSE_ANSWER_EVERY=7",
		"CARTAGE_BACKENDS__MOCK__SETTINGS__FAULTS__MOVES__DUPLICATE_EVERY=5",
		"CARTAGE_BACKENDS__MOCK__SETTINGS__FAULTS__MOVES__SILENT_EVERY=211",
	)
	s := newStorm(h)
	h.start()
	s.rage(t, *between)
	h.agree()
	shown := map[loyalty.CustomerID]loyalty.Points{}
	for _, c := range s.all {
		got := till{host: h, customer: c}.ask(t.Context(), "promotions", "")
		if got.status != 200 || got.balance < 0 {
			t.Fatalf("customer %s: the last look was answered %d", c, got.status)
		}
		shown[c] = got.balance
	}
	h.kill()
	records := h.audit()
	moved, left := h.compare(shown, s.histories.all)
	t.Logf("%d kills, %d operations answered, %d cut off, %d taps answered 200, %d records; %d movements at the backend, the same as booked; %d left that never came about",
		*kills, s.answered.Load(), s.cut.Load(), s.tapped.Load(), records, moved, left)
	if said := s.strange.Load(); said != nil {
		t.Error(*said)
	}
	if s.tapped.Load() == 0 || moved == 0 {
		t.Error("nothing was proven")
	}
}

// agree waits until the host has brought what it booked to the backend, and found out what was begun and not booked.
func (h *host) agree() {
	h.t.Helper()
	began, was, since := time.Now(), -1, time.Now()
	for ; time.Since(began) < agreeMax; time.Sleep(200 * time.Millisecond) {
		is := h.waiting("movements")
		if is != was || h.waiting("news") != 0 {
			was, since = is, time.Now()
		}
		if time.Since(began) > agreeMin && (was == 0 || time.Since(since) > agreeMin) {
			return
		}
	}
	h.t.Errorf("%d movements wait, and %d pieces of news", h.waiting("movements"), h.waiting("news"))
}

// compare holds the points that each customer was shown to the journal, and answered taps to the book, while no host
// runs. It counts movements at the backend, and those that were begun and never came about.
func (h *host) compare(shown map[loyalty.CustomerID]loyalty.Points, told map[loyalty.CustomerID][]porcupine.Operation) (moved, left int) {
	h.t.Helper()
	s, done := h.open()
	defer done()
	ctx := context.Background()
	for c, points := range shown {
		want := loyalty.Points(pointsOfEach)
		records, err := s.Ledger.History(ctx, "demo", c, 0, 1_000_000)
		if err != nil {
			h.t.Fatal(err)
		}
		for _, r := range records {
			if _, points := r.Entry.Elsewhere(); points != 0 {
				want += points
				moved++
			}
		}
		if points != want {
			h.t.Errorf("customer %s has %d at the backend, and %d by the journal", c, points, want)
		}
	}
	err := s.Ledger.Do(ctx, store.Stamp{Shop: "demo"}, func(b store.Book) error {
		for c, operations := range told {
			for _, o := range operations {
				if in := o.Input.(asked); in.kind == tap && o.Output.(outcome).status == 200 {
					if a, _, err := b.Action(in.id); err != nil || a.Generation != 1 {
						h.t.Errorf("customer %s: a tap was answered, and the book has %+v, %v", c, a, err)
					}
				}
			}
		}
		return nil
	})
	if err != nil {
		h.t.Fatal(err)
	}
	now := time.Now()
	movements, err := s.Movements.Take(ctx, now.Add(24*time.Hour), now.Add(48*time.Hour), 100_000)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, m := range movements {
		if m.State != store.Returning || m.Attempts == 0 {
			h.t.Errorf("it is left %s: %+v", m.State, m)
		}
	}
	return moved, len(movements)
}
