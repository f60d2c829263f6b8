// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/handoff"
	"github.com/cartage-dev/cartage/core/idempotency"
	"github.com/cartage-dev/cartage/ports/store"
	"github.com/cartage-dev/cartage/ports/store/storetest"
)

// TestMain is also the program that TestCrash kills.
func TestMain(m *testing.M) {
	if path := os.Getenv(crashEnv); path != "" {
		os.Exit(writeUntilKilled(path, os.Getenv(crashRoundEnv)))
	}
	goleak.VerifyTestMain(m)
}

// noon is when these tests play.
var noon = time.Date(2026, time.March, 29, 12, 0, 0, 0, time.UTC)

// openAt opens the database, and closes it when the test ends.
func openAt(t *testing.T, path string) *DB {
	t.Helper()
	db, err := Open(t.Context(), Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { shut(t, db) })
	return db
}

// onWriter looks at the connection that writes.
func onWriter(t *testing.T, db *DB, look func(*sql.Conn)) {
	t.Helper()
	err := db.write(t.Context(), "look", func(_ context.Context, tx *tx) error {
		look(tx.conn)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func shut(t *testing.T, db *DB) {
	t.Helper()
	if err := db.Close(); err != nil {
		t.Errorf("Close = %v", err)
	}
}

// fresh is the path of a database that does not exist yet.
func fresh(t *testing.T) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "cartage.db")
}

// raw is a connection of another program to the file.
func raw(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func link(name string) store.Handoff {
	return store.Handoff{
		Hash: hashOf(name), Shop: "alpha", Reference: name, Target: []byte("target of " + name), ExpiresAt: noon.Add(time.Hour),
	}
}

func hashOf(name string) handoff.Hash {
	var token handoff.Token
	copy(token[:], name)
	return token.Hash()
}

func put(t *testing.T, db *DB, names ...string) {
	t.Helper()
	for _, name := range names {
		if err := db.Store().Handoffs.Put(t.Context(), link(name)); err != nil {
			t.Fatalf("Put %s = %v", name, err)
		}
	}
}

func wantLive(t *testing.T, db *DB, names ...string) {
	t.Helper()
	for _, name := range names {
		if live, err := db.Store().Handoffs.Live(t.Context(), hashOf(name), noon); err != nil || !live {
			t.Errorf("Live %s = %t, %v; want true", name, live, err)
		}
	}
}

func wantFault(t *testing.T, doing string, err error, kind fault.Kind, code string) {
	t.Helper()
	if f, ok := errors.AsType[*fault.Error](err); !ok || f.Kind != kind || f.Code != code {
		t.Errorf("%s = %v, want a fault %s %s", doing, err, kind, code)
	}
}

// grown is a closure that counts.
func grown(r idempotency.Record) (idempotency.Record, error) {
	r.Generation++
	return r, nil
}

func TestConformance(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) store.Store { return openAt(t, fresh(t)).Store() })
}
