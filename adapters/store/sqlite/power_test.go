// SPDX-License-Identifier: Apache-2.0

//go:build linux

package sqlite

import (
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/cartage-dev/cartage/adapters/store/sqlite/powerloss"
)

// TestPowerLoss loses power after every operation of every scenario (reliability R3): what was
// acknowledged is there, and what was not is there wholly or not at all.
func TestPowerLoss(t *testing.T) {
	t.Parallel()
	var all tally
	for _, sc := range scenarios {
		began := time.Now()
		s := record(t, sc, size(1, 2, 5), false)
		got := lose(t, s, size(50, 9, 1))
		t.Logf("power: %s: %d operations, %d acknowledgements, %s, in %s",
			sc.name, s.recorder.Len()-s.skip, len(s.acks), got, time.Since(began).Round(time.Millisecond))
		for _, text := range got.complaints {
			t.Errorf("%s: %s", sc.name, text)
		}
		all.add(got)
	}
	t.Logf("power: all: %s", all)
	if least := size(100, 1_000, 40_000); all.images < least {
		t.Errorf("%d images, want %d", all.images, least)
	}
	if all.lost+all.wrong > 0 {
		t.Errorf("%d images have lost an acknowledged step, %d are wrong otherwise", all.lost, all.wrong)
	}
}

// TestPowerLossShows is the control: a store that syncs less than ours loses what it
// acknowledged, and the same eyes see it.
func TestPowerLossShows(t *testing.T) {
	t.Parallel()
	sc := scenarios[len(scenarios)-1]
	got := lose(t, record(t, sc, size(1, 1, 4), true), size(50, 9, 2))
	t.Logf("power: synchronous=NORMAL: %s: %s; acknowledged steps lost by %v", sc.name, got, got.by)
	if got.lost == 0 {
		t.Error("a store that does not sync its commits loses nothing: these images show nothing")
	}
	if got.wrong > 0 {
		t.Errorf("%d images are wrong otherwise: %v", got.wrong, got.complaints)
	}
}

// tally counts images.
type tally struct {
	points, images, opened int // an image that is the same as one before is not opened again
	lost, wrong            int
	by                     map[string]int // lost, by what the loss of power left
	complaints             []string
}

func (a tally) String() string {
	return fmt.Sprintf("%d crash points, %d images, %d of them opened, %d without what was acknowledged, %d wrong otherwise", a.points, a.images, a.opened, a.lost, a.wrong)
}

func (a *tally) add(b tally) {
	a.points, a.images, a.opened, a.lost, a.wrong = a.points+b.points, a.images+b.images, a.opened+b.opened, a.lost+b.lost, a.wrong+b.wrong
}

const complaintsMax = 5

func (a *tally) complain(format string, args ...any) {
	if len(a.complaints) < complaintsMax {
		a.complaints = append(a.complaints, fmt.Sprintf(format, args...))
	}
}

// finding is what a start made of an image.
type finding struct {
	steps map[room]int // that are there
	wrong error
}

// image is what a start may find, and what must be in it.
type image struct {
	files map[string][]byte
	hash  [sha256.Size]byte
	loss  powerloss.Loss
	after int          // operations
	must  map[room]int // steps that were acknowledged
}

// lose follows what a scenario did, and loses power after about one of so many operations.
func lose(t *testing.T, s *stage, every int) (sum tally) {
	t.Helper()
	seed := rand.Uint64()
	chance := rand.New(rand.NewPCG(seed, 0))
	known := s.history()
	images := make(chan image, 16)
	var mu sync.Mutex
	seen := map[[sha256.Size]byte]*sync.Once{}
	said := map[[sha256.Size]byte]finding{}
	sum.by = map[string]int{}
	var judges sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		dir := quickDir(t)
		judges.Go(func() {
			for i := range images {
				mu.Lock()
				once := seen[i.hash]
				if once == nil {
					once = &sync.Once{}
					seen[i.hash] = once
				}
				mu.Unlock()
				once.Do(func() {
					f := stepsIn(t, dir, i.files, known)
					mu.Lock()
					defer mu.Unlock()
					said[i.hash] = f
				})
				mu.Lock()
				sum.judge(i, said[i.hash])
				mu.Unlock()
			}
		})
	}
	points := losePower(s, every, chance, images)
	close(images)
	judges.Wait()
	sum.points, sum.opened = points, len(said)
	if sum.lost+sum.wrong > 0 {
		t.Logf("seed %d", seed)
	}
	return sum
}

// judge counts an image.
func (a *tally) judge(i image, f finding) {
	a.images++
	if f.wrong != nil {
		a.wrong++
		a.complain("after operation %d, %s: %v", i.after, i.loss, f.wrong)
		return
	}
	for r, must := range i.must {
		if f.steps[r] < must {
			a.lost++
			a.by[i.loss.String()]++
			a.complain("after operation %d, %s: %s has %d steps, and %d were acknowledged", i.after, i.loss, r, f.steps[r], must)
			return
		}
	}
}
