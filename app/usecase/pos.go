// SPDX-License-Identifier: Apache-2.0

package usecase

import (
	"context"
	"crypto/rand"
	"log/slog"
	"slices"
	"time"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/shop"
	"github.com/cartage-dev/cartage/ports/inbound"
	"github.com/cartage-dev/cartage/ports/store"
)

// POS shows offers to tills and holds points for them; it implements inbound.POS. A perform
// or a revert is one step of the ledger.
type POS struct {
	shops  *Directory
	books  *Books
	offers store.Offers
	heard  *confirmations
	log    *slog.Logger
	now    func() time.Time
	nonce  func() [loyalty.NonceBytes]byte
}

var _ inbound.POS = (*POS)(nil)

// NewPOS needs the shops, their books and a store. Its Close must be called.
func NewPOS(shops *Directory, books *Books, s store.Store, clock *Clock, log *slog.Logger) *POS {
	p := &POS{shops: shops, books: books, offers: s.Offers, log: log, now: clock.Now, nonce: randomNonce}
	p.heard = confirmInBackground(p.confirm, log)
	return p
}

// Close writes down what tills have heard of so far, and ends what works in the background.
func (p *POS) Close() { p.heard.close() }

func randomNonce() (n [loyalty.NonceBytes]byte) {
	_, _ = rand.Read(n[:]) // never fails
	return n
}

// programme finds a shop's loyalty. A shop without one has nothing to offer, and knows no id.
func (p *POS) programme(id shop.ID) (loyalty.Programme, error) {
	entry, err := p.shops.Shop(id)
	if err != nil {
		return loyalty.Programme{}, err
	}
	if entry.Loyalty == nil {
		return loyalty.Programme{Rules: loyalty.DefaultRules()}, nil // what is held goes on as it was promised
	}
	return *entry.Loyalty, nil
}

// Promotions implements inbound.POS.
func (p *POS) Promotions(ctx context.Context, at inbound.Till) (inbound.Screen, error) {
	programme, err := p.programme(at.Shop)
	if err != nil {
		return inbound.Screen{}, err
	}
	return p.screen(ctx, programme, at, true), nil
}

// screen is what a till shows; with offers, those that the customer can pay for.
func (p *POS) screen(ctx context.Context, programme loyalty.Programme, at inbound.Till, withOffers bool) inbound.Screen {
	s := inbound.Screen{Label: programme.Label.In(at.Locale), Known: true}
	if at.Customer != "" {
		balance, err := p.books.Balance(ctx, at.Shop, programme.Keeper, at.Customer)
		if err != nil {
			s.Known = false // and the till sells on, with what costs nothing
			p.log.WarnContext(ctx, "balance not known", "shop", at.Shop, "request_id", at.RequestID, "cause", err)
		}
		s.Balance = balance.Available
	}
	if !withOffers {
		return s
	}
	for _, showing := range programme.Showings {
		offer := showing.Offer
		gift, made := offer.Gift(at.Currency)
		if !made || len(at.Kinds) > 0 && !slices.Contains(at.Kinds, offer.Kind) || offer.Cost > 0 && (at.Customer == "" || offer.Cost > s.Balance) {
			continue
		}
		s.Offers = append(s.Offers, inbound.Offer{
			ID:    programme.Keys.Mint(offer.Ref(), termsOf(at, offer, gift), p.now(), p.nonce()),
			Offer: offer, Title: showing.Title.In(at.Locale), Description: showing.Description.In(at.Locale),
		})
	}
	return s
}

func termsOf(at inbound.Till, offer loyalty.Offer, gift string) loyalty.Terms {
	return loyalty.Terms{Shop: at.Shop, Customer: at.Customer, Currency: at.Currency, Points: offer.Cost, Gift: gift}
}

// Perform implements inbound.POS.
func (p *POS) Perform(ctx context.Context, at inbound.Till, id loyalty.ActionID) (inbound.Screen, error) {
	programme, err := p.programme(at.Shop)
	if err != nil {
		return inbound.Screen{}, err
	}
	fresh, err := p.fresh(ctx, programme, at, id)
	if err != nil {
		return inbound.Screen{}, err
	}
	err = p.books.Do(ctx, store.Stamp{Shop: at.Shop, RequestID: at.RequestID}, func(b *book) error {
		a, err := known(b, id, fresh)
		if err != nil {
			return err
		}
		if a.Customer != at.Customer { // the member of staff has changed the customer
			return unknownAction("the offer was shown to another customer")
		}
		balance, err := b.spendable(a.Keeper, a.Customer)
		if err != nil {
			return err
		}
		o, err := a.Perform(balance, programme.Rules, b.Now())
		if err != nil {
			return err
		}
		return keep(b, o)
	})
	if err != nil {
		return inbound.Screen{}, err
	}
	return p.screen(ctx, programme, at, false), nil
}

