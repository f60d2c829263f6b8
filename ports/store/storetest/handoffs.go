// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/handoff"
	"github.com/cartage-dev/cartage/core/shop"
	"github.com/cartage-dev/cartage/ports/store"
)

func hashOf(name string) handoff.Hash { return sha256.Sum256([]byte(name)) }

// link is a link of shop alpha for reference R-1, called name.
func link(name string) store.Handoff { return linkFor("alpha", "R-1", name) }

func linkFor(id shop.ID, reference, name string) store.Handoff {
	return store.Handoff{
		Hash: hashOf(name), Shop: id, Reference: reference,
		Target: []byte("sealed " + name), ExpiresAt: noon.Add(handoff.LinkLife),
	}
}

// links asks a store and fails the test itself.
type links struct {
	t *testing.T
	s store.Handoffs
}

func (l links) put(h store.Handoff) {
	l.t.Helper()
	if err := l.s.Put(l.t.Context(), h); err != nil {
		l.t.Fatalf("Put %s/%s = %v", h.Shop, h.Reference, err)
	}
}

func (l links) live(hash handoff.Hash, now time.Time, want bool) {
	l.t.Helper()
	got, err := l.s.Live(l.t.Context(), hash, now)
	if err != nil || got != want {
		l.t.Errorf("Live = %t, %v; want %t", got, err, want)
	}
}

// taken takes the link and wants it as it was put.
func (l links) taken(want store.Handoff, now time.Time) {
	l.t.Helper()
	l.live(want.Hash, now, true)
	got, err := l.s.Take(l.t.Context(), want.Hash, now)
	if err != nil {
		l.t.Errorf("Take %s/%s = %v", want.Shop, want.Reference, err)
		return
	}
	l.is(got, want)
	l.live(want.Hash, now, false)
}

func (l links) is(got, want store.Handoff) {
	l.t.Helper()
	if got.Hash != want.Hash || got.Shop != want.Shop || got.Reference != want.Reference ||
		!bytes.Equal(got.Target, want.Target) || !sameInstant(got.ExpiresAt, want.ExpiresAt) {
		l.t.Errorf("Take = %+v, want %+v in UTC", got, want)
	}
}

// ended wants the link called name to be used or replaced.
func (l links) ended(name string, now time.Time) {
	l.t.Helper()
	l.live(hashOf(name), now, false)
	_, err := l.s.Take(l.t.Context(), hashOf(name), now)
	refused(l.t, "Take "+name, err, fault.Conflict, "handoff_ended")
}

// missing wants the link called name never to have been, or to have expired.
func (l links) missing(name string, now time.Time) {
	l.t.Helper()
	l.live(hashOf(name), now, false)
	_, err := l.s.Take(l.t.Context(), hashOf(name), now)
	refused(l.t, "Take "+name, err, fault.NotFound, "")
}

var handoffCases = []verdict{
	{"used once", func(t *testing.T, s store.Store) {
		l := links{t, s.Handoffs}
		l.put(link("a"))
		l.taken(link("a"), noon)
		l.ended("a", noon)
		l.ended("a", noon)
	}},
	{"never put", func(t *testing.T, s store.Store) {
		l := links{t, s.Handoffs}
		l.put(link("a"))
		l.missing("b", noon)
		l.taken(link("a"), noon)
	}},
	{"looking uses nothing up", func(t *testing.T, s store.Store) {
		l := links{t, s.Handoffs}
		l.put(link("a"))
		for range 3 {
			l.live(hashOf("a"), noon, true)
		}
		l.taken(link("a"), noon)
	}},
	{"replaced", func(t *testing.T, s store.Store) {
		l := links{t, s.Handoffs}
		for _, name := range []string{"a", "b", "c"} {
			l.put(link(name))
		}
		l.ended("a", noon)
		l.ended("b", noon)
		l.taken(link("c"), noon)
	}},
	{"replaced after it was used", func(t *testing.T, s store.Store) {
		l := links{t, s.Handoffs}
		l.put(link("a"))
		l.taken(link("a"), noon)
		l.put(link("b"))
		l.ended("a", noon)
		l.taken(link("b"), noon)
	}},
	{"replaced after it expired", func(t *testing.T, s store.Store) {
		l := links{t, s.Handoffs}
		old := link("a")
		old.ExpiresAt = noon
		l.put(old)
		l.put(link("b"))
		l.ended("a", noon.Add(-time.Second))
		l.taken(link("b"), noon)
	}},
	{"put twice", func(t *testing.T, s store.Store) { // as a caller mends a Put that got no answer
		l := links{t, s.Handoffs}
		l.put(link("a"))
		l.put(link("a"))
		l.taken(link("a"), noon)
		l.ended("a", noon)
	}},
	{"put again after it was used", func(t *testing.T, s store.Store) {
		l := links{t, s.Handoffs}
		l.put(link("a"))
		l.taken(link("a"), noon)
		_ = s.Handoffs.Put(t.Context(), link("a")) // may be refused
		l.ended("a", noon)
	}},
	{"neighbours are left alone", neighbours},
	{"to the nanosecond of its expiry", expiry},
	{"a refusal uses nothing up", func(t *testing.T, s store.Store) {
		l := links{t, s.Handoffs}
		l.put(link("a"))
		l.missing("a", noon.Add(time.Hour))
		l.taken(link("a"), noon)
	}},
	{"used, and then expired", func(t *testing.T, s store.Store) {
		l := links{t, s.Handoffs}
		l.put(link("a"))
		l.taken(link("a"), noon)
		l.ended("a", noon.Add(20*time.Hour))
	}},
	{"instants in another zone", func(t *testing.T, s store.Store) {
		l := links{t, s.Handoffs}
		h := link("a")
		h.ExpiresAt = h.ExpiresAt.In(time.FixedZone("far", -11*3600))
		l.put(h)
		l.taken(h, noon.In(time.FixedZone("east", 13*3600)))
	}},
	{"targets unchanged", targets},
	{"target belongs to the caller", func(t *testing.T, s store.Store) {
		l := links{t, s.Handoffs}
		h := link("a")
		h.Target = bytes.Clone(h.Target)
		l.put(h)
		h.Target[0] ^= 0xff
		l.taken(link("a"), noon)
	}},
}

