// SPDX-License-Identifier: Apache-2.0

package shadow

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode"

	"github.com/cartage-dev/cartage/core/cart"
)

// The bounds of what a Record remembers.
const (
	skusMax        = 200   // of each kind; differences of later SKUs are counted together
	faultsMax      = 50    // kinds and codes of the candidate's faults; later ones are counted together
	examplesMax    = 50    // the latest
	differencesMax = 5     // of one example
	timesMax       = 1_024 // the latest, of each side
)

// Record remembers what came of a shop's copies to one candidate, for as long as the
// host runs. It may be used concurrently, by several shadows too, and its memory is bounded.
type Record struct {
	shop, primary, candidate string

	now     func() time.Time
	since   time.Time
	skipped atomic.Int64 // counted while a shopper waits, so outside the lock

	mu             sync.Mutex
	outcomes       map[Outcome]int64
	asGuest        int64
	kinds          map[Kind]*tally
	faults         map[faultName]int64
	faultsMore     int64
	examples       []Example // oldest first
	primaryTimes   times
	candidateTimes times
}

// tally counts the transfers in which one kind of difference was found.
type tally struct {
	transfers int64
	latest    Difference
	skus      map[string]*heard
	more      int64 // differences of SKUs that found no place in skus
}

// heard is what both sides said of one SKU.
type heard struct {
	transfers int64
	latest    Difference
}

type faultName struct{ kind, code string }

// NewRecord makes an empty record that begins now. The names are those of config, as
// metrics and reports show them.
func NewRecord(shop, primary, candidate string) *Record {
	r := &Record{
		shop: shop, primary: primary, candidate: candidate, now: time.Now,
		outcomes: map[Outcome]int64{}, kinds: map[Kind]*tally{}, faults: map[faultName]int64{},
	}
	r.since = r.now().UTC()
	return r
}

// kinds are the kinds among the differences, each once, with the last difference of it.
func (c comparison) kinds() map[Kind]Difference {
	kinds := map[Kind]Difference{}
	for _, d := range c.differences {
		kinds[d.Kind] = d
	}
	return kinds
}

// add counts what came of one copy.
func (r *Record) add(t transfer, c comparison, took time.Duration) {
	for i := range c.differences {
		c.differences[i].SKU = printable(c.differences[i].SKU)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.outcomes[c.outcome]++
	if t.signedIn {
		r.asGuest++
	}
	r.primaryTimes.add(t.took)
	r.candidateTimes.add(took)
	for kind, latest := range c.kinds() {
		k := r.kinds[kind]
		if k == nil {
			k = &tally{skus: map[string]*heard{}}
			r.kinds[kind] = k
		}
		k.transfers++
		k.latest = latest
	}
	for _, d := range c.differences {
		if d.SKU != "" {
			r.kinds[d.Kind].hear(d)
		}
	}
	if c.fault != nil {
		r.failed(faultName{c.fault.Kind.String(), stableCode(c.fault.Code)})
	}
	if c.outcome != Same {
		r.keep(t, c)
	}
}

func (k *tally) hear(d Difference) {
	h := k.skus[d.SKU]
	if h == nil {
		if len(k.skus) == skusMax {
			k.more++
			return
		}
		h = &heard{}
		k.skus[d.SKU] = h
	}
	h.transfers++
	h.latest = d
}

func (r *Record) failed(name faultName) {
	if _, known := r.faults[name]; !known && len(r.faults) == faultsMax {
		r.faultsMore++
		return
	}
	r.faults[name]++
}

// keep remembers a transfer as an example in place of the oldest one.
func (r *Record) keep(t transfer, c comparison) {
	shown := slices.DeleteFunc(slices.Clone(c.differences), func(d Difference) bool { return d.Kind == KindTitle })
	more := max(len(shown)-differencesMax, 0)
	e := Example{At: r.now().UTC(), Outcome: c.outcome, SKUs: len(t.req.Items), Differences: shown[: len(shown)-more : len(shown)-more], More: more}
	if len(r.examples) == examplesMax {
		r.examples = slices.Delete(r.examples, 0, 1)
	}
	r.examples = append(r.examples, e)
}

// printable is a SKU as a terminal may show it. Core lets no other through.
func printable(sku string) string {
	clean := strings.Map(func(c rune) rune {
		if !unicode.IsPrint(c) {
			return '?'
		}
		return c
	}, sku)
	if short := []rune(clean); len(short) > cart.SKUMax {
		return string(short[:cart.SKUMax])
	}
	return clean
}

// times are the latest durations of one side.
type times struct {
	latest []time.Duration
	next   int // the oldest, once there are timesMax
}

func (t *times) add(d time.Duration) {
	if len(t.latest) < timesMax {
		t.latest = append(t.latest, d)
		return
	}
	t.latest[t.next] = d
	t.next = (t.next + 1) % timesMax
}

// percentiles are by nearest rank: each is a duration that was measured.
func (t *times) percentiles() Percentiles {
	n := len(t.latest)
	if n == 0 {
		return Percentiles{}
	}
	sorted := slices.Sorted(slices.Values(t.latest))
	rank := func(percent int) int64 { return sorted[(n*percent+99)/100-1].Microseconds() }
	return Percentiles{Of: n, P50Micros: rank(50), P95Micros: rank(95)}
}
