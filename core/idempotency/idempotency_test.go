// SPDX-License-Identifier: Apache-2.0

package idempotency_test

import (
	"regexp"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cartage-dev/cartage/core/idempotency"
)

var (
	start = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	terms = idempotency.Terms{Lease: 10 * time.Second, Keep: 24 * time.Hour}
	bag   = idempotency.Fingerprint{1}
	other = idempotency.Fingerprint{2}
)

// done is a record whose first generation was answered at start.
func done() idempotency.Record {
	r, _ := idempotency.Record{}.Claim(bag, start, terms, 0)
	r, _ = r.Finish(1, []byte("answer"), start.Add(15*time.Minute))
	return r
}

// running is a record whose first generation is being worked on since start.
func running() idempotency.Record {
	r, _ := idempotency.Record{}.Claim(bag, start, terms, 0)
	return r
}

func TestClaim(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name       string
		record     idempotency.Record
		fp         idempotency.Fingerprint
		after      time.Duration
		usedUp     uint32
		want       idempotency.Verdict
		generation uint32
	}{
		{"the first", idempotency.Record{}, bag, 0, 0, idempotency.Run, 1},
		{"somebody is at it", running(), bag, terms.Lease - 1, 0, idempotency.Wait, 1},
		{"somebody is at another", running(), other, 0, 0, idempotency.Wait, 1},
		{"the lease lapsed", running(), bag, terms.Lease, 0, idempotency.Run, 1},
		{"the lease of another lapsed", running(), other, terms.Lease, 0, idempotency.Run, 2},
		{"released", running().Release(1), bag, 0, 0, idempotency.Run, 1},
		{"released by another", running().Release(1), other, 0, 0, idempotency.Run, 2},
		{"answered", done(), bag, time.Minute, 0, idempotency.Replay, 1},
		{"answered, and an older answer used up", done(), bag, time.Minute, 7, idempotency.Replay, 1},
		{"answered and used up", done(), bag, time.Minute, 1, idempotency.Run, 2},
		{"answered another", done(), other, time.Minute, 0, idempotency.Run, 2},
		{"answered long ago", done(), bag, 15 * time.Minute, 0, idempotency.Run, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			now := start.Add(tt.after)
			got, verdict := tt.record.Claim(tt.fp, now, terms, tt.usedUp)
			if verdict != tt.want || got.Generation != tt.generation {
				t.Fatalf("Claim() = generation %d, verdict %d; want %d, %d", got.Generation, verdict, tt.generation, tt.want)
			}
			want := tt.record
			if tt.want == idempotency.Run {
				want.State, want.Fingerprint, want.Generation = idempotency.Running, tt.fp, tt.generation
				want.LeaseUntil, want.KeepUntil = now.Add(terms.Lease), now.Add(terms.Keep)
			}
			if diff := cmp.Diff(got, want); diff != "" {
				t.Errorf("Claim() (-got +want):\n%s", diff)
			}
		})
	}
}

func TestFinish(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name       string
		record     idempotency.Record
		generation uint32
		want       bool
	}{
		{"its own", running(), 1, true},
		{"an older one", running(), 0, false},
		{"a newer one", running(), 2, false},
		{"nobody asked", idempotency.Record{}, 0, false},
		{"answered before", done(), 1, false},
		{"given back before", running().Release(1), 1, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			live := start.Add(time.Hour)
			got, ok := tt.record.Finish(tt.generation, []byte("new"), live)
			want := tt.record
			if tt.want {
				want.State, want.Answer, want.LiveUntil, want.LeaseUntil = idempotency.Done, []byte("new"), live, time.Time{}
			}
			if diff := cmp.Diff(got, want); ok != tt.want || diff != "" {
				t.Errorf("Finish() = %t (-got +want):\n%s", ok, diff)
			}
		})
	}
}

func TestRelease(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name       string
		record     idempotency.Record
		generation uint32
		want       idempotency.State
	}{
		{"its own", running(), 1, idempotency.Idle},
		{"another's", running(), 2, idempotency.Running},
		{"answered before", done(), 1, idempotency.Done},
		{"nobody asked", idempotency.Record{}, 0, idempotency.Idle},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			want := tt.record
			if want.State != tt.want {
				want.State, want.LeaseUntil = tt.want, time.Time{}
			}
			if diff := cmp.Diff(tt.record.Release(tt.generation), want); diff != "" {
				t.Errorf("Release() (-got +want):\n%s", diff)
			}
		})
	}
}

func TestHeld(t *testing.T) {
	t.Parallel()
	mine := running()
	taken, verdict := mine.Claim(bag, start.Add(terms.Lease), terms, 0)
	if verdict != idempotency.Run || taken.Generation != mine.Generation {
		t.Fatalf("Claim() after the lease = generation %d, verdict %d", taken.Generation, verdict)
	}
	replaced, _ := mine.Claim(other, start.Add(terms.Lease), terms, 0)
	answered, _ := mine.Finish(1, nil, start)
	for _, tt := range []struct {
		name   string
		record idempotency.Record
		want   bool
	}{
		{"nothing happened", mine, true},
		{"taken over for the same request", taken, false},
		{"taken over for another", replaced, false},
		{"answered", answered, false},
		{"given back", mine.Release(1), false},
		{"forgotten", idempotency.Record{}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := tt.record.Held(mine); got != tt.want {
				t.Errorf("Held() = %t, want %t", got, tt.want)
			}
		})
	}
}

var keyForm = regexp.MustCompile(`^[0-9a-f]{64}$`)

// FuzzKey: keys are equal exactly when scope and generation are.
func FuzzKey(f *testing.F) {
	f.Add("shop", "transfer", "1", uint32(1), "shop", "transfer", "11", uint32(1))
	f.Add("a", "b", "c", uint32(1), "ab", "", "c", uint32(1))
	f.Add("1:a", "", "", uint32(0), "", "1:a", "", uint32(0))
	f.Add("s", "o", "n1", uint32(1), "s", "o", "n", uint32(11))
	f.Add("s", "o", "n", uint32(2), "s", "o", "n", uint32(2))
	f.Fuzz(func(t *testing.T, shop1, op1, name1 string, g1 uint32, shop2, op2, name2 string, g2 uint32) {
		a, b := idempotency.Scope{Shop: shop1, Operation: op1, Name: name1}, idempotency.Scope{Shop: shop2, Operation: op2, Name: name2}
		if same := a == b && g1 == g2; (a.Key(g1) == b.Key(g2)) != same {
			t.Errorf("%+v/%d and %+v/%d: keys equal: %t", a, g1, b, g2, !same)
		}
		if key := a.Key(g1); !keyForm.MatchString(string(key)) {
			t.Errorf("Key() = %q", key)
		}
	})
}