// neighbours are links whose shop and reference resemble those of another.
func neighbours(t *testing.T, s store.Store) {
	l := links{t, s.Handoffs}
	var all []store.Handoff
	for i, at := range []struct {
		shop      shop.ID
		reference string
	}{
		{"alpha", "R-1"},
		{"beta", "R-1"},
		{"alpha", "R-2"},
		{"ab", "c"}, {"a", "bc"}, // the same when run together
		{"alpha", "r-1"},                        // but for case
		{"alpha", "R-1 "},                       // but for a space behind
		{"alpha", " R-1"},                       // or before
		{"alpha", "R-1\x00"},                    // or a NUL
		{"alpha", "R-1\x00x"},                   // and what comes after it
		{"alpha", ""},                           // empty
		{"alpha", "é"},                          // composed
		{"alpha", "e\u0301"},                    // and not
		{"alpha", "\uff32-1"},                   // full width
		{"alpha", "参照-١٢٣-😀"},                   // beyond ASCII and the BMP
		{"alpha", "%"},                          // a pattern in SQL
		{"alpha", "_-1"},                        // another
		{"alpha", "' OR 1=1 --"},                // and a classic
		{"alpha", "K-1"}, {"alpha", "\u212a-1"}, // the second with the Kelvin sign
		{"alpha", strings.Repeat("x", 1_000)}, {"alpha", strings.Repeat("x", 1_001)},
	} {
		h := linkFor(at.shop, at.reference, fmt.Sprint("neighbour ", i))
		all = append(all, h)
		l.put(h)
	}
	for _, h := range all {
		l.taken(h, noon)
	}
}

func expiry(t *testing.T, s store.Store) {
	for _, tt := range []struct {
		name string
		wait time.Duration // from noon; the link expires at noon
		want bool
	}{
		{"long before", -time.Hour, true},
		{"just before", -time.Nanosecond, true},
		{"at", 0, false},
		{"just after", time.Nanosecond, false},
		{"long after", time.Hour, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := links{t, s.Handoffs}
			h := linkFor("alpha", tt.name, tt.name)
			h.ExpiresAt = noon
			l.put(h)
			if tt.want {
				l.taken(h, noon.Add(tt.wait))
			} else {
				l.missing(tt.name, noon.Add(tt.wait))
			}
		})
	}
}

func targets(t *testing.T, s store.Store) {
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	for _, tt := range []struct {
		name   string
		target []byte
	}{
		{"nil", nil},
		{"empty", []byte{}},
		{"a NUL", []byte{0}},
		{"every byte", every},
		{"not UTF-8", []byte("\xff\xfe\xfd")},
		{"digits", []byte("0012")},
		{"a line end behind", []byte("x\r\n")},
		{"a megabyte", bytes.Repeat(every, 4<<10)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := links{t, s.Handoffs}
			h := linkFor("alpha", tt.name, tt.name)
			h.Target = tt.target
			l.put(h)
			l.taken(h, noon)
		})
	}
}
