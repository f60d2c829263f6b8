// SPDX-License-Identifier: Apache-2.0

package usecase

import (
	"log/slog"
	"testing"
	"time"

	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/money"
	"github.com/cartage-dev/cartage/core/shop"
	"github.com/cartage-dev/cartage/ports/inbound"
)

// TestAlerts raises each alert that needs more than one piece of news, once.
func TestAlerts(t *testing.T) {
	t.Parallel()
	b := newTills(t)
	expirer := NewExpirer(b.shops, b.books, b.news, b.store, b.clock, b.alerts(), slog.New(slog.DiscardHandler))
	expirer.pause = 0
	order := func(id loyalty.OrderID, action loyalty.ActionID) {
		t.Helper()
		b.tell(t, inbound.News{Kind: inbound.OrderPlaced, Order: id, Customer: "1", Total: money.Of(2000, "GBP"), Actions: []loyalty.ActionID{action}})
	}
	paid, lost := b.held(t, "fiver", "k1"), b.held(t, "tenth", "k2")
	order("1", paid)
	b.wantAlerts(t)
	order("2", paid)
	b.wantAlerts(t, loyalty.SecondOrder)
	order("3", "somebody-else's")
	b.wantAlerts(t, loyalty.SecondOrder, Unmatched)

	if _, err := b.Commit(t.Context(), theTill, lost, ""); err != nil { // a till knows of it
		t.Fatal(err)
	}
	entry, err := b.shops.Shop("s")
	if err != nil {
		t.Fatal(err)
	}
	b.shops.Replace(Table{Shops: map[shop.ID]Entry{"s": {Shop: entry.Shop, Loyalty: entry.Loyalty}}}) // nobody to ask
	b.at = b.at.Add(entry.Loyalty.Rules.HoldMax + time.Second)
	for range 2 {
		expirer.Round(t.Context())
	}
	if a := b.action(t, lost); a.State != loyalty.Expired {
		t.Errorf("it is %s", a.State)
	}
	b.wantAlerts(t, loyalty.SecondOrder, Unmatched, loyalty.ExpiredUnasked)
}
