// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"io/fs"
	"slices"
	"sync"
	"time"
)

// shelf keeps small records by kind and name. Reading needs no permission; whoever
// writes what depends on what was read does both within exclusive.
type shelf interface {
	// exclusive runs f while nobody else is inside, in this process or another.
	exclusive(ctx context.Context, f func() error) error
	read(kind, name string) ([]byte, error) // fs.ErrNotExist when there is none
	write(kind, name string, record []byte) error
	// sweep forgets what was written before a time, and the oldest beyond keep records.
	sweep(kind string, before time.Time, keep int) error
}

// aged is a record's name and when it was written.
type aged struct {
	name string
	at   time.Time
}

// stale lists what a sweep removes.
func stale(all []aged, before time.Time, keep int) []aged {
	slices.SortFunc(all, func(a, b aged) int { return a.at.Compare(b.at) })
	n := max(0, len(all)-keep)
	for n < len(all) && all[n].at.Before(before) {
		n++
	}
	return all[:n]
}

// gate lets one in at a time, and nobody wait longer than its context.
type gate chan struct{}

func newGate() gate { return make(gate, 1) }

func (g gate) enter(ctx context.Context) error {
	select {
	case g <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (g gate) leave() { <-g }

// memory is a shelf that ends with the process.
type memory struct {
	gate gate
	now  func() time.Time

	mu      sync.RWMutex
	records map[string]map[string]noted
}

type noted struct {
	record []byte
	at     time.Time
}

var _ shelf = (*memory)(nil)

func newMemory() *memory {
	return &memory{gate: newGate(), now: time.Now, records: map[string]map[string]noted{}}
}

func (m *memory) exclusive(ctx context.Context, f func() error) error {
	if err := m.gate.enter(ctx); err != nil {
		return err
	}
	defer m.gate.leave()
	return f()
}

func (m *memory) read(kind, name string) ([]byte, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	n, ok := m.records[kind][name]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return n.record, nil
}

func (m *memory) write(kind, name string, record []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.records[kind] == nil {
		m.records[kind] = map[string]noted{}
	}
	m.records[kind][name] = noted{slices.Clone(record), m.now()}
	return nil
}

func (m *memory) sweep(kind string, before time.Time, keep int) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := make([]aged, 0, len(m.records[kind]))
	for name, n := range m.records[kind] {
		all = append(all, aged{name, n.at})
	}
	for _, old := range stale(all, before, keep) {
		delete(m.records[kind], old.name)
	}
	return nil
}
