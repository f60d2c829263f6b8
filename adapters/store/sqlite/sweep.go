// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"fmt"

	"github.com/cartage-dev/cartage/ports/store"
)

// sweep deletes at most SweepMax rows of table that meet the condition.
func (db *DB) sweep(ctx context.Context, table, condition string, args ...any) (removed int, err error) {
	doing := "sweep " + table
	err = db.write(ctx, doing, func(ctx context.Context, tx *tx) error {
		text := fmt.Sprintf(`DELETE FROM %s WHERE rowid IN (SELECT rowid FROM %s WHERE %s LIMIT %d)`, table, table, condition, store.SweepMax)
		done, err := tx.exec(ctx, text, args...)
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
