// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"strconv"
	"time"

	"github.com/cartage-dev/cartage/plugins/sdk"
)

// The kinds of record.
const (
	kindCart      = "carts"      // by cart id
	kindOrder     = "orders"     // by confirmation token
	kindReference = "references" // of a channel: the confirmation token
	kindTaken     = "taken"      // of a SKU: which carts took how much of what is scarce
	kindAccount   = "accounts"   // a customer's points, by shop and customer
	kindMovement  = "movements"  // of points, by shop and key
	kindSecret    = "secret"     // one record: what ids are made with
)

// How much is remembered, and how long.
const (
	cartLife     = 24 * time.Hour
	orderLife    = 30 * 24 * time.Hour
	movementLife = 30 * 24 * time.Hour
	cartsMax     = 20_000
	ordersMax    = 5_000
	accountsMax  = 20_000 // those that moved last, however long ago; whoever is forgotten begins again
	movementsMax = 100_000
	sweepEvery   = 512 // carts and movements made; so much may be kept above the bounds
	lockMax      = 5 * time.Second
)

// state is what the shop remembers. Ids follow from a secret and what they stand
// for, so that whoever repeats a request after a crash comes upon what the first
// attempt left, and a stranger cannot guess one.
type state struct {
	shelf  shelf
	secret []byte
	now    func() time.Time
	made   int // carts and movements; counted inside exclusive
}

func newState(ctx context.Context, dir string) (*state, error) {
	s := &state{shelf: newMemory(), now: time.Now}
	if dir != "" {
		kept, err := newFolder(dir, kindCart, kindOrder, kindReference, kindTaken, kindAccount, kindMovement, kindSecret)
		if err != nil {
			return nil, sdk.NewFault(sdk.Invalid, "invalid_settings", "settings.data_dir cannot be used").By(sdk.SourceCaller).Because(err).
				With(sdk.Field{Path: "settings.data_dir", Reason: "unusable", Detail: "must be a folder that can be written to"})
		}
		s.shelf = kept
	}
	err := s.exclusive(ctx, func() error {
		if err := s.openSecret(); err != nil {
			return err
		}
		return s.sweep()
	})
	if err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

// openSecret is read by the process that comes second.
func (s *state) openSecret() (err error) {
	s.secret, err = s.shelf.read(kindSecret, "ids")
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	s.secret = []byte(rand.Text() + rand.Text())
	return s.shelf.write(kindSecret, "ids", s.secret)
}

// exclusive is the shelf's, for no longer than lockMax. What it returns is a fault:
// Unavailable when f did not run.
func (s *state) exclusive(ctx context.Context, f func() error) error {
	ctx, cancel := context.WithTimeout(ctx, lockMax)
	defer cancel()
	ran := false
	err := s.shelf.exclusive(ctx, func() error {
		ran = true
		return f()
	})
	if err != nil && !ran {
		return sdk.NewFault(sdk.Unavailable, "state_busy", "the shop's state is busy").By(sdk.SourceBackend).Because(err)
	}
	return err
}

// derive makes 128 bits that only the shop can make, the same for the same parts.
func (s *state) derive(parts ...string) string {
	mac := hmac.New(sha256.New, s.secret)
	for _, part := range parts {
		mac.Write([]byte(strconv.Itoa(len(part)) + ":" + part))
	}
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

// isDerived reports whether text has the form of such an id, and so may be looked for.
func isDerived(text string) bool {
	raw, err := hex.DecodeString(text)
	return err == nil && len(raw) == 16 && text == hex.EncodeToString(raw)
}

// load reads a record into v; found is false when there is none.
func (s *state) load(kind, name string, v any) (found bool, err error) {
	raw, err := s.shelf.read(kind, name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err == nil {
		err = json.Unmarshal(raw, v)
	}
	if err != nil {
		return false, sdk.NewFault(sdk.Unavailable, "state_unreadable", "the shop's state cannot be read").By(sdk.SourceBackend).Because(err)
	}
	return true, nil
}

// save writes a record. A save that did not succeed may have been one of several, so it is Unknown.
func (s *state) save(kind, name string, v any) error {
	raw, err := json.Marshal(v)
	if err == nil {
		err = s.shelf.write(kind, name, raw)
	}
	if err != nil {
		return sdk.NewFault(sdk.Unknown, "state_not_written", "the shop's state cannot be written").By(sdk.SourceBackend).Because(err)
	}
	return nil
}

// grow counts what is made, and sweeps now and then. It runs inside exclusive.
func (s *state) grow() error {
	if s.made++; s.made%sweepEvery == 0 {
		return s.sweep()
	}
	return nil
}

// sweep runs inside exclusive.
func (s *state) sweep() error {
	now := s.now()
	err := errors.Join(
		s.shelf.sweep(kindCart, now.Add(-cartLife), cartsMax),
		s.shelf.sweep(kindOrder, now.Add(-orderLife), ordersMax),
		s.shelf.sweep(kindReference, now.Add(-orderLife), ordersMax),
		s.shelf.sweep(kindAccount, time.Time{}, accountsMax),
		s.shelf.sweep(kindMovement, now.Add(-movementLife), movementsMax),
	)
	if err != nil {
		return sdk.NewFault(sdk.Unavailable, "state_unreadable", "the shop's state cannot be swept").By(sdk.SourceBackend).Because(err)
	}
	return nil
}

func (s *state) close() error {
	if kept, ok := s.shelf.(*folder); ok {
		return kept.close()
	}
	return nil
}
