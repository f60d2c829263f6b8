// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/cartage-dev/cartage/plugins/sdk"
)

// couponForm is where a shopper enters and takes back coupon codes.
type couponForm struct {
	Typed, Wrong string
	Says         string // that it went well
	Kept         []keptCode
	Known        []string // to try, in a shop for trying things out
}

// keptCode is a code of the cart, with the reason when it rests.
type keptCode struct{ Code, Rests string }

func newCouponForm(k keptCart) (f couponForm) {
	d := k.discount()
	f.Known = slices.Sorted(maps.Keys(coupons))
	for _, code := range k.Codes {
		shown := keptCode{Code: code}
		if at := slices.IndexFunc(d.Refused, func(r sdk.RefusedCode) bool { return r.Code == code }); at >= 0 {
			shown.Rests = refusal(d.Refused[at], d.Codes, k.Currency)
		}
		f.Kept = append(f.Kept, shown)
	}
	return f
}

// changeCodes shows the checkout with one code more or less; what was typed into the rest of the form stays.
func (s *shop) changeCodes(w http.ResponseWriter, r *http.Request, id sdk.CartID, kept keptCart, a asked, typed, remove string) {
	kept, wrong, err := s.recode(r.Context(), id, kept, typed, remove)
	if err != nil {
		if _, open := s.openCart(w, r, id); open { // else it was ordered or given up meanwhile
			s.fail(w, r, err)
		}
		return
	}
	page := newCheckoutPage(id, kept, a)
	status := http.StatusOK
	switch {
	case wrong != "":
		page.Coupons.Typed, page.Coupons.Wrong = typed, wrong
		status = http.StatusUnprocessableEntity
	case typed != "":
		page.Coupons.Says = fmt.Sprintf("%s takes %s off.", typed, price(sdk.Of(discountOf([]string{typed}, kept.sent()).Off, kept.Currency)))
	default:
		page.Coupons.Says = remove + " is taken out."
	}
	s.askAddress(w, r, status, page)
}

// recode changes the codes of a cart, and says in words why the one typed is not in effect.
func (s *shop) recode(ctx context.Context, id sdk.CartID, kept keptCart, typed, remove string) (_ keptCart, wrong string, err error) {
	if utf8.RuneCountInString(typed) > codeMax {
		return kept, fmt.Sprintf("A code has %d characters at most.", codeMax), nil
	}
	kept, said, err := s.kept.amend(ctx, sdk.Call{Shop: kept.Shop}, id, operation{"recode", nil, func(k *keptCart) (done, error) {
		codes := slices.DeleteFunc(slices.Clone(k.Codes), func(code string) bool { return code == remove })
		if typed != "" && !slices.ContainsFunc(codes, func(code string) bool { return strings.EqualFold(code, typed) }) {
			codes = append(codes, typed)
		}
		if len(codes) > codesMax {
			wrong = fmt.Sprintf("Your order has %d codes already.", codesMax)
			return done{}, nil
		}
		return done{Refused: k.setCodes(codes)}, nil
	}})
	for _, refused := range said.Refused {
		if typed != "" && strings.EqualFold(refused.Code, typed) {
			wrong = refusal(refused, kept.discount().Codes, kept.Currency)
		}
	}
	return kept, wrong, err
}
