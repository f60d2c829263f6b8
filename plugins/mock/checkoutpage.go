// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/cartage-dev/cartage/plugins/sdk"
)

// question is a field of the address form with what was typed and what is wrong with it.
type question struct {
	field
	Value, Wrong string
}

// checkoutPage is the page on which an order is placed.
type checkoutPage struct {
	ID        sdk.CartID
	Basket    basket
	Questions []question
	Country   struct{ Value, Name, Wrong string }
	Countries []country
	Wrong     []question // for the summary
	Notices   []notice   // what others bought meanwhile
	Shown     string     // the cart's mark, where nothing is sent
	Changed   bool       // since it was shown
	Coupons   couponForm
	Back      string // where the shopper goes instead of ordering
}

// shownField names the hidden field that repeats the cart's mark as it was shown for a way of delivery.
func shownField(option sdk.OptionID) string { return "shown-" + string(option) }

// asked is what the form asks for, besides coupon codes.
type asked struct {
	to     address
	option sdk.OptionID
	wrong  map[string]string
}

// newCheckoutPage shows a cart as it would be ordered. Of the ways of delivery the
// first is chosen as long as nobody chose another.
func newCheckoutPage(id sdk.CartID, kept keptCart, a asked) checkoutPage {
	kept = kept.meant(a)
	page := checkoutPage{ID: id, Basket: newBasket(kept, id), Shown: kept.mark(), Countries: countries, Coupons: newCouponForm(kept), Back: kept.CancelURL}
	for _, o := range kept.options() {
		other := kept
		other.Option = o.ID
		page.Basket.Ways = append(page.Basket.Ways, way{N: len(page.Basket.Ways), Option: o, Days: days(o), Total: other.totals().Total, Shown: other.mark(), Chosen: o.ID == kept.Option})
	}
	for _, f := range fields {
		q := question{field: f, Value: *f.of(&a.to), Wrong: a.wrong[f.Name]}
		if !page.Basket.Sent && !f.Always || f.Rare && q.Value == "" {
			continue
		}
		page.Questions = append(page.Questions, q)
		if q.Wrong != "" {
			page.Wrong = append(page.Wrong, q)
		}
	}
	page.Country.Value, page.Country.Name, page.Country.Wrong = a.to.Country, a.to.countryName(), a.wrong["country"]
	if page.Country.Wrong != "" {
		page.Wrong = append(page.Wrong, question{field: field{Name: "country"}, Wrong: page.Country.Wrong})
	}
	return page
}

// meant is the cart with what the form asks for.
func (k keptCart) meant(a asked) keptCart {
	k.Buyer, k.Option = a.to, a.option
	if _, offered := k.chosen(); !offered {
		k.Option = ""
		if ways := k.options(); len(ways) > 0 {
			k.Option = ways[0].ID
		}
	}
	return k
}

func (s *shop) showCheckout(w http.ResponseWriter, r *http.Request) {
	id := sdk.CartID(r.PathValue("id"))
	kept, ok := s.openCart(w, r, id)
	if !ok {
		return
	}
	if len(kept.Lines) == 0 {
		s.explain(w, r, http.StatusOK, id, kept)
		return
	}
	known := asked{to: kept.Buyer, option: kept.Option}
	switch _, delivered := countryOf(known.to.Country); {
	case known.to.Country == "":
		known.to.Country = map[sdk.Currency]string{"GBP": "GB", "USD": "US"}[kept.Currency]
	case !delivered && kept.needsDelivery():
		known.wrong = map[string]string{"country": "We do not deliver to the country of your address. Choose another, or go back."}
	}
	s.askAddress(w, r, http.StatusOK, newCheckoutPage(id, kept, known))
}

func (s *shop) askAddress(w http.ResponseWriter, r *http.Request, status int, page checkoutPage) {
	title := "Checkout"
	switch {
	case len(page.Wrong) > 0:
		title = "Please check your address"
	case page.Coupons.Wrong != "":
		title = "Please check the discount code"
	}
	s.show(w, r, status, "page-checkout.html", frame{Title: title, Quiet: true, Event: ordering(page.Basket.Totals), Body: page})
}

// order places the order, however often the form is sent. Whatever would change what
// it costs is done before, and shown, so that nobody pays for what they did not see.
func (s *shop) order(w http.ResponseWriter, r *http.Request) {
	id := sdk.CartID(r.PathValue("id"))
	if err := r.ParseForm(); err != nil {
		s.apologise(w, r, http.StatusBadRequest, badForm)
		return
	}
	kept, ok := s.openCart(w, r, id)
	if !ok {
		return
	}
	a := asked{option: sdk.OptionID(r.PostForm.Get("delivery"))}
	if a.option == "" {
		a.option = kept.Option
	}
	a.to, a.wrong = readAddress(r.PostForm, kept.needsDelivery())
	typed, remove := tidy(r.PostForm.Get("code")), r.PostForm.Get("remove")
	switch {
	case typed != "" || remove != "":
		a.wrong = nil
		s.changeCodes(w, r, id, kept, a, typed, remove)
	case r.PostForm.Get("do") == "update":
		a.wrong = nil
		s.askAddress(w, r, http.StatusOK, newCheckoutPage(id, kept, a))
	case len(a.wrong) > 0:
		s.askAddress(w, r, http.StatusUnprocessableEntity, newCheckoutPage(id, kept, a))
	default:
		s.place(w, r, id, kept, a)
	}
}

func (s *shop) place(w http.ResponseWriter, r *http.Request, id sdk.CartID, kept keptCart, a asked) {
	option := kept.meant(a).Option
	done, err := s.kept.place(r.Context(), id, purchase{To: a.to, Option: option, Shown: agreed(r.PostForm, option, kept)})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if done.how == placed {
		http.Redirect(w, r, "/confirmation/"+done.token, http.StatusSeeOther)
		return
	}
	kept, ok := s.openCart(w, r, id) // as it now is
	switch {
	case !ok:
	case done.how == cartVoid:
		s.explain(w, r, http.StatusConflict, id, kept)
	default:
		page := newCheckoutPage(id, kept, a)
		page.Notices, page.Changed = notices(done.short), done.how == differs
		s.askAddress(w, r, http.StatusConflict, page)
	}
}

// agreed is the mark of what the shopper saw for a way of delivery, and nothing when
// that way was not shown. A form that repeats none agrees to what the cart came to.
func agreed(form url.Values, option sdk.OptionID, kept keptCart) string {
	for name := range form {
		if strings.HasPrefix(name, shownField("")) {
			return form.Get(shownField(option))
		}
	}
	return kept.mark()
}
