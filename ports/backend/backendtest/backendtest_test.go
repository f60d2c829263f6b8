// SPDX-License-Identifier: Apache-2.0

package backendtest_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/customer"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/money"
	"github.com/cartage-dev/cartage/ports/backend"
	"github.com/cartage-dev/cartage/ports/backend/backendtest"
)

// TestMemoryKeepsEveryRule is the other half of the mutants: what is not broken passes, and nothing is skipped.
func TestMemoryKeepsEveryRule(t *testing.T) {
	t.Parallel()
	report := judge(t, newMemory().backend(), sample())
	for _, r := range report.Results {
		if r.Outcome != backendtest.Passed {
			t.Errorf("%s %s %s %v", r.Rule, r.Outcome, r.Reason, r.Breaches)
		}
	}
	if got, want := len(report.Results), len(backendtest.Rules()); got != want || want < 25 {
		t.Errorf("%d results of %d rules", got, want)
	}
}

func judge(t *testing.T, b backend.Backend, s backendtest.Sample, only ...string) backendtest.Report {
	t.Helper()
	report, err := backendtest.Run(t.Context(), b, s, backendtest.Options{Only: only, Secrets: []string{secretCanary}})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

const secretCanary = "canary-of-a-password"

func TestRulesAreWellNamed(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, r := range backendtest.Rules() {
		if seen[r.ID] || strings.Count(r.ID, ".") < 1 || !strings.HasSuffix(r.Promise, ".") {
			t.Errorf("%s: %q", r.ID, r.Promise)
		}
		seen[r.ID] = true
	}
}

// TestSampleSaysAllThatIsWrong is about what an author writes by hand.
func TestSampleSaysAllThatIsWrong(t *testing.T) {
	t.Parallel()
	_, err := backendtest.Run(t.Context(), newMemory().backend(), backendtest.Sample{
		Currency: "XYZ", OtherShop: "demo", SKUs: []string{"mug", "mug", " bowl"}, SoldOutSKU: "mug", Limited: backendtest.Limited{SKU: "last"},
		RefusedCurrency: "nil", PageOrigins: []string{"shop.example/path"}, Prices: map[string]money.Amount{"hat": money.Of(1, "GBP")},
		Codes:     []string{"TEN", "TEN", " FIVE", "", strings.Repeat("ü", 65), "cartage-no-such-code"},
		Customers: []loyalty.CustomerID{"a", "a", " b", ""}, UnknownCustomer: "a",
		Email: "nobody", Address: customer.Address{City: "London\n", Country: "gb"}, RefusedCountry: "Norway",
	}, backendtest.Options{})
	f := fault.From(err)
	var paths []string
	for _, field := range f.Fields {
		paths = append(paths, field.Path)
	}
	want := []string{
		"sample.other_shop", "sample.currency", "sample.refused_currency", "sample.skus[1]", "sample.skus[2]", "sample.sold_out_sku", "sample.limited.stock", "sample.prices", "sample.page_origins[0]",
		"sample.codes[1]", "sample.codes[2]", "sample.codes[3]", "sample.codes[4]", "sample.codes[5]",
		"sample.address.city", "sample.address.country", "sample.email", "sample.refused_country",
		"sample.customers[1]", "sample.customers[2]", "sample.customers[3]", "sample.unknown_customer",
	}
	if diff := cmp.Diff(want, paths); f.Code != "invalid_sample" || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestSelect(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		pattern string
		want    int
	}{
		{"orders", 6}, {"orders.*", 6}, {"orders.by_reference.*", 6}, {"carts.get.unknown", 1}, {"carts.get.[", 0}, {"cart", 0},
	} {
		got, err := backendtest.Select(backendtest.Rules(), tt.pattern)
		if len(got) != tt.want || (err != nil) != (len(got) == 0) {
			t.Errorf("%s chose %d rules, %v", tt.pattern, len(got), err)
		}
	}
}

// stuck never comes back and heeds nothing; angry panics.
type (
	stuck struct{ backend.Carts }
	angry struct{ backend.Carts }
)

func (stuck) Get(context.Context, backend.Call, cart.ID) (cart.Cart, error) { select {} }
func (angry) Get(context.Context, backend.Call, cart.ID) (cart.Cart, error) {
	panic("with " + secretCanary + "\x1b[2J")
}

// TestRulesFailAlone lets one method hang, and panic with what no report may show.
func TestRulesFailAlone(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		carts func(m *memory) backend.Carts
		want  string
	}{
		{"hangs", func(m *memory) backend.Carts { return stuck{m} }, "no end: a call does not come back"},
		{"panics", func(m *memory) backend.Carts { return angry{m} }, "a panic: with [redacted]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := newMemory()
			b := m.backend()
			b.Carts = tt.carts(m)
			report, err := backendtest.Run(t.Context(), b, sample(), backendtest.Options{
				Only: []string{"carts.get.unknown", "carts.put.makes_a_cart"}, RuleMax: 100 * time.Millisecond, Secrets: []string{secretCanary},
			})
			if err != nil {
				t.Fatal(err)
			}
			var text strings.Builder
			if err := report.WriteText(&text, true); err != nil {
				t.Fatal(err)
			}
			if report.Count(backendtest.Failed) != 1 || report.Count(backendtest.Passed) != 1 || !strings.Contains(text.String(), tt.want) {
				t.Errorf("got\n%s", text.String())
			}
			if strings.Contains(text.String(), secretCanary) || strings.Contains(text.String(), "\x1b") {
				t.Errorf("the report shows what it must not:\n%q", text.String())
			}
		})
	}
}

