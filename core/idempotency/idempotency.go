// SPDX-License-Identifier: Apache-2.0

// Package idempotency decides what to do with a request that may have come before.
//
// Invariant: at any time one caller at most works on a key, and a backend sees
// the same Key for every attempt at the same effect, so that "perhaps done" can be
// asked again without doing it twice. The package keeps nothing: a store applies its
// transitions inside a transaction of its own.
package idempotency

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"time"
)

// Key is what a backend is given to recognise a repeated attempt: 64 hexadecimal
// characters that say nothing about whom they belong to.
type Key string

// Scope names one thing that may be done once: a shop, an operation and the
// caller's own name for it.
type Scope struct{ Shop, Operation, Name string }

// Key is the scope's key for its n-th generation.
func (s Scope) Key(generation uint32) Key {
	h := sha256.New()
	for _, part := range []string{s.Shop, s.Operation, s.Name, strconv.FormatUint(uint64(generation), 10)} {
		h.Write([]byte(strconv.Itoa(len(part)) + ":" + part))
	}
	return Key(hex.EncodeToString(h.Sum(nil)))
}

// Fingerprint identifies what was asked for: SHA-256 over a canonical form that the use case chooses.
type Fingerprint [sha256.Size]byte

// State is where a record stands.
type State uint8

// The states. The zero value belongs to a record that does not exist yet or was released.
const (
	Idle    State = iota
	Running       // somebody is at it, until LeaseUntil
	Done          // answered; Answer may be given again until LiveUntil
)

// Record is what is remembered of a scope. The zero Record is one nobody has asked for.
type Record struct {
	State       State
	Fingerprint Fingerprint
	// Generation counts effects: it grows when another effect is wanted than the
	// one last tried, and stays when the same one is tried again.
	Generation uint32
	LeaseUntil time.Time
	// Answer is the last finished answer, as the use case wrote it; it outlives a
	// new claim, since whoever replaces an effect must know what to replace.
	Answer    []byte
	LiveUntil time.Time
	KeepUntil time.Time // after which a store may forget the record
}

// Verdict is what the one who claims must do.
type Verdict uint8

// The verdicts.
const (
	Run    Verdict = iota // do it, then Finish or Release with the record's generation
	Replay                // give Record.Answer again
	Wait                  // somebody else is at it; ask again shortly
)

// Terms are how long a claim, and the memory of it, last.
type Terms struct{ Lease, Keep time.Duration }

// Claim decides over a request with fingerprint fp at now, and returns the record
// to keep. usedUp is the generation whose answer the caller knows to be used up,
// and which is therefore not replayed; 0 when there is none.
func (r Record) Claim(fp Fingerprint, now time.Time, t Terms, usedUp uint32) (Record, Verdict) {
	same := r.Fingerprint == fp
	switch {
	case r.State == Running && now.Before(r.LeaseUntil):
		return r, Wait
	case r.State == Done && same && r.Generation != usedUp && now.Before(r.LiveUntil):
		return r, Replay
	case r.State == Done || !same || r.Generation == 0:
		r.Generation++
	}
	r.State, r.Fingerprint = Running, fp
	r.LeaseUntil, r.KeepUntil = now.Add(t.Lease), now.Add(t.Keep)
	return r, Run
}

// Held reports whether the claim that returned claimed still stands: nobody took
// over after its lease, and it was not given back. A takeover for the same request
// works on the same generation, so a caller that may be late asks before it
// finishes or releases: it would otherwise end its successor's claim.
func (r Record) Held(claimed Record) bool {
	return r.State == Running && r.Generation == claimed.Generation && r.LeaseUntil.Equal(claimed.LeaseUntil)
}

// Finish stores the answer of a generation, which may be replayed until liveUntil.
// ok is false when nobody is at that generation any more, because its answer was
// given or another effect has taken over: the answer is then void.
func (r Record) Finish(generation uint32, answer []byte, liveUntil time.Time) (_ Record, ok bool) {
	if r.State != Running || r.Generation != generation {
		return r, false
	}
	r.State, r.Answer, r.LiveUntil, r.LeaseUntil = Done, answer, liveUntil, time.Time{}
	return r, true
}

// Release gives a claim back without an answer. The generation is kept: whether
// the effect was certainly or perhaps not reached, the next attempt at the same
// request goes out under the same key, and another request under the next.
func (r Record) Release(generation uint32) Record {
	if r.State == Running && r.Generation == generation {
		r.State, r.LeaseUntil = Idle, time.Time{}
	}
	return r
}
