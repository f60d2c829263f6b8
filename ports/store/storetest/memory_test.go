// SPDX-License-Identifier: Apache-2.0

package storetest_test

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/handoff"
	"github.com/cartage-dev/cartage/core/idempotency"
	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/shop"
	"github.com/cartage-dev/cartage/ports/store"
)

// memory is the least that passes the kit, or, with a bug planted in it, does not.
type memory struct {
	bug string

	turn    chan struct{} // holds one token; who has it works
	links   map[handoff.Hash]*kept
	records map[string]idempotency.Record
	pages   map[shop.ID]*page
	offers  map[string]loyalty.Offer

	messages []*keptMessage
	moving   map[movementKey]store.Movement
}

type kept struct {
	store.Handoff
	ended bool
}

func newMemory(bug string) store.Store {
	m := &memory{bug: bug, turn: make(chan struct{}, 1), links: map[handoff.Hash]*kept{}, records: map[string]idempotency.Record{}, pages: map[shop.ID]*page{}, offers: map[string]loyalty.Offer{}, moving: map[movementKey]store.Movement{}}
	return store.Store{Handoffs: memoryLinks{m}, Idempotency: memoryRecords{m}, Ledger: memoryLedger{m}, Offers: memoryOffers{m}, Inbox: memoryInbox{m}, Movements: memoryMovements{m}, Privacy: memoryPrivacy{m}, Health: m}
}

func (m *memory) Ping(ctx context.Context) error {
	if err := m.begin(ctx); err != nil {
		return err
	}
	m.end()
	return nil
}

// begin waits for its turn, within ctx.
func (m *memory) begin(ctx context.Context) error {
	if m.bug == "deadline ignored" {
		ctx = context.WithoutCancel(ctx)
	}
	err := ctx.Err()
	if err == nil {
		select {
		case m.turn <- struct{}{}:
			return nil
		case <-ctx.Done():
			err = ctx.Err()
		}
	}
	return fault.New(fault.Unavailable, "", "late").Because(err)
}

func (m *memory) end() { <-m.turn }

// pause lets others go on in the middle of something.
func (m *memory) pause() {
	m.end()
	time.Sleep(time.Millisecond)
	m.turn <- struct{}{}
}

type memoryLinks struct{ *memory }

func (m memoryLinks) Put(ctx context.Context, h store.Handoff) error {
	if err := m.begin(ctx); err != nil {
		return err
	}
	defer m.end()
	for hash, other := range m.links {
		sameShop := other.Shop == h.Shop || m.bug == "put ends other shops' links"
		sameReference := other.Reference == h.Reference || m.bug == "put ends other references' links"
		if m.bug == "put runs shop and reference together" {
			sameShop, sameReference = string(other.Shop)+other.Reference == string(h.Shop)+h.Reference, true
		}
		if hash != h.Hash && sameShop && sameReference && m.bug != "put ends nothing" {
			other.ended = true
		}
	}
	if old := m.links[h.Hash]; old != nil && old.ended && m.bug != "put revives" {
		return fault.New(fault.Conflict, "handoff_ended", "ended")
	}
	if m.bug != "target shared" {
		h.Target = bytes.Clone(h.Target)
	}
	if m.bug == "target trimmed" {
		h.Target = bytes.TrimSpace(h.Target)
	}
	m.links[h.Hash] = &kept{Handoff: h}
	return nil
}

func (m memoryLinks) Take(ctx context.Context, hash handoff.Hash, now time.Time) (store.Handoff, error) {
	if err := m.begin(ctx); err != nil {
		return store.Handoff{}, err
	}
	defer m.end()
	l := m.links[hash]
	over := l == nil || m.expired(l, now)
	switch {
	case over && (l == nil || !l.ended || m.bug == "expiry hides the end"):
		if l != nil && m.bug == "refusal uses up" {
			l.ended = true
		}
		return store.Handoff{}, fault.New(fault.NotFound, "", "not found")
	case l.ended:
		return store.Handoff{}, fault.New(fault.Conflict, "handoff_ended", "ended")
	}
	if m.bug == "take in two steps" {
		m.pause()
	}
	l.ended = m.bug != "take leaves it"
	h := l.Handoff
	if m.bug != "local time" {
		h.ExpiresAt = h.ExpiresAt.UTC()
	}
	return h, nil
}

