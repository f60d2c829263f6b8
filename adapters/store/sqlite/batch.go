// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync/atomic"
)

// A sync of the disk takes milliseconds and everything else microseconds, so
// writes that come at the same time share one: whatever has queued by the time the last
// commit is done is the next transaction. Each write is a savepoint of its own in it,
// and is answered once all of it is on disk.
const (
	batchMax = 64   // writes of one transaction
	queueMax = 1024 // writes that wait for the next one
)

// job is a write on its way.
type job struct {
	over  func() error // of whoever waits: no longer nil when the time is up
	doing string
	fn    func(context.Context, *tx) error
	begun atomic.Bool // by the committer, or given up by whoever waited
	done  chan verdict
}

// verdict is what became of a job: its error, or the panic of its closure.
type verdict struct {
	err      error
	panicked any
}

// tx is the transaction under way, on the one connection that writes. Its statements are
// prepared once: their texts are constants of this package.
type tx struct {
	conn     *sql.Conn
	prepared map[string]*sql.Stmt
}

func (t *tx) statement(ctx context.Context, text string) (*sql.Stmt, error) {
	if s, is := t.prepared[text]; is {
		return s, nil
	}
	s, err := t.conn.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	t.prepared[text] = s
	return s, nil
}

func (t *tx) exec(ctx context.Context, text string, args ...any) (sql.Result, error) {
	s, err := t.statement(ctx, text) //nolint:sqlclosecheck // kept for the next time, and closed by commit
	if err != nil {
		return nil, err
	}
	return s.ExecContext(ctx, args...)
}

// scan reads the one row that text selects; sql.ErrNoRows when there is none.
func (t *tx) scan(ctx context.Context, into []any, text string, args ...any) error {
	s, err := t.statement(ctx, text) //nolint:sqlclosecheck // kept for the next time, and closed by commit
	if err != nil {
		return err
	}
	return s.QueryRowContext(ctx, args...).Scan(into...)
}

// each hands over every row that text selects.
func (t *tx) each(ctx context.Context, row func(*sql.Rows) error, text string, args ...any) error {
	s, err := t.statement(ctx, text) //nolint:sqlclosecheck // kept for the next time, and closed by commit
	if err != nil {
		return err
	}
	return eachRow(row)(s.QueryContext(ctx, args...))
}

// eachRow hands over the rows of a query, and closes it.
func eachRow(row func(*sql.Rows) error) func(*sql.Rows, error) error {
	return func(rows *sql.Rows, err error) error {
		if err != nil {
			return err
		}
		defer rows.Close() //nolint:errcheck // Err has said what there is to say
		for rows.Next() {
			if err := row(rows); err != nil {
				return err
			}
		}
		return rows.Err()
	}
}

// say runs a statement that is no more than a word, such as COMMIT.
func (t *tx) say(ctx context.Context, word string) error {
	_, err := t.exec(ctx, word)
	return err
}

// commit is the committer: it ends when the queue is closed.
func (db *DB) commit(conn *sql.Conn) {
	// No caller's context reaches SQLite: interrupting one write would roll back the others of its batch.
	ctx, t := context.Background(), &tx{conn: conn, prepared: map[string]*sql.Stmt{}}
	batch := make([]*job, 0, batchMax)
	for first := range db.queue {
		batch = append(batch[:0], first)
		for more := true; more && len(batch) < db.batch; {
			select {
			case j, open := <-db.queue:
				if more = open; open {
					batch = append(batch, j)
				}
			default:
				more = false
			}
		}
		verdicts := t.run(ctx, batch)
		for i, j := range batch {
			j.done <- verdicts[i]
		}
	}
	for _, s := range t.prepared {
		_ = s.Close()
	}
}

// run is one transaction. Whatever a job was told inside it hung on the writes before
// it, so if the commit fails all share its fault, those that were refused too.
func (t *tx) run(ctx context.Context, batch []*job) []verdict {
	verdicts := make([]verdict, len(batch))
	fail := func(as func(doing string, err error) error, err error) []verdict {
		for i, j := range batch {
			verdicts[i].err = as(j.doing, err)
		}
		return verdicts
	}
	unwritten := func(doing string, err error) error { return notWritten(doing, err) }
	if err := t.say(ctx, "BEGIN IMMEDIATE"); err != nil {
		return fail(unwritten, err)
	}
	for i, j := range batch {
		if !j.begun.CompareAndSwap(false, true) {
			continue // nobody waits for it any more
		}
		var lost error
		if verdicts[i], lost = t.attempt(ctx, j); lost != nil {
			_ = t.say(ctx, "ROLLBACK") // where SQLite has not done so by itself
			return fail(unwritten, lost)
		}
	}
	if err := t.say(ctx, "COMMIT"); err != nil {
		_ = t.say(ctx, "ROLLBACK")
		return fail(func(doing string, err error) error { return commitFault(doing, err) }, err)
	}
	return verdicts
}

// attempt runs one job; lost says that the transaction is, and with it the jobs before.
func (t *tx) attempt(ctx context.Context, j *job) (v verdict, lost error) {
	if err := t.say(ctx, "SAVEPOINT job"); err != nil {
		return v, err
	}
	func() {
		defer func() { v.panicked = recover() }()
		v.err = j.fn(ctx, t)
	}()
	if err := j.over(); err != nil && v.err == nil {
		v.err = notWritten(j.doing, err)
	}
	word := "RELEASE job"
	if v.err != nil || v.panicked != nil {
		word = "ROLLBACK TO job; RELEASE job"
	}
	if err := t.say(ctx, word); err != nil {
		return v, errors.Join(v.err, err) // such as a full disk, at which SQLite rolls all of it back
	}
	return v, nil
}

// write runs fn in a transaction that holds the write lock from its beginning, and
// returns once it is on disk. An error of fn is returned as it is, and nothing is
// kept. A transaction that changed nothing costs no disk access. ctx bounds the wait for
// other writers and fn; the commit is waited for, however long it takes.
func (db *DB) write(ctx context.Context, doing string, fn func(context.Context, *tx) error) error {
	if err := db.enter(doing); err != nil {
		return err
	}
	defer db.running.RUnlock()
	if err := ctx.Err(); err != nil {
		return notWritten(doing, err)
	}
	j := &job{over: ctx.Err, doing: doing, fn: fn, done: make(chan verdict, 1)}
	select {
	case db.queue <- j:
	case <-ctx.Done():
		return notWritten(doing, ctx.Err())
	}
	var v verdict
	select {
	case v = <-j.done:
	case <-ctx.Done():
		if j.begun.CompareAndSwap(false, true) {
			return notWritten(doing, ctx.Err())
		}
		v = <-j.done
	}
	if v.panicked != nil {
		panic(fmt.Sprintf("%s: %v", doing, v.panicked)) //nolint:forbidigo // the caller's own closure's panic, back where it is the caller's
	}
	return v.err
}
