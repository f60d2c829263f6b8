// SPDX-License-Identifier: Apache-2.0

package shadow

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Report is what a Record knows at one moment. It is complete in JSON: what is read
// back prints the same.
type Report struct {
	Shop      string    `json:"shop"`
	Primary   string    `json:"primary"`
	Candidate string    `json:"candidate"`
	Since     time.Time `json:"since"`
	At        time.Time `json:"at"`
	Verdict   string    `json:"verdict"` // for people, in one line
	// Compared is the sum of Same, Different and Failed.
	Compared  int64 `json:"compared"`
	Same      int64 `json:"same"`
	Different int64 `json:"different"`
	Failed    int64 `json:"failed"`  // the candidate did, and the primary did not
	Skipped   int64 `json:"skipped"` // not copied, since too many waited
	// AsGuest of those compared came from signed-in shoppers, for whom the candidate was
	// not asked: prices of their own show as differences.
	AsGuest          int64        `json:"as_guest"`
	Kinds            []KindCount  `json:"kinds"` // those that were found, in the order of Kinds
	Faults           []FaultCount `json:"faults"`
	FaultsMore       int64        `json:"faults_more"` // of kinds and codes beyond those remembered
	PrimaryLatency   Percentiles  `json:"primary_latency"`
	CandidateLatency Percentiles  `json:"candidate_latency"`
	Examples         []Example    `json:"examples"` // the latest that were not the same, latest first
}

// KindCount says how many transfers differed in one way.
type KindCount struct {
	Kind      Kind  `json:"kind"`
	Transfers int64 `json:"transfers"`
	// Share of the transfers compared, from 0 to 1.
	Share  float64    `json:"share"`
	SKUs   []SKUCount `json:"skus"`   // the most frequent first
	More   int64      `json:"more"`   // differences of SKUs beyond those remembered
	Latest Difference `json:"latest"` // without values for a title
}

// SKUCount says in how many transfers one SKU differed, and what both said last.
type SKUCount struct {
	SKU       string `json:"sku"`
	Transfers int64  `json:"transfers"`
	Primary   Value  `json:"primary"`
	Candidate Value  `json:"candidate"`
}

// FaultCount says how often the candidate failed in one way when the primary did
// not, or failed otherwise.
type FaultCount struct {
	Kind      string `json:"kind"` // of the fault
	Code      string `json:"code,omitempty"`
	Transfers int64  `json:"transfers"`
}

// Percentiles are of the latest durations of one side, in microseconds.
type Percentiles struct {
	Of        int   `json:"of"` // how many durations
	P50Micros int64 `json:"p50_us"`
	P95Micros int64 `json:"p95_us"`
}

// Example is one transfer that was not the same.
type Example struct {
	At          time.Time    `json:"at"` // of the comparison
	Outcome     Outcome      `json:"outcome"`
	SKUs        int          `json:"skus"` // how many were asked for
	Differences []Difference `json:"differences"`
	More        int          `json:"more"` // differences that are not shown
}

// Report shows what the record knows now.
func (r *Record) Report() Report {
	r.mu.Lock()
	defer r.mu.Unlock()
	rep := Report{
		Shop: r.shop, Primary: r.primary, Candidate: r.candidate, Since: r.since, At: r.now().UTC(),
		Same: r.outcomes[Same], Different: r.outcomes[Different], Failed: r.outcomes[Failed],
		Skipped: r.skipped.Load(), AsGuest: r.asGuest, Kinds: []KindCount{}, Faults: []FaultCount{}, FaultsMore: r.faultsMore,
		PrimaryLatency: r.primaryTimes.percentiles(), CandidateLatency: r.candidateTimes.percentiles(),
		Examples: append([]Example{}, r.examples...),
	}
	rep.Compared = rep.Same + rep.Different + rep.Failed
	slices.Reverse(rep.Examples)
	for _, kind := range Kinds() {
		if k := r.kinds[kind]; k != nil {
			rep.Kinds = append(rep.Kinds, k.count(kind, rep.Compared))
		}
	}
	for name, n := range r.faults {
		rep.Faults = append(rep.Faults, FaultCount{name.kind, name.code, n})
	}
	slices.SortFunc(rep.Faults, func(a, b FaultCount) int {
		return cmp.Or(cmp.Compare(b.Transfers, a.Transfers), strings.Compare(a.Kind, b.Kind), strings.Compare(a.Code, b.Code))
	})
	rep.Verdict = rep.verdict()
	return rep
}

func (k *tally) count(kind Kind, compared int64) KindCount {
	c := KindCount{
		Kind: kind, Transfers: k.transfers, Share: float64(k.transfers) / float64(compared),
		SKUs: make([]SKUCount, 0, len(k.skus)), More: k.more, Latest: k.latest,
	}
	for sku, h := range k.skus {
		c.SKUs = append(c.SKUs, SKUCount{sku, h.transfers, h.latest.Primary, h.latest.Candidate})
	}
	slices.SortFunc(c.SKUs, func(a, b SKUCount) int {
		return cmp.Or(cmp.Compare(b.Transfers, a.Transfers), strings.Compare(a.SKU, b.SKU))
	})
	return c
}

// verdict is the report in one line.
func (r Report) verdict() string {
	changed := r.Different + r.Failed
	switch {
	case r.Compared == 0:
		return "nothing has been compared yet"
	case changed == 0:
		return "nothing that a shopper would notice in " + transfers(r.Compared)
	}
	var why []string
	for _, k := range r.Kinds {
		if k.Kind != KindTitle {
			why = append(why, fmt.Sprintf("%s in %d", k.Kind, k.Transfers))
		}
	}
	return fmt.Sprintf("the swap would change %d of %s (%s): %s", changed, transfers(r.Compared), percent(changed, r.Compared), strings.Join(why, ", "))
}

func transfers(n int64) string {
	if n == 1 {
		return "1 transfer"
	}
	return fmt.Sprintf("%d transfers", n)
}

// percent is rounded down, so that only all is 100 %, and what is there is never nothing.
func percent(n, of int64) string {
	if of <= 0 {
		return "-"
	}
	permille := n * 1000 / of
	if permille == 0 && n > 0 {
		return "<0.1 %"
	}
	return fmt.Sprintf("%d.%d %%", permille/10, permille%10)
}
