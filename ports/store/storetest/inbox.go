// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/shop"
	"github.com/cartage-dev/cartage/ports/store"
)

var inboxCases = []verdict{
	{"a message is handed over whole, and once", func(t *testing.T, s store.Store) {
		b := box{t, s.Inbox}
		want := message("alpha", "a", noon)
		if !b.put(want) {
			t.Error("a new message is not fresh")
		}
		if diff := cmp.Diff([]store.Message{want}, b.take(noon, 9)); diff != "" {
			t.Errorf("Take (-want +got):\n%s", diff)
		}
		b.takes(noon.Add(leaseFor-1), 9)
	}},
	{"the same key is kept once, whatever it says", func(t *testing.T, s store.Store) {
		b := box{t, s.Inbox}
		b.put(message("alpha", "a", noon))
		again := message("alpha", "a", noon.Add(time.Hour))
		again.Body = []byte("something else")
		if b.put(again) {
			t.Error("the same key is fresh again")
		}
		if !b.put(message("beta", "a", noon)) {
			t.Error("another shop's key is not fresh")
		}
		for _, m := range b.take(noon, 9) {
			if string(m.Body) != "body of a" {
				t.Errorf("%s says %q", m.Shop, m.Body)
			}
		}
	}},
	{"a lease that ran out hands over again", func(t *testing.T, s store.Store) {
		b := box{t, s.Inbox}
		b.put(message("alpha", "a", noon))
		b.take(noon, 9)
		b.takes(noon.Add(leaseFor), 9, "a")
	}},
	{"what is not due waits, and the longest due comes first", func(t *testing.T, s store.Store) {
		b := box{t, s.Inbox}
		for i, key := range []string{"c", "a", "b"} {
			b.put(message("alpha", key, noon.Add(time.Duration(-i)*time.Minute)))
		}
		b.put(message("alpha", "later", noon.Add(1)))
		b.takes(noon, 2, "b", "a")
		b.takes(noon, 2, "c")
		b.takes(noon.Add(1), 2, "later")
	}},
	{"what is done comes no more, and its key is remembered", func(t *testing.T, s store.Store) {
		b := box{t, s.Inbox}
		b.put(message("alpha", "a", noon))
		b.take(noon, 9)
		b.fine(s.Inbox.Done(t.Context(), "alpha", "a", noon))
		b.takes(noon.AddDate(0, 1, 0), 9)
		if b.put(message("alpha", "a", noon)) {
			t.Error("news that was worked out is fresh")
		}
		b.fine(s.Inbox.Later(t.Context(), "alpha", "a", noon, "too late")) // whoever had it before its lease ran out
		b.takes(noon.AddDate(0, 1, 0), 9)
	}},
	{"what went wrong is told, and tried again when it is due", func(t *testing.T, s store.Store) {
		b := box{t, s.Inbox}
		b.put(message("alpha", "a", noon))
		for n := 1; n <= 3; n++ {
			b.take(noon.AddDate(0, 0, n-1), 9)
			b.fine(s.Inbox.Later(t.Context(), "alpha", "a", noon.AddDate(0, 0, n), fmt.Sprint("reason ", n)))
			b.takes(noon.AddDate(0, 0, n).Add(-1), 9)
		}
		got := b.take(noon.AddDate(0, 0, 3), 9)
		if len(got) != 1 || got[0].Attempts != 3 || got[0].Why != "reason 3" || string(got[0].Body) != "body of a" {
			t.Errorf("Take = %+v", got)
		}
	}},
	{"the backlog is what waits", func(t *testing.T, s store.Store) {
		b := box{t, s.Inbox}
		b.waits(0, time.Time{})
		b.put(message("alpha", "b", noon.Add(time.Minute)))
		b.put(message("alpha", "a", noon))
		b.take(noon, 9) // in somebody's hands is not done
		b.waits(2, noon)
		b.fine(s.Inbox.Done(t.Context(), "alpha", "a", noon))
		b.waits(1, noon.Add(time.Minute))
	}},
	{"keys are forgotten in the end", func(t *testing.T, s store.Store) {
		b := box{t, s.Inbox}
		b.put(message("alpha", "done", noon))
		b.put(message("alpha", "waits", noon))
		b.fine(s.Inbox.Done(t.Context(), "alpha", "done", noon))
		for _, tt := range []struct {
			at   time.Time
			want int
		}{{noon.Add(store.ForgetDone - 1), 0}, {noon.Add(store.ForgetDone), 1}, {noon.AddDate(10, 0, 0), 0}} {
			if n, err := s.Inbox.Sweep(t.Context(), tt.at); n != tt.want || err != nil {
				t.Errorf("Sweep = %d, %v; want %d", n, err, tt.want)
			}
		}
		b.waits(1, noon)
	}},
	{"one of many gets each message", func(t *testing.T, s store.Store) {
		b := box{t, s.Inbox}
		for i := range crowd {
			b.put(message("alpha", fmt.Sprint(i), noon))
		}
		var mu sync.Mutex
		seen := map[string]int{}
		together(crowd, func(int) {
			for _, m := range b.take(noon, 2) {
				mu.Lock()
				seen[m.Key]++
				mu.Unlock()
			}
		})
		for key, n := range seen {
			if n != 1 {
				t.Errorf("%s was handed over %d times", key, n)
			}
		}
		if len(seen) != crowd {
			t.Errorf("%d of %d were handed over", len(seen), crowd)
		}
	}},
	{"too late to keep or take", func(t *testing.T, s store.Store) {
		fresh, err := s.Inbox.Put(over(t), message("alpha", "a", noon))
		refused(t, "Put", err, fault.Unavailable, "")
		got, err := s.Inbox.Take(over(t), noon, noon, 1)
		refused(t, "Take", err, fault.Unavailable, "")
		if fresh || got != nil {
			t.Errorf("beside their errors they gave %t and %v", fresh, got)
		}
		box{t, s.Inbox}.waits(0, time.Time{})
	}},
}

const leaseFor = time.Minute

func message(s shop.ID, key string, at time.Time) store.Message {
	return store.Message{Shop: s, Key: key, Body: []byte("body of " + key), ReceivedAt: at}
}

// box asks an inbox and expects no error.
type box struct {
	t *testing.T
	i store.Inbox
}

func (b box) fine(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Errorf("got %v", err)
	}
}

func (b box) put(m store.Message) bool {
	b.t.Helper()
	fresh, err := b.i.Put(b.t.Context(), m)
	b.fine(err)
	return fresh
}

func (b box) take(now time.Time, limit int) []store.Message {
	b.t.Helper()
	got, err := b.i.Take(b.t.Context(), now, now.Add(leaseFor), limit)
	b.fine(err)
	return got
}

func (b box) takes(now time.Time, limit int, want ...string) {
	b.t.Helper()
	var keys []string
	for _, m := range b.take(now, limit) {
		keys = append(keys, m.Key)
	}
	if diff := cmp.Diff(want, keys); diff != "" {
		b.t.Errorf("Take at %s (-want +got):\n%s", now, diff)
	}
}

func (b box) waits(want int, since time.Time) {
	b.t.Helper()
	if n, at, err := b.i.Backlog(b.t.Context()); n != want || !at.Equal(since) || err != nil {
		b.t.Errorf("Backlog = %d since %s, %v; want %d since %s", n, at, err, want, since)
	}
}
