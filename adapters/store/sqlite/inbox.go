// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/cartage-dev/cartage/core/shop"
	"github.com/cartage-dev/cartage/ports/store"
)

type inbox struct{ db *DB }

var _ store.Inbox = inbox{}

// Put implements store.Inbox.
func (i inbox) Put(ctx context.Context, m store.Message) (fresh bool, err error) {
	const doing = "keep message"
	err = i.db.write(ctx, doing, func(ctx context.Context, tx *tx) error {
		fresh = false // the closure may run again
		done, err := tx.exec(ctx,
			`INSERT INTO inbox (shop, key, body, received_at, due_at) VALUES (?1, ?2, coalesce(?3, x''), ?4, ?4) ON CONFLICT (shop, key) DO NOTHING`,
			m.Shop, m.Key, m.Body, instant(m.ReceivedAt))
		if err != nil {
			return notWritten(doing, err)
		}
		n, err := done.RowsAffected()
		if err != nil {
			return notWritten(doing, err)
		}
		fresh = n == 1
		return nil
	})
	return fresh && err == nil, err
}

// Take implements store.Inbox.
func (i inbox) Take(ctx context.Context, now, lease time.Time, limit int) (taken []store.Message, err error) {
	const doing = "take messages"
	err = i.db.write(ctx, doing, func(ctx context.Context, tx *tx) error {
		taken = nil
		err := tx.each(ctx, func(rows *sql.Rows) error {
			var m store.Message
			err := rows.Scan(&m.Shop, &m.Key, &m.Body, (*instant)(&m.ReceivedAt), &m.Attempts, &m.Why)
			taken = append(taken, m)
			return err
		}, `SELECT shop, key, body, received_at, attempts, why FROM inbox WHERE done_at IS NULL AND due_at <= ? ORDER BY due_at, received_at, shop, key LIMIT ?`, instant(now), limit)
		if err != nil {
			return notWritten(doing, err)
		}
		for _, m := range taken {
			if _, err := tx.exec(ctx, `UPDATE inbox SET due_at = ? WHERE shop = ? AND key = ?`, instant(lease), m.Shop, m.Key); err != nil {
				return notWritten(doing, err)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return taken, nil
}

// Done implements store.Inbox.
func (i inbox) Done(ctx context.Context, s shop.ID, key string, at time.Time) error {
	return i.mark(ctx, `UPDATE inbox SET done_at = ?, body = x'', why = '' WHERE shop = ? AND key = ? AND done_at IS NULL`, instant(at), s, key)
}

// Later implements store.Inbox.
func (i inbox) Later(ctx context.Context, s shop.ID, key string, then time.Time, why string) error {
	return i.mark(ctx, `UPDATE inbox SET due_at = ?, attempts = attempts + 1, why = ? WHERE shop = ? AND key = ? AND done_at IS NULL`, instant(then), why, s, key)
}

func (i inbox) mark(ctx context.Context, text string, args ...any) error {
	const doing = "mark message"
	return i.db.write(ctx, doing, func(ctx context.Context, tx *tx) error {
		if _, err := tx.exec(ctx, text, args...); err != nil {
			return notWritten(doing, err)
		}
		return nil
	})
}

// Backlog implements store.Inbox.
func (i inbox) Backlog(ctx context.Context) (n int, since time.Time, err error) {
	return i.db.backlog(ctx, "count messages", `SELECT count(*), min(received_at) FROM inbox WHERE done_at IS NULL`)
}

// backlog reads how much waits, and since when.
func (db *DB) backlog(ctx context.Context, doing, query string) (n int, since time.Time, err error) {
	err = db.read(ctx, doing, func(tx *sql.Tx) error {
		err := tx.QueryRowContext(ctx, query).Scan(&n, (*instant)(&since))
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return notWritten(doing, err)
		}
		return nil
	})
	return n, since, err
}

// Sweep implements store.Sweeper.
func (i inbox) Sweep(ctx context.Context, now time.Time) (int, error) {
	return i.db.sweep(ctx, "inbox", `done_at IS NOT NULL AND done_at <= ?`, instant(now.Add(-store.ForgetDone)))
}
