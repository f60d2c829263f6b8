// SPDX-License-Identifier: Apache-2.0

package loyalty_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/loyalty"
)

var accountNames = []loyalty.AccountName{
	loyalty.AccountAvailable, loyalty.AccountHeld, loyalty.AccountIssued, loyalty.AccountRedeemed, loyalty.AccountLapsed, loyalty.AccountShortfall, loyalty.AccountAdjust,
}

func TestTransfersRoundTrip(t *testing.T) {
	t.Parallel()
	someAccount := rapid.Custom(func(t *rapid.T) loyalty.Account {
		a := loyalty.Account{Name: rapid.SampledFrom(accountNames).Draw(t, "name")}
		if a.OfCustomer() {
			a.Customer = loyalty.CustomerID(rapid.StringMatching(`[0-9]{1,19}`).Draw(t, "customer"))
		}
		return a
	})
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) loyalty.Transfer {
			return loyalty.Transfer{From: someAccount.Draw(t, "from"), To: someAccount.Draw(t, "to"), Points: loyalty.Points(rapid.Int64().Draw(t, "points"))}
		}), 1, 4).Draw(t, "transfers")
		got, err := loyalty.ParseTransfers(loyalty.FormatTransfers(want))
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Fatalf("%v, (-want +got):\n%s", err, diff)
		}
	})
}

func TestBadTransfers(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"", "available/1", "available/1>issued", "available/1>issued=", "available/1>issued=x", "available/1>issued=1.0", "available/1>issued=01", "available/1>issued=+1",
		"available>issued=1", "available/>issued=1", "issued/1>redeemed=1", "nowhere>issued=1", "available/1>issued=1 ", "available/1>issued=9223372036854775808",
	} {
		if got, err := loyalty.ParseTransfers(line); fault.From(err).Code != "bad_journal" {
			t.Errorf("%q is read as %v, %v", line, got, err)
		}
	}
}

func FuzzParseTransfers(f *testing.F) {
	f.Add("available/7>held/7=1000")
	f.Add("shortfall>redeemed=1 available/7>redeemed=2")
	f.Add("shortfall/>redeemed=1")
	f.Fuzz(func(t *testing.T, line string) {
		if all, err := loyalty.ParseTransfers(line); err == nil && loyalty.FormatTransfers(all) != line {
			t.Errorf("%q is read as %v", line, all)
		}
	})
}

// book is a journal with what follows from it: a customer who earns, holds, reverts, orders and
// gets a part back.
type book struct {
	records  []loyalty.Record
	customer loyalty.Balance
	accounts map[loyalty.AccountName]loyalty.Points
	actions  []loyalty.Action
	sales    []loyalty.Sale
}

func aBook() *book {
	b := &book{accounts: map[loyalty.AccountName]loyalty.Points{}}
	a := &account{action: loyalty.Action{ID: "A", Customer: "c", Points: cost, IssuedAt: noon}}
	sale, earned := loyalty.Sale{Order: "o0"}.Place("c", gbp(250_000)).Earn(loyalty.EarnRule{Points: 1, Per: gbp(100)})
	a.book(earned)
	for _, e := range []event{p, r} {
		e.do(a)
	}
	b.actions = append(b.actions, a.action)
	a.action = loyalty.Action{ID: "B", Customer: "c", Points: cost, IssuedAt: noon}
	for _, e := range []event{p, o, half} {
		e.do(a)
	}
	b.actions = append(b.actions, a.action)
	a.action = loyalty.Action{ID: "C", Customer: "c", Points: cost, IssuedAt: noon}
	p.do(a)
	b.actions, b.sales, b.customer = append(b.actions, a.action), append(b.sales, sale), a.balance
	for i, e := range a.entries {
		for _, t := range e.Transfers {
			for account, points := range map[loyalty.Account]loyalty.Points{t.From: -t.Points, t.To: t.Points} {
				if !account.OfCustomer() {
					b.accounts[account.Name] += points
				}
			}
		}
		b.records = append(b.records, loyalty.Record{Sequence: int64(i + 1), At: noon.Add(time.Duration(i) * time.Second), Entry: e, RequestID: "r", Host: "h"})
	}
	b.seal()
	return b
}

// seal makes the chain right again, as whoever changes a journal might.
func (b *book) seal() {
	var before loyalty.Hash
	for i := range b.records {
		b.records[i] = b.records[i].Seal("demo", before)
		before = b.records[i].Hash
	}
}

