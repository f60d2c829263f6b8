// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/shop"
	"github.com/cartage-dev/cartage/ports/store"
)

const rotCustomers = 20

// aged is a ledger with a long life, closed, and its file.
func aged(t *testing.T, records int) []byte {
	t.Helper()
	path := filepath.Join(quickDir(t), "cartage.db")
	db := openAt(t, path)
	for c := range rotCustomers {
		earn(t, db, "alpha", racer(c), fmt.Sprint("gift:", c), 1_000_000)
		earn(t, db, "beta", racer(c), fmt.Sprint("gift:", c), 1_000_000)
	}
	var all sync.WaitGroup
	for c := range rotCustomers {
		all.Go(func() {
			for r := range records / rotCustomers / 10 {
				live(t, db, racer(c), c, r)
			}
		})
	}
	all.Wait()
	wantSound(t, db.Store().Ledger, "alpha")
	shut(t, db)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// live is what befalls a customer again and again: ten records, and a movement of which each second stays.
func live(t *testing.T, db *DB, c loyalty.CustomerID, w, r int) {
	kept, taken, paid, late, away := raceID(w, 0, r), raceID(w, 1, r), raceID(w, 2, r), raceID(w, 3, r), raceID(w, 4, r)
	order := loyalty.OrderID(fmt.Sprintf("order-%d-%d", w, r))
	moving := db.Store().Movements
	if _, err := moving.Begin(t.Context(), asked(away, c, racePrice)); err != nil {
		t.Error(err)
	}
	for _, d := range []decision{
		taking(away, c, racePrice), giving(away, c, racePrice),
		performing(kept, c, racePrice), performing(taken, c, racePrice), reverting(taken, c, racePrice), confirming(kept, c, racePrice),
		performing(paid, c, racePrice), selling(order, c, 10_000, racePrice, paid, late),
		refunding(order, loyalty.RefundID("refund-"+order), 5_000),
	} {
		if err := decide(t, db, d); err != nil {
			t.Error(err)
		}
	}
	if r%2 == 0 {
		return
	}
	if err := moving.Settle(t.Context(), given(away, c, racePrice), noon); err != nil {
		t.Error(err)
	}
}

// The fates of a ledger that has been changed behind the store's back.
const (
	refused  = "refused at start"
	checked  = "found by integrity_check"
	audited  = "found by the audit"
	harmless = "nothing that it says has changed"
	silent   = "CHANGED SILENTLY"
)

// fate is what becomes of a changed file, beside what it said when it was whole.
func fate(t *testing.T, path, whole string) (verdict string, why error) {
	db, err := Open(t.Context(), Options{Path: path, Host: "host"})
	if err != nil {
		return refused, err
	}
	defer func() { _ = db.Close() }() // which may find what has been found
	var found string
	if err := db.reader.QueryRowContext(t.Context(), `PRAGMA integrity_check`).Scan(&found); err != nil || found != "ok" {
		return checked, fmt.Errorf("%q, %w", found, err)
	}
	said, discrepancies, err := telling(t, db.Store())
	switch {
	case err != nil || len(discrepancies) > 0:
		return audited, fmt.Errorf("%v, %w", discrepancies, err)
	case said != whole:
		return silent, errors.New(firstDifference(whole, said))
	}
	return harmless, nil
}

func firstDifference(a, b string) string {
	was, is := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(was), len(is)) {
		if was[i] != is[i] {
			return "it was " + was[i] + " and is " + is[i]
		}
	}
	return fmt.Sprintf("it was %d lines and is %d", len(was), len(is))
}

// telling is all that a ledger says: its books, what it answers of customers by name, which holds run out, and what is
// to be moved.
func telling(t *testing.T, all store.Store) (said string, found []loyalty.Discrepancy, err error) {
	l := all.Ledger
	var text strings.Builder
	for _, s := range []shop.ID{"alpha", "beta"} {
		v, discrepancies, err := inspectLedger(t, l, s)
		if err != nil {
			return "", nil, err
		}
		found = append(found, discrepancies...)
		text.WriteString(v.shown.String())
		for c := range rotCustomers {
			balance, err := l.Balance(t.Context(), s, racer(c))
			if err != nil {
				return "", nil, err
			}
			records, err := l.History(t.Context(), s, racer(c), 0, 10_000)
			if err != nil {
				return "", nil, err
			}
			fmt.Fprintln(&text, "answers", racer(c), balance, len(records))
		}
	}
	holds, err := l.RunningOut(t.Context(), "alpha", time.Now().Add(1_000*time.Hour), 0, 10_000)
	if err != nil {
		return "", nil, err
	}
	moving, err := toMove(t, all.Movements)
	if err != nil {
		return "", nil, err
	}
	shops, err := l.Shops(t.Context())
	fmt.Fprintln(&text, "holds", holds, "shops", shops)
	return text.String() + strings.Join(moving, "\n"), found, err
}

