// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"

	"github.com/cartage-dev/cartage/ports/store"
)

type health struct{ db *DB }

var _ store.Health = health{}

// Ping writes for real: a full disk shows at no lesser question.
func (s health) Ping(ctx context.Context) error {
	const doing = "write to the database"
	return s.db.write(ctx, doing, func(ctx context.Context, tx *tx) error {
		_, err := tx.exec(ctx,
			`INSERT INTO health (id, pinged_at) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET pinged_at = excluded.pinged_at`,
			instant(s.db.now()))
		if err != nil {
			return notWritten(doing, err)
		}
		return nil
	})
}
