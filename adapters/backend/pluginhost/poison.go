// SPDX-License-Identifier: Apache-2.0

package pluginhost

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/cartage-dev/cartage/core/fault"
)

// The bounds of suspicion. A request is refused once the process has ended by
// itself singledMax times with this request in flight, and no other suspect, and
// without one answer to it in between.
const (
	singledMax   = 3
	suspectsMax  = 1024             // remembered at once; the longest unheard of goes first
	suspicionFor = 10 * time.Minute // from the last such end
	turnMax      = time.Second      // how long a suspect waits for the one before it
	witnessesMax = 4
)

// fingerprint is that of a request, without what differs from one attempt to the next.
type fingerprint [sha256.Size]byte

// call is one call in flight.
type call struct {
	method  string
	message any
	once    sync.Once
	prints  []fingerprint // see fingerprints
}

// passing are the fields that say which attempt it is, and not what is asked for.
var passing = []protoreflect.Name{"idempotency_key", "shopper_ip", "reference"}

// personal are the fields of a request, beside its items, that say who asks.
var personal = []protoreflect.Name{"supersedes", "customer_token"}

// fingerprints are the request's own and, when it has items, that of everybody who
// asks for the same: a process may fall over a customer, or over a SKU.
func (c *call) fingerprints() []fingerprint {
	c.once.Do(func() {
		m, ok := c.message.(proto.Message)
		if !ok {
			return
		}
		bare := proto.Clone(m).ProtoReflect()
		fields := bare.Descriptor().Fields()
		items := fields.ByName("items") != nil
		if call := fields.ByName("call"); call != nil && bare.Has(call) {
			clearFields(bare.Mutable(call).Message(), passing)
		}
		if items { // elsewhere the reference is all there is
			clearFields(bare, passing)
		}
		c.prints = []fingerprint{c.print(bare)}
		if items {
			clearFields(bare, personal)
			if common := c.print(bare); common != c.prints[0] {
				c.prints = append(c.prints, common)
			}
		}
	})
	return c.prints
}

func clearFields(m protoreflect.Message, names []protoreflect.Name) {
	for _, name := range names {
		if field := m.Descriptor().Fields().ByName(name); field != nil {
			m.Clear(field)
		}
	}
}

func (c *call) print(m protoreflect.Message) fingerprint {
	body, _ := proto.MarshalOptions{Deterministic: true}.Marshal(m.Interface())
	return sha256.Sum256(append([]byte(c.method+"\x00"), body...))
}

// docket remembers which requests were in flight when the process ended, and
// refuses one that ends it time and again. Suspects go one at a time, so that the
// next end tells which of them it was; an answer acquits.
type docket struct {
	now    func() time.Time
	turn   chan struct{} // held by the suspect whose turn it is
	filled atomic.Bool   // whether there is any suspect, for a quick look

	mu       sync.Mutex
	suspects map[fingerprint]*suspicion
}

type suspicion struct {
	singled   int
	witnesses []fingerprint // the requests' own fingerprints; some of them
	own       bool          // whether it is the own fingerprint of any
	at        time.Time     // of the last end
}

func newDocket() *docket {
	return &docket{now: time.Now, turn: make(chan struct{}, 1), suspects: map[fingerprint]*suspicion{}}
}

// condemned: what several kinds of customers ask for alike needs to have been
// asked for by two of them, or as such.
func (s *suspicion) condemned() bool {
	return s.singled >= singledMax && (s.own || len(s.witnesses) > 1)
}

