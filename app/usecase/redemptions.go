// SPDX-License-Identifier: Apache-2.0

package usecase

import (
	"context"
	"crypto/sha256"
	"slices"
	"strconv"
	"time"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/idempotency"
	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/money"
	"github.com/cartage-dev/cartage/core/shop"
	"github.com/cartage-dev/cartage/ports/inbound"
	"github.com/cartage-dev/cartage/ports/store"
)

// redeemKeyFor is how long a key is remembered (contracts: rules 7.3).
const redeemKeyFor = 24 * time.Hour

// Redemptions holds points for tills that apply discounts by themselves; it implements
// inbound.Redemptions. Offers are tapped and taken back by POS. No answer is stored: an
// action answers the same for as long as it is held, and afterwards it must not, since a
// discount without points would come of it.
type Redemptions struct {
	shops   *Directory
	pos     *POS
	books   *Books
	records store.Idempotency
	now     func() time.Time
}

var _ inbound.Redemptions = (*Redemptions)(nil)

// NewRedemptions needs the shops, and the store and use case of the tills.
func NewRedemptions(shops *Directory, pos *POS, s store.Store) *Redemptions {
	return &Redemptions{shops: shops, pos: pos, books: pos.books, records: s.Idempotency, now: pos.now}
}

// Quote implements inbound.Redemptions.
func (r *Redemptions) Quote(ctx context.Context, at inbound.Till, cartTotal *money.Amount) (inbound.Quote, error) {
	entry, err := r.shops.Shop(at.Shop)
	if err != nil {
		return inbound.Quote{}, err
	}
	shownAt := r.now().Truncate(time.Second) // as ids say it
	screen, err := r.pos.Promotions(ctx, at)
	if err != nil {
		return inbound.Quote{}, err
	}
	q := inbound.Quote{Label: screen.Label}
	if entry.Loyalty != nil {
		q.ExpiresAt = shownAt.Add(entry.Loyalty.Rules.AcceptFor)
	}
	if q.Balance, err = r.books.ledger.Balance(ctx, at.Shop, at.Customer); err != nil {
		return inbound.Quote{}, err
	}
	if !screen.Known {
		return inbound.Quote{}, fault.New(fault.Unavailable, "balance_unknown", "nobody could say what the balance is")
	}
	q.Balance.Available = screen.Balance // which a keeper has said, where there is one
	for _, o := range screen.Offers {
		if slices.Contains(currencies(entry.Shop, o.Offer), at.Currency) && !exceeds(o.Offer, cartTotal) {
			q.Offers = append(q.Offers, o)
		}
	}
	return q, nil
}

// exceeds reports whether an offer takes more off than a cart costs.
func exceeds(o loyalty.Offer, cartTotal *money.Amount) bool {
	return cartTotal != nil && o.Kind == loyalty.FlatDiscount && o.Amounts[cartTotal.Currency].Minor > cartTotal.Minor
}

// currencies are those that an offer can be redeemed in. Reserve tries them all, so they must
// be few, and Quote shows no other.
func currencies(s shop.Shop, o loyalty.Offer) []money.Currency {
	all := slices.Clone(s.Currencies)
	for c := range o.Amounts {
		all = append(all, c)
	}
	return all
}

