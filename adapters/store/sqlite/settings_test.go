// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"os"
	"testing"
	"time"

	sqlite3 "modernc.org/sqlite/lib"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/idempotency"
)

// TestSettings holds every connection to the storage settings of the design
// (loyalty 3.8), as SQLite itself reports them.
func TestSettings(t *testing.T) {
	t.Parallel()
	db := openAt(t, fresh(t))
	for _, tt := range []struct {
		pool          string
		pragma, value string
	}{
		{"writer", "journal_mode", "wal"},
		{"writer", "synchronous", "2"}, // FULL
		{"writer", "foreign_keys", "1"},
		{"writer", "busy_timeout", "250"},
		{"writer", "journal_size_limit", fmt.Sprint(logMax)},
		{"writer", "trusted_schema", "0"},
		{"writer", "query_only", "0"},
		{"writer", "application_id", fmt.Sprint(applicationID)},
		{"reader", "journal_mode", "wal"},
		{"reader", "query_only", "1"},
		{"reader", "busy_timeout", "250"},
		{"reader", "trusted_schema", "0"},
	} {
		t.Run(tt.pool+" "+tt.pragma, func(t *testing.T) {
			look := func(c *sql.Conn) {
				var links int // the first reader has seen the file before the log was on, and looks again only now
				if err := c.QueryRowContext(t.Context(), "SELECT count(*) FROM handoff").Scan(&links); err != nil {
					t.Fatal(err)
				}
				var got string
				if err := c.QueryRowContext(t.Context(), "PRAGMA "+tt.pragma).Scan(&got); err != nil || got != tt.value {
					t.Errorf("PRAGMA %s = %s, %v; want %s", tt.pragma, got, err, tt.value)
				}
			}
			if tt.pool == "writer" {
				onWriter(t, db, look)
				return
			}
			for _, c := range connections(t, db.reader, readersMax) {
				look(c)
			}
		})
	}
	for name, p := range map[string]*sql.DB{"writer": db.writer, "reader": db.reader} {
		if got, want := p.Stats().MaxOpenConnections, map[string]int{"writer": 1, "reader": readersMax}[name]; got != want {
			t.Errorf("%s has up to %d connections, want %d", name, got, want)
		}
	}
}

// connections takes n different connections of the pool at once.
func connections(t *testing.T, p *sql.DB, n int) []*sql.Conn {
	t.Helper()
	var all []*sql.Conn
	for range n {
		c, err := p.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		all = append(all, c)
	}
	return all
}

func TestReadersCannotWrite(t *testing.T) {
	t.Parallel()
	db := openAt(t, fresh(t))
	if _, err := db.reader.ExecContext(t.Context(), `INSERT INTO health (id, pinged_at) VALUES (1, 1)`); resultCode(err) != sqlite3.SQLITE_READONLY {
		t.Errorf("a reader writes: %v", err)
	}
}

func TestTablesAreStrict(t *testing.T) {
	t.Parallel()
	db := openAt(t, fresh(t))
	tables, err := db.reader.QueryContext(t.Context(), `SELECT name, strict FROM pragma_table_list WHERE schema = 'main' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'goose_%'`)
	n := 0
	err = eachRow(func(rows *sql.Rows) error {
		var name string
		var strict bool
		if err := rows.Scan(&name, &strict); err != nil {
			return err
		}
		if n++; !strict {
			t.Errorf("table %s is not strict", name)
		}
		return nil
	})(tables, err)
	if err != nil || n < 11 {
		t.Errorf("%d tables, %v", n, err)
	}
	onWriter(t, db, func(c *sql.Conn) {
		_, err := c.ExecContext(t.Context(),
			`INSERT INTO handoff (hash, shop, reference, target, expires_at) VALUES (zeroblob(32), 's', 'r', x'', 1), (zeroblob(31) || x'01', 's', 'r', x'', 1)`)
		if resultCode(err) != sqlite3.SQLITE_CONSTRAINT {
			t.Errorf("two links of one reference: %v, want that the schema forbids it", err)
		}
	})
}

