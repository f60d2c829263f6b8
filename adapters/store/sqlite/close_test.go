// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/idempotency"
)

func TestCloseTwice(t *testing.T) {
	t.Parallel()
	db := openAt(t, fresh(t))
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() { shut(t, db) })
	}
	all.Wait()
	shut(t, db)
}

func TestAfterClose(t *testing.T) {
	t.Parallel()
	path := fresh(t)
	db := openAt(t, path)
	put(t, db, "a")
	s := db.Store()
	shut(t, db)
	for _, tt := range []struct {
		name string
		call func() error
	}{
		{"Put", func() error { return s.Handoffs.Put(t.Context(), link("b")) }},
		{"Take", func() error { _, err := s.Handoffs.Take(t.Context(), hashOf("a"), noon); return err }},
		{"Live", func() error { _, err := s.Handoffs.Live(t.Context(), hashOf("a"), noon); return err }},
		{"Handoffs.Sweep", func() error { _, err := s.Handoffs.Sweep(t.Context(), noon); return err }},
		{"Update", func() error {
			return s.Idempotency.Update(t.Context(), idempotency.Scope{}, func(r idempotency.Record) (idempotency.Record, error) {
				t.Error("the closure ran")
				return r, nil
			})
		}},
		{"Idempotency.Sweep", func() error { _, err := s.Idempotency.Sweep(t.Context(), noon); return err }},
		{"Ping", func() error { return s.Health.Ping(t.Context()) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.call()
			wantFault(t, tt.name, err, fault.Unavailable, "store_unavailable")
			if !errors.Is(err, errClosed) {
				t.Errorf("%s = %v, want that the database is closed", tt.name, err)
			}
		})
	}
	wantLive(t, openAt(t, path), "a")
}

// TestCloseWaits holds Close to its word: whoever was let in finishes, and the next
// host comes in only then.
func TestCloseWaits(t *testing.T) {
	t.Parallel()
	path := fresh(t)
	db := openAt(t, path)
	inside, leave := make(chan struct{}), make(chan struct{})
	updated, queued, closed := make(chan error, 1), make(chan error, 1), make(chan error, 1)
	scope := idempotency.Scope{Name: "slow"}
	go func() {
		updated <- db.Store().Idempotency.Update(t.Context(), scope, func(r idempotency.Record) (idempotency.Record, error) {
			close(inside)
			<-leave
			return grown(r)
		})
	}()
	<-inside
	go func() { queued <- db.Store().Idempotency.Update(t.Context(), scope, grown) }()
	for len(db.queue) == 0 { // until it queues behind the first
		time.Sleep(time.Millisecond)
	}
	go func() { closed <- db.Close() }()
	for db.running.TryRLock() { // until Close has begun
		db.running.RUnlock()
		time.Sleep(time.Millisecond)
	}
	wantFault(t, "Ping while closing", db.Store().Health.Ping(t.Context()), fault.Unavailable, "store_unavailable")
	_, err := Open(t.Context(), Options{Path: path})
	wantText(t, err, "another host has it open")
	select {
	case err := <-closed:
		t.Errorf("Close = %v while an update was running", err)
	case <-time.After(50 * time.Millisecond):
	}
	close(leave)
	for name, result := range map[string]chan error{"the running Update": updated, "the queued Update": queued, "Close": closed} {
		if err := <-result; err != nil {
			t.Errorf("%s = %v", name, err)
		}
	}
	err = openAt(t, path).Store().Idempotency.Update(t.Context(), scope, func(r idempotency.Record) (idempotency.Record, error) {
		if r.Generation != 2 {
			t.Errorf("Generation = %d, want both updates", r.Generation)
		}
		return r, nil
	})
	if err != nil {
		t.Error(err)
	}
}

// TestPanickingClosure wants the writer back from a closure that breaks its promise.
func TestPanickingClosure(t *testing.T) {
	t.Parallel()
	db := openAt(t, fresh(t))
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		_ = db.Store().Idempotency.Update(t.Context(), idempotency.Scope{}, func(r idempotency.Record) (idempotency.Record, error) {
			panic("closure")
		})
	}()
	put(t, db, "a")
}