// Reserve implements inbound.Redemptions. The key is bound before anything is held. The offer
// is bound to its key afterwards, so that of two requests for one hold, one is answered: two
// discounts would come of two answers.
func (r *Redemptions) Reserve(ctx context.Context, at inbound.Till, req inbound.Reserve) (inbound.Reservation, error) {
	entry, err := r.shops.Shop(at.Shop)
	if err != nil {
		return inbound.Reservation{}, err
	}
	programme, err := r.pos.programme(at.Shop)
	if err != nil {
		return inbound.Reservation{}, err
	}
	key := idempotency.Scope{Shop: string(at.Shop), Operation: "redeem", Name: req.Key}
	if err := r.bind(ctx, key, redeemKeyFor, "key_reused", string(req.Offer), string(at.Customer), req.Location, req.Device); err != nil {
		return inbound.Reservation{}, err
	}
	reserved, err := r.shown(ctx, entry.Shop, programme, at.Customer, req.Offer)
	if err != nil {
		return inbound.Reservation{}, err
	}
	at.Currency = reserved.Currency
	if _, err := r.pos.Perform(ctx, at, req.Offer); err != nil {
		return inbound.Reservation{}, err
	}
	offer := idempotency.Scope{Shop: string(at.Shop), Operation: "redeemed", Name: string(req.Offer)}
	if err := r.bind(ctx, offer, keepFor, "already_reserved", req.Key); err != nil {
		return inbound.Reservation{}, err
	}
	held, found, err := r.find(ctx, at, req.Offer)
	switch {
	case err != nil:
		return inbound.Reservation{}, err
	case !found || held.State != loyalty.Held: // somebody has taken it back meanwhile
		return inbound.Reservation{}, unknownAction("the offer has been used or taken back")
	}
	reserved.ExpiresAt = held.HeldAt.Add(programme.Rules.HoldFor)
	if held.ExpiresAt.After(reserved.ExpiresAt) {
		reserved.ExpiresAt = held.ExpiresAt
	}
	return reserved, nil
}

// bind lets a scope stand for these words, or finds that it stands for others.
func (r *Redemptions) bind(ctx context.Context, scope idempotency.Scope, keep time.Duration, otherwise string, words ...string) error {
	h := sha256.New()
	for _, word := range words {
		h.Write([]byte(strconv.Itoa(len(word)) + ":" + word))
	}
	fp := idempotency.Fingerprint(h.Sum(nil))
	return r.records.Update(ctx, scope, func(rec idempotency.Record) (idempotency.Record, error) {
		now := r.now()
		if rec.State == idempotency.Done && now.Before(rec.LiveUntil) {
			if rec.Fingerprint != fp {
				return rec, fault.New(fault.Conflict, otherwise, "it stands for another request").By(fault.Caller)
			}
			return rec, nil
		}
		rec, _ = rec.Claim(fp, now, idempotency.Terms{Keep: keep}, 0)
		rec, _ = rec.Finish(rec.Generation, nil, now.Add(keep))
		return rec, nil
	})
}

// shown is what an id was shown for. The request says no currency, but the id is signed over
// it, so one that fits is the one.
func (r *Redemptions) shown(ctx context.Context, s shop.Shop, p loyalty.Programme, customer loyalty.CustomerID, id loyalty.ActionID) (inbound.Reservation, error) {
	issue, ok := id.Read()
	if !ok {
		return inbound.Reservation{}, unknownAction("there is no such offer")
	}
	offer, current := p.Offer(issue.Offer)
	if !current {
		var err error
		if offer, err = r.pos.offers.Find(ctx, s.ID, issue.Offer); err != nil && fault.KindOf(err) == fault.NotFound {
			return inbound.Reservation{}, unknownAction("there is no such offer")
		}
		if err != nil {
			return inbound.Reservation{}, err
		}
	}
	for _, c := range currencies(s, offer) {
		gift, made := offer.Gift(c)
		if made && p.Keys.Signed(issue, termsOf(inbound.Till{Shop: s.ID, Customer: customer, Currency: c}, offer, gift)) {
			return inbound.Reservation{ID: id, Offer: offer, Currency: c, Title: titleOf(p, offer, s.Locale)}, nil
		}
	}
	return inbound.Reservation{}, unknownAction("the offer was not shown here, or to another customer")
}

// titleOf is what an offer is called, or was before it changed; one that is gone is
// called as the points are.
func titleOf(p loyalty.Programme, o loyalty.Offer, locale string) string {
	for _, s := range p.Showings {
		if s.Offer.ID == o.ID {
			return s.Title.In(locale)
		}
	}
	return p.Label.In(locale)
}

// find looks an action up.
func (r *Redemptions) find(ctx context.Context, at inbound.Till, id loyalty.ActionID) (a loyalty.Action, found bool, err error) {
	err = r.books.Do(ctx, store.Stamp{Shop: at.Shop, RequestID: at.RequestID}, func(b *book) error {
		var err error
		a, found, err = b.Action(id)
		return err
	})
	return a, found, err
}

