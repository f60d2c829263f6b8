// SPDX-License-Identifier: Apache-2.0

package loyalty_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/money"
)

var (
	noon  = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	rules = loyalty.DefaultRules()
)

const cost loyalty.Points = 1000

// account is a customer with an action, and everything booked so far.
type account struct {
	balance loyalty.Balance
	action  loyalty.Action
	journal []string // keys, with what each moved
	entries []loyalty.Entry
	alerts  []loyalty.Alert
}

// rich is a customer with points for two and a half offers, whose action was shown at noon.
func rich() *account {
	return &account{balance: loyalty.Balance{Available: 2500}, action: loyalty.Action{ID: "A", Customer: "c", Points: cost, IssuedAt: noon}}
}

func (a *account) keep(o loyalty.Outcome) {
	a.action = o.Action
	if o.Alert != "" {
		a.alerts = append(a.alerts, o.Alert)
	}
	a.book(o.Entry)
}

func (a *account) book(e *loyalty.Entry) {
	if e == nil {
		return
	}
	after, err := e.Apply("c", a.balance)
	if err != nil {
		panic(err) // a transition looked at the balance and made this all the same
	}
	a.balance = after
	a.entries = append(a.entries, *e)
	var moves []string
	for _, t := range e.Transfers {
		moves = append(moves, strings.Join([]string{string(t.From.Name), string(t.To.Name)}, "→"))
	}
	a.journal = append(a.journal, e.Key+" "+strings.Join(moves, " "))
}

// event is a column of the table of states: it does something to an account and says what the till is told.
type event struct {
	name string
	do   func(*account) string
}

func told(err error) string {
	f, ok := errors.AsType[*fault.Error](err)
	switch {
	case err == nil:
		return "200"
	case ok && f.Kind == fault.NotFound && f.Code == "unknown_action":
		return "404"
	case ok && f.Kind == fault.Conflict && f.Code == "insufficient_points":
		return "500"
	}
	return err.Error()
}

func perform(at time.Time) event {
	return event{"P", func(a *account) string {
		o, err := a.action.Perform(a.balance, rules, at)
		if err == nil {
			a.keep(o)
		}
		return told(err)
	}}
}

func revert(at time.Time) event {
	return event{"R", func(a *account) string {
		o, err := a.action.Revert(at)
		if err == nil {
			a.keep(o)
		}
		return told(err)
	}}
}

func order(id loyalty.OrderID) event {
	return event{"O", func(a *account) string { a.keep(a.action.Capture(id, a.balance)); return "" }}
}

// overtaken is an order that is heard of after its own end.
func overtaken(id loyalty.OrderID) event {
	return event{"C, O", func(a *account) string {
		s := loyalty.Sale{Order: id}.Cancel()
		refund("cancel", id, s.Due(cost)).do(a) // nobody has heard of the order yet
		order(id).do(a)
		return refund("cancel", id, s.Place("c", gbp(2000)).Due(cost)).do(a)
	}}
}

// without is an order of the customer's that does not carry the offer, and its end: it earns and claws its own.
func without() event {
	return event{"N", func(a *account) string {
		s, earned := loyalty.Sale{Order: "o9"}.Place("c", gbp(2000)).Earn(loyalty.EarnRule{Points: 1, Per: gbp(100)})
		a.book(earned)
		s = s.Cancel()
		refund("r9", s.Order, s.Due(cost)).do(a)
		_, clawed := s.Claw("r9", a.balance)
		a.book(clawed)
		return ""
	}}
}

func expire(f loyalty.Finding, at time.Time) event {
	return event{"X", func(a *account) string { a.keep(a.action.Expire(f, rules, at)); return "" }}
}

// refund gives back half of an order of twenty pounds; cancel all of it.
func refund(id loyalty.RefundID, order loyalty.OrderID, due loyalty.Points) event {
	return event{"C", func(a *account) string { a.keep(a.action.Return(order, id, due)); return "" }}
}

func confirm() event {
	return event{"confirm", func(a *account) string { a.keep(a.action.Confirm(rules)); return "" }}
}

func spend(points loyalty.Points) event {
	return event{"elsewhere", func(a *account) string { a.balance.Available -= points; return "" }}
}

