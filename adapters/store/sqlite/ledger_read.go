// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"time"

	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/shop"
)

// read runs fn beside the writer, on one connection that only reads and at one moment of the database.
func (db *DB) read(ctx context.Context, doing string, fn func(*sql.Tx) error) error {
	if err := db.enter(doing); err != nil {
		return err
	}
	defer db.running.RUnlock()
	tx, err := db.reader.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return notWritten(doing, err)
	}
	defer tx.Rollback() //nolint:errcheck // nothing was written
	return fn(tx)
}

// Balance implements store.Ledger.
func (l ledger) Balance(ctx context.Context, s shop.ID, c loyalty.CustomerID) (b loyalty.Balance, err error) {
	const doing = "read balance"
	if err := l.db.enter(doing); err != nil {
		return b, err
	}
	defer l.db.running.RUnlock()
	var number int64
	var sealed []byte
	err = l.db.reader.QueryRowContext(ctx, `SELECT id, available, held, seal FROM ledger_customer WHERE shop = ? AND name = ?`, s, c).Scan(&number, &b.Available, &b.Held, &sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return loyalty.Balance{}, nil
	}
	if err == nil {
		err = checkCustomer(s, number, string(c), sealed)
	}
	if err != nil {
		return loyalty.Balance{}, readFault(doing, err)
	}
	return b, nil
}

// RunningOut implements store.Ledger.
func (l ledger) RunningOut(ctx context.Context, s shop.ID, then time.Time, without, limit int) ([]loyalty.Action, error) {
	return l.held(ctx, "look for holds that run out", `a.expires_at <= ? ORDER BY a.expires_at, a.id LIMIT ? OFFSET ?`, s, instant(then), limit, without)
}

// Held implements store.Ledger.
func (l ledger) Held(ctx context.Context, s shop.ID, after loyalty.ActionID, limit int) ([]loyalty.Action, error) {
	return l.held(ctx, "look for what is held", `a.id > ? ORDER BY a.id LIMIT ?`, s, after, limit)
}

// held are a shop's held actions that a condition chooses.
func (l ledger) held(ctx context.Context, doing, where string, args ...any) (held []loyalty.Action, err error) {
	err = l.db.read(ctx, doing, func(tx *sql.Tx) error {
		err := eachRow(func(rows *sql.Rows) error {
			var a loyalty.Action
			var name sql.NullString
			err := rows.Scan(actionInto(&a, &name)...)
			a.Customer = loyalty.CustomerID(name.String)
			held = append(held, a)
			return err
		})(tx.QueryContext(ctx, `SELECT `+actionList+` FROM ledger_action a LEFT JOIN ledger_customer c ON c.id = a.customer WHERE a.state = 'held' AND a.shop = ? AND `+where, args...))
		if err != nil {
			return notWritten(doing, err)
		}
		return nil
	})
	return held, err
}

// recordList are the columns that scanRecord reads.
const recordList = `sequence, at, key, transfers, request_id, host, hash`

// scanRecord reads a record, and whatever columns come after it.
func scanRecord(rows *sql.Rows, more ...any) (r loyalty.Record, err error) {
	var transfers string
	var hash []byte
	if err := rows.Scan(append([]any{&r.Sequence, (*instant)(&r.At), &r.Entry.Key, &transfers, &r.RequestID, &r.Host, &hash}, more...)...); err != nil {
		return r, err
	}
	copy(r.Hash[:], hash)
	r.Entry.Transfers, err = loyalty.ParseTransfers(transfers)
	return r, err
}

// History implements store.Ledger.
func (l ledger) History(ctx context.Context, s shop.ID, c loyalty.CustomerID, after int64, limit int) (records []loyalty.Record, err error) {
	const doing = "read journal"
	err = l.db.read(ctx, doing, func(tx *sql.Tx) error {
		err := eachRow(func(rows *sql.Rows) error {
			r, err := scanRecord(rows)
			records = append(records, r)
			return err
		})(tx.QueryContext(ctx,
			`WITH who AS (SELECT id FROM ledger_customer WHERE shop = ?1 AND name = ?2), his AS (
				SELECT sequence FROM ledger_entry WHERE customer = (SELECT id FROM who) AND sequence > ?3
				UNION SELECT sequence FROM ledger_entry WHERE other = (SELECT id FROM who) AND sequence > ?3
				ORDER BY sequence LIMIT ?4)
			SELECT `+recordList+` FROM ledger_entry WHERE shop = ?1 AND sequence IN (SELECT sequence FROM his) ORDER BY sequence`, s, c, after, limit))
		return readFault(doing, err)
	})
	return records, err
}

// readFault leaves a fault as it is, and makes one of any other error.
func readFault(doing string, err error) error {
	if err == nil || isFault(err) {
		return err
	}
	return notWritten(doing, err)
}

// Shops implements store.Ledger.
func (l ledger) Shops(ctx context.Context) (shops map[shop.ID]int64, err error) {
	const doing = "list ledgers"
	shops = map[shop.ID]int64{}
	err = l.db.read(ctx, doing, func(tx *sql.Tx) error {
		return readFault(doing, eachRow(func(rows *sql.Rows) error {
			var id shop.ID
			var n int64
			err := rows.Scan(&id, &n)
			shops[id] = n
			return err
		})(tx.QueryContext(ctx, `SELECT shop, sequence FROM ledger`)))
	})
	return shops, err
}

// number is a customer as the journal writes it.
func number(id sql.NullInt64) loyalty.CustomerID {
	if !id.Valid {
		return ""
	}
	return loyalty.CustomerID(strconv.FormatInt(id.Int64, 10))
}
