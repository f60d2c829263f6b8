// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cartage-dev/cartage/core/idempotency"
	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/shop"
	"github.com/cartage-dev/cartage/ports/store"
)

// atOnce are the numbers of callers that benchmarks compare.
var atOnce = []int{1, 16, 64}

// call runs n calls by so many callers, and reports how many a second were answered and after what time
// all but one of a hundred were.
func call(b *testing.B, callers int, one func(n int64) error) {
	b.Helper()
	var n atomic.Int64
	var mu sync.Mutex
	var took []time.Duration
	b.ResetTimer()
	began := time.Now()
	var all sync.WaitGroup
	for range callers {
		all.Go(func() {
			var mine []time.Duration
			for i := n.Add(1); i <= int64(b.N); i = n.Add(1) {
				at := time.Now()
				if err := one(i); err != nil {
					b.Error(err)
				}
				mine = append(mine, time.Since(at))
			}
			mu.Lock()
			took = append(took, mine...)
			mu.Unlock()
		})
	}
	all.Wait()
	b.ReportMetric(float64(b.N)/time.Since(began).Seconds(), "calls/s")
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}

func benchDB(b *testing.B, batch int) *DB {
	b.Helper()
	db, err := Open(b.Context(), Options{Path: filepath.Join(b.TempDir(), "cartage.db")})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close() })
	if batch > 0 {
		db.batch = batch // before anybody writes
	}
	return db
}

// BenchmarkUpdate keeps a new record with each call.
func BenchmarkUpdate(b *testing.B) {
	for _, callers := range atOnce {
		b.Run(fmt.Sprint(callers), func(b *testing.B) {
			records := benchDB(b, 0).Store().Idempotency
			call(b, callers, func(n int64) error {
				scope := idempotency.Scope{Shop: "s", Operation: "o", Name: strconv.FormatInt(n, 10)}
				return records.Update(b.Context(), scope, func(r idempotency.Record) (idempotency.Record, error) {
					r.Generation++
					return r, nil
				})
			})
		})
	}
}

// BenchmarkRedeem holds points for a new offer with each call, on disk before it is answered: with writes
// that share a sync of the disk, and with a transaction for each. Compare calls/s and p99 of the two in one run, and
// with what the disk does at most, BenchmarkSync.
func BenchmarkRedeem(b *testing.B) {
	for _, how := range []struct {
		name  string
		batch int
	}{{"shared", 0}, {"alone", 1}} {
		for _, callers := range atOnce {
			b.Run(fmt.Sprint(how.name, "/", callers), func(b *testing.B) {
				ledger := benchDB(b, how.batch).Store().Ledger
				endowed(b, ledger, 64, loyalty.Points(b.N)*10+1000)
				call(b, callers, func(n int64) error {
					return redeem(b, ledger, loyalty.CustomerID(fmt.Sprint(n%64)), n)
				})
			})
		}
	}
}

const benchShop shop.ID = "demo"

func endowed(b *testing.B, ledger store.Ledger, customers int, points loyalty.Points) {
	b.Helper()
	err := ledger.Do(b.Context(), store.Stamp{Shop: benchShop}, func(book store.Book) error {
		for i := range customers {
			e := loyalty.Entry{Key: fmt.Sprint("admn:", i), Transfers: []loyalty.Transfer{
				{From: loyalty.Account{Name: loyalty.AccountAdjust}, To: loyalty.Account{Name: loyalty.AccountAvailable, Customer: loyalty.CustomerID(fmt.Sprint(i))}, Points: points},
			}}
			if err := book.Write(store.Change{Entry: &e}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
}

func redeem(b *testing.B, ledger store.Ledger, c loyalty.CustomerID, n int64) error {
	rules := loyalty.DefaultRules()
	return ledger.Do(b.Context(), store.Stamp{Shop: benchShop, RequestID: "bench"}, func(book store.Book) error {
		id := loyalty.ActionID(fmt.Sprintf("%048d", n))
		a, found, err := book.Action(id)
		if err != nil {
			return err
		}
		if !found {
			a = loyalty.Action{ID: id, Customer: c, Points: 10, IssuedAt: book.Now()}
		}
		balance, err := book.Balance(c)
		if err != nil {
			return err
		}
		o, err := a.Perform(balance, rules, book.Now())
		if err != nil {
			return err
		}
		return book.Write(store.Change{Action: &o.Action, Entry: o.Entry})
	})
}

// BenchmarkSync writes a page and syncs it: more than this no disk does for one caller.
func BenchmarkSync(b *testing.B) {
	f, err := os.Create(filepath.Join(b.TempDir(), "page"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = f.Close() })
	page := make([]byte, 4096)
	call(b, 1, func(n int64) error {
		page[0] = byte(n)
		if _, err := f.WriteAt(page, 4096*(n%1024)); err != nil {
			return err
		}
		return f.Sync()
	})
}
