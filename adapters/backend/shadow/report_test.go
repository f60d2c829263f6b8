// SPDX-License-Identifier: Apache-2.0

package shadow_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cartage-dev/cartage/adapters/backend/shadow"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/money"
	"github.com/cartage-dev/cartage/ports/backend"
)

var update = flag.Bool("update", false, "rewrite what reports are compared with")

// golden compares a report as text with a file, and as it comes back out of JSON.
func golden(t *testing.T, name string, rep shadow.Report) {
	t.Helper()
	var got, again strings.Builder
	if err := rep.WriteText(&got); err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(rep)
	if err != nil || strings.Contains(string(raw), "null") {
		t.Fatalf("%v: %s", err, raw)
	}
	var back shadow.Report
	if err := json.Unmarshal(raw, &back); err != nil {
		t.Fatal(err)
	}
	_ = back.WriteText(&again)
	if diff := cmp.Diff(again.String(), got.String()); diff != "" {
		t.Errorf("out of JSON (-got +want):\n%s", diff)
	}
	file := filepath.Join("testdata", name+".txt")
	if *update {
		if err := os.WriteFile(file, []byte(got.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(got.String(), string(want)); diff != "" {
		t.Errorf("%s (-got +want):\n%s", file, diff)
	}
}

func TestReportOfNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, all)
		golden(t, "nothing", r.record.Report())
	})
}

func TestReportOfTheSame(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, all)
		r.candidate.answer = after(1234*time.Millisecond, func(_ context.Context, req backend.PutCart) (backend.PutAnswer, error) {
			a := catalogue.fill("GBP", req)
			a.Cart.Lines[0].Title = "T-Shirt"
			return a, nil
		})
		for range 3 {
			r.transfer(t, "shirt", "sock")
			time.Sleep(10 * time.Second)
		}
		golden(t, "same", r.record.Report())
	})
}

func TestReportOfDifferences(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, shadow.Options{Share: 1, Allowed: func(p backend.Pages) error {
			if p.Checkout.URL == "" {
				return fault.New(fault.Internal, "checkout_url_rejected", "not a page of this shop")
			}
			return nil
		}})
		at := func(took time.Duration, answer func(context.Context, backend.PutCart) (backend.PutAnswer, error), skus ...string) {
			r.candidate.answer = after(took, answer)
			r.transfer(t, skus...)
			time.Sleep(10 * time.Second)
		}
		r.primary.answer = after(40*time.Millisecond, catalogue.in("GBP"))
		for n := range 12 {
			at(time.Duration(n+1)*20*time.Millisecond, catalogue.in("GBP"), "shirt", "sock")
		}
		for n := range 4 {
			at(60*time.Millisecond, prices{"shirt": 1290 + int64(n), "sock": 250}.in("GBP"), "shirt", "sock")
		}
		at(60*time.Millisecond, prices{"shirt": 1230, "sock": 199}.in("GBP"), "shirt", "sock")
		at(60*time.Millisecond, prices{"shirt": 1230}.in("GBP"), "shirt", "sock")
		at(60*time.Millisecond, prices{"shirt": 1650}.in("JPY"), "shirt")
		at(60*time.Millisecond, func(_ context.Context, req backend.PutCart) (backend.PutAnswer, error) {
			a := catalogue.fill("GBP", req)
			a.Pages.Checkout.URL = ""
			a.Cart.Lines[1].Quantity, a.Cart.Lines[1].Total = 1, money.Of(250, "GBP")
			return a, nil
		}, "shirt", "sock")
		at(0, hang, "shirt")
		at(0, hang, "shirt")
		at(0, failing(fault.New(fault.Limited, "too_many_requests", "")), "shirt")
		at(0, failing(errors.New("stranger")), "shirt")
		r.primary.answer = failing(fault.New(fault.Invalid, "invalid_items", ""))
		at(0, catalogue.in("GBP"), "shirt")
		golden(t, "differences", r.record.Report())
	})
}

