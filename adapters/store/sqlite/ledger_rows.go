// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"database/sql"
	"errors"
	"strings"

	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/ports/store"
)

// actionList are the columns that scanAction reads, of ledger_action a and its customer c.
const actionList = `a.id, a.state, a.points, a.issued_at, a.held_at, a.expires_at, a.unconfirmed, a.generation, a.keeper, c.name`

func actionInto(a *loyalty.Action, name *sql.NullString) []any {
	return []any{&a.ID, &a.State, &a.Points, (*instant)(&a.IssuedAt), (*instant)(&a.HeldAt), (*instant)(&a.ExpiresAt), &a.Unconfirmed, &a.Generation, &a.Keeper, name}
}

// captureList are the columns that scanCapture reads.
const captureList = `order_id, held, available, shortfall, returned`

func scanCapture(rows *sql.Rows) (c loyalty.Capture, err error) {
	err = rows.Scan(&c.Order, &c.Held, &c.Available, &c.Shortfall, &c.Returned)
	return c, err
}

// Action implements store.Book.
func (b *book) Action(id loyalty.ActionID) (a loyalty.Action, found bool, err error) {
	var name sql.NullString
	var owner sql.NullInt64
	var sealed []byte
	err = b.tx.scan(b.ctx, append(actionInto(&a, &name), &owner, &sealed),
		`SELECT `+actionList+`, a.customer, a.seal FROM ledger_action a LEFT JOIN ledger_customer c ON c.id = a.customer WHERE a.shop = ? AND a.id = ?`, b.by.Shop, id)
	if errors.Is(err, sql.ErrNoRows) {
		return loyalty.Action{}, false, nil
	}
	if err != nil {
		return loyalty.Action{}, false, notWritten(booking, err)
	}
	if a.Customer, err = b.whose(owner, name); err != nil {
		return loyalty.Action{}, false, err
	}
	err = b.tx.each(b.ctx, func(rows *sql.Rows) error {
		c, err := scanCapture(rows)
		a.Captures = append(a.Captures, c)
		return err
	}, `SELECT `+captureList+` FROM ledger_capture WHERE shop = ? AND action = ? ORDER BY place`, b.by.Shop, id)
	if err != nil {
		return loyalty.Action{}, false, notWritten(booking, err)
	}
	if err := checkAction(b.by.Shop, owner, a, sealed); err != nil {
		return loyalty.Action{}, false, err
	}
	return a, true, nil
}

// Held implements store.Book.
func (b *book) Held(c loyalty.CustomerID) (held []loyalty.Action, err error) {
	who, err := b.meet(c)
	if err != nil || who.number == 0 {
		return nil, err
	}
	var ids []loyalty.ActionID
	err = b.tx.each(b.ctx, func(rows *sql.Rows) error {
		var id loyalty.ActionID
		err := rows.Scan(&id)
		ids = append(ids, id)
		return err
	}, `SELECT id FROM ledger_action WHERE shop = ? AND customer = ? AND state = 'held' ORDER BY held_at, id LIMIT ?`, b.by.Shop, who.number, store.HeldMax)
	if err != nil {
		return nil, notWritten(booking, err)
	}
	for _, id := range ids {
		a, _, err := b.Action(id)
		if err != nil {
			return nil, err
		}
		held = append(held, a)
	}
	return held, nil
}

func (b *book) writeAction(a loyalty.Action) error {
	number, err := b.number(a.Customer)
	if err != nil {
		return err
	}
	if _, err := b.tx.exec(b.ctx,
		`INSERT INTO ledger_action (shop, id, state, customer, points, issued_at, held_at, expires_at, unconfirmed, generation, keeper, seal) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (shop, id) DO UPDATE SET state = excluded.state, customer = excluded.customer, points = excluded.points, issued_at = excluded.issued_at, held_at = excluded.held_at,
			expires_at = excluded.expires_at, unconfirmed = excluded.unconfirmed, generation = excluded.generation, keeper = excluded.keeper, seal = excluded.seal`,
		b.by.Shop, a.ID, a.State, number, a.Points, instant(a.IssuedAt), instant(a.HeldAt), instant(a.ExpiresAt), a.Unconfirmed, a.Generation, a.Keeper, sealAction(b.by.Shop, number, a)); err != nil {
		return notWritten(booking, err)
	}
	for place, c := range a.Captures {
		if _, err := b.tx.exec(b.ctx,
			`INSERT INTO ledger_capture (shop, action, order_id, place, held, available, shortfall, returned) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (shop, action, order_id) DO UPDATE SET returned = excluded.returned`,
			b.by.Shop, a.ID, c.Order, place, c.Held, c.Available, c.Shortfall, c.Returned); err != nil {
			return notWritten(booking, err)
		}
	}
	return nil
}