// Heard implements inbound.Redemptions.
func (r *Redemptions) Heard(at shop.ID, id loyalty.ActionID) { r.pos.Heard(at, id) }

// Release implements inbound.Redemptions. Without a customer no signature can be held to its terms,
// so an id that nobody has reserved is unknown here.
func (r *Redemptions) Release(ctx context.Context, at inbound.Till, id loyalty.ActionID) error {
	at = inbound.Till{Shop: at.Shop, RequestID: at.RequestID}
	_, err := r.pos.Revert(ctx, at, id)
	if err == nil || fault.From(err).Code != "unknown_action" {
		return err
	}
	_, found, lookErr := r.find(ctx, at, id)
	switch {
	case lookErr != nil:
		return lookErr
	case found:
		return fault.New(fault.Conflict, "redemption_captured", "an order has been paid with the points").By(fault.Caller)
	}
	return err
}

// Commit implements inbound.Redemptions.
func (r *Redemptions) Commit(ctx context.Context, at inbound.Till, id loyalty.ActionID, order loyalty.OrderID) (captured bool, err error) {
	programme, err := r.pos.programme(at.Shop)
	if err != nil {
		return false, err
	}
	err = r.books.Do(ctx, store.Stamp{Shop: at.Shop, RequestID: at.RequestID}, func(b *book) error {
		a, found, err := b.Action(id)
		if err != nil {
			return err
		}
		switch {
		case !found:
			return unknownAction("nothing was reserved under this id")
		case a.State == loyalty.Held:
			captured, err = committed(b, a, programme, order)
			return err
		case len(a.Captures) == 0:
			return fault.New(fault.Conflict, "redemption_released", "the points are not held any more").By(fault.Caller)
		case order != "" && !slices.ContainsFunc(a.Captures, func(c loyalty.Capture) bool { return c.Order == order }):
			return fault.New(fault.Conflict, "redemption_captured", "another order has been paid with the points").By(fault.Caller)
		}
		captured = true
		return nil
	})
	return captured && err == nil, err
}

// committed pays an order with a hold when the shop has told of that order, for the same customer: then its
// news said nothing of the hold, since POS loses such words now and then. Otherwise the hold
// waits for the news, as long as it may; the order is remembered to have it.
func committed(b *book, a loyalty.Action, p loyalty.Programme, order loyalty.OrderID) (captured bool, err error) {
	if order == "" {
		return false, keep(b, longest(a, p.Rules))
	}
	sale, err := b.Sale(order)
	if err != nil {
		return false, err
	}
	if !sale.Placed {
		o := longest(a, p.Rules)
		sale = sale.With(a.ID)
		return false, b.Write(store.Change{Action: &o.Action, Sale: &sale})
	}
	if sale.Customer != a.Customer {
		return false, keep(b, longest(a, p.Rules))
	}
	b.order = order
	balance, err := b.spendable(a.Keeper, a.Customer)
	if err != nil {
		return false, err
	}
	o := a.Capture(order, balance)
	sale = sale.With(a.ID)
	if err := b.Write(store.Change{Action: &o.Action, Sale: &sale, Entry: o.Entry}); err != nil {
		return false, err
	}
	if sale.Cancelled || len(sale.Refunds) > 0 {
		return true, (&settling{book: b, programme: p}).giveBack(sale)
	}
	return true, nil
}

// longest is a hold that lasts as long as one may of which nobody can say whether there is an
// order. A till whose sale is done knows of it.
func longest(a loyalty.Action, r loyalty.Rules) loyalty.Outcome {
	last := a.HeldAt.Add(r.HoldMax)
	r.HoldFor, r.AskAgain = r.HoldMax, r.HoldMax
	o := a.Confirm(r)
	if o.Action.ExpiresAt.Before(last) {
		o = o.Action.Expire(loyalty.NobodyKnows, r, o.Action.ExpiresAt)
	}
	return o
}
