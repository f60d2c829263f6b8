// SPDX-License-Identifier: Apache-2.0

package checkout_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/checkout"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/money"
	"github.com/cartage-dev/cartage/core/order"
)

var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// at is a session in a state, of a cart that has to be sent by one of two options.
func at(state checkout.State) checkout.Session {
	options := []checkout.Option{option("a", ""), option("b", "")}
	s := checkout.Session{
		State: state, Cart: cart.Cart{ID: "c", Currency: "GBP"}, NeedsDelivery: true, Numbers: 2, Chosen: []int{1}, ExpiresAt: noon.Add(time.Minute),
		Methods: []checkout.Method{{Number: 1, Option: options[0]}, {Number: 2, Option: options[1]}},
	}
	if s.Needs = state; !slices.Contains(checkout.States()[:3], state) {
		s.Needs = checkout.Ready
	}
	if state == checkout.Submitted {
		s.Order = "o"
	}
	return s
}

// TestEveryCell is the machine: what each event makes of each state, or the code of its fault.
func TestEveryCell(t *testing.T) {
	t.Parallel()
	settled, options := quote([]checkout.OptionID{"a"}, option("a", ""), option("b", "")), quote(nil, option("a", ""), option("b", ""))
	digital := checkout.Quote{Cart: cart.Cart{ID: "c", Currency: "GBP"}}
	quoted := func(q checkout.Quote, whole bool) func(checkout.Session) (checkout.Session, error) {
		return func(s checkout.Session) (checkout.Session, error) { return s.Quoted(q, whole, noon) }
	}
	const (
		over, cancelled, expired = "already_submitted", "checkout_cancelled", "checkout_expired"
		open, address, method    = "open", "needs_shipping", "needs_shipping_method"
		ready, paying, sold      = "ready", "paying", "submitted"
		failed, gone, late       = "failed", "cancelled", "expired"
	)
	for _, tt := range []struct {
		event string
		do    func(checkout.Session) (checkout.Session, error)
		want  []string // by state, in the order of States
	}{ //                                  open     address  method   ready    paying   submitted failed   cancelled expired
		{"part of an address", quoted(options, false), []string{address, address, address, address, "!paying", "!" + over, address, "!" + cancelled, "!" + expired}},
		{"an address", quoted(options, true), []string{method, method, method, method, "!paying", "!" + over, method, "!" + cancelled, "!" + expired}},
		{"an address where nothing is sent", quoted(quote(nil), true), []string{address, address, address, address, "!paying", "!" + over, address, "!" + cancelled, "!" + expired}},
		{"all that is needed", quoted(settled, true), []string{ready, ready, ready, ready, "!paying", "!" + over, ready, "!" + cancelled, "!" + expired}},
		{"nothing to send any more", quoted(digital, false), []string{ready, ready, ready, ready, "!paying", "!" + over, ready, "!" + cancelled, "!" + expired}},
		{
			"a method that is offered",
			func(s checkout.Session) (checkout.Session, error) { _, err := s.Choose(2); return s, err },
			[]string{open, address, method, ready, "!paying", "!" + over, failed, "!" + cancelled, "!" + expired},
		},
		{
			"a method that is not",
			func(s checkout.Session) (checkout.Session, error) { _, err := s.Choose(3); return s, err },
			[]string{"!unknown_method", "!unknown_method", "!unknown_method", "!unknown_method", "!paying", "!" + over, "!unknown_method", "!" + cancelled, "!" + expired},
		},
		{"hand over", func(s checkout.Session) (checkout.Session, error) { return s.HandOver(noon) }, []string{open, address, method, paying, paying, "!" + over, paying, "!" + cancelled, "!" + expired}},
		{"come back", func(s checkout.Session) (checkout.Session, error) { return s.Back(noon) }, []string{open, address, method, ready, ready, "!" + over, failed, "!" + cancelled, "!" + expired}},
		{"an order", func(s checkout.Session) (checkout.Session, error) { return s.Submit("o") }, []string{sold, sold, sold, sold, sold, sold, sold, sold, sold}},
		{"another order", func(s checkout.Session) (checkout.Session, error) { return s.Submit("o2") }, []string{sold, sold, sold, sold, sold, "!another_order", sold, sold, sold}},
		{"no payment", func(s checkout.Session) (checkout.Session, error) { return s.Fail(noon) }, []string{failed, failed, failed, failed, failed, "!" + over, failed, "!" + cancelled, "!" + expired}},
		{"cancel", checkout.Session.Cancel, []string{gone, gone, gone, gone, gone, "!" + over, gone, gone, late}},
		{"a moment before its time is over", func(s checkout.Session) (checkout.Session, error) { return s.Expire(noon.Add(time.Minute - 1)), nil }, []string{open, address, method, ready, paying, sold, failed, gone, late}},
		{"its time is over", func(s checkout.Session) (checkout.Session, error) { return s.Expire(noon.Add(time.Minute)), nil }, []string{late, late, late, late, late, sold, late, gone, late}},
	} {
		for i, state := range checkout.States() {
			got, err := tt.do(at(state))
			is := string(got.State)
			if err != nil {
				is = "!" + fault.From(err).Code
				if got.State != state {
					t.Errorf("%s, %s: a fault, and it is %s", state, tt.event, got.State)
				}
			}
			if is != tt.want[i] {
				t.Errorf("%s, %s: got %s, want %s", state, tt.event, is, tt.want[i])
			}
		}
	}
}