// Sale implements store.Book.
func (b *book) Sale(o loyalty.OrderID) (loyalty.Sale, error) {
	s := loyalty.Sale{Order: o}
	var name sql.NullString
	var actions string
	var owner sql.NullInt64
	var sealed []byte
	err := b.tx.scan(b.ctx, []any{&s.Placed, &s.Total.Currency, &s.Total.Minor, &actions, &s.Cancelled, &s.Earned, &s.Clawed, &s.Keeper, &name, &owner, &sealed},
		`SELECT s.placed, s.currency, s.total, s.actions, s.cancelled, s.earned, s.clawed, s.keeper, c.name, s.customer, s.seal
		FROM ledger_sale s LEFT JOIN ledger_customer c ON c.id = s.customer WHERE s.shop = ? AND s.order_id = ?`, b.by.Shop, o)
	if errors.Is(err, sql.ErrNoRows) {
		return s, nil
	}
	if err != nil {
		return s, notWritten(booking, err)
	}
	s.Actions = actionIDs(actions)
	if s.Customer, err = b.whose(owner, name); err != nil {
		return s, err
	}
	err = b.tx.each(b.ctx, func(rows *sql.Rows) error {
		var r loyalty.Refund
		err := rows.Scan(&r.ID, &r.Amount.Currency, &r.Amount.Minor)
		s.Refunds = append(s.Refunds, r)
		return err
	}, `SELECT id, currency, amount FROM ledger_refund WHERE shop = ? AND order_id = ? ORDER BY place`, b.by.Shop, o)
	if err != nil {
		return s, notWritten(booking, err)
	}
	return s, checkSale(b.by.Shop, owner, s, sealed)
}

func (b *book) writeSale(s loyalty.Sale) error {
	number, err := b.number(s.Customer)
	if err != nil {
		return err
	}
	if _, err := b.tx.exec(b.ctx,
		`INSERT INTO ledger_sale (shop, order_id, placed, customer, currency, total, actions, cancelled, earned, clawed, keeper, seal) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (shop, order_id) DO UPDATE SET placed = excluded.placed, customer = excluded.customer, currency = excluded.currency, total = excluded.total, actions = excluded.actions,
			cancelled = excluded.cancelled, earned = excluded.earned, clawed = excluded.clawed, keeper = excluded.keeper, seal = excluded.seal`,
		b.by.Shop, s.Order, s.Placed, number, s.Total.Currency, s.Total.Minor, words(s.Actions), s.Cancelled, s.Earned, s.Clawed, s.Keeper, sealSale(b.by.Shop, number, s)); err != nil {
		return notWritten(booking, err)
	}
	for place, r := range s.Refunds {
		if _, err := b.tx.exec(b.ctx,
			`INSERT INTO ledger_refund (shop, order_id, place, id, currency, amount) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (shop, order_id, id) DO NOTHING`,
			b.by.Shop, s.Order, place, r.ID, r.Amount.Currency, r.Amount.Minor); err != nil {
			return notWritten(booking, err)
		}
	}
	return nil
}

// words writes ids as one text; an id has no space.
func words(ids []loyalty.ActionID) string {
	all := make([]string, len(ids))
	for i, id := range ids {
		all[i] = string(id)
	}
	return strings.Join(all, " ")
}

func actionIDs(text string) (ids []loyalty.ActionID) {
	for word := range strings.FieldsSeq(text) {
		ids = append(ids, loyalty.ActionID(word))
	}
	return ids
}
