// SPDX-License-Identifier: Apache-2.0

//go:build linux

package sqlite

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/cartage-dev/cartage/adapters/store/sqlite/powerloss"
)

// lossesAt hands over what a disk may have after so many operations, each image once.
func lossesAt(d *powerloss.Disk, after int, must map[room]int, chance *rand.Rand, images chan<- image) {
	here := map[[sha256.Size]byte]bool{}
	for _, l := range powerloss.Losses {
		files := d.After(l, chance)
		hash := hashFiles(files)
		if here[hash] {
			continue
		}
		here[hash] = true
		images <- image{files, hash, l, after, maps.Clone(must)}
	}
}

func hashFiles(files map[string][]byte) (hash [sha256.Size]byte) {
	digest := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(digest, "%s %d ", name, len(files[name]))
		digest.Write(files[name])
	}
	digest.Sum(hash[:0])
	return hash
}

// losePower goes through the log, and says at how many points it lost power.
func losePower(s *stage, every int, chance *rand.Rand, images chan<- image) (points int) {
	d := powerloss.NewDisk(s.before, chance)
	if len(s.before) == 0 {
		d.Follow(powerloss.Op{Kind: powerloss.Create, File: stageFile}) // by the store itself
	}
	must, acks := map[room]int{}, s.acks
	for after, o := range append([]powerloss.Op{{Kind: powerloss.Create}}, s.recorder.Log()[s.skip:]...) {
		if after > 0 {
			d.Follow(o)
		}
		for ; len(acks) > 0 && acks[0].at <= after; acks = acks[1:] {
			must[acks[0].room] = max(must[acks[0].room], acks[0].step)
		}
		if chance.IntN(every) == 0 {
			points++
			lossesAt(d, after, must, chance, images)
		}
	}
	return points
}

// start opens an image as a host does that starts after power was lost, and looks at it when it
// is sound in itself.
func start(t *testing.T, dir string, files map[string][]byte, look func(*DB, *inspector) error) error {
	path := filepath.Join(dir, stageFile)
	for _, end := range []string{"", "-wal", "-journal", "-shm"} {
		if err := os.Remove(path + end); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	writeFiles(t, dir, files)
	// What processes shared is left as it happens to be.
	writeFiles(t, dir, map[string][]byte{stageFile + "-shm": garbage})
	db, err := Open(t.Context(), Options{Path: path, Host: "host"})
	if err != nil {
		return err
	}
	var found string
	if err = db.reader.QueryRowContext(t.Context(), `PRAGMA integrity_check`).Scan(&found); err != nil || found != "ok" {
		return errors.Join(fmt.Errorf("integrity_check says %q, %w", found, err), db.Close())
	}
	v, discrepancies, err := inspectLedger(t, db.Store().Ledger, "alpha")
	if err != nil || len(discrepancies) > 0 {
		return errors.Join(fmt.Errorf("the audit says %v, %w", discrepancies, err), db.Close())
	}
	return errors.Join(look(db, v), db.Close())
}

var garbage = slices.Repeat([]byte{0xa5}, 32<<10)

// stepsIn says which steps an image has: each room's contents are those after one of them, or
// something is there in part.
func stepsIn(t *testing.T, dir string, files map[string][]byte, known map[room]map[string]int) finding {
	f := finding{steps: map[room]int{}}
	f.wrong = start(t, dir, files, func(db *DB, _ *inspector) error {
		for r := range known {
			now, err := contents(t, db, r)
			if err != nil {
				return err
			}
			steps, is := known[r][now]
			if !is {
				return fmt.Errorf("%s is as it was after no step: one is there in part", r)
			}
			f.steps[r] = steps
		}
		return nil
	})
	return f
}
