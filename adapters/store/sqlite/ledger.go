// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/ports/store"
)

type ledger struct{ db *DB }

var _ store.Ledger = ledger{}

// Do implements store.Ledger.
func (l ledger) Do(ctx context.Context, by store.Stamp, fn func(store.Book) error) error {
	const doing = "keep points"
	return l.db.write(ctx, doing, func(ctx context.Context, tx *tx) error {
		b := &book{ctx: ctx, tx: tx, by: by, host: l.db.host, known: map[loyalty.CustomerID]*customer{}}
		var hash []byte
		err := tx.scan(ctx, []any{&b.sequence, (*instant)(&b.at), &hash}, `SELECT sequence, at, hash FROM ledger WHERE shop = ?`, by.Shop)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return notWritten(doing, err)
		}
		copy(b.hash[:], hash)
		if now := l.db.now().UTC(); now.After(b.at) {
			b.at = now
		}
		return fn(b)
	})
}

// book is a shop's ledger inside a transaction.
type book struct {
	ctx  context.Context // the committer's: a book lives as long as its transaction
	tx   *tx
	by   store.Stamp
	host string
	// The end of the journal; at is the time to reckon with.
	sequence int64
	at       time.Time
	hash     loyalty.Hash
	known    map[loyalty.CustomerID]*customer
}

// customer is one that the book has met: its number is 0 while it has none.
type customer struct {
	number  int64
	balance loyalty.Balance
}

var _ store.Book = (*book)(nil)

// Now implements store.Book.
func (b *book) Now() time.Time { return b.at }

const booking = "keep points"

// Balance implements store.Book.
func (b *book) Balance(c loyalty.CustomerID) (loyalty.Balance, error) {
	if c == "" {
		return loyalty.Balance{}, nil
	}
	found, err := b.meet(c)
	if err != nil {
		return loyalty.Balance{}, err
	}
	return found.balance, nil
}

// meet looks a customer up, once.
func (b *book) meet(c loyalty.CustomerID) (*customer, error) {
	if found, is := b.known[c]; is {
		return found, nil
	}
	found := &customer{}
	var sealed []byte
	err := b.tx.scan(b.ctx, []any{&found.number, &found.balance.Available, &found.balance.Held, &sealed},
		`SELECT id, available, held, seal FROM ledger_customer WHERE shop = ? AND name = ?`, b.by.Shop, c)
	switch {
	case err == nil:
		if err := checkCustomer(b.by.Shop, found.number, string(c), sealed); err != nil {
			return nil, err
		}
	case !errors.Is(err, sql.ErrNoRows):
		return nil, notWritten(booking, err)
	}
	b.known[c] = found
	return found, nil
}

// whose says who a number stands for. Somebody forgotten keeps points until what holds them has
// ended, under a name that only a book gives, and only to what it has read.
func (b *book) whose(number sql.NullInt64, name sql.NullString) (loyalty.CustomerID, error) {
	if !number.Valid || name.Valid {
		return loyalty.CustomerID(name.String), nil
	}
	nobody := loyalty.CustomerID(loyalty.ForgottenPrefix + strconv.FormatInt(number.Int64, 10))
	if _, is := b.known[nobody]; is {
		return nobody, nil
	}
	found := &customer{number: number.Int64}
	var sealed []byte
	err := b.tx.scan(b.ctx, []any{&found.balance.Available, &found.balance.Held, &sealed},
		`SELECT available, held, seal FROM ledger_customer WHERE id = ? AND shop = ? AND name IS NULL`, number.Int64, b.by.Shop)
	if err == nil {
		err = checkCustomer(b.by.Shop, found.number, "", sealed)
	}
	if err != nil {
		return "", readFault(booking, err)
	}
	b.known[nobody] = found
	return nobody, nil
}

// number is the customer's own, made when there is none; NULL for no customer.
func (b *book) number(c loyalty.CustomerID) (sql.NullInt64, error) {
	if c == "" {
		return sql.NullInt64{}, nil
	}
	found, err := b.meet(c)
	if err != nil {
		return sql.NullInt64{}, err
	}
	if found.number == 0 {
		err := b.tx.scan(b.ctx, []any{&found.number}, `INSERT INTO ledger_customer (shop, name, seal) VALUES (?, ?, zeroblob(?)) RETURNING id`, b.by.Shop, c, sealBytes)
		if err == nil {
			_, err = b.tx.exec(b.ctx, `UPDATE ledger_customer SET seal = ? WHERE id = ?`, seal(b.by.Shop, found.number, c), found.number)
		}
		if err != nil {
			return sql.NullInt64{}, notWritten(booking, err)
		}
	}
	return sql.NullInt64{Int64: found.number, Valid: true}, nil
}