var (
	p, r, o, o2   = perform(noon), revert(noon), order("o1"), order("o2")
	tooOld        = noon.Add(12*time.Hour + time.Second)
	late          = perform(tooOld)
	x, ask        = expire(loyalty.NoOrder, noon.Add(25*time.Hour)), expire(loyalty.NobodyKnows, noon.Add(25*time.Hour))
	half, whole   = refund("r1", "o1", cost/2), refund("cancel", "o1", cost)
	afterTooLong  = expire(loyalty.NobodyKnows, noon.Add(72*time.Hour))
	intoHeld      = []event{p}
	intoReleased  = []event{p, r}
	intoExpired   = []event{p, x}
	intoVoided    = []event{r}
	intoCaptured  = []event{p, o}
	intoLate      = []event{o}
	intoRefunded  = []event{p, o, half}
	intoAllBack   = []event{p, o, whole}
	held1500      = loyalty.Balance{Available: 1500, Held: 1000}
	untouched2500 = loyalty.Balance{Available: 2500}
	burnt1500     = loyalty.Balance{Available: 1500}
)

// TestEveryCell is the table of states: from a state, by an event, into a state, and
// what the till is told, what is booked, and who is alerted. An id that is forged, or of another shop or customer,
// is no action, and has no row here: see TestActionID and TestEveryBitIsSigned.
func TestEveryCell(t *testing.T) {
	t.Parallel()
	const n = "earn:o9 issued→available; claw:r9 available→issued"
	for _, tt := range []struct {
		name    string
		before  []event
		event   event
		told    string
		state   loyalty.State
		balance loyalty.Balance
		booked  string // by the event alone
		alert   loyalty.Alert
	}{
		{"∅ P", nil, p, "200", loyalty.Held, held1500, "hold:A available→held", ""},
		{"∅ P, too few points", []event{spend(1501)}, p, "500", loyalty.None, loyalty.Balance{Available: 999}, "", ""},
		{"∅ P, just enough points", []event{spend(1500)}, p, "200", loyalty.Held, loyalty.Balance{Held: 1000}, "hold:A available→held", ""},
		{"∅ P, at the last moment", nil, perform(noon.Add(12 * time.Hour)), "200", loyalty.Held, held1500, "hold:A available→held", ""},
		{"∅ P, too late", nil, late, "404", loyalty.None, untouched2500, "", ""},
		{"∅ R", nil, r, "200", loyalty.Voided, untouched2500, "", ""},
		{"∅ R, too late to tap", []event{late}, revert(tooOld), "200", loyalty.Voided, untouched2500, "", ""},
		{"∅ O", nil, o, "", loyalty.CapturedLate, burnt1500, "late:A:o1 available→redeemed", loyalty.DiscountWithoutHold},
		{"∅ O, too late to tap", []event{late}, o, "", loyalty.CapturedLate, burnt1500, "late:A:o1 available→redeemed", loyalty.DiscountWithoutHold},
		{"∅ O, too few points", []event{spend(2100)}, o, "", loyalty.CapturedLate, loyalty.Balance{}, "late:A:o1 available→redeemed shortfall→redeemed", loyalty.DiscountWithoutHold},
		{"∅ O, no points", []event{spend(2500)}, o, "", loyalty.CapturedLate, loyalty.Balance{}, "late:A:o1 shortfall→redeemed", loyalty.DiscountWithoutHold},
		{"∅ C", nil, whole, "", loyalty.None, untouched2500, "", ""},
		{"∅ C, and then O", nil, overtaken("o1"), "", loyalty.Refunded, untouched2500, "late:A:o1 available→redeemed; rfnd:cancel:A redeemed→available", loyalty.DiscountWithoutHold},
		{"∅ N", nil, without(), "", loyalty.None, untouched2500, n, ""},
		{"∅ X", nil, x, "", loyalty.None, untouched2500, "", ""},

		{"held P", intoHeld, p, "200", loyalty.Held, held1500, "", ""},
		{"held P, long after it was shown", intoHeld, late, "200", loyalty.Held, held1500, "", ""},
		{"held R", intoHeld, r, "200", loyalty.Released, untouched2500, "free:A held→available", ""},
		{"held O", intoHeld, o, "", loyalty.Captured, burnt1500, "capt:A:o1 held→redeemed", ""},
		{"held X, no order", intoHeld, x, "", loyalty.Expired, untouched2500, "free:A held→available", ""},
		{"held X, nobody knows", intoHeld, ask, "", loyalty.Held, held1500, "", ""},
		{"held X, nobody knows for three days", intoHeld, afterTooLong, "", loyalty.Expired, untouched2500, "free:A held→available", loyalty.ExpiredUnasked},
		{"held X, too soon", intoHeld, expire(loyalty.NoOrder, noon.Add(15*time.Minute-1)), "", loyalty.Held, held1500, "", ""},
		{"held X, unconfirmed", intoHeld, expire(loyalty.NoOrder, noon.Add(15*time.Minute)), "", loyalty.Expired, untouched2500, "free:A held→available", ""},
		{"held X, confirmed", []event{p, confirm()}, expire(loyalty.NoOrder, noon.Add(24*time.Hour-1)), "", loyalty.Held, held1500, "", ""},
		{"held C", intoHeld, whole, "", loyalty.Held, held1500, "", ""},
		{"held C, and then O", intoHeld, overtaken("o1"), "", loyalty.Refunded, untouched2500, "capt:A:o1 held→redeemed; rfnd:cancel:A redeemed→available", ""},
		{"held N", intoHeld, without(), "", loyalty.Held, held1500, n, ""},

		{"released P", intoReleased, p, "404", loyalty.Released, untouched2500, "", ""},
		{"released R", intoReleased, r, "200", loyalty.Released, untouched2500, "", ""},
		{"released O", intoReleased, o, "", loyalty.CapturedLate, burnt1500, "late:A:o1 available→redeemed", loyalty.DiscountWithoutHold},
		{"released O′", []event{p, r, o}, o, "", loyalty.CapturedLate, burnt1500, "", ""},
		{"released O″", []event{p, r, o}, o2, "", loyalty.CapturedLate, loyalty.Balance{Available: 500}, "late:A:o2 available→redeemed", loyalty.SecondOrder},
		{"released X", intoReleased, x, "", loyalty.Released, untouched2500, "", ""},

		{"expired P", intoExpired, p, "404", loyalty.Expired, untouched2500, "", ""},
		{"expired R", intoExpired, r, "200", loyalty.Expired, untouched2500, "", ""},
		{"expired O", intoExpired, o, "", loyalty.CapturedLate, burnt1500, "late:A:o1 available→redeemed", ""},
		{"expired O′", []event{p, x, o}, o, "", loyalty.CapturedLate, burnt1500, "", ""},
		{"expired O″", []event{p, x, o}, o2, "", loyalty.CapturedLate, loyalty.Balance{Available: 500}, "late:A:o2 available→redeemed", loyalty.SecondOrder},
		{"expired X", intoExpired, x, "", loyalty.Expired, untouched2500, "", ""},

		{"voided P", intoVoided, p, "404", loyalty.Voided, untouched2500, "", ""},
		{"voided P, much later", intoVoided, late, "404", loyalty.Voided, untouched2500, "", ""},
		{"voided R", intoVoided, r, "200", loyalty.Voided, untouched2500, "", ""},
		{"voided O", intoVoided, o, "", loyalty.CapturedLate, burnt1500, "late:A:o1 available→redeemed", loyalty.DiscountWithoutHold},
		{"voided O′", []event{r, o}, o, "", loyalty.CapturedLate, burnt1500, "", ""},
		{"voided O″", []event{r, o}, o2, "", loyalty.CapturedLate, loyalty.Balance{Available: 500}, "late:A:o2 available→redeemed", loyalty.SecondOrder},
		{"voided X", intoVoided, x, "", loyalty.Voided, untouched2500, "", ""},

		{"captured P", intoCaptured, p, "404", loyalty.Captured, burnt1500, "", ""},
		{"captured R", intoCaptured, r, "404", loyalty.Captured, burnt1500, "", ""},
		{"captured O′", intoCaptured, o, "", loyalty.Captured, burnt1500, "", ""},
		{"captured O″", intoCaptured, o2, "", loyalty.Captured, loyalty.Balance{Available: 500}, "late:A:o2 available→redeemed", loyalty.SecondOrder},
		{"captured X", intoCaptured, x, "", loyalty.Captured, burnt1500, "", ""},
		{"captured C, a part", intoCaptured, half, "", loyalty.Refunded, loyalty.Balance{Available: 2000}, "rfnd:r1:A redeemed→available", ""},
		{"captured C, all", intoCaptured, whole, "", loyalty.Refunded, untouched2500, "rfnd:cancel:A redeemed→available", ""},
		{"captured C of another order", intoCaptured, refund("r1", "o9", cost), "", loyalty.Captured, burnt1500, "", ""},

		{"late P", intoLate, p, "404", loyalty.CapturedLate, burnt1500, "", ""},
		{"late R", intoLate, r, "404", loyalty.CapturedLate, burnt1500, "", ""},
		{"late O′", intoLate, o, "", loyalty.CapturedLate, burnt1500, "", ""},
		{"late O″", intoLate, o2, "", loyalty.CapturedLate, loyalty.Balance{Available: 500}, "late:A:o2 available→redeemed", loyalty.SecondOrder},
		{"late X", intoLate, x, "", loyalty.CapturedLate, burnt1500, "", ""},
		{"late C", intoLate, whole, "", loyalty.Refunded, untouched2500, "rfnd:cancel:A redeemed→available", ""},
		{"late C, shortfall first", []event{spend(2100), o}, half, "", loyalty.Refunded, loyalty.Balance{}, "rfnd:r1:A redeemed→shortfall", ""},
		{"late C, shortfall and the rest", []event{spend(2100), o}, whole, "", loyalty.Refunded, loyalty.Balance{Available: 400}, "rfnd:cancel:A redeemed→shortfall redeemed→available", ""},

		{"refunded P", intoRefunded, p, "404", loyalty.Refunded, loyalty.Balance{Available: 2000}, "", ""},
		{"refunded R", intoRefunded, r, "404", loyalty.Refunded, loyalty.Balance{Available: 2000}, "", ""},
		{"refunded O′", intoRefunded, o, "", loyalty.Refunded, loyalty.Balance{Available: 2000}, "", ""},
		{"refunded O″", intoRefunded, o2, "", loyalty.Refunded, burnt1000of2000(), "late:A:o2 available→redeemed", loyalty.SecondOrder},
		{"refunded X", intoRefunded, x, "", loyalty.Refunded, loyalty.Balance{Available: 2000}, "", ""},
		{"refunded C, the same", intoRefunded, half, "", loyalty.Refunded, loyalty.Balance{Available: 2000}, "", ""},
		{"refunded C, the next part", intoRefunded, refund("r2", "o1", cost), "", loyalty.Refunded, untouched2500, "rfnd:r2:A redeemed→available", ""},
		{"refunded C, more than was paid", intoRefunded, refund("r2", "o1", 5*cost), "", loyalty.Refunded, untouched2500, "rfnd:r2:A redeemed→available", ""},
		{"refunded C of the second order", []event{p, o, half, o2}, refund("r2", "o2", cost), "", loyalty.Refunded, loyalty.Balance{Available: 2000}, "rfnd:r2:A redeemed→available", ""},
		{"refunded N", intoRefunded, without(), "", loyalty.Refunded, loyalty.Balance{Available: 2000}, n, ""},

		{"all back P", intoAllBack, p, "404", loyalty.Refunded, untouched2500, "", ""},
		{"all back R", intoAllBack, r, "404", loyalty.Refunded, untouched2500, "", ""},
		{"all back O′", intoAllBack, o, "", loyalty.Refunded, untouched2500, "", ""},
		{"all back O″", intoAllBack, o2, "", loyalty.Refunded, burnt1500, "late:A:o2 available→redeemed", loyalty.SecondOrder},
		{"all back X", intoAllBack, x, "", loyalty.Refunded, untouched2500, "", ""},
		{"all back C, the same", intoAllBack, whole, "", loyalty.Refunded, untouched2500, "", ""},
		{"all back C, a part after all", intoAllBack, half, "", loyalty.Refunded, untouched2500, "", ""},
		{"all back late P", []event{o, whole}, p, "404", loyalty.Refunded, untouched2500, "", ""},
		{"all back late R", []event{o, whole}, r, "404", loyalty.Refunded, untouched2500, "", ""},
		{"all back late O′", []event{o, whole}, o, "", loyalty.Refunded, untouched2500, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := rich()
			for _, e := range tt.before {
				e.do(a)
			}
			a.journal, a.alerts = nil, nil
			if got := tt.event.do(a); got != tt.told {
				t.Errorf("the till is told %q, want %q", got, tt.told)
			}
			if a.action.State != tt.state || a.balance != tt.balance {
				t.Errorf("got %q with %+v, want %q with %+v", a.action.State, a.balance, tt.state, tt.balance)
			}
			if got := strings.Join(a.journal, "; "); got != tt.booked {
				t.Errorf("booked %q, want %q", got, tt.booked)
			}
			var want []loyalty.Alert
			if tt.alert != "" {
				want = []loyalty.Alert{tt.alert}
			}
			if diff := cmp.Diff(want, a.alerts); diff != "" {
				t.Errorf("alerts (-want +got):\n%s", diff)
			}
		})
	}
}