func (m *memory) expired(l *kept, now time.Time) bool {
	if m.bug == "expiry a nanosecond late" {
		return now.After(l.ExpiresAt)
	}
	return !now.Before(l.ExpiresAt)
}

func (m memoryLinks) Live(ctx context.Context, hash handoff.Hash, now time.Time) (bool, error) {
	if err := m.begin(ctx); err != nil {
		return false, err
	}
	defer m.end()
	l := m.links[hash]
	live := l != nil && !l.ended && !m.expired(l, now)
	if live && m.bug == "look uses up" {
		l.ended = true
	}
	return live, nil
}

func (m memoryLinks) Sweep(ctx context.Context, now time.Time) (n int, err error) {
	if err := m.begin(ctx); err != nil {
		return 0, err
	}
	defer m.end()
	after := 24 * time.Hour
	if m.bug == "links swept as they expire" {
		after = 0
	}
	for hash, l := range m.links {
		if n < store.SweepMax && !now.Before(l.ExpiresAt.Add(after)) && (!l.ended || m.bug != "ended links stay") {
			delete(m.links, hash)
			n++
		}
	}
	return n, nil
}

type memoryRecords struct{ *memory }

func (m memoryRecords) key(s idempotency.Scope) string {
	if m.bug == "scope run together" {
		return s.Shop + s.Operation + s.Name
	}
	return fmt.Sprintf("%q", s)
}

func (m memoryRecords) Update(ctx context.Context, scope idempotency.Scope, fn func(idempotency.Record) (idempotency.Record, error)) error {
	if err := m.begin(ctx); err != nil {
		return err
	}
	defer m.end()
	before, there := m.records[m.key(scope)]
	before.Answer = bytes.Clone(before.Answer)
	if m.bug == "update not serialised" {
		m.pause()
	}
	after, err := fn(before)
	if err != nil && m.bug != "errors keep" {
		if m.bug == "errors wrapped" {
			return fmt.Errorf("update: %w", err)
		}
		return err
	}
	if !there && after.State == 0 && after.Generation == 0 && after.KeepUntil.IsZero() && after.LeaseUntil.IsZero() &&
		after.LiveUntil.IsZero() && after.Answer == nil && after.Fingerprint == (idempotency.Fingerprint{}) && m.bug != "look keeps" {
		return err
	}
	m.records[m.key(scope)] = m.stored(before, after)
	return err
}

// stored is the record as it is given back.
func (m memoryRecords) stored(before, after idempotency.Record) idempotency.Record {
	for _, at := range []*time.Time{&after.LeaseUntil, &after.LiveUntil, &after.KeepUntil} {
		if m.bug == "microseconds" {
			*at = at.Truncate(time.Microsecond)
		}
		if m.bug != "local time" {
			*at = at.UTC()
		}
	}
	if m.bug == "answer change overlooked" && before.Generation == after.Generation {
		after.Answer = before.Answer
	}
	after.Answer = bytes.Clone(after.Answer)
	return after
}

func (m memoryRecords) Sweep(ctx context.Context, now time.Time) (n int, err error) {
	if err := m.begin(ctx); err != nil {
		return 0, err
	}
	defer m.end()
	for key, r := range m.records {
		working := r.State == idempotency.Running && now.Before(r.LeaseUntil)
		if m.bug == "lease ignored" {
			working = false
		}
		if m.bug == "running stays" {
			working = r.State == idempotency.Running
		}
		if r.KeepUntil.Before(now) && !working && (n < store.SweepMax || m.bug == "sweep without bound") {
			delete(m.records, key)
			n++
		}
	}
	return n, nil
}
