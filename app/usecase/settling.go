// SPDX-License-Identifier: Apache-2.0

package usecase

import (
	"slices"

	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/money"
	"github.com/cartage-dev/cartage/ports/inbound"
	"github.com/cartage-dev/cartage/ports/store"
)

// settling is one piece of news on its way into a book.
type settling struct {
	book      *book
	programme loyalty.Programme
	fresh     map[loyalty.ActionID]*loyalty.Action // of ids that the order's customer was shown
	alert     func(loyalty.ActionID, loyalty.Alert)
}

// Unmatched alerts that an order carries an offer that was not shown here, or to another customer.
const Unmatched loyalty.Alert = "unmatched"

func (w *settling) settle(n keptNews) error {
	sale, err := w.book.Sale(n.Order)
	if err != nil {
		return err
	}
	switch n.Kind {
	case inbound.OrderPlaced, inbound.OrderFound:
		return w.placed(sale, n)
	case inbound.OrderRefunded:
		sale = sale.Refund(loyalty.Refund{ID: n.Refund, Amount: money.Of(n.Refunded, n.RefundedIn)})
	case inbound.OrderCancelled:
		if sale = sale.Cancel(); n.Currency != "" && !sale.Placed {
			return w.placed(sale, n) // the channel repeats the order with its end
		}
	}
	return w.giveBack(sale)
}

// placed pays the order with its actions, and those that tills have told of before, lets it earn, and then takes up
// the refunds that were heard of before.
func (w *settling) placed(sale loyalty.Sale, n keptNews) error {
	actions, err := w.marked(n)
	if err != nil {
		return err
	}
	earns := !sale.Placed
	if earns {
		sale.Keeper = w.programme.Keeper
		sale = sale.Place(n.Customer, money.Of(n.Total, n.Currency))
		for _, id := range sale.Actions {
			a, _, err := w.book.Action(id)
			if err != nil {
				return err
			}
			if a.Customer == sale.Customer && !slices.Contains(actions, id) { // a till may be wrong about an order, or lie
				actions = append(slices.Clip(actions), id)
			}
		}
	}
	for _, id := range actions {
		if sale, err = w.pay(sale, id); err != nil {
			return err
		}
	}
	var earned *loyalty.Entry
	if earns {
		sale, earned = sale.Earn(w.programme.Earn)
	}
	if err := w.book.Write(store.Change{Sale: &sale, Entry: earned}); err != nil {
		return err
	}
	if sale.Cancelled || len(sale.Refunds) > 0 {
		return w.giveBack(sale)
	}
	return nil
}

// pay captures one action for the order.
func (w *settling) pay(sale loyalty.Sale, id loyalty.ActionID) (loyalty.Sale, error) {
	a, found, err := w.book.Action(id)
	if err != nil {
		return sale, err
	}
	if !found && w.fresh[id] == nil {
		w.alert(id, Unmatched)
		return sale, nil
	}
	if !found {
		a = *w.fresh[id]
	}
	balance, err := w.book.spendable(a.Keeper, a.Customer)
	if err != nil {
		return sale, err
	}
	o := a.Capture(sale.Order, balance)
	if err := keep(w.book, o); err != nil {
		return sale, err
	}
	w.alert(id, o.Alert)
	return sale.With(id), nil
}

// marked are the actions that an order names, and the holds of its customer that its marks name: attributes get
// lost on the way. A mark alone says too little to go by when nothing is held.
func (w *settling) marked(n keptNews) ([]loyalty.ActionID, error) {
	if len(n.Marks) == 0 || n.Customer == "" {
		return n.Actions, nil
	}
	held, err := w.book.Held(n.Customer)
	if err != nil {
		return nil, err
	}
	ids := slices.Clip(n.Actions)
	for _, m := range n.Marks {
		i := slices.IndexFunc(held, func(a loyalty.Action) bool { return a.ID.Has(m) })
		if i >= 0 && !slices.Contains(ids, held[i].ID) {
			ids = append(ids, held[i].ID)
		}
	}
	return ids, nil
}

// giveBack books what refunds and a cancellation have made due so far; nothing before the
// order itself is heard of.
func (w *settling) giveBack(sale loyalty.Sale) error {
	by := loyalty.RefundID("cancel-" + string(sale.Order))
	if !sale.Cancelled && len(sale.Refunds) > 0 {
		by = sale.Refunds[len(sale.Refunds)-1].ID
	}
	for _, id := range sale.Actions {
		a, found, err := w.book.Action(id)
		if err != nil {
			return err
		}
		if !found {
			continue
		}
		if err := keep(w.book, a.Return(sale.Order, by, sale.Due(a.Points))); err != nil {
			return err
		}
	}
	balance, err := w.book.spendable(sale.Keeper, sale.Customer)
	if err != nil {
		return err
	}
	sale, clawed := sale.Claw(by, balance)
	return w.book.Write(store.Change{Sale: &sale, Entry: clawed})
}