// TestNoWrite wants the log untouched by what changes nothing.
func TestNoWrite(t *testing.T) {
	t.Parallel()
	path := fresh(t)
	db := openAt(t, path)
	put(t, db, "a")
	s, scope := db.Store(), idempotency.Scope{Name: "a"}
	kept := idempotency.Record{
		State: idempotency.Done, Generation: 1, Answer: []byte("x"),
		LeaseUntil: noon, LiveUntil: noon.In(time.FixedZone("", 3600)), KeepUntil: time.Now(),
	}
	replace := func(idempotency.Record) (idempotency.Record, error) { return kept, nil }
	if err := s.Idempotency.Update(t.Context(), scope, replace); err != nil {
		t.Fatal(err)
	}
	look := func(r idempotency.Record) (idempotency.Record, error) { return r, nil }
	for _, tt := range []struct {
		name string
		call func() error
	}{
		{"an unchanged record", func() error { return s.Idempotency.Update(t.Context(), scope, look) }},
		{"an equal record", func() error { return s.Idempotency.Update(t.Context(), scope, replace) }},
		{"a look at no record", func() error { return s.Idempotency.Update(t.Context(), idempotency.Scope{Name: "b"}, look) }},
		{"a look at a link", func() error { _, err := s.Handoffs.Live(t.Context(), hashOf("a"), noon); return err }},
		{"a sweep of nothing", func() error { _, err := s.Handoffs.Sweep(t.Context(), noon); return err }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := logOf(t, path)
			if err := tt.call(); err != nil {
				t.Error(err)
			}
			if after := logOf(t, path); after != before {
				t.Error("the log has changed")
			}
		})
	}
	before := logOf(t, path)
	for range 2 { // unlike these, which a full disk must show at
		if err := s.Health.Ping(t.Context()); err != nil {
			t.Error(err)
		}
		after := logOf(t, path)
		if after == before {
			t.Error("Ping wrote nothing")
		}
		before = after
	}
}

func logOf(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// coded is an error as the driver gives them.
type coded int

func (c coded) Error() string { return fmt.Sprintf("code %d", int(c)) }
func (c coded) Code() int     { return int(c) }

func TestFaults(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name             string
		err              error
		before, atCommit string // kind and code before COMMIT, and of COMMIT itself
	}{
		{"busy", coded(sqlite3.SQLITE_BUSY), "unavailable store_busy", "unavailable store_busy"},
		{"busy snapshot", coded(sqlite3.SQLITE_BUSY_SNAPSHOT), "unavailable store_busy", "unavailable store_busy"},
		{"locked", coded(sqlite3.SQLITE_LOCKED), "unavailable store_busy", "unknown store_unknown"},
		{"full", coded(sqlite3.SQLITE_FULL), "unavailable store_full", "unavailable store_full"},
		{"read only", coded(sqlite3.SQLITE_READONLY), "unavailable store_read_only", "unknown store_unknown"},
		{"moved", coded(sqlite3.SQLITE_READONLY_DBMOVED), "unavailable store_read_only", "unknown store_unknown"},
		{"corrupt", coded(sqlite3.SQLITE_CORRUPT), "unavailable store_damaged", "unknown store_unknown"},
		{"no database", coded(sqlite3.SQLITE_NOTADB), "unavailable store_damaged", "unknown store_unknown"},
		{"interrupted", coded(sqlite3.SQLITE_INTERRUPT), "unavailable store_timeout", "unknown store_unknown"},
		{"failed sync", coded(sqlite3.SQLITE_IOERR_FSYNC), "unavailable store_unavailable", "unknown store_unknown"},
		{"failed write", coded(sqlite3.SQLITE_IOERR_WRITE), "unavailable store_unavailable", "unknown store_unknown"},
		{"constraint", coded(sqlite3.SQLITE_CONSTRAINT_UNIQUE), "internal store_misused", "unknown store_unknown"},
		{"no such table", coded(sqlite3.SQLITE_ERROR), "internal store_misused", "unknown store_unknown"},
		{"instant", fmt.Errorf("argument: %w", errInstant), "internal store_misused", "unknown store_unknown"},
		{"cancelled", context.Canceled, "unavailable store_timeout", "unavailable store_timeout"},
		{"deadline", fmt.Errorf("x: %w", context.DeadlineExceeded), "unavailable store_timeout", "unavailable store_timeout"},
		{"rolled back meanwhile", sql.ErrTxDone, "unavailable store_timeout", "unavailable store_timeout"},
		{"anything", errors.New("anything"), "unavailable store_unavailable", "unknown store_unknown"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, at := range []struct {
				got  *fault.Error
				want string
			}{{notWritten("doing", tt.err), tt.before}, {commitFault("doing", tt.err), tt.atCommit}} {
				if text := at.got.Kind.String() + " " + at.got.Code; text != at.want {
					t.Errorf("fault %s, want %s", text, at.want)
				}
				if !errors.Is(at.got, tt.err) || at.got.Message != "doing" {
					t.Errorf("fault %v, want the cause and what was done", at.got)
				}
			}
		})
	}
}