// However much differs, what is remembered is bounded, and what is not is counted.
func TestRecordIsBounded(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, all)
		r.primary.answer = func(_ context.Context, req backend.PutCart) (backend.PutAnswer, error) {
			sold := prices{}
			for _, i := range req.Items {
				sold[i.SKU] = 100
			}
			return sold.fill("GBP", req), nil
		}
		r.candidate.answer = prices{}.in("GBP")
		for n := range 1100 {
			skus := make([]string, 7)
			for i := range skus {
				skus[i] = fmt.Sprintf("sku-%d-%d\x1b%s", n%50, i, strings.Repeat("x", 200*(n%2)))
			}
			r.transfer(t, skus...)
		}
		rep := r.record.Report()
		k := rep.Kinds[0]
		if k.Kind != shadow.KindUnknownSKU || len(k.SKUs) != 200 || k.Transfers != 1100 || k.Share != 1 {
			t.Errorf("%s: %d SKUs in %d transfers, share %v; want 200 in 1100, 1", k.Kind, len(k.SKUs), k.Transfers, k.Share)
		}
		told := k.More
		for _, s := range k.SKUs {
			told += s.Transfers
		}
		if told != 7*1100 {
			t.Errorf("%d differences told, want %d", told, 7*1100)
		}
		if len(rep.Examples) != 50 || len(rep.Examples[0].Differences) != 5 || rep.Examples[0].More != 4 || rep.Examples[0].SKUs != 7 {
			t.Errorf("%d examples, the latest %+v", len(rep.Examples), rep.Examples[0])
		}
		if rep.PrimaryLatency.Of != 1024 || rep.CandidateLatency.Of != 1024 {
			t.Errorf("%d and %d durations, want 1024", rep.PrimaryLatency.Of, rep.CandidateLatency.Of)
		}
		if n := len(rep.Examples[0].Differences[0].SKU); n != 128 {
			t.Errorf("a SKU of %d characters, want 128", n)
		}
		var early strings.Builder
		if _ = rep.WriteText(&early); strings.Count(early.String(), "  and 4 more\n") != 10 {
			t.Errorf("want ten examples with four differences more:\n%s", early.String())
		}
		for n := range 60 {
			r.candidate.answer = failing(fault.New(fault.Invalid, fmt.Sprintf("code_%d", n), ""))
			r.transfer(t, "shirt")
		}
		rep = r.record.Report()
		if len(rep.Faults) != 50 || rep.FaultsMore != 10 {
			t.Errorf("%d faults and %d more, want 50 and 10", len(rep.Faults), rep.FaultsMore)
		}
		var out strings.Builder
		if err := rep.WriteText(&out); err != nil || strings.Contains(out.String(), "\x1b") {
			t.Errorf("%v: a terminal would obey %q", err, out.String())
		}
		for _, line := range []string{"  and 195 more\n", "  and 3300 differences of SKUs beyond the first 200\n", "  and 50 more\n"} {
			if !strings.Contains(out.String(), line) {
				t.Errorf("no line %q in:\n%s", line, out.String())
			}
		}
	})
}

func TestLatency(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		took     []time.Duration
		p50, p95 int64
	}{
		{"one", []time.Duration{time.Millisecond}, 1000, 1000},
		{"two", []time.Duration{2 * time.Millisecond, time.Millisecond}, 1000, 2000},
		{"one in ten is slow", []time.Duration{1e6, 1e6, 1e6, 1e6, 1e6, 1e6, 1e6, 1e6, 1e6, 1e9}, 1000, 1e6},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := newRig(t, all)
				for _, took := range tt.took {
					r.candidate.answer = after(took, catalogue.in("GBP"))
					r.transfer(t, "shirt")
					time.Sleep(2 * time.Second)
				}
				if got, want := r.record.Report().CandidateLatency, (shadow.Percentiles{Of: len(tt.took), P50Micros: tt.p50, P95Micros: tt.p95}); got != want {
					t.Errorf("got %+v, want %+v", got, want)
				}
			})
		})
	}
}

// A share is never rounded into what it is not.
func TestSharesInText(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, all)
		for range 2000 {
			r.transfer(t, "shirt")
		}
		r.candidate.answer = prices{}.in("GBP")
		r.transfer(t, "shirt")
		rep := r.record.Report()
		if want := "the swap would change 1 of 2001 transfers (<0.1 %): unknown_sku in 1, subtotal in 1, total in 1"; rep.Verdict != want {
			t.Errorf("verdict is %q, want %q", rep.Verdict, want)
		}
		var out strings.Builder
		_ = rep.WriteText(&out)
		if !strings.Contains(out.String(), "same              2000   99.9 %") {
			t.Errorf("2000 of 2001 is not all:\n%s", out.String())
		}
	})
}

func TestWriteTextFails(t *testing.T) {
	t.Parallel()
	if err := shadow.NewRecord("uk", "a", "b").Report().WriteText(broken{}); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("WriteText() = %v, want the writer's error", err)
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// A report is a copy: what comes later changes none of it.
func TestReportStays(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, all)
		r.candidate.answer = prices{}.in("GBP")
		r.transfer(t, "shirt")
		before := r.record.Report()
		kept, _ := json.Marshal(before)
		for range 100 {
			r.transfer(t, "shirt", "sock")
		}
		synctest.Wait()
		if now, _ := json.Marshal(before); string(now) != string(kept) {
			t.Errorf("the report changed from %s to %s", kept, now)
		}
	})
}