// TestReportShowsNoID is because a cart's id opens the cart at some backends.
func TestReportShowsNoID(t *testing.T) {
	t.Parallel()
	report := judge(t, newMemory().backend(), sample())
	text, err := json.Marshal(report)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"secret-cart-", "customer-token", "/checkout/", "mitglied"} {
		if strings.Contains(string(text), secret) {
			t.Errorf("the report shows %s", secret)
		}
	}
}

// TestReportAsText is the report as a plugin's author reads it.
func TestReportAsText(t *testing.T) {
	t.Parallel()
	report := backendtest.Report{Subject: "acme 1.0.0, which offers carts", Results: []backendtest.Result{
		{Part: "carts", Rule: "carts.put.totals_add_up", Promise: "It adds up.", Outcome: backendtest.Failed, TookMS: 40,
			Exchanges: []backendtest.Exchange{{Sent: "a", Came: "b"}, {Sent: "Carts.Put 2 × mug", Came: "cart 1"}, {Sent: "c", Came: "d"}},
			Breaches:  []backendtest.Breach{{Expected: "total GBP 3.00", Came: "GBP 3.01"}}},
		{Part: "orders", Rule: "orders.by_reference.finds", Promise: "It is found.", Outcome: backendtest.Skipped, Reason: "the sample names no order_reference"},
		{Part: "orders", Rule: "orders.by_reference.unknown", Promise: "It is not.", Outcome: backendtest.Passed, TookMS: 2,
			Exchanges: []backendtest.Exchange{{Sent: "quiet", Came: "unless verbose"}}},
		{Part: "faults", Rule: "faults.code", Outcome: backendtest.Skipped, Reason: "none"},
		{Part: "faults", Rule: "faults.source", Outcome: backendtest.Skipped, Reason: "none"},
		{Part: "faults", Rule: "faults.message", Outcome: backendtest.Skipped, Reason: "none"},
	}}
	var text strings.Builder
	if err := report.WriteText(&text, false); err != nil {
		t.Fatal(err)
	}
	want := `carts
  FAIL  carts.put.totals_add_up      It adds up.
          sent      Carts.Put 2 × mug
          came      cart 1
          sent      c
          came      d
          expected  total GBP 3.00
          but       GBP 3.01

orders
  skip  orders.by_reference.finds    (the sample names no order_reference)
  ok    orders.by_reference.unknown  It is not.

faults
  skip  faults.code                  (none)
        and 2 more of faults

acme 1.0.0, which offers carts
6 rules in 0s: 1 passed, 1 failed, 4 skipped
  FAIL  carts.put.totals_add_up
`
	if diff := cmp.Diff(want, text.String()); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
}

// late answers in more time than a host allows unless config says so.
type late struct{ backend.Carts }

func (l late) Get(ctx context.Context, call backend.Call, id cart.ID) (cart.Cart, error) {
	time.Sleep(backendtest.HostCallMax + 100*time.Millisecond)
	return l.Carts.Get(ctx, call, id)
}

// TestSlowCallsAreNoted is a rule that is kept, by a backend that a host may find too slow.
func TestSlowCallsAreNoted(t *testing.T) {
	t.Parallel()
	m := newMemory()
	b := m.backend()
	b.Carts = late{m}
	var text strings.Builder
	if err := judge(t, b, sample(), "carts.get.unknown").WriteText(&text, false); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"ok    carts.get.unknown", "note      a call took 1.", "allows 1.5s by default, and 5s at most", "have a note"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in\n%s", want, text.String())
		}
	}
}

func TestUnofferedPortsAreSkipped(t *testing.T) {
	t.Parallel()
	b := newMemory().backend()
	b.Orders, b.Loyalty, b.Info.KeyedWrites = nil, nil, false
	report := judge(t, b, backendtest.Sample{Currency: "GBP", SKUs: []string{"mug", "bowl"}})
	if !report.OK() {
		_ = report.WriteText(t.Output(), false)
		t.Error("a backend without orders, points, keys and with the smallest sample is not judged well")
	}
	for _, r := range report.Results {
		if (r.Part == "orders" || r.Part == "loyalty" || strings.Contains(r.Rule, "same_key")) && r.Outcome != backendtest.Skipped {
			t.Errorf("%s %s", r.Rule, r.Outcome)
		}
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	report, err := backendtest.Run(ctx, newMemory().backend(), sample(), backendtest.Options{})
	if f := fault.From(err); f.Code != "unfinished" || len(report.Results) > 0 {
		t.Errorf("got %d results, %v", len(report.Results), err)
	}
}
