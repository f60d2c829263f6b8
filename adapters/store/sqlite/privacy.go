// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"

	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/shop"
	"github.com/cartage-dev/cartage/ports/store"
)

type privacy struct{ db *DB }

var _ store.Privacy = privacy{}

// Forget implements store.Privacy.
func (p privacy) Forget(ctx context.Context, s shop.ID, c loyalty.CustomerID) (forgotten int, err error) {
	const doing = "forget customer"
	err = p.db.write(ctx, doing, func(ctx context.Context, tx *tx) error {
		var numbers []int64
		err := tx.each(ctx, func(rows *sql.Rows) error {
			var number int64
			err := rows.Scan(&number)
			numbers = append(numbers, number)
			return err
		}, `SELECT id FROM ledger_customer WHERE shop = ?1 AND name IS NOT NULL AND (?2 = '' OR name = ?2)`, s, c)
		if err != nil {
			return notWritten(doing, err)
		}
		for _, number := range numbers {
			if _, err := tx.exec(ctx, `UPDATE ledger_customer SET name = NULL, seal = ? WHERE id = ?`, seal(s, number, ""), number); err != nil {
				return notWritten(doing, err)
			}
		}
		forgotten = len(numbers)
		return nil
	})
	if err != nil {
		return 0, err
	}
	return forgotten, nil
}