func TestBegin(t *testing.T) {
	t.Parallel()
	s, err := checkout.Begin(quote(nil), noon)
	if err != nil || s.State != checkout.Open || !s.ExpiresAt.Equal(noon.Add(time.Hour)) {
		t.Errorf("got %+v, %v", s, err)
	}
	if s, err = checkout.Begin(checkout.Quote{Cart: cart.Cart{ID: "c", Currency: "GBP"}}, noon); err != nil || s.State != checkout.Ready {
		t.Errorf("nothing to send: got %+v, %v", s, err)
	}
	if _, err = checkout.Begin(quote([]checkout.OptionID{"a"}), noon); err == nil || fault.KindOf(err) != fault.Internal {
		t.Errorf("a bad quote: %v", err)
	}
}

// TestNumbers: a method keeps its number while it is offered at its price, and no other ever gets it.
func TestNumbers(t *testing.T) {
	t.Parallel()
	s, err := checkout.Begin(quote(nil), noon)
	if err != nil {
		t.Fatal(err)
	}
	offer := func(want string, q checkout.Quote) {
		t.Helper()
		if s, err = s.Quoted(q, true, noon); err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, m := range s.Methods {
			got += fmt.Sprint(m.Option.ID, "=", m.Number, " ")
		}
		if got += fmt.Sprint(s.Chosen); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	dearer := option("a", "1")
	dearer.Price = money.Of(495, "GBP")
	german := option("b", "2")
	german.Name = "Eilversand"
	offer("a=1 b=2 []", quote(nil, option("a", "1"), option("b", "2")))
	offer("b=2 a=1 [1]", quote([]checkout.OptionID{"a"}, german, option("a", "1")))
	asked, err := s.Choose(2)
	if err != nil || !slices.Equal(asked, []checkout.OptionID{"a", "b"}) {
		t.Errorf("choosing beside another: %v, %v", asked, err)
	}
	offer("a=3 b=2 [2]", quote([]checkout.OptionID{"b"}, dearer, option("b", "2")))
	offer("[]", quote(nil))
	offer("a=4 c=5 []", quote(nil, option("a", "1"), option("c", "1")))
	if _, err := s.Choose(1); err == nil || fault.From(err).Code != "unknown_method" {
		t.Errorf("an outdated number: %v", err)
	}
	other := quote(nil)
	other.Cart.Currency = "EUR"
	if _, err := s.Quoted(other, true, noon); err == nil || fault.KindOf(err) != fault.Internal {
		t.Errorf("another currency: %v", err)
	}
}

// TestNoOrderOfCalls reaches a state that is none, or another total than the backend's last, or lets go of an order.
func TestNoOrderOfCalls(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		now, last := noon, quote(nil)
		s, err := checkout.Begin(last, now)
		if err != nil {
			t.Fatal(err)
		}
		taken := map[int]checkout.Option{}
		for range rapid.IntRange(1, 40).Draw(t, "calls") {
			now = now.Add(time.Duration(rapid.Int64Range(0, int64(40*time.Minute)).Draw(t, "pause")))
			before := s
			switch rapid.IntRange(0, 8).Draw(t, "call") {
			case 0, 1, 2:
				q := drawQuote(t)
				if s, err = s.Quoted(q, rapid.Bool().Draw(t, "whole"), now); err == nil {
					last = q
				}
			case 3:
				_, err = s.Choose(rapid.IntRange(0, 9).Draw(t, "number"))
			case 4:
				s, err = s.HandOver(now)
			case 5:
				s, err = s.Back(now)
			case 6:
				s, err = s.Submit(order.ID(rapid.SampledFrom([]string{"o1", "o2"}).Draw(t, "order")))
			case 7:
				s, err = s.Fail(now)
			case 8:
				if rapid.Bool().Draw(t, "cancel") {
					s, err = s.Cancel()
				} else {
					s, err = s.Expire(now), nil
				}
			}
			if err != nil && fmt.Sprint(s) != fmt.Sprint(before) {
				t.Fatalf("a fault, %v, changed\n%+v into\n%+v", err, before, s)
			}
			if !slices.Contains(checkout.States(), s.State) || (s.State == checkout.Submitted) != (s.Order != "") {
				t.Fatalf("it is %q with order %q", s.State, s.Order)
			}
			if before.Order != "" && s.Order != before.Order || s.ExpiresAt.Before(before.ExpiresAt) {
				t.Fatalf("it let go of %+v for %+v", before, s)
			}
			if s.Total() != last.Cart.Totals.Total {
				t.Fatalf("there is %v to pay, and the backend said %v", s.Total(), last.Cart.Totals.Total)
			}
			if (s.State == checkout.Ready || s.State == checkout.Paying) && s.NeedsDelivery && !last.Settled() {
				t.Fatalf("ready, with %v of %v", s.Chosen, s.Methods)
			}
			for _, m := range s.Methods {
				if o, known := taken[m.Number]; known && (o.ID != m.Option.ID || o.Price != m.Option.Price) || m.Number < 1 || m.Number > s.Numbers {
					t.Fatalf("number %d is %v, and was %v", m.Number, m.Option, o)
				}
				taken[m.Number] = m.Option
			}
		}
	})
}

func drawQuote(t *rapid.T) checkout.Quote {
	q := quote(nil)
	q.NeedsDelivery = rapid.IntRange(0, 4).Draw(t, "digital") > 0
	q.Cart.Totals.Total = money.Of(rapid.Int64Range(0, 1_000_000).Draw(t, "total"), "GBP")
	for _, id := range []checkout.OptionID{"a", "b", "c"} {
		if !rapid.Bool().Draw(t, "offered") {
			continue
		}
		o := option(id, map[checkout.OptionID]string{"a": "1", "b": "1", "c": "2"}[id])
		o.Price = money.Of(rapid.Int64Range(1, 2).Draw(t, "price"), "GBP")
		q.Options = append(q.Options, o)
		if rapid.Bool().Draw(t, "chosen") && (id != "b" || !slices.Contains(q.Chosen, "a")) {
			q.Chosen = append(q.Chosen, id)
		}
	}
	return q
}
