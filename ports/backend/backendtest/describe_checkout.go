// SPDX-License-Identifier: Apache-2.0

package backendtest

import (
	"fmt"
	"strings"

	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/checkout"
	"github.com/cartage-dev/cartage/ports/backend"
)

func keyOf(call backend.Call) string {
	if call.Key == "" {
		return ""
	}
	return fmt.Sprintf(", key %.8s…", string(call.Key))
}

func (t *T) describeChange(call backend.Call, id cart.ID, req backend.ChangeCart) string {
	text := fmt.Sprintf("Carts.Change %s: %s", t.nameOf(id), either(describeItems(req.Set), "no quantity"))
	if req.SetCodes {
		text += ", " + either(describeCodes(req.Codes), "no codes")
	}
	return text + keyOf(call)
}

func describeCodes(codes []string) string {
	all := make([]string, 0, len(codes))
	for _, c := range codes {
		all = append(all, "code "+quote(c))
	}
	return list(all)
}

func (t *T) describeChanged(a backend.ChangeAnswer) string {
	text := t.describeAnswer(backend.PutAnswer{Cart: a.Cart, Problems: a.Problems})
	if len(a.Refused) > 0 {
		text += "; refused: " + describeRefused(a.Refused)
	}
	return text
}

func describeRefused(refused []cart.RefusedCode) string {
	all := make([]string, 0, len(refused))
	for _, r := range refused {
		all = append(all, fmt.Sprintf("%s %s", quote(r.Code), either(string(r.Reason), "without a reason")))
	}
	return list(all)
}

func (t *T) describeDelivery(call backend.Call, id cart.ID, req backend.Delivery) string {
	text := fmt.Sprintf("Checkout.Deliver %s to %s", t.nameOf(id), describeBuyer(req.Buyer))
	if len(req.Options) > 0 {
		text += ", by " + describeOptionIDs(req.Options)
	}
	return text + keyOf(call)
}

// describeBuyer says what is given of a buyer, and shows the country alone.
func describeBuyer(b checkout.Buyer) string {
	if b == (checkout.Buyer{}) {
		return "nobody yet"
	}
	var given []string
	for _, d := range DetailsOf(b) {
		if d.Text != "" {
			given = append(given, d.Name)
		}
	}
	return fmt.Sprintf("%s (given: %s)", either(short(b.Address.Country), "no country"), either(strings.Join(given, ", "), "nothing else"))
}

func describeOptionIDs(ids []checkout.OptionID) string {
	all := make([]string, 0, len(ids))
	for _, id := range ids {
		all = append(all, quote(string(id)))
	}
	return list(all)
}

func (t *T) describeQuote(q checkout.Quote) string {
	options := make([]string, 0, len(q.Options))
	for _, o := range q.Options {
		text := fmt.Sprintf("%s %s at %s", quote(string(o.ID)), quote(o.Name), o.Price)
		if o.Group != "" {
			text += " of the group " + quote(o.Group)
		}
		options = append(options, text)
	}
	text := fmt.Sprintf("%s; options: %s; chosen: %s", t.describeCart(q.Cart), either(list(options), "none"), either(describeOptionIDs(q.Chosen), "none"))
	if !q.NeedsDelivery {
		text += "; needs no delivery"
	}
	return text
}

func (t *T) describeHandOff(call backend.Call, id cart.ID, req backend.HandOff) string {
	text := "Checkout.HandOff " + t.nameOf(id)
	if req.SuccessURL != "" || req.CancelURL != "" {
		text += ", with the way back"
	}
	if req.Customer != "" {
		text += ", with a customer token"
	}
	return text + keyOf(call)
}
