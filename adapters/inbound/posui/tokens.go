// SPDX-License-Identifier: Apache-2.0

package posui

import (
	"crypto/sha256"
	"strconv"
	"sync"
	"time"

	"github.com/cartage-dev/cartage/core/shop"
)

// The bounds of what is remembered of tokens that have written. Each shop has its own, so that one that
// floods the host keeps nobody else from writing.
const (
	rememberFor = 2 * time.Minute
	// writesMax is 34 writes of a shop in every second.
	writesMax = 4096
	// writeAgeMax is how old a token may be to write: while it may, it is remembered. A token lives for a minute.
	writeAgeMax = rememberFor - leeway
)

// Tokens remembers for two minutes what each token has written. It may be used concurrently.
type Tokens struct {
	mu    sync.Mutex
	shops map[shop.ID]*spent
}

// digest stands for a token or a write.
type digest [sha256.Size]byte

// spent is what the tokens of one shop have written.
type spent struct {
	writes map[digest]digest // by token
	order  []use             // the oldest first
}

// use is when a token is forgotten.
type use struct {
	token digest
	until time.Time
}

// NewTokens remembers nothing yet.
func NewTokens() *Tokens { return &Tokens{shops: map[shop.ID]*spent{}} }

// use lets a token write, once; the same write again is a retry, which changes nothing. Otherwise it
// says why not: replayed, or tooManyWrites.
func (t *Tokens) use(who identity, write digest, now time.Time) (why string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.shops[who.shop]
	if s == nil {
		s = &spent{writes: map[digest]digest{}}
		t.shops[who.shop] = s
	}
	s.forget(now)
	token := digestOf(who.app.ClientID, who.token)
	before, used := s.writes[token]
	switch {
	case used && before != write:
		return replayed
	case used:
		return ""
	case len(s.writes) >= writesMax:
		return tooManyWrites
	}
	s.writes[token] = write
	s.order = append(s.order, use{token, now.Add(rememberFor)})
	return ""
}

func (s *spent) forget(now time.Time) {
	for len(s.order) > 0 && !now.Before(s.order[0].until) {
		delete(s.writes, s.order[0].token)
		s.order = s.order[1:]
	}
}

func digestOf(parts ...string) digest {
	h := sha256.New()
	for _, part := range parts {
		h.Write([]byte(strconv.Itoa(len(part)) + ":" + part))
	}
	return digest(h.Sum(nil))
}