func burnt1000of2000() loyalty.Balance { return loyalty.Balance{Available: 1000} }

// TestHoldTimes follows one hold through its clocks.
func TestHoldTimes(t *testing.T) {
	t.Parallel()
	a := rich()
	at := func(want time.Duration) {
		t.Helper()
		if got := a.action.ExpiresAt.Sub(noon); got != want {
			t.Errorf("the hold runs out %s after noon, want %s", got, want)
		}
	}
	perform(noon).do(a)
	at(15 * time.Minute)
	perform(noon.Add(10 * time.Minute)).do(a) // heard of again, and still nobody has confirmed
	at(25 * time.Minute)
	confirm().do(a)
	at(24 * time.Hour)
	perform(noon.Add(20 * time.Hour)).do(a)
	confirm().do(a)
	at(24 * time.Hour)
	expire(loyalty.NobodyKnows, noon.Add(24*time.Hour)).do(a)
	at(25 * time.Hour)
	expire(loyalty.NobodyKnows, noon.Add(71*time.Hour+30*time.Minute)).do(a)
	at(72 * time.Hour)
	if a.action.State != loyalty.Held {
		t.Errorf("got %s, want held", a.action.State)
	}
}

// TestRearm is the weaker way, for tills that show one id again.
func TestRearm(t *testing.T) {
	t.Parallel()
	rules := rules
	rules.Rearm = true
	tap := func(a *account, at time.Time) string {
		o, err := a.action.Perform(a.balance, rules, at)
		if err == nil {
			a.keep(o)
		}
		return told(err)
	}
	a := rich()
	for _, want := range []struct{ tap, key string }{{"200", "hold:A available→held"}, {"200", "hold:A:2 available→held"}, {"200", "hold:A:3 available→held"}} {
		if got := tap(a, noon); got != want.tap || a.journal[len(a.journal)-1] != want.key {
			t.Errorf("got %s and %v, want %s and %s", got, a.journal, want.tap, want.key)
		}
		revert(noon).do(a)
	}
	if got := a.journal[len(a.journal)-1]; got != "free:A:3 held→available" || a.balance != untouched2500 {
		t.Errorf("got %s and %+v", got, a.balance)
	}
	void := rich()
	revert(noon).do(void)
	if got := tap(void, noon.Add(5*time.Second)); got != "404" {
		t.Errorf("a tap at once after the revert that overtook it: got %s, want 404", got)
	}
	if got := tap(void, noon.Add(6*time.Second)); got != "200" {
		t.Errorf("a tap that nothing can have overtaken: got %s, want 200", got)
	}
	order("o1").do(a)
	if got := tap(a, noon); got != "404" {
		t.Errorf("paid for: got %s, want 404", got)
	}
}

