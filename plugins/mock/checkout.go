// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"net/url"

	"github.com/cartage-dev/cartage/plugins/sdk"
)

// addressMax bounds the URLs that a shopper is led back to, in bytes.
const addressMax = 2048

// checkout is the port.
type checkout struct {
	kept      *state
	publicURL string
}

var _ sdk.Checkout = checkout{}

// Deliver keeps the buyer and the way chosen with the cart.
func (c checkout) Deliver(ctx context.Context, call sdk.Call, id sdk.CartID, req sdk.Delivery) (sdk.Quote, error) {
	buyer := readBuyer(req.Buyer)
	kept, _, err := c.kept.amend(ctx, call, id, operation{"deliver", req, func(k *keptCart) (done, error) {
		complete := len(req.Options) > 0 && k.needsDelivery()
		if wrong := buyer.refused(complete); wrong != nil {
			return done{}, sdk.NewFault(sdk.Invalid, "invalid_address", "nothing can be sent to this address").By(sdk.SourceCaller).With(wrong...)
		}
		k.Buyer, k.Option = buyer, ""
		for i, option := range req.Options {
			k.Option = option
			if _, offered := k.chosen(); !offered {
				return done{}, sdk.NewFault(sdk.NotFound, "unknown_option", "this way of delivery is not offered for this cart and address").By(sdk.SourceCaller)
			}
			if i > 0 {
				return done{}, sdk.NewFault(sdk.Invalid, "invalid_options", "everything comes in one parcel").By(sdk.SourceCaller).
					With(sdk.Field{Path: "options", Reason: "count", Detail: "must be one at most"})
			}
		}
		return done{}, nil
	}})
	if err != nil {
		return sdk.Quote{}, err
	}
	quote := sdk.Quote{Cart: kept.describe(id), NeedsDelivery: kept.needsDelivery(), Options: kept.options()}
	if o, chosen := kept.chosen(); chosen {
		quote.Chosen = []sdk.OptionID{o.ID}
	}
	return quote, nil
}

// HandOff leads to the cart's checkout page, and keeps where that leads back to. The
// shop has no accounts, so that a customer's token is as good as none.
func (c checkout) HandOff(ctx context.Context, call sdk.Call, id sdk.CartID, req sdk.HandOff) (sdk.Pages, error) {
	var wrong []sdk.Field
	for _, back := range []struct{ path, text string }{{"success_url", req.SuccessURL}, {"cancel_url", req.CancelURL}} {
		if back.text != "" && !leadsBack(back.text) {
			wrong = append(wrong, sdk.Field{Path: back.path, Reason: "malformed", Detail: fmt.Sprintf("must be an absolute http or https URL of at most %d bytes", addressMax)})
		}
	}
	if wrong != nil {
		return sdk.Pages{}, sdk.NewFault(sdk.Invalid, "invalid_hand_off", "the shopper cannot be led back there").By(sdk.SourceCaller).With(wrong...)
	}
	_, _, err := c.kept.amend(ctx, call, id, operation{"hand off", req, func(k *keptCart) (done, error) {
		k.SuccessURL, k.CancelURL = req.SuccessURL, req.CancelURL
		return done{}, nil
	}})
	if err != nil {
		return sdk.Pages{}, err
	}
	return checkoutPages(c.publicURL, id), nil
}

// leadsBack reports whether a page may link to text.
func leadsBack(text string) bool {
	u, err := url.Parse(text)
	return err == nil && len(text) <= addressMax && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != "" && u.User == nil
}

// checkoutPages lead to the checkout of a cart.
func checkoutPages(publicURL string, id sdk.CartID) sdk.Pages {
	return sdk.Pages{
		Checkout: sdk.WebRequest{URL: publicURL + "/checkout/" + string(id), Method: sdk.GET},
		NeedLink: true, // whoever has the address can open it
	}
}
