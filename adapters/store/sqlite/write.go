// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/cartage-dev/cartage/ports/store"
)

// write runs fn in a transaction that holds the write lock from its beginning, and
// commits. An error of fn is returned as it is, and nothing is kept. A transaction
// that changed nothing costs no disk access. ctx bounds the wait for other writers
// and everything before COMMIT, which is never interrupted.
func (db *DB) write(ctx context.Context, doing string, fn func(*sql.Tx) error) error {
	if err := db.enter(doing); err != nil {
		return err
	}
	defer db.running.RUnlock()
	tx, err := db.writer.BeginTx(ctx, nil)
	if err != nil {
		return notWritten(doing, err)
	}
	defer tx.Rollback() //nolint:errcheck // after Commit there is nothing to roll back
	if err := fn(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return commitFault(doing, err)
	}
	return nil
}

// sweep deletes at most SweepMax rows of table that meet the condition.
func (db *DB) sweep(ctx context.Context, table, condition string, args ...any) (removed int, err error) {
	doing := "sweep " + table
	err = db.write(ctx, doing, func(tx *sql.Tx) error {
		//nolint:gosec // G201: table and condition are constants of this package
		text := fmt.Sprintf(`DELETE FROM %s WHERE rowid IN (SELECT rowid FROM %s WHERE %s LIMIT %d)`, table, table, condition, store.SweepMax)
		done, err := tx.ExecContext(ctx, text, args...)
		if err != nil {
			return notWritten(doing, err)
		}
		n, err := done.RowsAffected()
		if err != nil {
			return notWritten(doing, err)
		}
		removed = int(n)
		return nil
	})
	if err != nil {
		return 0, err
	}
	return removed, nil
}
