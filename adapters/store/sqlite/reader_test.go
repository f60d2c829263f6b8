// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/shop"
	"github.com/cartage-dev/cartage/ports/store"
)

func readerAt(t *testing.T, path string) *Reader {
	t.Helper()
	r, err := OpenReader(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Errorf("Close = %v", err)
		}
	})
	return r
}

// earn books points of a shop's customer.
func earn(t *testing.T, db *DB, s shop.ID, c loyalty.CustomerID, key string, n loyalty.Points) {
	t.Helper()
	err := db.Store().Ledger.Do(t.Context(), store.Stamp{Shop: s}, func(b store.Book) error {
		return b.Write(store.Change{Entry: &loyalty.Entry{Key: key, Transfers: []loyalty.Transfer{
			{From: loyalty.Account{Name: loyalty.AccountAdjust}, To: loyalty.Account{Name: loyalty.AccountAvailable, Customer: c}, Points: n},
		}}})
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestReaderBesideItsHost wants a reader to see what is acknowledged while the host
// writes, and the host to go on as if nobody looked.
func TestReaderBesideItsHost(t *testing.T) {
	t.Parallel()
	path := fresh(t)
	db := openAt(t, path)
	earn(t, db, "alpha", "ann", "k1", 5)
	r := readerAt(t, path)
	for i, key := range []string{"k2", "k3"} {
		earn(t, db, "alpha", "ann", key, 5)
		want := loyalty.Balance{Available: loyalty.Points(10 + 5*i)}
		if got, err := r.Ledger().Balance(t.Context(), "alpha", "ann"); got != want || err != nil {
			t.Errorf("Balance = %+v, %v; want %+v", got, err, want)
		}
	}
	name, found, err := r.Customer(t.Context(), "alpha", "ann")
	records, _ := r.Ledger().History(t.Context(), "alpha", "ann", 0, 1)
	if err != nil || !found || len(records) != 1 || records[0].Entry.Transfers[0].To.Customer != name {
		t.Errorf("Customer = %q, %t, %v; the journal says %+v", name, found, err, records)
	}
	if _, found, err := r.Customer(t.Context(), "alpha", "bob"); found || err != nil {
		t.Errorf("Customer = %t, %v for one that nobody has heard of", found, err)
	}
	wantFault(t, "Do", r.Ledger().Do(t.Context(), store.Stamp{Shop: "alpha"}, func(store.Book) error { return nil }), fault.Unavailable, "store_read_only")
	if _, err := r.db.reader.Exec(`DELETE FROM ledger`); err == nil {
		t.Error("a reader deleted something")
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	_, err = r.Ledger().Shops(t.Context())
	wantFault(t, "Shops", err, fault.Unavailable, "store_unavailable")
	earn(t, db, "alpha", "ann", "k4", 5) // the host has lost none of its locks
	if second, err := Open(t.Context(), Options{Path: path}); err == nil {
		shut(t, second)
		t.Error("a reader took the host's lock away")
	}
}

// TestReaderWithoutHost reads what a host has left, folded into the file or not, and
// leaves the file as it is.
func TestReaderWithoutHost(t *testing.T) {
	t.Parallel()
	path := fresh(t)
	db := openAt(t, path)
	earn(t, db, "alpha", "ann", "k1", 5)
	killed := filepath.Join(t.TempDir(), "killed.db")
	for _, end := range []string{"", "-wal"} { // what the loss of the process would leave
		copyFile(t, path+end, killed+end)
	}
	shut(t, db)
	for name, path := range map[string]string{"closed": path, "killed": killed} {
		t.Run(name, func(t *testing.T) {
			before, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			r := readerAt(t, path)
			if got, err := r.Ledger().Balance(t.Context(), "alpha", "ann"); got.Available != 5 || err != nil {
				t.Errorf("Balance = %+v, %v", got, err)
			}
			if err := r.Close(); err != nil {
				t.Error(err)
			}
			if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
				t.Errorf("the reader has changed the file (%v)", err)
			}
			again := openAt(t, path)
			earn(t, again, "alpha", "ann", "k2", 5)
		})
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	text, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestReaderMissesNoShop removes a shop from all but its journal.
func TestReaderMissesNoShop(t *testing.T) {
	t.Parallel()
	path := fresh(t)
	db := openAt(t, path)
	for _, s := range []shop.ID{"gamma", "alpha", "beta"} {
		earn(t, db, s, "ann", "k1", 5)
		earn(t, db, s, "ann", "k2", 5)
	}
	r := readerAt(t, path)
	if got, err := r.Ledger().Shops(t.Context()); err != nil || !cmp.Equal(got, map[shop.ID]int64{"alpha": 2, "beta": 2, "gamma": 2}) {
		t.Errorf("Shops = %v, %v", got, err)
	}
	other := raw(t, path)
	for _, text := range []string{`DELETE FROM ledger WHERE shop = 'beta'`, `DELETE FROM ledger_account WHERE shop = 'beta'`, `DELETE FROM ledger_entry WHERE shop = 'gamma'`} {
		if _, err := other.Exec(text); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := r.Ledger().Shops(t.Context()); err != nil || !cmp.Equal(got, map[shop.ID]int64{"alpha": 2, "beta": 2, "gamma": 2}) {
		t.Errorf("after the removal Shops = %v, %v", got, err)
	}
}

func TestOpenReaderRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		prepare func(t *testing.T, path string)
		want    string
	}{
		{"nothing there", func(*testing.T, string) {}, "no such file"},
		{"a folder", func(t *testing.T, path string) {
			if err := os.Mkdir(path, 0o700); err != nil {
				t.Fatal(err)
			}
		}, "it is not a file"},
		{"a text", func(t *testing.T, path string) {
			if err := os.WriteFile(path, []byte(strings.Repeat("hello\n", 1000)), 0o600); err != nil {
				t.Fatal(err)
			}
		}, "not a SQLite database"},
		{"another program's", func(t *testing.T, path string) { execRaw(t, path, `CREATE TABLE theirs (x)`) }, "of another program"},
		{"an empty file", func(t *testing.T, path string) {
			if err := os.WriteFile(path, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}, "its schema has version 0"},
		{"an older schema", func(t *testing.T, path string) {
			shut(t, openAt(t, path))
			execRaw(t, path, `DELETE FROM goose_db_version WHERE version_id > 1`)
		}, "start a host of this version on it once"},
		{"a newer schema", func(t *testing.T, path string) {
			shut(t, openAt(t, path))
			execRaw(t, path, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, 1)`)
		}, "run a newer program"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path := fresh(t)
			tt.prepare(t, path)
			before := withoutLog(t, path)
			r, err := OpenReader(t.Context(), path)
			if r != nil {
				_ = r.Close()
			}
			wantText(t, err, path, tt.want)
			if after := withoutLog(t, path); !slices.Equal(before, after) {
				t.Errorf("there was %q, and now there is %q", before, after)
			}
		})
	}
}

// withoutLog names the files beside the database but the log, which anybody who looks may make.
func withoutLog(t *testing.T, path string) []string {
	t.Helper()
	return slices.DeleteFunc(names(t, filepath.Dir(path)), func(name string) bool {
		return strings.HasSuffix(name, "-wal") || strings.HasSuffix(name, "-shm")
	})
}

func execRaw(t *testing.T, path string, statements ...string) {
	t.Helper()
	db := raw(t, path)
	for _, s := range statements {
		if _, err := db.Exec(s); err != nil {
			t.Fatal(err)
		}
	}
}
