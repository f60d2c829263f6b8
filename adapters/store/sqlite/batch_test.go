// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/idempotency"
)

// hold keeps the committer busy until release is called, so that what is written meanwhile
// becomes one batch.
func hold(t *testing.T, db *DB) (release func()) {
	t.Helper()
	began, leave, over := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		over <- db.write(context.Background(), "hold", func(context.Context, *tx) error {
			close(began)
			<-leave
			return nil
		})
	}()
	<-began
	return func() {
		close(leave)
		if err := <-over; err != nil {
			t.Error(err)
		}
	}
}

// together starts every write, and lets the committer have them at once.
func together(t *testing.T, db *DB, n int, write func(i int) error) []error {
	t.Helper()
	release := hold(t, db)
	var all sync.WaitGroup
	errs := make([]error, n)
	for i := range n {
		all.Go(func() { errs[i] = write(i) })
	}
	for len(db.queue) < n {
		time.Sleep(time.Millisecond)
	}
	release()
	all.Wait()
	return errs
}

// generation is the record's, and 0 when there is none.
func generation(t *testing.T, db *DB, name string) (n uint32) {
	t.Helper()
	err := db.Store().Idempotency.Update(t.Context(), idempotency.Scope{Name: name}, func(r idempotency.Record) (idempotency.Record, error) {
		n = r.Generation
		return r, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestBatch writes many at once, of which some refuse after they have written, some are
// forbidden by the schema, and some panic: the others are kept.
func TestBatch(t *testing.T) {
	t.Parallel()
	db := openAt(t, fresh(t))
	refusal := errors.New("refused")
	const n = 3 * batchMax
	errs := together(t, db, n, func(i int) (err error) {
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("panic: %v", p)
			}
		}()
		return db.write(t.Context(), "test", func(ctx context.Context, tx *tx) error {
			if err := writeRecord(ctx, tx, idempotency.Scope{Name: fmt.Sprint(i)}, idempotency.Record{Generation: 1}); err != nil {
				return err
			}
			switch i % 4 {
			case 1:
				return refusal
			case 2:
				_, err := tx.exec(ctx, `INSERT INTO health (id, pinged_at) VALUES (2, 0)`)
				return notWritten("test", err)
			case 3:
				panic("closure")
			}
			return nil
		})
	})
	for i, err := range errs {
		as := ""
		switch {
		case err == nil:
			as = "kept"
		case errors.Is(err, refusal):
			as = "refused"
		case fault.KindOf(err) == fault.Internal && resultCode(err) != 0:
			as = "forbidden"
		case err.Error() == "panic: test: closure":
			as = "panicked"
		}
		if want := []string{"kept", "refused", "forbidden", "panicked"}[i%4]; as != want || (generation(t, db, fmt.Sprint(i)) == 1) != (want == "kept") {
			t.Errorf("write %d = %v, want %s", i, err, want)
		}
	}
}

// TestFailedCommit wants all of a batch to share the fault of its commit, since the
// refused were judged by what is undone with it.
func TestFailedCommit(t *testing.T) {
	t.Parallel()
	db := openAt(t, fresh(t))
	put(t, db, "before")
	errs := together(t, db, 8, func(i int) error {
		return db.write(t.Context(), "test", func(ctx context.Context, tx *tx) error {
			if err := writeRecord(ctx, tx, idempotency.Scope{Name: fmt.Sprint(i)}, idempotency.Record{Generation: 1}); err != nil {
				return err
			}
			switch i {
			case 3:
				return errors.New("refused")
			case 5: // a batch that SQLite gives up in the middle
				_, err := tx.exec(ctx, `INSERT OR ROLLBACK INTO health (id, pinged_at) VALUES (2, 0)`)
				return notWritten("test", err)
			}
			return nil
		})
	})
	for i, err := range errs {
		if err == nil || generation(t, db, fmt.Sprint(i)) != 0 {
			t.Errorf("write %d = %v, and it is kept: %t", i, err, generation(t, db, fmt.Sprint(i)) != 0)
		}
	}
	put(t, db, "after")
	wantLive(t, db, "before", "after")
}

// TestGivenUp wants what nobody waits for any more never to begin.
func TestGivenUp(t *testing.T) {
	t.Parallel()
	db := openAt(t, fresh(t))
	release := hold(t, db)
	ctx, cancel := context.WithCancel(t.Context())
	given, began := make(chan error, 1), false
	go func() {
		given <- db.write(ctx, "test", func(context.Context, *tx) error { began = true; return nil })
	}()
	for len(db.queue) == 0 {
		time.Sleep(time.Millisecond)
	}
	cancel()
	wantFault(t, "write", <-given, fault.Unavailable, "store_timeout")
	release()
	put(t, db, "after")
	if began {
		t.Error("it began all the same")
	}
}

// TestStatementsAreKept wants no statement to be prepared for every write.
func TestStatementsAreKept(t *testing.T) {
	t.Parallel()
	db := openAt(t, fresh(t))
	for i := range 10 {
		put(t, db, fmt.Sprint(i))
	}
	var kept map[string]*sql.Stmt
	count := func() int {
		if err := db.write(t.Context(), "look", func(_ context.Context, tx *tx) error { kept = tx.prepared; return nil }); err != nil {
			t.Fatal(err)
		}
		return len(kept)
	}
	before := count()
	put(t, db, "another")
	if after := count(); after != before || before > 16 {
		t.Errorf("%d statements are prepared, and then %d", before, after)
	}
}
