// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/cartage-dev/cartage/core/idempotency"
	"github.com/cartage-dev/cartage/ports/store"
)

type records struct{ db *DB }

var _ store.Idempotency = records{}

// Update implements store.Idempotency.
func (s records) Update(ctx context.Context, scope idempotency.Scope, fn func(idempotency.Record) (idempotency.Record, error)) error {
	const doing = "keep record"
	return s.db.write(ctx, doing, func(ctx context.Context, tx *tx) error {
		before, err := readRecord(ctx, tx, scope)
		if err != nil {
			return notWritten(doing, err)
		}
		after, err := fn(before)
		if err != nil {
			return err
		}
		if same(before, after) {
			return nil
		}
		if err := writeRecord(ctx, tx, scope, after); err != nil {
			return notWritten(doing, err)
		}
		return nil
	})
}

func readRecord(ctx context.Context, tx *tx, scope idempotency.Scope) (idempotency.Record, error) {
	var r idempotency.Record
	var fingerprint []byte
	err := tx.scan(ctx,
		[]any{&r.State, &fingerprint, &r.Generation, (*instant)(&r.LeaseUntil), &r.Answer, (*instant)(&r.LiveUntil), (*instant)(&r.KeepUntil)},
		`SELECT state, fingerprint, generation, lease_until, answer, live_until, keep_until
		FROM idempotency WHERE shop = ? AND operation = ? AND name = ?`,
		scope.Shop, scope.Operation, scope.Name)
	if errors.Is(err, sql.ErrNoRows) {
		return idempotency.Record{}, nil
	}
	copy(r.Fingerprint[:], fingerprint)
	return r, err
}

func writeRecord(ctx context.Context, tx *tx, scope idempotency.Scope, r idempotency.Record) error {
	_, err := tx.exec(ctx,
		`INSERT INTO idempotency (shop, operation, name, state, fingerprint, generation, lease_until, answer, live_until, keep_until)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (shop, operation, name) DO UPDATE SET
			state = excluded.state, fingerprint = excluded.fingerprint, generation = excluded.generation,
			lease_until = excluded.lease_until, answer = excluded.answer, live_until = excluded.live_until, keep_until = excluded.keep_until`,
		scope.Shop, scope.Operation, scope.Name, r.State, r.Fingerprint[:], r.Generation,
		instant(r.LeaseUntil), r.Answer, instant(r.LiveUntil), instant(r.KeepUntil))
	return err
}

func same(a, b idempotency.Record) bool {
	return a.State == b.State && a.Fingerprint == b.Fingerprint && a.Generation == b.Generation &&
		a.LeaseUntil.Equal(b.LeaseUntil) && bytes.Equal(a.Answer, b.Answer) &&
		a.LiveUntil.Equal(b.LiveUntil) && a.KeepUntil.Equal(b.KeepUntil)
}

// Sweep implements store.Sweeper.
func (s records) Sweep(ctx context.Context, now time.Time) (int, error) {
	return s.db.sweep(ctx, "idempotency",
		`(keep_until IS NULL OR keep_until < ?) AND NOT (state = ? AND lease_until IS NOT NULL AND lease_until > ?)`,
		instant(now), idempotency.Running, instant(now))
}
