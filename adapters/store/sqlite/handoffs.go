// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/handoff"
	"github.com/cartage-dev/cartage/ports/store"
)

// rememberEnded is how long after its expiry a link is still known.
const rememberEnded = 24 * time.Hour

type handoffs struct{ db *DB }

var _ store.Handoffs = handoffs{}

// Put keeps a link. The same one may be put again while it has not ended, which
// mends a Put that got no answer; a link that ended stays so.
func (s handoffs) Put(ctx context.Context, h store.Handoff) error {
	const doing = "keep link"
	return s.db.write(ctx, doing, func(ctx context.Context, tx *tx) error {
		if _, err := tx.exec(ctx,
			`UPDATE handoff SET ended = 1 WHERE shop = ? AND reference = ? AND ended = 0 AND hash <> ?`,
			h.Shop, h.Reference, h.Hash[:]); err != nil {
			return notWritten(doing, err)
		}
		done, err := tx.exec(ctx,
			`INSERT INTO handoff (hash, shop, reference, target, expires_at) VALUES (?, ?, ?, coalesce(?, x''), ?)
			ON CONFLICT (hash) DO UPDATE SET target = excluded.target, expires_at = excluded.expires_at
			WHERE ended = 0 AND shop = excluded.shop AND reference = excluded.reference`,
			h.Hash[:], h.Shop, h.Reference, h.Target, instant(h.ExpiresAt))
		if err != nil {
			return notWritten(doing, err)
		}
		n, err := done.RowsAffected()
		if err != nil {
			return notWritten(doing, err)
		}
		if n == 0 {
			return ended()
		}
		return nil
	})
}

// Take implements store.Handoffs. One conditional update decides who gets the link.
func (s handoffs) Take(ctx context.Context, hash handoff.Hash, now time.Time) (store.Handoff, error) {
	const doing = "take link"
	h := store.Handoff{Hash: hash}
	err := s.db.write(ctx, doing, func(ctx context.Context, tx *tx) error {
		err := tx.scan(ctx, []any{&h.Shop, &h.Reference, &h.Target, (*instant)(&h.ExpiresAt)},
			`UPDATE handoff SET ended = 1 WHERE hash = ? AND ended = 0 AND expires_at > ?
			RETURNING shop, reference, target, expires_at`,
			hash[:], instant(now))
		if errors.Is(err, sql.ErrNoRows) {
			return whyNot(ctx, tx, doing, hash)
		}
		if err != nil {
			return notWritten(doing, err)
		}
		return nil
	})
	if err != nil {
		return store.Handoff{}, err
	}
	return h, nil
}

// whyNot is the fault for a link that cannot be taken.
func whyNot(ctx context.Context, tx *tx, doing string, hash handoff.Hash) error {
	var over bool
	err := tx.scan(ctx, []any{&over}, `SELECT ended FROM handoff WHERE hash = ?`, hash[:])
	switch {
	case err != nil && !errors.Is(err, sql.ErrNoRows):
		return notWritten(doing, err)
	case over:
		return ended()
	}
	return fault.New(fault.NotFound, "handoff_not_found", "there is no such link, or it has expired").By(fault.Caller)
}

func ended() error {
	return fault.New(fault.Conflict, "handoff_ended", "the link was used or replaced").By(fault.Caller)
}

// Live implements store.Handoffs.
func (s handoffs) Live(ctx context.Context, hash handoff.Hash, now time.Time) (bool, error) {
	const doing = "look at link"
	if err := s.db.enter(doing); err != nil {
		return false, err
	}
	defer s.db.running.RUnlock()
	var live bool
	err := s.db.reader.QueryRowContext(ctx,
		`SELECT EXISTS (SELECT 1 FROM handoff WHERE hash = ? AND ended = 0 AND expires_at > ?)`,
		hash[:], instant(now)).Scan(&live)
	if err != nil {
		return false, notWritten(doing, err)
	}
	return live, nil
}

// Sweep implements store.Sweeper.
func (s handoffs) Sweep(ctx context.Context, now time.Time) (int, error) {
	return s.db.sweep(ctx, "handoff", `expires_at <= ?`, instant(now.Add(-rememberEnded)))
}