func TestSale(t *testing.T) {
	t.Parallel()

	placed := loyalty.Sale{Order: "o1"}.Place("c", gbp(2000))
	for _, tt := range []struct {
		name string
		sale loyalty.Sale
		due  loyalty.Points // of 1000
	}{
		{"nothing refunded", placed, 0},
		{"half", placed.Refund(loyalty.Refund{ID: "a", Amount: gbp(1000)}), 500},
		{"half, heard of twice", placed.Refund(loyalty.Refund{ID: "a", Amount: gbp(1000)}).Refund(loyalty.Refund{ID: "a", Amount: gbp(1000)}), 500},
		{"a third, rounded down", loyalty.Sale{}.Place("c", gbp(3)).Refund(loyalty.Refund{ID: "a", Amount: gbp(1)}), 333},
		{"three thirds", loyalty.Sale{}.Place("c", gbp(3)).Refund(loyalty.Refund{ID: "a", Amount: gbp(1)}).Refund(loyalty.Refund{ID: "b", Amount: gbp(1)}).Refund(loyalty.Refund{ID: "c", Amount: gbp(1)}), 1000},
		{"more than was paid", placed.Refund(loyalty.Refund{ID: "a", Amount: gbp(9_000_000_000_000_000_000)}).Refund(loyalty.Refund{ID: "b", Amount: gbp(9_000_000_000_000_000_000)}), 1000},
		{"before the order", loyalty.Sale{Order: "o1"}.Refund(loyalty.Refund{ID: "a", Amount: gbp(1000)}), 0},
		{"before the order, and then the order", loyalty.Sale{Order: "o1"}.Refund(loyalty.Refund{ID: "a", Amount: gbp(1000)}).Place("c", gbp(2000)), 500},
		{"cancelled", placed.Cancel(), 1000},
		{"cancelled before the order", loyalty.Sale{Order: "o1"}.Cancel().Place("c", gbp(2000)), 1000},
		{"in another currency", placed.Refund(loyalty.Refund{ID: "a", Amount: money.Of(1000, "EUR")}), 0},
		{"of an order that cost nothing", loyalty.Sale{}.Place("c", gbp(0)).Refund(loyalty.Refund{ID: "a", Amount: gbp(0)}), 1000},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := tt.sale.Due(1000); got != tt.due {
				t.Errorf("got %d, want %d", got, tt.due)
			}
		})
	}
}

