// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/shop"
	"github.com/cartage-dev/cartage/ports/store"
)

// Walk implements store.Ledger.
func (l ledger) Walk(ctx context.Context, s shop.ID, v store.Visitor) error {
	const doing = "read ledger"
	return l.db.read(ctx, doing, func(tx *sql.Tx) error {
		w := &walk{ctx: ctx, tx: tx, shop: s, visitor: v}
		for _, part := range []func() error{w.records, w.head, w.customers, w.accounts, w.actions, w.sales} {
			if err := part(); err != nil {
				var told visited
				if errors.As(err, &told) {
					return told.error
				}
				return readFault(doing, err)
			}
		}
		return w.altered
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
	last    loyalty.Record // of the journal
	altered error          // the first row that is not what was written, told when all has been shown
}

func (w *walk) check(err error) {
	if w.altered == nil {
		w.altered = err
	}
}

func (w *walk) each(row func(*sql.Rows) error, text string) error {
	return eachRow(row)(w.tx.QueryContext(w.ctx, text, w.shop))
}

func (w *walk) records() error {
	return w.each(func(rows *sql.Rows) error {
		var customer, other sql.NullInt64
		r, err := scanRecord(rows, &customer, &other)
		if err != nil {
			return err
		}
		if !concerns(r.Entry, customer, other) {
			w.check(altered("record %d is filed under other customers than it concerns", r.Sequence))
		}
		w.last = r
		return tell(w.visitor.Record(r))
	}, `SELECT `+recordList+`, customer, other FROM ledger_entry WHERE shop = ? ORDER BY sequence`)
}

// concerns reports whether an entry is about these customers, in any order, and no others.
func concerns(e loyalty.Entry, customer, other sql.NullInt64) bool {
	filed := [customersMax]loyalty.CustomerID{number(customer), number(other)}
	var found [customersMax]bool
	for _, t := range e.Transfers {
		for _, a := range [...]loyalty.Account{t.From, t.To} {
			if !a.OfCustomer() {
				continue
			}
			at := slices.Index(filed[:], a.Customer)
			if at < 0 {
				return false
			}
			found[at] = true
		}
	}
	return found == [customersMax]bool{customer.Valid, other.Valid}
}

func (w *walk) head() error {
	return w.each(func(rows *sql.Rows) error {
		var sequence int64
		var at time.Time
		var raw []byte
		if err := rows.Scan(&sequence, (*instant)(&at), &raw); err != nil {
			return err
		}
		if sequence == w.last.Sequence && !at.Equal(w.last.At) {
			w.check(altered("the ledger believes its last record to be of another time than it is"))
		}
		var hash loyalty.Hash
		copy(hash[:], raw)
		return tell(w.visitor.Head(sequence, hash))
	}, `SELECT sequence, at, hash FROM ledger WHERE shop = ?`)
}

func (w *walk) customers() error {
	return w.each(func(rows *sql.Rows) error {
		var id sql.NullInt64
		var name sql.NullString
		var b loyalty.Balance
		var sealed []byte
		if err := rows.Scan(&id, &name, &b.Available, &b.Held, &sealed); err != nil {
			return err
		}
		w.check(checkCustomer(w.shop, id.Int64, name.String, sealed))
		return tell(w.visitor.Customer(number(id), b))
	}, `SELECT id, name, available, held, seal FROM ledger_customer WHERE shop = ? ORDER BY id`)
}

func (w *walk) accounts() error {
	return w.each(func(rows *sql.Rows) error {
		var name loyalty.AccountName
		var sum loyalty.Points
		if err := rows.Scan(&name, &sum); err != nil {
			return err
		}
		return tell(w.visitor.Account(name, sum))
	}, `SELECT name, points FROM ledger_account WHERE shop = ? ORDER BY name`)
}

// beside reads rows that belong to others, both in the order of the others' ids.
type beside struct {
	rows  *sql.Rows
	of    string // whom the next row belongs to
	into  []any
	there bool
}

func (w *walk) beside(text string, into ...any) (*beside, error) {
	rows, err := w.tx.QueryContext(w.ctx, text, w.shop)
	if err != nil {
		return nil, err
	}
	b := &beside{rows: rows}
	b.into = append([]any{&b.of}, into...)
	return b, b.next()
}

func (b *beside) next() error {
	if b.there = b.rows.Next(); !b.there {
		return b.rows.Err()
	}
	return b.rows.Scan(b.into...)
}

// each takes the rows that belong to id. Those that belong to nobody are said to be lost.
func (b *beside) each(id string, take, lost func()) error {
	for b.there && b.of <= id {
		if b.of == id {
			take()
		} else {
			lost()
		}
		if err := b.next(); err != nil {
			return err
		}
	}
	return nil
}

func (w *walk) actions() error {
	var c loyalty.Capture
	captures, err := w.beside(`SELECT action, `+captureList+` FROM ledger_capture WHERE shop = ? ORDER BY action, place`, &c.Order, &c.Held, &c.Available, &c.Shortfall, &c.Returned)
	if err != nil {
		return err
	}
	defer captures.rows.Close() //nolint:errcheck // Err has said what there is to say
	lost := func() { w.check(altered("order %s captured an action that is not there", c.Order)) }
	err = w.each(func(rows *sql.Rows) error {
		var a loyalty.Action
		var id sql.NullInt64
		var sealed []byte
		if err := rows.Scan(&a.ID, &a.State, &a.Points, (*instant)(&a.IssuedAt), (*instant)(&a.HeldAt), (*instant)(&a.ExpiresAt), &a.Unconfirmed, &a.Generation, &a.Keeper, &id, &sealed); err != nil {
			return err
		}
		a.Customer = number(id)
		if err := captures.each(string(a.ID), func() { a.Captures = append(a.Captures, c) }, lost); err != nil {
			return err
		}
		w.check(checkAction(w.shop, id, a, sealed))
		return tell(w.visitor.Action(a))
	}, `SELECT id, state, points, issued_at, held_at, expires_at, unconfirmed, generation, keeper, customer, seal FROM ledger_action WHERE shop = ? ORDER BY id`)
	if captures.there {
		lost()
	}
	return err
}

func (w *walk) sales() error {
	var r loyalty.Refund
	refunds, err := w.beside(`SELECT order_id, id, currency, amount FROM ledger_refund WHERE shop = ? ORDER BY order_id, place`, &r.ID, &r.Amount.Currency, &r.Amount.Minor)
	if err != nil {
		return err
	}
	defer refunds.rows.Close() //nolint:errcheck // Err has said what there is to say
	lost := func() { w.check(altered("refund %s is of an order that is not there", r.ID)) }
	err = w.each(func(rows *sql.Rows) error {
		var s loyalty.Sale
		var id sql.NullInt64
		var actions string
		var sealed []byte
		if err := rows.Scan(&s.Order, &s.Placed, &s.Total.Currency, &s.Total.Minor, &actions, &s.Cancelled, &s.Earned, &s.Clawed, &s.Keeper, &id, &sealed); err != nil {
			return err
		}
		s.Customer, s.Actions = number(id), actionIDs(actions)
		if err := refunds.each(string(s.Order), func() { s.Refunds = append(s.Refunds, r) }, lost); err != nil {
			return err
		}
		w.check(checkSale(w.shop, id, s, sealed))
		return tell(w.visitor.Sale(s))
	}, `SELECT order_id, placed, currency, total, actions, cancelled, earned, clawed, keeper, customer, seal FROM ledger_sale WHERE shop = ? ORDER BY order_id`)
	if refunds.there {
		lost()
	}
	return err
}
