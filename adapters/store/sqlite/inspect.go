// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	sqlite3 "modernc.org/sqlite/lib"
)

const (
	// applicationID marks a database file as ours: "Crtg" in ASCII.
	applicationID = 0x43727467
	// checkMax is the largest file, in bytes, that is read through at start.
	checkMax = 64 << 20
)

// inspect refuses a file that is not ours or is damaged, and changes nothing in it.
func inspect(ctx context.Context, db *sql.DB) error {
	bytes, err := identify(ctx, db)
	if err != nil || bytes > checkMax {
		return err
	}
	var found string
	if err := db.QueryRowContext(ctx, `PRAGMA quick_check(1)`).Scan(&found); err != nil {
		return damage(err)
	}
	if found != "ok" {
		return fmt.Errorf("the file is damaged, restore a backup: %s", found)
	}
	return nil
}

// identify refuses a file that is not ours, and says how large it is.
func identify(ctx context.Context, db *sql.DB) (bytes int64, err error) {
	var id, entries int64
	err = db.QueryRowContext(ctx, `SELECT
		(SELECT application_id FROM pragma_application_id()),
		(SELECT count(*) FROM sqlite_schema),
		(SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size())`).Scan(&id, &entries, &bytes)
	switch {
	case resultCode(err) == sqlite3.SQLITE_NOTADB:
		return 0, errors.New("the file is not a SQLite database")
	case err != nil:
		return 0, damage(err)
	case id != applicationID && (id != 0 || entries != 0):
		return 0, errors.New("the file is a SQLite database of another program")
	}
	return bytes, nil
}

func damage(err error) error {
	if resultCode(err) == sqlite3.SQLITE_CORRUPT {
		return fmt.Errorf("the file is damaged, restore a backup: %w", err)
	}
	return fmt.Errorf("look at the file: %w", err)
}

// checkWAL opens the first connection that may write, and makes sure that the
// write-ahead log is on: SQLite does not fail where a file system cannot have one.
func checkWAL(ctx context.Context, db *sql.DB) error {
	var mode string
	if err := db.QueryRowContext(ctx, `PRAGMA journal_mode`).Scan(&mode); err != nil {
		return damage(err)
	}
	if mode != "wal" {
		return fmt.Errorf("the file system cannot hold a write-ahead log (journal mode %s)", mode)
	}
	return nil
}