func TestInstant(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		at   time.Time
		want any // nil for NULL, an error, or the number
	}{
		{"none", time.Time{}, nil},
		{"none, in another zone", time.Time{}.In(time.FixedZone("", 3600)), nil},
		{"1970", time.Unix(0, 0), int64(0)},
		{"a nanosecond before", time.Unix(0, -1), int64(-1)},
		{"the first", time.Unix(0, math.MinInt64), int64(math.MinInt64)},
		{"the last", time.Unix(0, math.MaxInt64), int64(math.MaxInt64)},
		{"too early", time.Unix(0, math.MinInt64).Add(-1), errInstant},
		{"too late", time.Unix(0, math.MaxInt64).Add(1), errInstant},
		{"the year 9999", time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC), errInstant},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := instant(tt.at).Value()
			if want, ok := tt.want.(error); ok {
				if !errors.Is(err, want) {
					t.Errorf("Value = %v, %v; want %v", got, err, want)
				}
				return
			}
			if err != nil || got != tt.want {
				t.Errorf("Value = %v, %v; want %v", got, err, tt.want)
			}
			var back instant
			if err := back.Scan(got); err != nil || !time.Time(back).Equal(tt.at) || time.Time(back).Location() != time.UTC {
				t.Errorf("Scan = %v, %v; want %v in UTC", time.Time(back), err, tt.at)
			}
		})
	}
	if err := new(instant).Scan("2026"); err == nil {
		t.Error("Scan takes a text")
	}
}

// TestMisuse wants our own mistakes to be Internal, and nothing kept.
func TestMisuse(t *testing.T) {
	t.Parallel()
	db := openAt(t, fresh(t))
	s := db.Store()
	far := time.Date(3000, 1, 1, 0, 0, 0, 0, time.UTC)
	h := link("far")
	h.ExpiresAt = far
	wantFault(t, "Put", s.Handoffs.Put(t.Context(), h), fault.Internal, "store_misused")
	h.ExpiresAt = time.Time{}
	wantFault(t, "Put", s.Handoffs.Put(t.Context(), h), fault.Internal, "store_misused")
	for _, r := range []idempotency.Record{{KeepUntil: far}, {State: 7}} {
		err := s.Idempotency.Update(t.Context(), idempotency.Scope{}, func(idempotency.Record) (idempotency.Record, error) { return r, nil })
		wantFault(t, "Update", err, fault.Internal, "store_misused")
	}
	if n, err := s.Idempotency.Sweep(t.Context(), noon); n != 0 || err != nil {
		t.Errorf("Sweep = %d, %v; want nothing kept", n, err)
	}
}

// TestBusy lets another program hold the write lock.
func TestBusy(t *testing.T) {
	t.Parallel()
	path := fresh(t)
	db := openAt(t, path)
	put(t, db, "a")
	other := raw(t, "file:"+path+"?_txlock=immediate")
	tx, err := other.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	wantFault(t, "Ping", db.Store().Health.Ping(t.Context()), fault.Unavailable, "store_busy")
	if took := time.Since(began); took < busyMax/2 || took > 20*busyMax {
		t.Errorf("Ping gave up after %s, want about %s", took, busyMax)
	}
	wantLive(t, db, "a") // readers do not mind
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	put(t, db, "b")
}

// TestCancelledInside ends the context while the closure runs, before COMMIT.
func TestCancelledInside(t *testing.T) {
	t.Parallel()
	db := openAt(t, fresh(t))
	for range 20 {
		ctx, cancel := context.WithCancel(t.Context())
		err := db.Store().Idempotency.Update(ctx, idempotency.Scope{}, func(r idempotency.Record) (idempotency.Record, error) {
			cancel()
			return grown(r)
		})
		wantFault(t, "Update", err, fault.Unavailable, "store_timeout")
	}
	err := db.Store().Idempotency.Update(t.Context(), idempotency.Scope{}, func(r idempotency.Record) (idempotency.Record, error) {
		if r.Generation != 0 {
			t.Errorf("Generation = %d after updates that were said not to be done", r.Generation)
		}
		return r, nil
	})
	if err != nil {
		t.Error(err)
	}
}
