// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/cartage-dev/cartage/plugins/sdk"
)

// frame is what every page has: its title and, on the pages that a Poq app listens to, an event.
type frame struct {
	Title string
	Event *event
	// Quiet pages are on the way to an order: the header leads nowhere else.
	Quiet bool
	Body  any
}

// offer is a product with what a shopper may know of it.
type offer struct {
	product
	Price  sdk.Amount
	Left   int64 // of a scarce product
	Scarce bool
	State  string // of the stock: "", scarce, out, retired
	Says   string // the same in words
}

// offers are a part of the catalogue.
type offers struct {
	Name   string
	Offers []offer
}

func (s *shop) offer(p product, c sdk.Currency) (offer, error) {
	o := offer{product: p, Price: p.price(c), Says: "In stock"}
	left, err := s.kept.left(p, "")
	switch {
	case p.Retired:
		o.State, o.Says = "retired", "No longer sold"
	case left == 0:
		o.State, o.Says = "out", "Sold out"
	case left != plenty:
		o.State, o.Says = "scarce", fmt.Sprintf("Only %d left", left)
	}
	return o, err
}

func (s *shop) showCatalogue(w http.ResponseWriter, r *http.Request) {
	c := s.currency(r)
	all := make([]offers, 0, len(catalogue))
	for _, part := range catalogue {
		shown := offers{Name: part.Name}
		for _, p := range part.Products {
			o, err := s.offer(p, c)
			if err != nil {
				s.fail(w, r, err)
				return
			}
			if !p.Retired {
				shown.Offers = append(shown.Offers, o)
			}
		}
		all = append(all, shown)
	}
	s.show(w, r, http.StatusOK, "page-catalogue.html", frame{Title: "Things for the house and for you", Body: struct {
		Parts      []offers
		Currency   sdk.Currency
		Currencies []sdk.Currency
	}{all, c, s.currencies}})
}

func (s *shop) showProduct(w http.ResponseWriter, r *http.Request) {
	p, known := find(r.PathValue("sku"))
	if !known {
		s.apologise(w, r, http.StatusNotFound, lostProduct)
		return
	}
	c := s.currency(r)
	o, err := s.offer(p, c)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.show(w, r, http.StatusOK, "page-product.html", frame{Title: p.Name, Body: struct {
		Offer      offer
		Currency   sdk.Currency
		Currencies []sdk.Currency
		FreeFrom   sdk.Amount
	}{o, c, s.currencies, sdk.Of(delivery[c].freeFrom, c)}})
}

// basket is a cart or an order as a page shows it.
type basket struct {
	Lines    []basketLine
	Units    int64
	Totals   sdk.Totals
	Codes    string     // that lower the total
	Sent     bool       // anything has to be sent
	Ways     []way      // of delivery, while there is one to choose
	FreeLeft sdk.Amount // what is missing until delivery is free; zero when nothing is
}

// way is one way of delivery to choose from, with what all would cost then.
type way struct {
	N int
	sdk.Option
	Days   string
	Total  sdk.Amount
	Shown  string // the cart's mark then
	Chosen bool
}

type basketLine struct {
	sdk.Line
	Picture bool
}

func newBasket(k keptCart, id sdk.CartID) basket {
	c := k.describe(id)
	b := basket{Totals: c.Totals, Codes: strings.Join(c.Codes, ", "), Sent: k.needsDelivery()}
	for _, l := range c.Lines {
		_, known := find(l.SKU)
		b.Lines = append(b.Lines, basketLine{Line: l, Picture: known})
		b.Units += l.Quantity
	}
	if b.Totals.Shipping.Minor > 0 && (k.Option == "" || k.Option == standard) {
		b.FreeLeft = sdk.Of(delivery[k.Currency].freeFrom-k.sent(), k.Currency)
	}
	return b
}

// notice explains to a shopper why something did not come as asked.
type notice struct{ SKU, Title, Says string }

func notices(problems []sdk.Problem) []notice {
	var all []notice
	for _, p := range problems {
		n := notice{SKU: p.SKU, Title: titleOf(p.SKU)}
		switch p.Reason {
		case sdk.UnknownSKU:
			n.Says = "We do not know this article, so it is not in your cart."
		case sdk.NotForSale:
			n.Says = "We no longer sell this, so it is not in your cart."
		case sdk.OutOfStock:
			n.Says = "This has sold out, so it is not in your cart."
		default:
			n.Says = fmt.Sprintf("You asked for %d. %s left, and in your cart.", p.Asked, are(p.Got))
		}
		all = append(all, n)
	}
	return all
}