// Heard implements inbound.POS.
func (p *POS) Heard(at shop.ID, id loyalty.ActionID) { p.heard.add(heardOf{at, id}) }

// Revert implements inbound.POS. It shows offers again, under new ids: the old one is spent, where
// the programme's rules do not rearm it.
func (p *POS) Revert(ctx context.Context, at inbound.Till, id loyalty.ActionID) (inbound.Screen, error) {
	programme, err := p.programme(at.Shop)
	if err != nil {
		return inbound.Screen{}, err
	}
	fresh, err := p.fresh(ctx, programme, at, id)
	if err != nil {
		return inbound.Screen{}, err
	}
	err = p.books.Do(ctx, store.Stamp{Shop: at.Shop, RequestID: at.RequestID}, func(b *book) error {
		a, err := known(b, id, fresh)
		if err != nil {
			return err
		}
		o, err := a.Revert(b.Now())
		if err != nil {
			return err
		}
		return keep(b, o)
	})
	if err != nil {
		return inbound.Screen{}, err
	}
	shown := p.screen(ctx, programme, at, true)
	if issue, _ := id.Read(); programme.Rules.Rearm && fresh != nil && p.now().Before(issue.At.Add(programme.Rules.AcceptFor)) {
		for i := range shown.Offers {
			if shown.Offers[i].Offer.Ref() == issue.Offer {
				shown.Offers[i].ID = id
			}
		}
	}
	return shown, nil
}

// fresh is the action of an id that nobody may have heard of yet: its offer is known and it was
// signed for this till's shop, customer and currency. It is nil when it was not; a book may
// know better, since it remembers for whom the id was good.
func (p *POS) fresh(ctx context.Context, programme loyalty.Programme, at inbound.Till, id loyalty.ActionID) (*loyalty.Action, error) {
	issue, ok := id.Read()
	if !ok {
		return nil, unknownAction("there is no such offer")
	}
	offer, current := programme.Offer(issue.Offer)
	if !current {
		var err error
		if offer, err = p.offers.Find(ctx, at.Shop, issue.Offer); err != nil && fault.KindOf(err) == fault.NotFound {
			return nil, unknownAction("there is no such offer")
		}
		if err != nil {
			return nil, err
		}
	}
	gift, made := offer.Gift(at.Currency)
	if !made || !programme.Keys.Signed(issue, termsOf(at, offer, gift)) {
		return nil, nil
	}
	return &loyalty.Action{ID: id, Customer: at.Customer, Keeper: programme.Keeper, Points: offer.Cost, IssuedAt: issue.At}, nil
}

// known is the action as the book has it, or else the fresh one.
func known(b store.Book, id loyalty.ActionID, fresh *loyalty.Action) (loyalty.Action, error) {
	a, found, err := b.Action(id)
	switch {
	case err != nil || found:
		return a, err
	case fresh == nil:
		return a, unknownAction("the offer was not shown here, or to another customer")
	}
	return *fresh, nil
}

// keep writes what a transition made.
func keep(b store.Book, o loyalty.Outcome) error {
	return b.Write(store.Change{Action: &o.Action, Entry: o.Entry})
}

// confirm writes down that tills have heard of holds, in one step for each shop.
func (p *POS) confirm(ctx context.Context, of shop.ID, ids []loyalty.ActionID) error {
	programme, err := p.programme(of)
	if err != nil {
		return err
	}
	return p.books.Do(ctx, store.Stamp{Shop: of}, func(b *book) error {
		for _, id := range ids {
			a, found, err := b.Action(id)
			if err != nil {
				return err
			}
			if !found || a.State != loyalty.Held || !a.Unconfirmed {
				continue
			}
			if err := keep(b, a.Confirm(programme.Rules)); err != nil {
				return err
			}
		}
		return nil
	})
}

func unknownAction(why string) error {
	return fault.New(fault.NotFound, "unknown_action", "%s", why).By(fault.Caller)
}
