// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/money"
	"github.com/cartage-dev/cartage/ports/store"
)

const (
	raceWorkers   = 24
	raceCustomers = 20
	racePrice     = loyalty.Points(100)
)

// racing are customers with points for a number of offers each, and a little more.
func racing(t *testing.T, offers int) *DB {
	t.Helper()
	db := openAt(t, quickDir(t)+"/cartage.db")
	for c := range raceCustomers {
		earn(t, db, "alpha", racer(c), fmt.Sprint("gift:", c), racePrice*loyalty.Points(offers)+racePrice-1)
	}
	return db
}

func racer(c int) loyalty.CustomerID { return loyalty.CustomerID(fmt.Sprint("customer-", c)) }

// race lets every worker do something with every customer, all of them in the same order, again
// and again, and counts what was not refused.
func race(t *testing.T, rounds int, do func(worker, customer, round int) error) (done *[raceCustomers]atomic.Int64) {
	t.Helper()
	done = new([raceCustomers]atomic.Int64)
	var all sync.WaitGroup
	for w := range raceWorkers {
		all.Go(func() {
			for r := range rounds {
				for c := range raceCustomers {
					err := do(w, c, r)
					if err == nil {
						done[c].Add(1)
					} else if f, is := errors.AsType[*fault.Error](err); !is || f.Code != "insufficient_points" && f.Code != "unknown_action" {
						t.Errorf("worker %d, customer %d, round %d: %v", w, c, r, err)
					}
				}
			}
		})
	}
	all.Wait()
	return done
}

func decide(t *testing.T, db *DB, d decision) error {
	return db.Store().Ledger.Do(t.Context(), store.Stamp{Shop: "alpha", RequestID: "race"}, d)
}

func raceID(w, c, r int) loyalty.ActionID {
	return loyalty.ActionID(fmt.Sprintf("A-%02d-%02d-%04d", w, c, r))
}

// TestRacesHold wants exactly as many holds as a customer has points for (reliability R7).
func TestRacesHold(t *testing.T) {
	t.Parallel()
	offers := size(10, 10, 100)
	db := racing(t, offers)
	began := time.Now()
	done := race(t, 1+offers/12, func(w, c, r int) error { return decide(t, db, performing(raceID(w, c, r), racer(c), racePrice)) })
	took := time.Since(began)
	total := int64(0)
	for c := range raceCustomers {
		total += done[c].Load()
		want := loyalty.Balance{Available: racePrice - 1, Held: racePrice * loyalty.Points(offers)}
		if got, err := db.Store().Ledger.Balance(t.Context(), "alpha", racer(c)); err != nil || got != want || done[c].Load() != int64(offers) {
			t.Errorf("%s has %d holds and %+v, %v; want %d and %+v", racer(c), done[c].Load(), got, err, offers, want)
		}
	}
	wantSound(t, db.Store().Ledger, "alpha")
	t.Logf("races: %d workers, %d customers, %d taps in %s: %d holds, %d were due", raceWorkers, raceCustomers, raceWorkers*raceCustomers*(1+offers/12), took, total, offers*raceCustomers)
}

// TestRacesMixed lets workers tap, tap twice, take back and order with offers of each other.
func TestRacesMixed(t *testing.T) {
	t.Parallel()
	offers, rounds := 5, size(2, 6, 60)
	db := racing(t, offers)
	race(t, rounds, func(w, c, r int) error {
		id := raceID(w/2, c, r) // two workers have each
		switch rand.IntN(6) {
		case 0:
			return decide(t, db, reverting(id, racer(c), racePrice))
		case 1:
			return decide(t, db, selling(loyalty.OrderID("order of "+id), racer(c), 10_000, racePrice, id))
		case 2:
			return decide(t, db, refunding(loyalty.OrderID("order of "+id), loyalty.RefundID("refund of "+id), 10_000))
		default:
			return decide(t, db, performing(id, racer(c), racePrice))
		}
	})
	l := db.Store().Ledger
	v := wantSound(t, l, "alpha")
	sums, err := mixedSums(t, db)
	if err != nil || sums != 0 {
		t.Errorf("all accounts together stand at %d, %v; want 0", sums, err)
	}
	t.Logf("races: mixed, %d calls, %d records, audit clean, accounts together %d", raceWorkers*raceCustomers*rounds, v.records, sums)
}

// mixedSums adds up what everybody owns and what the shop's own accounts stand at.
func mixedSums(t *testing.T, db *DB) (sum loyalty.Points, err error) {
	err = db.reader.QueryRowContext(t.Context(),
		`SELECT (SELECT sum(available + held) FROM ledger_customer) + (SELECT sum(points) FROM ledger_account)`).Scan(&sum)
	return sum, err
}

// TestRacesNaive is the control: whoever reads a balance and writes in another step, with others in between,
// gives away points that are not there.
func TestRacesNaive(t *testing.T) {
	t.Parallel()
	const offers = 10
	db := racing(t, offers)
	l := db.Store().Ledger
	var reading [raceCustomers]sync.WaitGroup
	for c := range reading {
		reading[c].Add(raceWorkers)
	}
	done := race(t, 1, func(w, c, r int) error {
		balance, err := l.Balance(t.Context(), "alpha", racer(c))
		reading[c].Done()
		reading[c].Wait()
		if err != nil {
			return err
		}
		a := loyalty.Action{ID: raceID(w, c, r), Customer: racer(c), Points: racePrice, IssuedAt: time.Now()}
		if _, err := a.Perform(balance, proofRules, time.Now()); err != nil {
			return err
		}
		return decide(t, db, func(b store.Book) error {
			sale := loyalty.Sale{Order: loyalty.OrderID(a.ID)}.Place(racer(c), money.Of(100, "GBP")).With(a.ID)
			have, err := b.Balance(racer(c))
			if err != nil {
				return err
			}
			from := min(have.Available, racePrice) // the ledger itself would refuse to overdraw
			if from == 0 {
				return b.Write(store.Change{Sale: &sale})
			}
			e := loyalty.Entry{Key: "naive:" + string(a.ID), Transfers: []loyalty.Transfer{
				{From: loyalty.Account{Name: loyalty.AccountAvailable, Customer: racer(c)}, To: loyalty.Account{Name: loyalty.AccountHeld, Customer: racer(c)}, Points: from},
			}}
			return b.Write(store.Change{Sale: &sale, Entry: &e})
		})
	})
	broken, total := 0, int64(0)
	for c := range raceCustomers {
		total += done[c].Load()
		if done[c].Load() > offers {
			broken++
		}
	}
	if broken == 0 {
		t.Errorf("naive tills never gave away too much: %d holds for %d; the race is none", total, offers*raceCustomers)
	}
	t.Logf("races: naive, %d holds where %d were due, %d of %d accounts broken", total, offers*raceCustomers, broken, raceCustomers)
}
