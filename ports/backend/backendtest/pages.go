// SPDX-License-Identifier: Apache-2.0

package backendtest

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/handoff"
)

func pageRules() []Rule {
	return ofCarts([]Rule{
		{ID: "carts.put.pages_valid", Promise: "The pages pass what a host holds them to: address, method, form, headers and cookies.", check: pagesValid},
		{ID: "carts.put.pages_unasked", Promise: "Pages that nobody asked for stay away.", check: pagesUnasked},
		{ID: "carts.put.pages_lead_to_the_cart", Promise: "Two carts have two checkout pages.", check: pagesLeadToTheCart},
		{ID: "carts.put.pages_of_a_short_cart", Promise: "A cart that came short has pages, too: something has to explain it.", check: pagesOfAShortCart},
	})
}

func pagesValid(ctx context.Context, t *T) {
	req := t.some()
	req.WantPages = true
	answer, ok := t.made(ctx, t.Call("a"), req)
	if !ok || !t.Expect(answer.Pages != nil, "pages", "none") {
		return
	}
	t.page("checkout", answer.Pages.Checkout, answer.Pages.NeedLink)
	if answer.Pages.Cart != nil {
		t.page("cart", *answer.Pages.Cart, answer.Pages.NeedLink)
	}
}

// page holds a page to the policy of a shop that allows the page's own host, or
// the sample's origins, and whatever cookies and headers a shop may allow at all.
func (t *T) page(name string, r handoff.Request, needLink bool) {
	t.Expect(!needLink || len(r.Cookies) == 0 && len(r.Headers) == 0, "the "+name+" page to do without cookies and headers, since it needs a link", describePage(r))
	allowed := t.Sample.PageOrigins
	if len(allowed) == 0 {
		allowed = []string{originOf(r.URL)}
	}
	var p handoff.Policy
	for _, text := range allowed {
		o, err := handoff.ParseOrigin(text, true)
		if !t.Expect(err == nil, "an address of the "+name+" page that begins with http:// or https:// and a host", describePage(r)) {
			return
		}
		p.Origins = append(p.Origins, o)
	}
	for _, c := range r.Cookies {
		if domain, err := handoff.ParseCookieDomain(c.Domain, p.Origins); err == nil {
			p.CookieDomains = append(p.CookieDomains, domain)
		}
	}
	for _, h := range r.Headers {
		p.Headers = append(p.Headers, h.Name)
	}
	if _, err := p.Check(r, time.Now()); err != nil {
		f := fault.From(err)
		t.Breach("the "+name+" page to be one that a host lets through", fmt.Sprintf("%s: %s (%s)", f.Code, f.Message, describePage(r)))
	}
}

// originOf cuts an address where its host must end, and parses nothing: whatever
// is odd about the host is left for the policy to refuse.
func originOf(address string) string {
	scheme, rest, _ := strings.Cut(address, "://")
	if end := strings.IndexAny(rest, "/?"); end >= 0 {
		rest = rest[:end]
	}
	return scheme + "://" + rest
}

func pagesUnasked(ctx context.Context, t *T) {
	if answer, ok := t.made(ctx, t.Call("a"), t.some()); ok && answer.Pages != nil {
		t.Breach("no pages", "pages: "+describePages(answer.Pages))
	}
}

func pagesLeadToTheCart(ctx context.Context, t *T) {
	seen := map[string]bool{}
	for i := range 2 {
		req := t.some()
		req.WantPages = true
		answer, ok := t.made(ctx, t.Call(fmt.Sprint(i)), req)
		if !ok || !t.Expect(answer.Pages != nil, "pages", "none") {
			return
		}
		seen[opened(answer.Pages.Checkout)] = true
	}
	t.Expect(len(seen) == 2, "another checkout page, cookie or form for each cart", "the same for both")
}

// opened is all that decides which cart a page shows; how long it is good does not.
func opened(r handoff.Request) string {
	text := fmt.Sprintf("%s %s %v", r.URL, r.Form.Encode(), r.Headers)
	for _, c := range r.Cookies {
		text += fmt.Sprintf(" %s=%s %s %s", c.Name, c.Value, c.Domain, c.Path)
	}
	return text
}

func pagesOfAShortCart(ctx context.Context, t *T) {
	req := t.want(cart.Item{SKU: t.Sample.SKUs[0], Quantity: 1}, cart.Item{SKU: t.Sample.UnknownSKU, Quantity: 1})
	req.WantPages = true
	answer, ok := t.made(ctx, t.Call("a"), req)
	if !ok || !t.Expect(answer.Pages != nil, "pages", "none") {
		return
	}
	t.page("checkout", answer.Pages.Checkout, answer.Pages.NeedLink)
}