func are(n int64) string {
	if n == 1 {
		return "One is"
	}
	return fmt.Sprintf("%d are", n)
}

func (s *shop) showCart(w http.ResponseWriter, r *http.Request) {
	id := sdk.CartID(r.PathValue("id"))
	if kept, ok := s.openCart(w, r, id); ok {
		s.explain(w, r, http.StatusOK, id, kept)
	}
}

// explain shows the cart with what is missing from it.
func (s *shop) explain(w http.ResponseWriter, r *http.Request, status int, id sdk.CartID, kept keptCart) {
	said := notices(kept.Problems)
	title := "Your cart"
	if len(said) > 0 && len(kept.Lines) > 0 {
		title = "Your cart has changed"
	}
	s.show(w, r, status, "page-cart.html", frame{Title: title, Quiet: true, Body: struct {
		ID      sdk.CartID
		Basket  basket
		Notices []notice
		Back    string
	}{id, newBasket(kept, id), said, kept.CancelURL}})
}

// openCart finds a cart to show; it has answered the request when ok is false.
func (s *shop) openCart(w http.ResponseWriter, r *http.Request, id sdk.CartID) (_ keptCart, ok bool) {
	_, ordered, err := s.kept.orderOf(id)
	if err == nil && ordered {
		http.Redirect(w, r, "/confirmation/"+s.kept.token(id), http.StatusSeeOther)
		return keptCart{}, false
	}
	var kept keptCart
	if err == nil {
		kept, ok, err = s.kept.cart(id)
	}
	if err != nil {
		s.fail(w, r, err)
		return keptCart{}, false
	}
	if !ok {
		s.apologise(w, r, http.StatusNotFound, lostCart)
	}
	return kept, ok
}

func (s *shop) showConfirmation(w http.ResponseWriter, r *http.Request) {
	o, found, err := s.kept.order(r.PathValue("token"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if !found {
		s.apologise(w, r, http.StatusNotFound, lostOrder)
		return
	}
	b := newBasket(o.Cart, o.CartID)
	lines := []string{o.Address.Name}
	if b.Sent {
		lines = o.Address.lines()
	}
	come := ""
	if chosen, ok := o.Cart.chosen(); ok {
		come = chosen.Name + ", " + strings.ToLower(days(chosen))
	}
	s.show(w, r, http.StatusOK, "page-confirmation.html", frame{Title: "Thank you", Quiet: true, Event: completed(b.Totals, o.Number), Body: struct {
		Order  keptOrder
		Basket basket
		Lines  []string
		Comes  string // by which delivery, and how soon
	}{o, b, lines, come}})
}

// apology is a page that is not what the shopper hoped for.
type apology struct{ Title, Says string }

// The apologies.
var (
	lostPage    = apology{"This page is not here", "The address may have been mistyped, or the page has moved."}
	lostProduct = apology{"We do not know this article", "It may have left the shop, or the address was mistyped."}
	lostCart    = apology{"This cart is no longer open", "A cart is kept for a day, and it closes when you change it in the app. Go back to the app and check out again; your things are still there."}
	lostOrder   = apology{"We cannot find this order", "The address may be incomplete. The link in your confirmation leads to it."}
	badForm     = apology{"This form could not be read", "Please go back and send it once more."}
	trouble     = apology{"Something went wrong on our side", "Nothing was ordered. Please try again in a moment."}
)

func (s *shop) apologise(w http.ResponseWriter, r *http.Request, status int, a apology) {
	s.show(w, r, status, "page-sorry.html", frame{Title: a.Title, Event: failed(a), Body: a})
}

func (s *shop) fail(w http.ResponseWriter, r *http.Request, err error) {
	s.log.WarnContext(r.Context(), "page cannot be shown", "cause", err)
	w.Header().Set("Retry-After", "1")
	s.apologise(w, r, http.StatusServiceUnavailable, trouble)
}

// price prints an amount for people: £1,234.50.
func price(a sdk.Amount) string {
	whole, pence, _ := strings.Cut(a.Decimal(), ".")
	var groups []string
	for len(whole) > 3 {
		groups = append(groups, whole[len(whole)-3:])
		whole = whole[:len(whole)-3]
	}
	groups = append(groups, whole)
	slices.Reverse(groups)
	return symbols[a.Currency] + strings.Join(groups, ",") + "." + pence
}

var symbols = map[sdk.Currency]string{"GBP": "£", "USD": "$"}
