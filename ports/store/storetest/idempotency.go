// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/idempotency"
	"github.com/cartage-dev/cartage/ports/store"
)

type record = idempotency.Record

// none is the record of a scope that nobody has asked for.
var none = record{}

func scope(name string) idempotency.Scope {
	return idempotency.Scope{Shop: "alpha", Operation: "transfer", Name: name}
}

// full is a record with something in every field.
func full() record {
	return record{
		State: idempotency.Running, Fingerprint: idempotency.Fingerprint(hashOf("asked")), Generation: 7,
		LeaseUntil: noon.Add(1), Answer: []byte("answer"), LiveUntil: noon.Add(2), KeepUntil: noon.Add(3),
	}
}

// keep is a closure that replaces the record.
func keep(r record) func(record) (record, error) {
	return func(record) (record, error) { return r, nil }
}

// grown is a closure that counts.
func grown(r record) (record, error) {
	r.Generation++
	return r, nil
}

// records asks a store and fails the test itself.
type records struct {
	t *testing.T
	s store.Idempotency
}

func (r records) update(at idempotency.Scope, fn func(record) (record, error)) {
	r.t.Helper()
	if err := r.s.Update(r.t.Context(), at, fn); err != nil {
		r.t.Fatalf("Update %q = %v", at, err)
	}
}

func (r records) keep(at idempotency.Scope, kept record) {
	r.t.Helper()
	r.update(at, keep(kept))
}

// holds wants this record of the scope.
func (r records) holds(at idempotency.Scope, want record) {
	r.t.Helper()
	var got record
	r.update(at, func(found record) (record, error) {
		got = found
		return found, nil
	})
	if !sameRecord(got, want) {
		r.t.Errorf("record of %q = %+v, want %+v in UTC", at, got, want)
	}
}

func sameRecord(got, want record) bool {
	return got.State == want.State && got.Fingerprint == want.Fingerprint && got.Generation == want.Generation &&
		bytes.Equal(got.Answer, want.Answer) && sameInstant(got.LeaseUntil, want.LeaseUntil) &&
		sameInstant(got.LiveUntil, want.LiveUntil) && sameInstant(got.KeepUntil, want.KeepUntil)
}

var idempotencyCases = []verdict{
	{"zero record first", func(t *testing.T, s store.Store) {
		records{t, s.Idempotency}.holds(scope("a"), none)
	}},
	{"keeps what the closure returned", func(t *testing.T, s store.Store) {
		r := records{t, s.Idempotency}
		r.keep(scope("a"), full())
		r.holds(scope("a"), full())
		r.update(scope("a"), grown)
		want := full()
		want.Generation++
		r.holds(scope("a"), want)
	}},
	{"every field alone", everyField},
	{"every field changes alone", everyChange},
	{"an error of the closure", closureError},
	{"an unchanged record is not kept", func(t *testing.T, s store.Store) {
		r := records{t, s.Idempotency}
		r.holds(scope("a"), none) // a look, which leaves nothing behind
		sweeps(t, s.Idempotency, noon.AddDate(100, 0, 0), 0)
	}},
	{"scopes differ in every component", scopes},
	{"a claim stands after the round trip", func(t *testing.T, s store.Store) {
		r := records{t, s.Idempotency}
		var claimed record
		r.update(scope("a"), func(found record) (record, error) {
			claimed, _ = found.Claim(idempotency.Fingerprint{1}, time.Now(), idempotency.Terms{Lease: time.Minute, Keep: time.Hour}, 0)
			return claimed, nil
		})
		r.update(scope("a"), func(found record) (record, error) {
			if !found.Held(claimed) {
				t.Errorf("the claim %+v is not held by %+v", claimed, found)
			}
			return found, nil
		})
	}},
	{"the answer belongs to the caller", func(t *testing.T, s store.Store) {
		r := records{t, s.Idempotency}
		kept := full()
		kept.Answer = bytes.Clone(kept.Answer)
		r.keep(scope("a"), kept)
		kept.Answer[0] ^= 0xff
		r.holds(scope("a"), full())
	}},
}

