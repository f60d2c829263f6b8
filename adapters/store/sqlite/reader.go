// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	sqlite3 "modernc.org/sqlite/lib"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/shop"
	"github.com/cartage-dev/cartage/ports/store"
)

// Reader looks into a database that a host may have open: it takes no lock but SQLite's
// own for reading, and changes nothing. Where no host runs an empty log may stay beside the file,
// which the next host folds in.
type Reader struct {
	db    *DB // without a writer
	close func() error
}

// OpenReader opens the database for reading only, beside its host or without one. It makes
// no file and brings no schema up to date. The errors name the file: it is not there, it
// is not ours, it cannot be read, or its schema is older or newer than this program's. The
// file is not read through, so that whoever looks can say what of a damaged one is well.
func OpenReader(ctx context.Context, path string) (*Reader, error) {
	r, err := openReader(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("read database %s: %w", path, err)
	}
	return r, nil
}

// openReader never opens the file itself: closing it would drop the locks that SQLite has on it
// where this process is its host.
func openReader(ctx context.Context, path string) (*Reader, error) {
	if path == "" {
		return nil, errors.New("no path given")
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if path, err = filepath.EvalSymlinks(path); err != nil {
		return nil, err
	}
	if info, err := os.Stat(path); err != nil {
		return nil, err
	} else if !info.Mode().IsRegular() {
		return nil, errors.New("it is not a file")
	}
	if err := checkFileSystem(filepath.Dir(path)); err != nil {
		return nil, err
	}
	db := &DB{now: time.Now, log: slog.New(slog.DiscardHandler), path: path}
	if db.reader, err = pool(onlyReaderDSN(path), readersMax); err != nil {
		return nil, err
	}
	if err = recognise(ctx, db.reader); err == nil {
		err = sameSchema(ctx, db.reader)
	}
	if err != nil {
		return nil, errors.Join(err, db.reader.Close())
	}
	return &Reader{db: db, close: sync.OnceValue(func() error {
		db.running.Lock() // for good, as DB.Close
		return db.reader.Close()
	})}, nil
}

// recognise is identify with what only a reader meets: a log that it may not look into.
func recognise(ctx context.Context, db *sql.DB) error {
	_, err := identify(ctx, db)
	switch resultCode(err) {
	case sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM:
		return fmt.Errorf("%w (it needs the rights of the host's user, on its folder as well)", err)
	}
	return err
}

// sameSchema refuses a schema that this program does not know as its own.
func sameSchema(ctx context.Context, db *sql.DB) error {
	steps, err := provider(db)
	if err != nil {
		return err
	}
	var knows, has int64
	for _, s := range steps.ListSources() {
		knows = max(knows, s.Version)
	}
	var kept bool
	if err := db.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_schema WHERE name = 'goose_db_version'`).Scan(&kept); err != nil {
		return fmt.Errorf("read schema version: %w", err)
	}
	if kept {
		if err := db.QueryRowContext(ctx, `SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied`).Scan(&has); err != nil {
			return fmt.Errorf("read schema version: %w", err)
		}
	}
	switch {
	case has > knows:
		return tooNew(has, knows)
	case has < knows:
		return fmt.Errorf("its schema has version %d and this program knows %d: start a host of this version on it once, which brings it up to date", has, knows)
	}
	return nil
}

// Close waits for what is running. It may be called more than once.
func (r *Reader) Close() error { return r.close() }

// Ledger is the port, for reading: Do is Unavailable (store_read_only).
func (r *Reader) Ledger() store.Ledger { return ledgerReader{ledger{r.db}} }

// Customer is the name that a shop's journal has for a customer; found is false for one
// that nobody has heard of.
func (r *Reader) Customer(ctx context.Context, s shop.ID, c loyalty.CustomerID) (name loyalty.CustomerID, found bool, err error) {
	const doing = "look for a customer"
	err = r.db.read(ctx, doing, func(tx *sql.Tx) error {
		var id sql.NullInt64
		err := tx.QueryRowContext(ctx, `SELECT id FROM ledger_customer WHERE shop = ? AND name = ?`, s, c).Scan(&id)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		name, found = number(id), err == nil
		return readFault(doing, err)
	})
	return name, found, err
}

// ledgerReader is a ledger that nobody writes.
type ledgerReader struct{ ledger }

var _ store.Ledger = ledgerReader{}

// Do implements store.Ledger.
func (ledgerReader) Do(context.Context, store.Stamp, func(store.Book) error) error {
	return fault.New(fault.Unavailable, "store_read_only", "the database is open for reading only")
}

// Shops implements store.Ledger. Whoever audits must not miss a shop of which somebody has
// removed the one row that ledger.Shops goes by, so this asks the journal and what follows from it, too.
func (l ledgerReader) Shops(ctx context.Context) (shops map[shop.ID]int64, err error) {
	const doing = "list ledgers"
	shops = map[shop.ID]int64{}
	err = l.db.read(ctx, doing, func(tx *sql.Tx) error {
		return readFault(doing, eachRow(func(rows *sql.Rows) error {
			var id shop.ID
			var n int64
			err := rows.Scan(&id, &n)
			shops[id] = n
			return err
		})(tx.QueryContext(ctx, shopsOfAll)))
	})
	return shops, err
}

// shopsOfAll steps from shop to shop in the journal's key, since it may be long and shops are few.
const shopsOfAll = `WITH RECURSIVE journal (shop) AS (
	SELECT min(shop) FROM ledger_entry
	UNION ALL SELECT (SELECT min(e.shop) FROM ledger_entry e WHERE e.shop > journal.shop) FROM journal WHERE journal.shop IS NOT NULL
)
SELECT s.shop, coalesce(l.sequence, (SELECT max(e.sequence) FROM ledger_entry e WHERE e.shop = s.shop), 0)
FROM (SELECT shop FROM ledger UNION SELECT shop FROM journal WHERE shop IS NOT NULL UNION SELECT shop FROM ledger_account) s
LEFT JOIN ledger l ON l.shop = s.shop`
