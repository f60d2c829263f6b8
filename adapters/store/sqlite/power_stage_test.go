// SPDX-License-Identifier: Apache-2.0

//go:build linux

package sqlite

import (
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cartage-dev/cartage/adapters/store/sqlite/powerloss"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/ports/store"
)

const stageFile = "cartage.db"

// room is a part of the database that is written to by itself. Its steps have an order, and
// after each of the first k the room has contents that are known.
type room string

const (
	points  room = "points"
	news    room = "news"
	links   room = "links"
	answers room = "answers"
)

// tables are those of a room.
var tables = map[room][]string{
	points:  {"ledger", "ledger_entry", "ledger_customer", "ledger_account", "ledger_action", "ledger_capture", "ledger_sale", "ledger_refund", "loyalty_offer", "movement"},
	news:    {"inbox"},
	links:   {"handoff"},
	answers: {"idempotency"},
}

// step is a write, as it is done and done again.
type step struct {
	at time.Time // of the ledger
	do func(*testing.T, *DB) error
}

// ack is a step of which its caller was told that it is done.
type ack struct {
	room room
	step int // from 1
	at   int // operations that had been done by then
}

// stage is where a scenario plays, below the eyes of a Recorder.
type stage struct {
	t        *testing.T
	db       *DB
	path     string
	recorder *powerloss.Recorder
	normal   bool // sync less than we promise
	clock    atomic.Int64
	before   map[string][]byte // the files, durable, when the recorder begins
	skip     int               // operations until then

	mu    sync.Mutex
	steps map[room][]step
	acks  []ack
}

func newStage(t *testing.T, name string, normal bool) *stage {
	t.Helper()
	r, err := powerloss.Register(strings.ReplaceAll(t.Name()+"-"+name, "/", "-"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	s := &stage{t: t, path: filepath.Join(t.TempDir(), stageFile), recorder: r, normal: normal, steps: map[room][]step{}}
	s.clock.Store(noon.UnixNano())
	return s
}

// dirOf is the folder of a stage.
func dirOf(s *stage) string { return filepath.Dir(s.path) }

func (s *stage) now() time.Time { return time.Unix(0, s.clock.Load()) }

func (s *stage) later(d time.Duration) { s.clock.Add(int64(d)) }

// open opens the database through the recorder.
func (s *stage) open() {
	s.t.Helper()
	db, err := Open(s.t.Context(), Options{Path: s.path, Now: s.now, Host: "host", dsn: func(dsn string) string {
		if s.normal {
			dsn = strings.Replace(dsn, "_synchronous=FULL", "_synchronous=NORMAL", 1)
		}
		return dsn + "&vfs=" + s.recorder.Name
	}})
	if err != nil {
		s.t.Fatal(err)
	}
	s.db = db
	s.pragma("wal_autocheckpoint = 60") // so that there are many, and no image is large
}

func (s *stage) close() {
	s.t.Helper()
	shut(s.t, s.db)
}

// watch takes the files as they are for durable; what is done from now on is followed.
func (s *stage) watch() { s.before = readFiles(s.t, filepath.Dir(s.path)) }

// readFiles reads the database's files, and not the locks and the shared memory beside them,
// which a start makes anew.
func readFiles(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	for _, name := range []string{stageFile, stageFile + "-wal", stageFile + "-journal"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err == nil {
			files[name] = text
		} else if !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
	return files
}

// book does something with points. Steps of points may come from several goroutines, since
// their order is known inside; a refusal is no step.
func (s *stage) book(request string, d decision) {
	number := 0
	stamp := store.Stamp{Shop: "alpha", RequestID: request}
	err := s.db.Store().Ledger.Do(s.t.Context(), stamp, func(b store.Book) error {
		if err := d(b); err != nil {
			return err
		}
		number = s.begun(points, step{b.Now(), func(t *testing.T, db *DB) error { return db.Store().Ledger.Do(t.Context(), stamp, d) }})
		return nil
	})
	if err == nil {
		s.done(points, number)
	} else if kind := fault.KindOf(err); kind == fault.Unavailable || kind == fault.Unknown || kind == fault.Internal {
		s.t.Errorf("%s: %v", request, err)
	}
}

// write does something in another room, one step after the other.
func (s *stage) write(r room, do func(*testing.T, *DB) error) {
	number := s.begun(r, step{s.now(), do})
	if err := do(s.t, s.db); err != nil {
		s.t.Errorf("%s, step %d: %v", r, number, err)
		return
	}
	s.done(r, number)
}

func (s *stage) begun(r room, did step) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.steps[r] = append(s.steps[r], did)
	return len(s.steps[r])
}

func (s *stage) done(r room, number int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.acks = append(s.acks, ack{r, number, s.recorder.Len()})
}

// pragma sets something where everything is written.
func (s *stage) pragma(text string) {
	s.t.Helper()
	onWriter(s.t, s.db, func(c *sql.Conn) {
		if _, err := c.ExecContext(s.t.Context(), "PRAGMA "+text); err != nil {
			s.t.Error(err)
		}
	})
}

// contents are a room's rows as one word.
func contents(t *testing.T, db *DB, r room) (string, error) {
	digest := sha256.New()
	for _, table := range tables[r] {
		rows, err := db.reader.QueryContext(t.Context(), "SELECT * FROM "+table+" ORDER BY 1, 2, 3")
		if err != nil {
			return "", err
		}
		columns, err := rows.Columns()
		if err != nil {
			return "", err
		}
		row, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range row {
			into[i] = &row[i]
		}
		err = eachRow(func(rows *sql.Rows) error {
			err := rows.Scan(into...)
			fmt.Fprintf(digest, "%s %v\n", table, row)
			return err
		})(rows, nil)
		if err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(digest.Sum(nil)[:8]), nil
}

// history is the contents of every room after each of its steps, done again in a database of
// its own: by the contents the last step after which they were so.
func (s *stage) history() map[room]map[string]int {
	s.t.Helper()
	dir := quickDir(s.t)
	writeFiles(s.t, dir, s.before)
	var clock atomic.Int64
	db, err := Open(s.t.Context(), Options{Path: filepath.Join(dir, stageFile), Host: "host", Now: func() time.Time { return time.Unix(0, clock.Load()) }})
	if err != nil {
		s.t.Fatal(err)
	}
	defer shut(s.t, db)
	all := map[room]map[string]int{}
	for r := range tables {
		all[r] = map[string]int{}
		for k := range len(s.steps[r]) + 1 {
			if k > 0 {
				clock.Store(s.steps[r][k-1].at.UnixNano())
				if err := s.steps[r][k-1].do(s.t, db); err != nil {
					s.t.Fatalf("%s, step %d again: %v", r, k, err)
				}
			}
			now, err := contents(s.t, db, r)
			if err != nil {
				s.t.Fatal(err)
			}
			all[r][now] = k
		}
	}
	return all
}

func writeFiles(t *testing.T, dir string, files map[string][]byte) {
	t.Helper()
	for name, text := range maps.All(files) {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
