// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/shop"
	"github.com/cartage-dev/cartage/ports/store"
)

// Walk implements store.Ledger.
func (l ledger) Walk(ctx context.Context, s shop.ID, v store.Visitor) error {
	const doing = "read ledger"
	return l.db.read(ctx, doing, func(tx *sql.Tx) error {
		w := walk{ctx: ctx, tx: tx, shop: s, visitor: v}
		for _, part := range []func() error{w.records, w.head, w.customers, w.accounts, w.actions, w.sales} {
			if err := part(); err != nil {
				var told visited
				if errors.As(err, &told) {
					return told.error
				}
				return readFault(doing, err)
			}
		}
		return nil
	})
}

// visited is an error of the visitor's, to be told from the database's.
type visited struct{ error }

func tell(err error) error {
	if err != nil {
		return visited{err}
	}
	return nil
}

type walk struct {
	ctx     context.Context // of Walk
	tx      *sql.Tx
	shop    shop.ID
	visitor store.Visitor
}

func (w walk) each(row func(*sql.Rows) error, text string) error {
	return eachRow(row)(w.tx.QueryContext(w.ctx, text, w.shop))
}

func (w walk) records() error {
	return w.each(func(rows *sql.Rows) error {
		r, err := scanRecord(rows)
		if err != nil {
			return err
		}
		return tell(w.visitor.Record(r))
	}, `SELECT `+recordList+` FROM ledger_entry WHERE shop = ? ORDER BY sequence`)
}

func (w walk) head() error {
	return w.each(func(rows *sql.Rows) error {
		var sequence int64
		var raw []byte
		if err := rows.Scan(&sequence, &raw); err != nil {
			return err
		}
		var hash loyalty.Hash
		copy(hash[:], raw)
		return tell(w.visitor.Head(sequence, hash))
	}, `SELECT sequence, hash FROM ledger WHERE shop = ?`)
}

func (w walk) customers() error {
	return w.each(func(rows *sql.Rows) error {
		var id sql.NullInt64
		var b loyalty.Balance
		if err := rows.Scan(&id, &b.Available, &b.Held); err != nil {
			return err
		}
		return tell(w.visitor.Customer(number(id), b))
	}, `SELECT id, available, held FROM ledger_customer WHERE shop = ? ORDER BY id`)
}

func (w walk) accounts() error {
	return w.each(func(rows *sql.Rows) error {
		var name loyalty.AccountName
		var sum loyalty.Points
		if err := rows.Scan(&name, &sum); err != nil {
			return err
		}
		return tell(w.visitor.Account(name, sum))
	}, `SELECT name, points FROM ledger_account WHERE shop = ? ORDER BY name`)
}

// actions reads captures beside actions, both in the order of ids.
func (w walk) actions() error {
	captures, err := w.tx.QueryContext(w.ctx, `SELECT action, `+captureList+` FROM ledger_capture WHERE shop = ? ORDER BY action, place`, w.shop)
	if err != nil {
		return err
	}
	defer captures.Close() //nolint:errcheck // Err has said what there is to say
	var of loyalty.ActionID
	var next loyalty.Capture
	more := func() (bool, error) {
		if !captures.Next() {
			return false, captures.Err()
		}
		return true, captures.Scan(&of, &next.Order, &next.Held, &next.Available, &next.Shortfall, &next.Returned)
	}
	there, err := more()
	if err != nil {
		return err
	}
	return w.each(func(rows *sql.Rows) error {
		var a loyalty.Action
		var id sql.NullInt64
		if err := rows.Scan(&a.ID, &a.State, &a.Points, (*instant)(&a.IssuedAt), (*instant)(&a.HeldAt), (*instant)(&a.ExpiresAt), &a.Unconfirmed, &a.Generation, &id); err != nil {
			return err
		}
		a.Customer = number(id)
		for there && of <= a.ID {
			if of == a.ID {
				a.Captures = append(a.Captures, next)
			}
			if there, err = more(); err != nil {
				return err
			}
		}
		return tell(w.visitor.Action(a))
	}, `SELECT id, state, points, issued_at, held_at, expires_at, unconfirmed, generation, customer FROM ledger_action WHERE shop = ? ORDER BY id`)
}

func (w walk) sales() error {
	return w.each(func(rows *sql.Rows) error {
		var s loyalty.Sale
		var id sql.NullInt64
		var actions string
		if err := rows.Scan(&s.Order, &s.Placed, &s.Total.Currency, &s.Total.Minor, &actions, &s.Cancelled, &s.Earned, &s.Clawed, &id); err != nil {
			return err
		}
		s.Customer, s.Actions = number(id), actionIDs(actions)
		return tell(w.visitor.Sale(s))
	}, `SELECT order_id, placed, currency, total, actions, cancelled, earned, clawed, customer FROM ledger_sale WHERE shop = ? ORDER BY order_id`)
}