// toMove is what there is to be moved, and what a keeper would be told of each.
func toMove(t *testing.T, v store.Movements) (all []string, err error) {
	for {
		taken, err := v.Take(t.Context(), instantMax.Add(-1), instantMax, 10_000)
		if err != nil || taken == nil { // the fault comes once no other is due
			slices.Sort(all)
			return all, err
		}
		for _, m := range taken {
			all = append(all, fmt.Sprint("moves ", m.Shop, m.Key, m.Keeper, m.Customer, m.Points, m.Order, m.State))
		}
	}
}

// whole is what the ledger in a file says before anything befalls it.
func whole(t *testing.T, text []byte) string {
	t.Helper()
	path := filepath.Join(quickDir(t), "cartage.db")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	said, found, err := telling(t, openAt(t, path).Store())
	if err != nil || len(found) > 0 {
		t.Fatalf("the audit of the whole ledger says %v, %v", found, err)
	}
	return said
}

// TestBitRot turns single bits anywhere in the file (reliability R21).
func TestBitRot(t *testing.T) {
	t.Parallel()
	text := aged(t, size(400, 800, 2_000))
	said := whole(t, text)
	flips := make(chan int, 16)
	var mu sync.Mutex
	fates := map[string]int{}
	var judges sync.WaitGroup
	began := time.Now()
	for range runtime.GOMAXPROCS(0) {
		path, mine := filepath.Join(quickDir(t), "cartage.db"), bytes.Clone(text)
		judges.Go(func() {
			for bit := range flips {
				mine[bit/8] ^= 1 << (bit % 8)
				if err := os.WriteFile(path, mine, 0o600); err != nil {
					t.Error(err)
				}
				verdict, why := fate(t, path, said)
				mine[bit/8] ^= 1 << (bit % 8)
				mu.Lock()
				if fates[verdict]++; verdict == silent {
					t.Errorf("bit %d of byte %d (page %d): %v", bit%8, bit/8, bit/8/4096+1, why)
				}
				mu.Unlock()
			}
		})
	}
	for range size(40, 500, 10_000) {
		flips <- rand.IntN(8 * len(text))
	}
	close(flips)
	judges.Wait()
	t.Logf("rot: a file of %d bytes, bits turned: %v, in %s", len(text), fates, time.Since(began).Round(time.Millisecond))
}

// TestVerifySpeed says how fast a ledger is audited, beside no other test.
func TestVerifySpeed(t *testing.T) {
	path := filepath.Join(quickDir(t), "cartage.db")
	if err := os.WriteFile(path, aged(t, size(400, 4_000, 20_000)), 0o600); err != nil {
		t.Fatal(err)
	}
	l := openAt(t, path).Store().Ledger
	began := time.Now()
	a := auditOnly{loyalty.NewAudit("alpha")}
	if err := l.Walk(t.Context(), "alpha", a); err != nil || len(a.Close()) > 0 {
		t.Errorf("audit = %v, %v", a.Close(), err)
	}
	n, _ := a.Records()
	took := time.Since(began)
	t.Logf("rot: %d records verified in %s: %.0f a second", n, took, float64(n)/took.Seconds())
}

// auditOnly is an audit as a visitor.
type auditOnly struct{ *loyalty.Audit }

func (a auditOnly) Record(r loyalty.Record) error      { a.Audit.Record(r); return nil }
func (a auditOnly) Head(n int64, h loyalty.Hash) error { a.Audit.Head(n, h); return nil }
func (a auditOnly) Customer(c loyalty.CustomerID, b loyalty.Balance) error {
	a.Audit.Customer(c, b)
	return nil
}
func (a auditOnly) Account(n loyalty.AccountName, p loyalty.Points) error {
	a.Audit.Account(n, p)
	return nil
}
func (a auditOnly) Action(x loyalty.Action) error { a.Audit.Action(x); return nil }
func (a auditOnly) Sale(s loyalty.Sale) error     { a.Audit.Sale(s); return nil }