// crashed strikes the calls that were in flight when the process ended, and
// returns those that are condemned by it.
func (d *docket) crashed(calls []*call) (condemned []*call) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.expire()
	known, all := map[fingerprint]bool{}, map[fingerprint]bool{} // by what is asked for
	for _, c := range calls {
		prints := c.fingerprints()
		if len(prints) == 0 {
			continue
		}
		common := prints[len(prints)-1]
		all[common] = true
		if slices.ContainsFunc(prints, func(f fingerprint) bool { return d.suspects[f] != nil }) {
			known[common] = true
		}
	}
	struck := map[fingerprint]bool{} // once for each crash
	for _, c := range calls {
		prints := c.fingerprints()
		if len(prints) == 0 {
			continue
		}
		common := prints[len(prints)-1]
		single := len(all) == 1 || len(known) == 1 && known[common]
		before := d.isCondemned(prints)
		for _, f := range prints {
			d.strike(f, prints[0], single && !struck[f])
			struck[f] = true
		}
		if !before && d.isCondemned(prints) {
			condemned = append(condemned, c)
		}
	}
	d.filled.Store(len(d.suspects) > 0)
	return condemned
}

func (d *docket) strike(f, own fingerprint, single bool) {
	s := d.suspects[f]
	if s == nil {
		if len(d.suspects) >= suspectsMax {
			d.evict()
		}
		s = &suspicion{}
		d.suspects[f] = s
	}
	s.at = d.now()
	s.own = s.own || f == own
	if len(s.witnesses) < witnessesMax && !slices.Contains(s.witnesses, own) {
		s.witnesses = append(s.witnesses, own)
	}
	if single {
		s.singled++
	}
}

func (d *docket) evict() {
	var oldest fingerprint
	var at time.Time
	for f, s := range d.suspects {
		if at.IsZero() || s.at.Before(at) {
			oldest, at = f, s.at
		}
	}
	delete(d.suspects, oldest)
}

func (d *docket) expire() {
	for f, s := range d.suspects {
		if d.now().Sub(s.at) > suspicionFor {
			delete(d.suspects, f)
		}
	}
	d.filled.Store(len(d.suspects) > 0)
}

func (d *docket) isCondemned(prints []fingerprint) bool {
	return slices.ContainsFunc(prints, func(f fingerprint) bool {
		s := d.suspects[f]
		return s != nil && s.condemned()
	})
}

// The verdicts on a call that is about to be sent.
type verdict int

const (
	clean verdict = iota
	suspected
	condemned
)

func (d *docket) judge(c *call) verdict {
	if !d.filled.Load() {
		return clean
	}
	prints := c.fingerprints()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.expire()
	switch {
	case d.isCondemned(prints):
		return condemned
	case slices.ContainsFunc(prints, func(f fingerprint) bool { return d.suspects[f] != nil }):
		return suspected
	}
	return clean
}

// acquit forgets what was held against a call that the process has survived.
func (d *docket) acquit(c *call) {
	if !d.filled.Load() {
		return
	}
	prints := c.fingerprints()
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, f := range prints {
		delete(d.suspects, f)
	}
	d.filled.Store(len(d.suspects) > 0)
}

// forget acquits all.
func (d *docket) forget() {
	d.mu.Lock()
	defer d.mu.Unlock()
	clear(d.suspects)
	d.filled.Store(false)
}

// refused is how many requests are condemned at the moment.
func (d *docket) refused() (n int) {
	if !d.filled.Load() {
		return 0
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.expire()
	for _, s := range d.suspects {
		if s.condemned() {
			n++
		}
	}
	return n
}

// await waits for a suspect's turn, no longer than turnMax: it may be innocent.
func (d *docket) await(ctx context.Context) (leave func()) {
	timer := time.NewTimer(turnMax)
	defer timer.Stop()
	select {
	case d.turn <- struct{}{}:
		return func() { <-d.turn }
	case <-timer.C:
	case <-ctx.Done():
	}
	return func() {}
}

func poisonous() *fault.Error {
	return fault.New(fault.Internal, "poison_request",
		"the backend's plugin ended each time it was sent this request, which is not sent again for a while").By(fault.Plugin)
}

// name is what the log calls a request that is not to be shown.
func (f fingerprint) name() string { return hex.EncodeToString(f[:6]) }
