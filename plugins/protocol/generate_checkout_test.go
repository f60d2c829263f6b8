// SPDX-License-Identifier: Apache-2.0

package protocol_test

import (
	"fmt"

	"pgregory.net/rapid"

	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/checkout"
	"github.com/cartage-dev/cartage/core/customer"
	"github.com/cartage-dev/cartage/core/money"
	"github.com/cartage-dev/cartage/ports/backend"
)

var codeReasons = rapid.SampledFrom([]cart.CodeReason{cart.UnknownCode, cart.ExpiredCode, cart.NotApplicable, cart.NotCombinable})

func changeCart(t *rapid.T) backend.ChangeCart {
	req := backend.ChangeCart{
		Set: list(t, "set", func(t *rapid.T) cart.Item {
			return cart.Item{SKU: someText.Draw(t, "sku"), Quantity: rapid.Int64Min(0).Draw(t, "quantity")}
		}),
		SetCodes: rapid.Bool().Draw(t, "set codes"),
	}
	if req.SetCodes {
		req.Codes = list(t, "codes", func(t *rapid.T) string { return someText.Draw(t, "code") })
	}
	return req
}

func changeAnswer(t *rapid.T) backend.ChangeAnswer {
	return backend.ChangeAnswer{
		Cart: fullCart(t), Problems: putAnswer(t).Problems,
		Refused: list(t, "refused", func(t *rapid.T) cart.RefusedCode {
			return cart.RefusedCode{Code: anyText.Draw(t, "code"), Reason: codeReasons.Draw(t, "reason")}
		}),
	}
}

func delivery(t *rapid.T) backend.Delivery {
	return backend.Delivery{
		Buyer: checkout.Buyer{Email: anyText.Draw(t, "email"), Address: customer.Address{
			FirstName: anyText.Draw(t, "first name"), LastName: anyText.Draw(t, "last name"), Company: anyText.Draw(t, "company"),
			Line1: anyText.Draw(t, "line 1"), Line2: anyText.Draw(t, "line 2"), City: anyText.Draw(t, "city"), Province: anyText.Draw(t, "province"),
			PostalCode: anyText.Draw(t, "postal code"), Country: anyText.Draw(t, "country"), Phone: anyText.Draw(t, "phone"),
		}},
		Options: list(t, "options", func(t *rapid.T) checkout.OptionID { return checkout.OptionID(someText.Draw(t, "option")) }),
	}
}

// quote keeps what Quote.Check asks of every quote.
func quote(t *rapid.T) checkout.Quote {
	q := checkout.Quote{Cart: fullCart(t), NeedsDelivery: rapid.Bool().Draw(t, "needs delivery")}
	for i := range rapid.IntRange(0, 3).Draw(t, "options") {
		fewest := rapid.IntRange(0, checkout.DaysMax).Draw(t, "fewest")
		o := checkout.Option{
			ID: checkout.OptionID(fmt.Sprint(someText.Draw(t, "option"), i)), Group: fmt.Sprint("group ", i), Name: anyText.Draw(t, "name"),
			Price: money.Of(rapid.Int64Min(0).Draw(t, "price"), q.Cart.Currency), MinDays: fewest, MaxDays: rapid.IntRange(fewest, checkout.DaysMax).Draw(t, "most"),
		}
		if q.Options = append(q.Options, o); rapid.Bool().Draw(t, "chosen") {
			q.Chosen = append(q.Chosen, o.ID)
		}
	}
	return q
}
