// SPDX-License-Identifier: Apache-2.0

//go:build linux

package sqlite

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	sqlite3 "modernc.org/sqlite/lib"

	"github.com/cartage-dev/cartage/adapters/store/sqlite/powerloss"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/ports/store"
)

// healMax is how soon after the disk is well again everything is written (reliability R5).
const healMax = time.Second

// trouble is how a disk fails, at the nth operation that it is about.
type trouble struct {
	name  string
	about powerloss.Kind
	code  int32
	stays bool // until somebody mends it
	most  int  // n that are tried at full size
}

// troubles are those of reliability R5.
var troubles = []trouble{
	{"no room, once", powerloss.Write, sqlite3.SQLITE_FULL, false, 200},
	{"no room", powerloss.Write, sqlite3.SQLITE_FULL, true, 200},
	{"a write fails", powerloss.Write, sqlite3.SQLITE_IOERR_WRITE, false, 200},
	{"writes fail", powerloss.Write, sqlite3.SQLITE_IOERR_WRITE, true, 200},
	{"a sync fails", powerloss.Sync, sqlite3.SQLITE_IOERR_FSYNC, false, 40},
	{"syncs fail", powerloss.Sync, sqlite3.SQLITE_IOERR_FSYNC, true, 40},
}

// fails makes the nth operation fail, which had begun.
func (tr trouble) fails(n int) func(powerloss.Op) powerloss.Fault {
	return func(o powerloss.Op) powerloss.Fault {
		if o.Kind != tr.about {
			return powerloss.Fault{}
		}
		if n--; n == 0 || n < 0 && tr.stays {
			return powerloss.Fault{Code: tr.code, Bytes: rand.IntN(len(o.Data) + 1)}
		}
		return powerloss.Fault{}
	}
}

// told is what a caller was told of a write.
type told struct {
	key string // of the journal
	at  int    // operations that had been done by then
	err error
}

// TestDiskFails wants nothing acknowledged that is not on disk, nothing there that was said not to
// be, and everything well again when the disk is, without a restart.
func TestDiskFails(t *testing.T) {
	t.Parallel()
	seed := newStage(t, "seed", false)
	rich(seed)
	files := readFiles(t, dirOf(seed))
	for _, tr := range troubles {
		t.Run(tr.name, func(t *testing.T) {
			var sum struct{ runs, done, refused, unknown, images int }
			slowest := time.Duration(0)
			for n := 1; n <= tr.most; n += size(tr.most/3, tr.most/12, 1) {
				s := newStage(t, fmt.Sprint(n), false)
				writeFiles(t, dirOf(s), files)
				answers, healed := s.suffer(tr, n)
				slowest = max(slowest, healed)
				sum.runs++
				for _, a := range answers {
					switch {
					case a.err == nil:
						sum.done++
					case fault.KindOf(a.err) == fault.Unknown:
						sum.unknown++
					default:
						sum.refused++
					}
				}
				images, err := s.keptItsWord(answers, size(1, 3, 3))
				if sum.images += images; err != nil {
					t.Fatalf("fault %d: %v", n, err)
				}
			}
			t.Logf("disk: %d faults: %d writes acknowledged, %d refused, %d unknown; %d images after power loss as was said; healed after %s at most",
				sum.runs, sum.done, sum.refused, sum.unknown, sum.images, slowest)
			if sum.refused+sum.unknown == 0 {
				t.Error("nothing ever failed")
			}
		})
	}
}

// suffer writes from several tills while the disk fails, mends the disk, and writes again.
func (s *stage) suffer(tr trouble, n int) (answers []told, healed time.Duration) {
	s.open()
	defer s.close()
	s.pragma("wal_autocheckpoint = 12")
	s.watch()
	s.skip = s.recorder.Len()
	s.recorder.Fail(tr.fails(n))
	write := func(key string, d decision) error {
		err := s.db.Store().Ledger.Do(s.t.Context(), store.Stamp{Shop: "alpha"}, d)
		s.mu.Lock()
		defer s.mu.Unlock()
		answers = append(answers, told{key, s.recorder.Len() - s.skip, err})
		return err
	}
	s.atOnce(4, func(till, round int) {
		c, id, order := stageCustomer(till), stageID(till, round, 0), loyalty.OrderID(fmt.Sprintf("order-%d-%d", till, round))
		_ = write("hold:"+string(id), performing(id, c, stageCost))
		_ = write("earn:"+string(order), selling(order, c, 10_000, stageCost))
	})
	s.recorder.Fail(nil)
	mended := time.Now()
	s.atOnce(1, func(till, _ int) {
		id := stageID(till, 99, 0)
		if err := write("hold:"+string(id), performing(id, stageCustomer(till), stageCost)); err != nil {
			s.t.Errorf("fault %d: with the disk well again: %v", n, err)
		}
	})
	if healed = time.Since(mended); healed > healMax {
		s.t.Errorf("fault %d: it took %s to write again", n, healed)
	}
	wrong := brokenWord(answers, s.recorder.Len(), wantSound(s.t, s.db.Store().Ledger, "alpha"))
	if wrong != nil {
		s.t.Errorf("fault %d: %v", n, wrong)
	}
	return answers, healed
}

// brokenWord holds a journal to what was told by then. What is unknown may be there or not.
func brokenWord(answers []told, by int, v *inspector) error {
	for _, a := range answers {
		switch {
		case a.err == nil && a.at <= by && !v.keys[a.key]:
			return fmt.Errorf("%s was acknowledged, and is not there", a.key)
		case a.err != nil && a.at <= by && fault.KindOf(a.err) != fault.Unknown && v.keys[a.key]:
			return fmt.Errorf("%s is there, and was refused: %w", a.key, a.err)
		}
	}
	return nil
}

// keptItsWord loses power at about so many points, and in the end, and counts the images.
func (s *stage) keptItsWord(answers []told, points int) (images int, err error) {
	seed := rand.Uint64()
	chance := rand.New(rand.NewPCG(seed, 0))
	dir := quickDir(s.t)
	d := powerloss.NewDisk(s.before, chance)
	log := s.recorder.Log()[s.skip:]
	for after, o := range log {
		d.Follow(o)
		if after+1 < len(log) && chance.IntN(len(log)) >= points {
			continue
		}
		for _, l := range powerloss.Losses {
			images++
			err := start(s.t, dir, d.After(l, chance), func(_ *DB, v *inspector) error { return brokenWord(answers, after+1, v) })
			if err != nil {
				return images, fmt.Errorf("seed %d: power lost after operation %d (%s), %s: %w", seed, after+1, o, l, err)
			}
		}
	}
	return images, nil
}

// TestDiskFailsShows is the control: a store that syncs less than ours breaks its word, and the same
// eyes see it.
func TestDiskFailsShows(t *testing.T) {
	t.Parallel()
	s := newStage(t, "normal", true)
	rich(s)
	answers, _ := s.suffer(trouble{}, 0)
	if images, err := s.keptItsWord(answers, 40); err == nil {
		t.Errorf("a store that does not sync its commits keeps its word in %d images: they show nothing", images)
	}
}