func (b *book) audit() []loyalty.Discrepancy {
	a := loyalty.NewAudit("demo")
	for _, r := range b.records {
		a.Record(r)
	}
	last := b.records[len(b.records)-1]
	a.Head(last.Sequence, last.Hash)
	a.Customer("c", b.customer)
	for name, sum := range b.accounts {
		a.Account(name, sum)
	}
	for _, x := range b.actions {
		a.Action(x)
	}
	for _, s := range b.sales {
		a.Sale(s)
	}
	return a.Close()
}

func TestAudit(t *testing.T) {
	t.Parallel()
	if found := aBook().audit(); found != nil {
		t.Fatalf("a good book: %v", found)
	}
	for _, tt := range []struct {
		name  string
		spoil func(*book)
		want  string
	}{
		{"points", func(b *book) { b.records[2].Entry.Transfers[0].Points++ }, "hash"},
		{"a key", func(b *book) { b.records[2].Entry.Key += "x" }, "hash"},
		{"an account", func(b *book) { b.records[0].Entry.Transfers[0].From.Name = loyalty.AccountAdjust }, "hash"},
		{"a time", func(b *book) { b.records[2].At = b.records[2].At.Add(1) }, "hash"},
		{"a request", func(b *book) { b.records[2].RequestID = "s" }, "hash"},
		{"a host", func(b *book) { b.records[2].Host = "i" }, "hash"},
		{"a hash", func(b *book) { b.records[2].Hash[31] ^= 1 }, "hash"},
		{"a record lost", func(b *book) { b.records = append(b.records[:2], b.records[3:]...) }, "follows on record 2"},
		{"two records swapped", func(b *book) { b.records[1], b.records[2] = b.records[2], b.records[1] }, "follows on record"},
		{"the last record lost", func(b *book) { b.records = b.records[:len(b.records)-1] }, "customer c owns"},
		{"points, and all sealed again", func(b *book) { b.records[0].Entry.Transfers[0].Points++; b.seal() }, "customer c owns"},
		{"time that goes back, sealed", func(b *book) { b.records[2].At = noon.Add(-1); b.seal() }, "older"},
		{"a transfer of nothing, sealed", func(b *book) { b.records[2].Entry.Transfers[0].Points = 0; b.seal() }, "moves nothing"},
		{"an overdraft, sealed", func(b *book) { b.records[1].Entry.Transfers[0].Points = 2501; b.seal() }, "less than nothing"},
		{"available", func(b *book) { b.customer.Available++ }, "customer c owns"},
		{"held", func(b *book) { b.customer.Held++ }, "customer c owns"},
		{"an account's sum", func(b *book) { b.accounts[loyalty.AccountRedeemed]-- }, "account redeemed"},
		{"an account lost", func(b *book) { delete(b.accounts, loyalty.AccountIssued) }, "account issued is missing"},
		{"a state", func(b *book) { b.actions[2].State = loyalty.Released }, "action C"},
		{"a hold that nobody booked", func(b *book) { b.actions[0].State = loyalty.Held }, "action A"},
		{"a hold forgotten", func(b *book) { b.actions[0].Generation = 0 }, "action A"},
		{"a capture", func(b *book) { b.actions[1].Captures = nil }, "action B"},
		{"what was given back", func(b *book) { b.actions[1].Captures[0].Returned++ }, "action B"},
		{"an action lost", func(b *book) { b.actions = b.actions[:2] }, "action C is missing"},
		{"what was earned", func(b *book) { b.sales[0].Earned++ }, "order o0 earned"},
		{"a sale lost", func(b *book) { b.sales = nil }, "order o0 is missing"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := aBook()
			tt.spoil(b)
			var all []string
			for _, d := range b.audit() {
				all = append(all, d.What)
			}
			if text := strings.Join(all, "\n"); !strings.Contains(text, tt.want) {
				t.Errorf("found %q, want %q in it", text, tt.want)
			}
		})
	}
	t.Run("another shop's", func(t *testing.T) {
		t.Parallel()
		a := loyalty.NewAudit("other")
		a.Record(aBook().records[0])
		if len(a.Close()) == 0 {
			t.Error("a record holds in another shop's journal")
		}
	})
	t.Run("bounded", func(t *testing.T) {
		t.Parallel()
		a := loyalty.NewAudit("demo")
		for range 2 * loyalty.DiscrepanciesMax {
			a.Record(loyalty.Record{})
		}
		if n := len(a.Close()); n != loyalty.DiscrepanciesMax {
			t.Errorf("%d are told", n)
		}
	})
}
