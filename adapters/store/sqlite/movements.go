// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/ports/store"
)

type movements struct{ db *DB }

var _ store.Movements = movements{}

const (
	movingPoints = "keep movement"
	movementList = `shop, key, keeper, customer, points, order_id, state, begun, at, due_at, attempts, why, seal`
	keepMovement = ` INTO movement (` + movementList + `) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
)

func movementInto(m *store.Movement, sealed *[]byte) []any {
	return []any{&m.Shop, &m.Key, &m.Keeper, &m.Customer, &m.Points, &m.Order, &m.State, &m.Begun, (*instant)(&m.At), (*instant)(&m.DueAt), &m.Attempts, &m.Why, sealed}
}

func movementFrom(m store.Movement) []any {
	return []any{m.Shop, m.Key, m.Keeper, m.Customer, int64(m.Points), m.Order, m.State, m.Begun, instant(m.At), instant(m.DueAt), m.Attempts, m.Why, sealMovement(m)}
}

func sealMovement(m store.Movement) []byte {
	return seal(m.Shop, m.Key, m.Keeper, m.Customer, int64(m.Points), m.Order, m.State)
}

func scanMovement(rows *sql.Rows) (m store.Movement, err error) {
	var sealed []byte
	if err := rows.Scan(movementInto(&m, &sealed)...); err != nil {
		return m, altered("a movement cannot be read: %v", err)
	}
	return m, checkMovement(m, sealed)
}

// checkMovement is for whoever acts on a movement: no walk looks at it.
func checkMovement(m store.Movement, sealed []byte) error {
	if !bytes.Equal(sealMovement(m), sealed) {
		return altered("movement %s is %s %d points, which is not what was written", m.Key, m.State, m.Points)
	}
	return nil
}

// Begin implements store.Movements.
func (v movements) Begin(ctx context.Context, m store.Movement) (kept store.Movement, err error) {
	err = v.db.write(ctx, movingPoints, func(ctx context.Context, tx *tx) error {
		m.State, m.Begun = store.Taking, 1
		if _, err := tx.exec(ctx, `INSERT`+keepMovement+` ON CONFLICT (shop, key) DO UPDATE SET begun = begun + 1`, movementFrom(m)...); err != nil {
			return notWritten(movingPoints, err)
		}
		kept = store.Movement{}
		var sealed []byte
		if err := tx.scan(ctx, movementInto(&kept, &sealed), `SELECT `+movementList+` FROM movement WHERE shop = ? AND key = ?`, m.Shop, m.Key); err != nil {
			return notWritten(movingPoints, err)
		}
		return checkMovement(kept, sealed)
	})
	if err != nil {
		return store.Movement{}, err
	}
	return kept, nil
}

// Withdraw implements store.Movements.
func (v movements) Withdraw(ctx context.Context, m store.Movement) error {
	return v.mark(ctx, `DELETE FROM movement WHERE shop = ? AND key = ? AND state = 'taking' AND begun = ?`, m.Shop, m.Key, m.Begun)
}

// Take implements store.Movements. It goes on past rows that are not what was written, which stay due.
func (v movements) Take(ctx context.Context, now, lease time.Time, limit int) (taken []store.Movement, err error) {
	err = v.db.write(ctx, movingPoints, func(ctx context.Context, tx *tx) error {
		taken = nil
		var rot error
		err := tx.each(ctx, func(rows *sql.Rows) error {
			if len(taken) == limit {
				return errEnough
			}
			m, err := scanMovement(rows)
			if err != nil {
				rot = err
				return nil
			}
			taken = append(taken, m)
			return nil
		}, `SELECT `+movementList+` FROM movement WHERE state <> 'returned' AND due_at <= ? ORDER BY due_at, shop, key`, instant(now))
		if err != nil && !errors.Is(err, errEnough) {
			return notWritten(movingPoints, err)
		}
		for _, m := range taken {
			if _, err := tx.exec(ctx, `UPDATE movement SET due_at = ? WHERE shop = ? AND key = ?`, instant(lease), m.Shop, m.Key); err != nil {
				return notWritten(movingPoints, err)
			}
		}
		if len(taken) == 0 {
			return rot
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return taken, nil
}

var errEnough = errors.New("enough")

// Settle implements store.Movements.
func (v movements) Settle(ctx context.Context, m store.Movement, then time.Time) error {
	if m.State == store.Giving {
		return v.mark(ctx, `DELETE FROM movement WHERE shop = ? AND key = ? AND state = 'giving'`, m.Shop, m.Key)
	}
	nobody := m
	nobody.State, nobody.Customer = store.Returned, ""
	return v.mark(ctx, `UPDATE movement SET state = 'returned', customer = '', why = '', due_at = ?, seal = ? WHERE shop = ? AND key = ? AND state = 'returning'`,
		instant(then), sealMovement(nobody), m.Shop, m.Key)
}

// Later implements store.Movements.
func (v movements) Later(ctx context.Context, m store.Movement, then time.Time, why string) error {
	return v.mark(ctx, `UPDATE movement SET due_at = ?, attempts = attempts + 1, why = ? WHERE shop = ? AND key = ? AND state <> 'returned'`, instant(then), why, m.Shop, m.Key)
}

func (v movements) mark(ctx context.Context, text string, args ...any) error {
	return v.db.write(ctx, movingPoints, func(ctx context.Context, tx *tx) error {
		if _, err := tx.exec(ctx, text, args...); err != nil {
			return notWritten(movingPoints, err)
		}
		return nil
	})
}

// Backlog implements store.Movements.
func (v movements) Backlog(ctx context.Context) (n int, since time.Time, err error) {
	return v.db.backlog(ctx, "count movements", `SELECT count(*), min(at) FROM movement WHERE state <> 'returned' AND NOT (state = 'returning' AND attempts > 0 AND why = '')`)
}

// Sweep implements store.Sweeper.
func (v movements) Sweep(ctx context.Context, now time.Time) (int, error) {
	return v.db.sweep(ctx, "movement", `state = 'returned' AND due_at <= ?`, instant(now))
}

// writeMovement keeps what an entry has to do with a keeper.
func (b *book) writeMovement(m store.Movement) error {
	m.Shop = b.by.Shop
	if m.State != store.Taken {
		if _, err := b.tx.exec(b.ctx, `REPLACE`+keepMovement, movementFrom(m)...); err != nil {
			return notWritten(booking, err)
		}
		return nil
	}
	done, err := b.tx.exec(b.ctx, `DELETE FROM movement WHERE shop = ? AND key = ? AND state = 'taking'`, m.Shop, m.Key)
	if err != nil {
		return notWritten(booking, err)
	}
	n, err := done.RowsAffected()
	if err != nil {
		return notWritten(booking, err)
	}
	if n == 0 {
		return fault.New(fault.Conflict, "not_taking", "the points are not being taken any more").By(fault.Caller)
	}
	return nil
}
