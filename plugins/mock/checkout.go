// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/http"

	"github.com/cartage-dev/cartage/plugins/sdk"
)

// question is a field of the address form with what was typed and what is wrong with it.
type question struct {
	field
	Value, Wrong string
	First        bool // of those that are wrong
}

// checkout is the page on which an order is placed.
type checkout struct {
	ID        sdk.CartID
	Basket    basket
	Questions []question
	Country   struct{ Value, Wrong string }
	Countries []country
	Wrong     []question // for the summary
	Notices   []notice   // what others bought meanwhile
}

func newCheckout(id sdk.CartID, kept keptCart, typed address, wrong map[string]string) checkout {
	page := checkout{ID: id, Basket: newBasket(kept, id), Countries: countries}
	for _, f := range fields {
		q := question{field: f, Value: typed.value(f.Name), Wrong: wrong[f.Name]}
		page.Questions = append(page.Questions, q)
		if q.Wrong != "" {
			page.Wrong = append(page.Wrong, q)
		}
	}
	page.Country.Value, page.Country.Wrong = typed.Country, wrong["country"]
	if page.Country.Wrong != "" {
		page.Wrong = append(page.Wrong, question{field: field{Name: "country"}, Wrong: page.Country.Wrong})
	}
	return page
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
	typed := address{}
	if kept.Currency == "GBP" {
		typed.Country = "GB"
	}
	s.askAddress(w, r, http.StatusOK, newCheckout(id, kept, typed, nil))
}

func (s *shop) askAddress(w http.ResponseWriter, r *http.Request, status int, page checkout) {
	title := "Checkout"
	if len(page.Wrong) > 0 {
		title = "Please check your address"
	}
	s.show(w, r, status, "page-checkout.html", frame{Title: title, Quiet: true, Event: ordering(page.Basket.Totals), Body: page})
}

// order places the order, however often the form is sent.
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
	to, wrong := readAddress(r.PostForm)
	if len(wrong) > 0 {
		s.askAddress(w, r, http.StatusUnprocessableEntity, newCheckout(id, kept, to, wrong))
		return
	}
	done, err := s.kept.place(r.Context(), id, to)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	switch done.how {
	case placed:
		http.Redirect(w, r, "/confirmation/"+done.token, http.StatusSeeOther)
	case cartVoid:
		if kept, ok = s.openCart(w, r, id); ok {
			s.explain(w, r, http.StatusConflict, id, kept)
		}
	case noCart:
		s.apologise(w, r, http.StatusNotFound, lostCart)
	case sellout:
		if kept, ok = s.openCart(w, r, id); ok {
			page := newCheckout(id, kept, to, nil)
			page.Notices = notices(done.short)
			s.askAddress(w, r, http.StatusConflict, page)
		}
	}
}
