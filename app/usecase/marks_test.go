// SPDX-License-Identifier: Apache-2.0

package usecase

import (
	"testing"

	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/money"
	"github.com/cartage-dev/cartage/ports/inbound"
)

// TestOrdersKnownByMarks lost the words that name what they were paid with, and have a discount's title yet.
func TestOrdersKnownByMarks(t *testing.T) {
	t.Parallel()
	placed := inbound.News{Kind: inbound.OrderPlaced, Order: "7", Customer: "1", Total: money.Of(2000, "GBP")}
	for _, tt := range []struct {
		name         string
		edit         func(n *inbound.News, five, ten loyalty.ActionID)
		fiver, tenth loyalty.State
		want         loyalty.Balance
	}{
		{"none", func(*inbound.News, loyalty.ActionID, loyalty.ActionID) {}, loyalty.Held, loyalty.Held, loyalty.Balance{Available: 400, Held: 600}},
		{"one", func(n *inbound.News, five, _ loyalty.ActionID) { n.Marks = []loyalty.Mark{five.Mark()} }, loyalty.Captured, loyalty.Held, loyalty.Balance{Available: 400, Held: 100}},
		{"both, and words that look like one", func(n *inbound.News, five, ten loyalty.ActionID) {
			n.Marks = []loyalty.Mark{"XMAS5", ten.Mark(), five.Mark(), ten.Mark()}
		}, loyalty.Captured, loyalty.Captured, loyalty.Balance{Available: 400}},
		{"beside the words", func(n *inbound.News, five, ten loyalty.ActionID) {
			n.Actions, n.Marks = []loyalty.ActionID{five}, []loyalty.Mark{five.Mark(), ten.Mark()}
		}, loyalty.Captured, loyalty.Captured, loyalty.Balance{Available: 400}},
		{"with the order's end", func(n *inbound.News, five, _ loyalty.ActionID) {
			n.Kind, n.Marks = inbound.OrderCancelled, []loyalty.Mark{five.Mark()}
		}, loyalty.Refunded, loyalty.Held, loyalty.Balance{Available: 900, Held: 100}},
		{"of another customer", func(n *inbound.News, five, _ loyalty.ActionID) {
			n.Customer, n.Marks = "2", []loyalty.Mark{five.Mark()}
		}, loyalty.Held, loyalty.Held, loyalty.Balance{Available: 400, Held: 600}},
		{"of nobody's order", func(n *inbound.News, five, _ loyalty.ActionID) {
			n.Customer, n.Marks = "", []loyalty.Mark{five.Mark()}
		}, loyalty.Held, loyalty.Held, loyalty.Balance{Available: 400, Held: 600}},
		{"not of its form", func(n *inbound.News, five, _ loyalty.ActionID) {
			n.Marks = []loyalty.Mark{"", five.Mark()[1:], loyalty.Mark(five)}
		}, loyalty.Held, loyalty.Held, loyalty.Balance{Available: 400, Held: 600}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newTills(t)
			five, ten := b.held(t, "fiver", "k1"), b.held(t, "tenth", "k2")
			n := placed
			tt.edit(&n, five, ten)
			b.tell(t, n)
			if got, want := b.action(t, five).State, tt.fiver; got != want {
				t.Errorf("the fiver is %s, want %s", got, want)
			}
			if got, want := b.action(t, ten).State, tt.tenth; got != want {
				t.Errorf("the tenth is %s, want %s", got, want)
			}
			if got := b.owns(t); got != tt.want {
				t.Errorf("the customer owns %+v, want %+v", got, tt.want)
			}
			b.wantAlerts(t)
		})
	}
}

// TestMarksOfWhatIsNotHeld say nothing: an id is needed to take points that are not held.
func TestMarksOfWhatIsNotHeld(t *testing.T) {
	t.Parallel()
	b := newTills(t)
	shown, id := b.offer(t, "tenth"), b.held(t, "fiver", "k")
	if err := b.Release(t.Context(), theTill, id); err != nil {
		t.Fatal(err)
	}
	b.tell(t, inbound.News{Kind: inbound.OrderPlaced, Order: "7", Customer: "1", Total: money.Of(2000, "GBP"), Marks: []loyalty.Mark{id.Mark(), shown.Mark()}})
	if a := b.action(t, id); a.State != loyalty.Released {
		t.Errorf("it is %s", a.State)
	}
	if got := b.owns(t); got != (loyalty.Balance{Available: 1000}) {
		t.Errorf("the customer owns %+v", got)
	}
	b.wantAlerts(t)
}

// TestCommitOfWhatAMarkPaid: the till hears that it is paid, and refunds give it back.
func TestCommitOfWhatAMarkPaid(t *testing.T) {
	t.Parallel()
	b := newTills(t)
	id := b.held(t, "fiver", "k")
	b.tell(t, inbound.News{Kind: inbound.OrderPlaced, Order: "7", Customer: "1", Total: money.Of(2000, "GBP"), Marks: []loyalty.Mark{id.Mark()}})
	if captured, err := b.Commit(t.Context(), theTill, id, "7"); !captured || err != nil {
		t.Error(captured, err)
	}
	b.tell(t, inbound.News{Kind: inbound.OrderRefunded, Order: "7", Refund: loyalty.Refund{ID: "f", Amount: money.Of(1000, "GBP")}})
	if got := b.owns(t); got != (loyalty.Balance{Available: 750}) {
		t.Errorf("the customer owns %+v", got)
	}
}
