// SPDX-License-Identifier: Apache-2.0

package usecase

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/handoff"
	"github.com/cartage-dev/cartage/core/idempotency"
	"github.com/cartage-dev/cartage/core/money"
	"github.com/cartage-dev/cartage/core/order"
	"github.com/cartage-dev/cartage/core/shop"
	"github.com/cartage-dev/cartage/ports/backend"
	"github.com/cartage-dev/cartage/ports/inbound"
	"github.com/cartage-dev/cartage/ports/store"
)

// claimsMax bounds how often a transfer finds its answer given and used up by others.
const claimsMax = 4

// Transfer hands carts over; it implements inbound.CartTransfer.
type Transfer struct {
	shops  *Directory
	once   once
	links  *Links
	sealer *Sealer
	log    *slog.Logger
	now    func() time.Time
}

var _ inbound.CartTransfer = (*Transfer)(nil)

// NewTransfer needs the shops, a store and the links it gives out.
func NewTransfer(shops *Directory, s store.Store, links *Links, sealer *Sealer, log *slog.Logger) *Transfer {
	return &Transfer{shops: shops, once: once{s.Idempotency, time.Now}, links: links, sealer: sealer, log: log, now: time.Now}
}

// wanted is a request that core has accepted.
type wanted struct {
	entry    Entry
	items    []cart.Item
	currency money.Currency
	scope    idempotency.Scope
	asked    inbound.TransferCart
}

// Transfer makes the cart once and answers the same until its link is used.
func (t *Transfer) Transfer(ctx context.Context, req inbound.TransferCart) (inbound.Transferred, error) {
	w, err := t.accept(req)
	if err != nil {
		return inbound.Transferred{}, err
	}
	usedUp := uint32(0)
	for range claimsMax {
		rec, verdict, err := t.once.claim(ctx, w.scope, w.fingerprint(), usedUp)
		if err != nil {
			return inbound.Transferred{}, err
		}
		before := recall(t.sealer, t.log, rec, w.scope)
		if verdict == idempotency.Run {
			return t.run(ctx, w, rec.Generation, before)
		}
		live, err := t.live(ctx, before)
		if err != nil {
			return inbound.Transferred{}, err
		}
		if live {
			return inbound.Transferred{Open: before.Open, Problems: before.Problems, Replayed: true}, nil
		}
		usedUp = rec.Generation
	}
	return inbound.Transferred{}, fault.New(fault.Unavailable, "in_progress", "the same request keeps being answered elsewhere").After(time.Second)
}

// accept asks core about everything that can be wrong without asking a backend,
// and reports all of it at once.
func (t *Transfer) accept(req inbound.TransferCart) (wanted, error) {
	entry, err := t.shops.Shop(req.Shop)
	if err != nil {
		return wanted{}, err
	}
	if entry.Backend.Carts == nil {
		return wanted{}, fault.New(fault.Unsupported, "carts_not_offered", "the shop's backend offers no carts").By(fault.Backend)
	}
	items, itemsErr := cart.Combine(req.Items)
	currency, currencyErr := entry.Shop.Accepts(req.Currency)
	if err := together(itemsErr, currencyErr, order.CheckReference(req.Reference)); err != nil {
		return wanted{}, err
	}
	return wanted{entry, items, currency, transferScope(req.Shop, req.Reference), req}, nil
}

// together is the first of these faults, with the fields of all of them.
func together(errs ...error) error {
	var first *fault.Error
	for _, err := range errs {
		switch f := fault.From(err); {
		case f == nil:
		case first == nil:
			first = f
		default:
			first = first.With(f.Fields...)
		}
	}
	if first == nil {
		return nil
	}
	return first
}

// fingerprint is over what decides the cart's contents, in an order of its own,
// so that the same bag sent twice is the same request.
func (w wanted) fingerprint() idempotency.Fingerprint {
	sorted := slices.SortedFunc(slices.Values(w.items), func(a, b cart.Item) int { return strings.Compare(a.SKU, b.SKU) })
	h := sha256.New()
	_, _ = fmt.Fprintf(h, "%s\n%q\n", w.currency, w.asked.Customer)
	for _, i := range sorted {
		_, _ = fmt.Fprintf(h, "%q %d\n", i.SKU, i.Quantity)
	}
	return idempotency.Fingerprint(h.Sum(nil))
}