// Booked implements store.Book.
func (b *book) Booked(key string) (e loyalty.Entry, found bool, err error) {
	var transfers string
	err = b.tx.scan(b.ctx, []any{&transfers}, `SELECT transfers FROM ledger_entry WHERE shop = ? AND key = ?`, b.by.Shop, key)
	if errors.Is(err, sql.ErrNoRows) {
		return e, false, nil
	}
	if err != nil {
		return e, false, notWritten(booking, err)
	}
	e.Key = key
	e.Transfers, err = loyalty.ParseTransfers(transfers)
	return e, err == nil, err
}

// Write implements store.Book.
func (b *book) Write(c store.Change) error {
	if c.Action != nil {
		if err := b.writeAction(*c.Action); err != nil {
			return err
		}
	}
	if c.Sale != nil {
		if err := b.writeSale(*c.Sale); err != nil {
			return err
		}
	}
	if c.Entry != nil {
		if err := b.post(*c.Entry); err != nil {
			return err
		}
	}
	for _, m := range c.Movements {
		if err := b.writeMovement(m); err != nil {
			return err
		}
	}
	return nil
}

// post books an entry: it grows the journal and moves what follows from it.
func (b *book) post(e loyalty.Entry) error {
	_, before, err := b.Booked(e.Key)
	if err != nil {
		return err
	}
	if before {
		return fault.New(fault.Conflict, "already_booked", "the entry has been booked before").By(fault.Caller)
	}
	numbered, customers, err := b.move(e)
	if err != nil {
		return err
	}
	r := loyalty.Record{Sequence: b.sequence + 1, At: b.at, Entry: numbered, RequestID: b.by.RequestID, Host: b.host}.Seal(b.by.Shop, b.hash)
	if _, err := b.tx.exec(b.ctx,
		`INSERT INTO ledger_entry (shop, sequence, at, key, customer, other, transfers, request_id, host, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		b.by.Shop, r.Sequence, instant(r.At), r.Entry.Key, customers[0], customers[1], loyalty.FormatTransfers(r.Entry.Transfers), r.RequestID, r.Host, r.Hash[:]); err != nil {
		return notWritten(booking, err)
	}
	if _, err := b.tx.exec(b.ctx,
		`INSERT INTO ledger (shop, sequence, at, hash) VALUES (?, ?, ?, ?)
		ON CONFLICT (shop) DO UPDATE SET sequence = excluded.sequence, at = excluded.at, hash = excluded.hash`,
		b.by.Shop, r.Sequence, instant(r.At), r.Hash[:]); err != nil {
		return notWritten(booking, err)
	}
	b.sequence, b.hash = r.Sequence, r.Hash
	return nil
}

// customersMax is how many customers one entry may concern: two, when points change hands.
const customersMax = 2

// move applies an entry to the balances and accounts. It returns the entry as the journal
// knows it, with numbers for customers.
func (b *book) move(e loyalty.Entry) (loyalty.Entry, [customersMax]sql.NullInt64, error) {
	var concerned [customersMax]sql.NullInt64
	numbered := loyalty.Entry{Key: e.Key, Transfers: slices.Clone(e.Transfers)}
	sums, names := map[loyalty.AccountName]loyalty.Points{}, map[loyalty.CustomerID]loyalty.CustomerID{}
	for i := range numbered.Transfers {
		t := &numbered.Transfers[i]
		for account, points := range map[*loyalty.Account]loyalty.Points{&t.From: -t.Points, &t.To: t.Points} {
			if !account.OfCustomer() {
				sums[account.Name] += points
				continue
			}
			name, settled := names[account.Customer]
			if !settled {
				if len(names) == customersMax {
					return numbered, concerned, fault.New(fault.Internal, "overdrawn", "an entry concerns too many customers")
				}
				number, err := b.settle(account.Customer, e)
				if err != nil {
					return numbered, concerned, err
				}
				concerned[len(names)] = number
				name = loyalty.CustomerID(strconv.FormatInt(number.Int64, 10))
				names[account.Customer] = name
			}
			account.Customer = name
		}
	}
	for name, points := range sums {
		if _, err := b.tx.exec(b.ctx,
			`INSERT INTO ledger_account (shop, name, points) VALUES (?, ?, ?) ON CONFLICT (shop, name) DO UPDATE SET points = points + excluded.points`,
			b.by.Shop, name, points); err != nil {
			return numbered, concerned, notWritten(booking, err)
		}
	}
	return numbered, concerned, nil
}

// settle gives a customer the balance that an entry leaves.
func (b *book) settle(c loyalty.CustomerID, e loyalty.Entry) (sql.NullInt64, error) {
	number, err := b.number(c)
	if err != nil {
		return number, err
	}
	if !number.Valid {
		return number, fault.New(fault.Internal, "overdrawn", "an entry moves the points of nobody")
	}
	after, err := e.Apply(c, b.known[c].balance)
	if err != nil {
		return number, err
	}
	if _, err := b.tx.exec(b.ctx, `UPDATE ledger_customer SET available = ?, held = ? WHERE id = ?`, after.Available, after.Held, number.Int64); err != nil {
		return number, notWritten(booking, err)
	}
	b.known[c].balance = after
	return number, nil
}
