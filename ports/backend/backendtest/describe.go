// SPDX-License-Identifier: Apache-2.0

package backendtest

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/handoff"
	"github.com/cartage-dev/cartage/core/order"
	"github.com/cartage-dev/cartage/ports/backend"
)

// The bounds of what a report shows of one thing.
const (
	textMax    = 900 // characters of one exchange or breach
	wordMax    = 48  // characters of a SKU or a title
	listMax    = 6   // lines or problems
	secretMin  = 4   // a shorter secret would blot out half a report
	redactedAs = "[redacted]"
)

// hider takes secrets out of a text, also as a URL or a quoted string writes them.
func hider(secrets []string) *strings.Replacer {
	var pairs []string
	longest := slices.SortedFunc(slices.Values(secrets), func(a, b string) int { return len(b) - len(a) })
	for _, s := range longest {
		if len(s) < secretMin {
			continue
		}
		quoted := strconv.Quote(s)
		for _, spelling := range []string{s, url.QueryEscape(s), url.PathEscape(s), quoted[1 : len(quoted)-1]} {
			pairs = append(pairs, spelling, redactedAs)
		}
	}
	return strings.NewReplacer(pairs...)
}

// clean is text as a report may show it.
func (t *T) clean(text string) string {
	text = printable(t.bench.hide.Replace(text))
	if runes := []rune(text); len(runes) > textMax {
		return string(runes[:textMax]) + "…"
	}
	return text
}

// printable replaces what a terminal might act on.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		if r == '\n' || r == '\t' {
			return ' '
		}
		return unicode.ReplacementChar
	}, strings.ToValidUTF8(text, string(unicode.ReplacementChar)))
}

func quote(text string) string { return strconv.Quote(short(text)) }

func short(text string) string {
	if runes := []rune(text); len(runes) > wordMax {
		return fmt.Sprintf("%s… (%d characters)", string(runes[:wordMax]), len(runes))
	}
	return text
}

// list joins the first few of many, and the last: what is cut is cut in the middle.
func list(all []string) string {
	if len(all) > listMax {
		all = slices.Concat(all[:listMax-1], []string{fmt.Sprintf("… %d more …", len(all)-listMax)}, all[len(all)-1:])
	}
	return strings.Join(all, ", ")
}

func describePut(call backend.Call, req backend.PutCart) string {
	text := fmt.Sprintf("Carts.Put %s in %s, reference %s", either(describeItems(req.Items), "nothing"), either(string(call.Currency), "no currency"), quote(req.Reference))
	for _, more := range []struct {
		there bool
		says  string
	}{
		{call.Key != "", fmt.Sprintf("key %.8s…", string(call.Key))},
		{req.AllOrNothing, "all or nothing"},
		{req.Supersedes != "", "in the place of an earlier cart"},
		{req.Customer != "", "with a customer token"},
		{req.WantPages, "with pages"},
		{call.ShopperIP.IsValid(), "from " + call.ShopperIP.String()},
	} {
		if more.there {
			text += ", " + more.says
		}
	}
	return text
}

func describeItems(items []cart.Item) string {
	all := make([]string, 0, len(items))
	for _, i := range items {
		all = append(all, fmt.Sprintf("%d × %s", i.Quantity, short(i.SKU)))
	}
	return list(all)
}

// nameOf is what a report calls a cart, since its id may be a secret: cart 1 is
// the first that the rule met.
func (t *T) nameOf(id cart.ID) string {
	if id == "" {
		return "no cart (empty id)"
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	name, known := t.names[string(id)]
	if !known {
		name = fmt.Sprintf("cart %d", len(t.names)+1)
		t.names[string(id)] = name
	}
	return name
}

func (t *T) describeAnswer(a backend.PutAnswer) string {
	text := t.describeCart(a.Cart)
	if len(a.Problems) > 0 {
		text += "; problems: " + describeProblems(a.Problems)
	}
	if a.Pages != nil {
		text += "; pages: " + describePages(a.Pages)
	}
	return text
}

func (t *T) describeCart(c cart.Cart) string {
	lines := make([]string, 0, len(c.Lines))
	for _, l := range c.Lines {
		lines = append(lines, fmt.Sprintf("%d × %s at %s = %s", l.Quantity, short(l.SKU), l.UnitPrice, l.Total))
	}
	totals := fmt.Sprintf("subtotal %s, discount %s", c.Totals.Subtotal, c.Totals.Discount)
	if c.Totals.Shipping != nil {
		totals += ", shipping " + c.Totals.Shipping.String()
	}
	if c.Totals.Tax != nil {
		totals += ", tax " + c.Totals.Tax.String()
	}
	if len(c.Codes) > 0 {
		totals += ", with " + describeCodes(c.Codes)
	}
	return fmt.Sprintf("%s: %s; %s, total %s", t.nameOf(c.ID), either(list(lines), "no lines"), totals, c.Totals.Total)
}

func describeProblems(problems []cart.Problem) string {
	all := make([]string, 0, len(problems))
	for _, p := range problems {
		all = append(all, fmt.Sprintf("%s %s (%d of %d)", short(p.SKU), either(string(p.Reason), "without a reason"), p.Got, p.Asked))
	}
	return list(all)
}

func describePages(p *backend.Pages) string {
	text := "checkout " + describePage(p.Checkout)
	if p.Cart != nil {
		text += ", cart " + describePage(*p.Cart)
	}
	if p.NeedLink {
		text += ", which need a link"
	}
	return text
}

// describePage shows no path, query, cookie or form: they may open the cart.
func describePage(r handoff.Request) string {
	origin := r.URL
	if scheme, rest, found := strings.Cut(r.URL, "://"); found {
		if end := strings.IndexAny(rest, "/?#"); end >= 0 {
			rest = rest[:end] + "/…"
		}
		origin = scheme + "://" + rest
	}
	return strings.TrimSpace(fmt.Sprintf("%s %s", r.Method, short(origin)))
}

func (t *T) describeOrder(o order.Order) string {
	return fmt.Sprintf("order %s, reference %s, %s at %s, %s", quote(o.Number), quote(o.Reference), either(string(o.Status), "no status"), o.PlacedAt, t.describeCart(o.Cart))
}

// DescribeFault is a fault as a log would have it, and what else is known of an error that is none.
func DescribeFault(err error) string {
	if err == nil {
		return "no fault"
	}
	f, classified := errors.AsType[*fault.Error](err)
	if !classified {
		return "an error that is no fault: " + err.Error()
	}
	text := fmt.Sprintf("%s (%s) by %s", f.Kind, either(f.Code, "no code"), f.Source)
	if f.Message != "" {
		text += ": " + f.Message
	}
	for _, field := range f.Fields {
		text += fmt.Sprintf("; %s %s", field.Path, field.Reason)
	}
	if f.Cause != nil {
		text += "; cause: " + f.Cause.Error()
	}
	return text
}