func TestSaleHearsOnce(t *testing.T) {
	t.Parallel()
	s := loyalty.Sale{Order: "o1"}.Place("c", gbp(100)).With("A").With("B").With("A").Place("d", gbp(200))
	if s.Customer != "c" || s.Total != gbp(100) || len(s.Actions) != 2 {
		t.Errorf("got %+v", s)
	}
}

// TestEarnAndClaw follows what an order earned through two refunds.
func TestEarnAndClaw(t *testing.T) {
	t.Parallel()
	rule := loyalty.EarnRule{Points: 3, Per: money.Of(100, "GBP")}
	a := &account{balance: loyalty.Balance{}}
	s := loyalty.Sale{Order: "o1"}.Place("c", money.Of(2099, "GBP"))
	s, e := s.Earn(rule)
	a.book(e)
	if s, e = s.Earn(rule); e != nil || a.balance.Available != 62 {
		t.Fatalf("got %+v and %v, want 62 points, once", a.balance, e)
	}
	s, e = s.Refund(loyalty.Refund{ID: "r1", Amount: money.Of(1050, "GBP")}).Claw("r1", a.balance)
	a.book(e)
	spend(20).do(a)
	s, e = s.Cancel().Claw("cancel", a.balance)
	a.book(e)
	if _, e = s.Claw("cancel", a.balance); e != nil {
		t.Errorf("clawed again: %v", e)
	}
	want := []string{"earn:o1 issued→available", "claw:r1 available→issued", "claw:cancel available→issued shortfall→issued"}
	if diff := cmp.Diff(want, a.journal); diff != "" || a.balance.Available != 0 {
		t.Errorf("left %d; journal (-want +got):\n%s", a.balance.Available, diff)
	}
	if _, e := (loyalty.Sale{Order: "o2"}).Place("", money.Of(2099, "GBP")).Earn(rule); e != nil {
		t.Errorf("an order without a customer earns %v", e)
	}
}

func gbp(minor int64) money.Amount { return money.Of(minor, "GBP") }
