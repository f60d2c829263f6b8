// SPDX-License-Identifier: Apache-2.0

package protocoltest

import (
	"context"
	"net/url"
	"strings"

	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/checkout"
	"github.com/cartage-dev/cartage/ports/backend"
	"github.com/cartage-dev/cartage/ports/backend/backendtest"
)

// noBuyer lets a buyer come who is nobody, and searches all that any process of this run said for them.
func noBuyer(ctx context.Context, t *backendtest.T, r *trial) {
	sold := false
	r.ready(ctx, t, func(p *process) {
		b, ok := offered(ctx, t, p)
		if !ok {
			return
		}
		if sold = b.Checkout != nil && b.Carts != nil; !sold {
			t.Skip("the plugin offers no checkout")
			return
		}
		call, req := someCart(t)
		made, _ := b.Carts.Put(ctx, call, req)
		for _, id := range []cart.ID{made.Cart.ID, "cartage-no-such-cart"} {
			delivers(ctx, t, b, id)
		}
		_ = p.gone(lingerMax) // what it logs takes its time
		p.shutdown(ctx)
		_ = p.gone(shutdownMax)
	})
	if !sold {
		return
	}
	for _, d := range searched(t.Sample) {
		for _, said := range r.saids {
			text := strings.ToLower(said.all())
			for _, spelling := range []string{d.Text, url.QueryEscape(d.Text), url.PathEscape(d.Text)} {
				t.Expect(!strings.Contains(text, strings.ToLower(spelling)), "output and logs without anything of a buyer", "the "+d.Name+" of one")
			}
		}
	}
}

// delivers says who buys, and where they live once as nobody knows and once as the sample does.
func delivers(ctx context.Context, t *backendtest.T, b backend.Backend, id cart.ID) {
	ctx, cancel := context.WithTimeout(ctx, askMax)
	defer cancel()
	buyer := backendtest.CanaryBuyer()
	_, err := b.Checkout.Deliver(ctx, t.Call("nowhere "+string(id)), id, backend.Delivery{Buyer: buyer})
	t.Exchange("Checkout.Deliver", backendtest.DescribeFault(err))
	buyer.Address.Country, buyer.Address.Province = t.Sample.Address.Country, t.Sample.Address.Province
	_, _ = b.Checkout.Deliver(ctx, t.Call("somewhere "+string(id)), id, backend.Delivery{Buyer: buyer, Options: []checkout.OptionID{"cartage-no-such-option"}})
	_, _ = b.Checkout.Deliver(ctx, t.Call("there "+string(id)), id, backend.Delivery{Buyer: buyer})
	_, _ = b.Checkout.HandOff(ctx, t.Call("pays "+string(id)), id, backend.HandOff{})
}

// searched is all of the buyer who is nobody, and of the sample's what is not found by chance.
func searched(s backendtest.Sample) (details []backendtest.Detail) {
	for _, d := range backendtest.DetailsOf(backendtest.CanaryBuyer()) {
		if len(d.Text) >= secretMin {
			details = append(details, d)
		}
	}
	for _, d := range []backendtest.Detail{{Name: "email", Text: s.Email}, {Name: "line1", Text: s.Address.Line1}, {Name: "phone", Text: s.Address.Phone}} {
		if len(d.Text) >= secretMin {
			details = append(details, d)
		}
	}
	return details
}