func everyField(t *testing.T, s store.Store) {
	far := time.Date(2200, time.January, 1, 0, 0, 0, 1, time.UTC)
	for _, tt := range []struct {
		name string
		kept record
	}{
		{"idle", record{State: idempotency.Idle, Generation: 1}},
		{"running", record{State: idempotency.Running}},
		{"done", record{State: idempotency.Done}},
		{"fingerprint", record{Fingerprint: idempotency.Fingerprint{0: 0xff, 31: 0x01}}},
		{"generation", record{Generation: math.MaxUint32}},
		{"lease", record{LeaseUntil: noon}},
		{"live", record{LiveUntil: noon}},
		{"keep", record{KeepUntil: noon}},
		{"a nanosecond after 1970", record{KeepUntil: time.Unix(0, 1)}},
		{"1970", record{LeaseUntil: time.Unix(0, 0), LiveUntil: time.Unix(0, 0), KeepUntil: time.Unix(0, 0)}},
		{"before 1970", record{KeepUntil: time.Unix(0, -1)}},
		{"far away", record{KeepUntil: far}},
		{"another zone", record{KeepUntil: noon.In(time.FixedZone("far", 14*3600))}},
		{"a monotonic reading", record{KeepUntil: time.Now()}},
		{"answer", record{Answer: []byte("\x00\xff{}\r\n")}},
		{"an empty answer", record{State: idempotency.Done, Answer: []byte{}}},
		{"a large answer", record{Answer: bytes.Repeat([]byte{0, 1, 2, 3}, 256<<10)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := records{t, s.Idempotency}
			r.keep(scope(tt.name), tt.kept)
			r.holds(scope(tt.name), tt.kept)
		})
	}
}

// everyChange finds a store that overlooks a field when it asks what has changed.
func everyChange(t *testing.T, s store.Store) {
	for _, tt := range []struct {
		name   string
		change func(*record)
	}{
		{"state", func(r *record) { r.State = idempotency.Done }},
		{"fingerprint", func(r *record) { r.Fingerprint[31] ^= 1 }},
		{"generation", func(r *record) { r.Generation-- }},
		{"lease", func(r *record) { r.LeaseUntil = r.LeaseUntil.Add(1) }},
		{"no lease", func(r *record) { r.LeaseUntil = time.Time{} }},
		{"answer", func(r *record) { r.Answer = []byte("answeR") }},
		{"no answer", func(r *record) { r.Answer = nil }},
		{"live", func(r *record) { r.LiveUntil = r.LiveUntil.Add(-1) }},
		{"keep", func(r *record) { r.KeepUntil = r.KeepUntil.Add(1) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := records{t, s.Idempotency}
			r.keep(scope(tt.name), full())
			want := full()
			tt.change(&want)
			r.keep(scope(tt.name), want)
			r.holds(scope(tt.name), want)
		})
	}
}

func closureError(t *testing.T, s store.Store) {
	for _, tt := range []struct {
		name   string
		before record
		err    error
	}{
		{"no fault, of a new scope", none, errors.New("no")},
		{"no fault", full(), errors.New("no")},
		{"a fault", full(), fault.New(fault.Conflict, "taken_over", "no")},
		{"a fault inside", full(), fmt.Errorf("while at it: %w", fault.New(fault.Denied, "", "no"))},
		{"a deadline of its own", full(), context.DeadlineExceeded},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := records{t, s.Idempotency}
			r.keep(scope(tt.name), tt.before)
			got := s.Idempotency.Update(t.Context(), scope(tt.name), func(found record) (record, error) {
				found.Generation, found.Answer = 99, []byte("not this")
				return found, tt.err
			})
			if got != tt.err { //nolint:errorlint // "returned as it is" means this very value
				t.Errorf("Update = %v, want the closure's %v as it is", got, tt.err)
			}
			r.holds(scope(tt.name), tt.before)
		})
	}
}

func scopes(t *testing.T, s store.Store) {
	r := records{t, s.Idempotency}
	all := []idempotency.Scope{
		{Shop: "a", Operation: "b", Name: "c"},
		{Shop: "b", Operation: "b", Name: "c"},
		{Shop: "a", Operation: "c", Name: "c"},
		{Shop: "a", Operation: "b", Name: "d"},
		{Shop: "ab", Name: "c"}, {Shop: "a", Operation: "bc"}, {Name: "abc"}, {Operation: "abc"}, {Shop: "abc"}, {},
		{Shop: "A", Operation: "b", Name: "c"},
		{Shop: "a", Operation: "B", Name: "c"},
		{Shop: "a", Operation: "b", Name: "C"},
		{Shop: "a ", Operation: "b", Name: "c"},
		{Shop: "a", Operation: "b ", Name: "c"},
		{Shop: "a", Operation: "b", Name: "c "},
		{Shop: "a", Operation: "b", Name: "c\x00"},
		{Shop: "a", Operation: "b\x00c", Name: ""},
		{Shop: "a", Operation: "b", Name: "é"},
		{Shop: "a", Operation: "b", Name: "e\u0301"},
		{Shop: "a", Operation: "b", Name: "参照😀"},
		{Shop: "a", Operation: "b", Name: strings.Repeat("n", 1_000)},
	}
	for i, at := range all {
		kept := full()
		kept.Generation = uint32(i) + 1
		r.keep(at, kept)
	}
	for i, at := range all {
		want := full()
		want.Generation = uint32(i) + 1
		r.holds(at, want)
	}
}