// run does the work of one generation and writes down how it ended.
func (t *Transfer) run(ctx context.Context, w wanted, generation uint32, before answered) (inbound.Transferred, error) {
	done, err := t.put(ctx, w, generation, before)
	if err == nil {
		var plain []byte
		if plain, err = json.Marshal(done); err == nil {
			err = t.once.finish(ctx, w.scope, generation, t.sealer.Seal(plain, sealName(w.scope)), t.now().Add(handoff.LinkLife))
		}
	}
	if err != nil {
		t.once.release(ctx, w.scope, generation)
		return inbound.Transferred{}, err
	}
	return inbound.Transferred{Open: done.Open, Problems: done.Problems}, nil
}

// put makes the cart at the backend, holds the answer against what was asked, and
// turns it into something to open.
func (t *Transfer) put(ctx context.Context, w wanted, generation uint32, before answered) (answered, error) {
	strict := w.entry.Shop.Shortage == shop.Strict
	req := backend.PutCart{Items: w.items, Reference: w.asked.Reference, AllOrNothing: strict, Customer: w.asked.Customer, WantPages: true}
	at, done := w.entry.Backend.Carts, answered{From: w.entry.CartsFrom, Orders: w.entry.OrdersFrom}
	if before.From == w.entry.CartsFrom {
		req.Supersedes = before.CartID
	} else if made, ok := t.shops.made(before.From); ok && made.Carts != nil { // the shop has moved on, and this cart has not
		at, req.Supersedes, done.From, done.Orders = made.Carts, before.CartID, before.From, before.Orders
	}
	got, err := at.Put(ctx, w.call(generation), req)
	if err != nil {
		return answered{}, err
	}
	short := got.Problems
	if !strict || got.Cart.ID != "" || len(short) == 0 { // only a strict refusal may come without a cart
		if short, err = cart.Reconcile(w.items, got.Cart, got.Problems); err != nil {
			return answered{}, err
		}
		if got.Cart.Currency != w.currency {
			return answered{}, fault.New(fault.Internal, "bad_backend_answer", "the cart is in another currency").By(fault.Backend)
		}
	}
	if strict && len(short) > 0 {
		return answered{}, w.refuse(short)
	}
	done.CartID, done.Problems = got.Cart.ID, short
	return t.open(ctx, w, got.Pages, done)
}

func (w wanted) call(generation uint32) backend.Call {
	return backend.Call{
		Shop: w.entry.Shop.ID, Locale: w.entry.Shop.Locale, Currency: w.currency,
		ShopperIP: w.asked.ShopperIP, Key: w.scope.Key(generation),
	}
}

// refuse names each SKU that came short, where the caller wrote it.
func (w wanted) refuse(short []cart.Problem) error {
	refusal := fault.New(fault.Invalid, "invalid_items", "not everything in the cart can be had").By(fault.Backend)
	for _, p := range short {
		at := slices.IndexFunc(w.asked.Items, func(i cart.Item) bool { return strings.TrimSpace(i.SKU) == p.SKU })
		refusal = refusal.With(fault.Field{
			Path: fmt.Sprintf("items[%d].sku", at), Reason: string(p.Reason),
			Detail: fmt.Sprintf("%d of %d can be had", p.Got, p.Asked),
		})
	}
	return refusal
}

// open chooses the page, holds it to the shop's policy and, where the backend asks for it, puts a one-time link before it.
func (t *Transfer) open(ctx context.Context, w wanted, pages *backend.Pages, done answered) (answered, error) {
	if pages == nil {
		return answered{}, fault.New(fault.Internal, "bad_backend_answer", "the backend named no page to open").By(fault.Backend)
	}
	page := pages.Checkout
	if len(done.Problems) > 0 && pages.Cart != nil {
		page = *pages.Cart
	}
	page, err := w.entry.Shop.Handoff.Check(page, t.now())
	if err != nil {
		return answered{}, err
	}
	done.Open = page
	if pages.NeedLink {
		link, err := t.links.give(ctx, w.entry.Shop.ID, w.asked.Reference, page)
		if err != nil {
			return answered{}, err
		}
		hash := link.Hash()
		done.Link, done.Open = &hash, handoff.Request{URL: t.links.url(link), Method: handoff.GET}
	}
	return done, nil
}

// live reports whether an answer given before still opens a page.
func (t *Transfer) live(ctx context.Context, before answered) (bool, error) {
	if before.Link == nil {
		return before.Open.URL != "", nil
	}
	return t.links.live(ctx, *before.Link)
}
