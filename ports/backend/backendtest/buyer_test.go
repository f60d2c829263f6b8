// SPDX-License-Identifier: Apache-2.0

package backendtest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/checkout"
	"github.com/cartage-dev/cartage/core/customer"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/ports/backend"
	"github.com/cartage-dev/cartage/ports/backend/backendtest"
)

// TestReportShowsNothingOfTheBuyer lets every fault of Deliver repeat the whole buyer.
func TestReportShowsNothingOfTheBuyer(t *testing.T) {
	t.Parallel()
	m := newMemory()
	broken := mutantOf(m)
	refusingDelivery(func(_ cart.ID, req backend.Delivery, f *fault.Error) error {
		a := req.Buyer.Address
		f.Message += fmt.Sprint(" for ", req.Buyer.Email, a.FirstName, a.LastName, a.Line1, a.Line2, a.City, a.PostalCode, a.Phone)
		return f.Because(fmt.Errorf("nobody at %q", a.Line1))
	})(broken)
	b := m.backend()
	b.Checkout = broken
	report := judge(t, b, sample())
	text, err := json.Marshal(report)
	if err != nil {
		t.Fatal(err)
	}
	for _, private := range []string{"ada@", "Augusta", "Lovelace", "Sample Square", "Top floor", "Sampleton", "SW1Y", "+4420", "anary7f3a", "canary-7f3a"} {
		if strings.Contains(string(text), private) {
			t.Errorf("the report shows %s", private)
		}
	}
	for _, told := range []string{"Checkout.Deliver cart 1 to GB (given: email, first_name, last_name, line1, line2, city, postal_code, phone)", "to AQ (given: email", `code \"Tenth-ü\"`} {
		if !strings.Contains(strings.ReplaceAll(string(text), `\\`, `\`), told) {
			t.Errorf("the report does not show %s", told)
		}
	}
}

func TestSampleOfAHalfBuyer(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		spoil func(s *backendtest.Sample)
		want  string
	}{
		{"no street", func(s *backendtest.Sample) { s.Address.Line1 = "" }, "sample.address"},
		{"mail alone", func(s *backendtest.Sample) { s.Address = customer.Address{} }, "sample.email"},
		{"refused at home", func(s *backendtest.Sample) { s.RefusedCountry = "GB" }, "sample.refused_country"},
		{"too many codes", func(s *backendtest.Sample) { s.Codes = strings.Split("a b c d e f g h i j k", " ") }, "sample.codes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := sample()
			tt.spoil(&s)
			_, err := backendtest.NewBench(s, backendtest.Options{})
			f := fault.From(err)
			if f == nil || len(f.Fields) != 1 || f.Fields[0].Path != tt.want || strings.Contains(fmt.Sprint(f.Error(), f.Fields), "Sample Square") {
				t.Errorf("got %v, want a mistake of %s alone", err, tt.want)
			}
		})
	}
}

// TestOtherWaysToBeWell is about backends that differ in what the ports leave open.
func TestOtherWaysToBeWell(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		differ  func(m *mutant)
		skipped []string // globs of the rules that cannot be judged, and no others
	}{
		{"no options for a country instead of a fault", func(m *mutant) {
			deliver := m.deliver
			m.deliver = func(ctx context.Context, call backend.Call, id cart.ID, req backend.Delivery) (checkout.Quote, error) {
				q, err := deliver(ctx, call, id, req)
				if err != nil && fault.From(err).Code == "invalid_address" && len(req.Options) == 0 {
					c, err := m.get(ctx, call, id)
					return checkout.Quote{Cart: c, NeedsDelivery: true}, err
				}
				return q, err
			}
		}, nil},
		{"one code at a time", func(m *mutant) {
			change := m.change
			m.change = func(ctx context.Context, call backend.Call, id cart.ID, req backend.ChangeCart) (backend.ChangeAnswer, error) {
				var second []cart.RefusedCode
				if len(req.Codes) == 2 && codes[req.Codes[0]] > 0 {
					second = []cart.RefusedCode{{Code: req.Codes[1], Reason: cart.NotCombinable}}
					req.Codes = req.Codes[:1]
				}
				a, err := change(ctx, call, id, req)
				a.Refused = append(a.Refused, second...)
				return a, err
			}
		}, nil},
		{"carts that cannot be changed", func(m *mutant) {
			m.change = func(context.Context, backend.Call, cart.ID, backend.ChangeCart) (backend.ChangeAnswer, error) {
				return backend.ChangeAnswer{}, fault.New(fault.Unsupported, "cannot_change", "a cart cannot be changed").By(fault.Plugin)
			}
		}, []string{"carts.change.*", "checkout.deliver.then_changed"}},
		{"one way of delivery", quoting(func(_ backend.Delivery, q *checkout.Quote) {
			if len(q.Options) > 0 {
				q.Options = append(q.Options[:1], q.Options[2:]...)
			}
		}), []string{"checkout.deliver.choose_another"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := newMemory()
			other := mutantOf(m)
			tt.differ(other)
			b := m.backend()
			b.Carts, b.Checkout = other, other
			rules := backendtest.Rules()
			for i, r := range judge(t, b, sample()).Results {
				want := backendtest.Passed
				for _, p := range tt.skipped {
					if backendtest.Matches(p, rules[i]) {
						want = backendtest.Skipped
					}
				}
				if r.Outcome != want {
					t.Errorf("%s %s, want %s: %s %v", r.Rule, r.Outcome, want, r.Reason, r.Breaches)
				}
			}
		})
	}
}
