// SPDX-License-Identifier: Apache-2.0

package shadow

import (
	"slices"

	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/money"
	"github.com/cartage-dev/cartage/ports/backend"
)

// Said is what one side said to a Put: Answer is looked at only when Err is nil.
type Said struct {
	Answer backend.PutAnswer
	Err    error
}

// Outcome says how a copied transfer ended.
type Outcome string

// The outcomes. Failed is a transfer that the primary did and the candidate did not.
const (
	Same      Outcome = "same"
	Different Outcome = "different"
	Failed    Outcome = "failed"
	Skipped   Outcome = "skipped" // not copied: too many waited
)

// Compare holds both answers to req against each other and lists in what they
// differ, by kind as Kinds orders them and within a kind as the SKUs were asked for. Neither the
// order of lines matters nor into how many lines a backend splits a SKU. An answer
// that the engine would refuse counts as the fault it would become. allowed is asked about the
// candidate's pages; nil allows all. Compare changes neither answer.
func Compare(req backend.PutCart, primary, candidate Said, allowed func(backend.Pages) error) []Difference {
	return compare(req, primary, candidate, allowed).differences
}

// comparison is what came of a copy.
type comparison struct {
	outcome     Outcome
	differences []Difference
	fault       *fault.Error // the candidate's, where the primary said something else
}

func compare(req backend.PutCart, primary, candidate Said, allowed func(backend.Pages) error) comparison {
	p, c := read(req, primary), read(req, candidate)
	if p.fault != nil || c.fault != nil {
		return compareFaults(p.fault, c.fault)
	}
	found := slices.Concat(compareLines(req, p, c), compareTotals(p, c), comparePages(p, c, allowed))
	order := Kinds()
	slices.SortStableFunc(found, func(a, b Difference) int { return slices.Index(order, a.Kind) - slices.Index(order, b.Kind) })
	outcome := Same
	if slices.ContainsFunc(found, func(d Difference) bool { return d.Kind != KindTitle }) {
		outcome = Different
	}
	return comparison{outcome: outcome, differences: found}
}

func compareFaults(p, c *fault.Error) comparison {
	if p != nil && c != nil && p.Kind == c.Kind && p.Code == c.Code {
		return comparison{outcome: Same}
	}
	outcome := Different
	if p == nil {
		outcome = Failed
	}
	return comparison{outcome, []Difference{{Kind: KindError, Primary: faultValue(p), Candidate: faultValue(c)}}, c}
}

func compareLines(req backend.PutCart, p, c reading) []Difference {
	var found []Difference
	var retitled bool
	amounts := p.made && c.made && p.cart.Currency == c.cart.Currency
	for _, item := range req.Items {
		here, there := p.lines[item.SKU], c.lines[item.SKU]
		if kind := stockKind(here, there); kind != "" {
			found = append(found, Difference{kind, item.SKU, stockValue(item.Quantity, here), stockValue(item.Quantity, there)})
		}
		if here.titles == nil || there.titles == nil { // one side has no line at all
			continue
		}
		retitled = retitled || !slices.Equal(here.titles, there.titles)
		if amounts {
			found = append(found, comparePrices(item.SKU, here, there)...)
		}
	}
	if retitled {
		found = append(found, Difference{Kind: KindTitle})
	}
	return found
}

// stockKind says how what came of a SKU differs, and is empty when it does not.
func stockKind(here, there line) Kind {
	switch {
	case (here.reason == cart.UnknownSKU) != (there.reason == cart.UnknownSKU):
		return KindUnknownSKU
	case here.got != there.got:
		return KindStock
	}
	return ""
}

// comparePrices compares the lines of a SKU that both carts hold, in one currency.
func comparePrices(sku string, here, there line) []Difference {
	switch {
	case here.price != nil && there.price != nil && *here.price != *there.price:
		return []Difference{{KindPrice, sku, amountValue(*here.price), amountValue(*there.price)}}
	case here.got == there.got && !equal(here.total, there.total):
		return []Difference{{KindLineTotal, sku, sumValue(here.total), sumValue(there.total)}}
	}
	return nil
}

func equal(a, b *money.Amount) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

func compareTotals(p, c reading) []Difference {
	if !p.made || !c.made {
		return nil
	}
	if p.cart.Currency != c.cart.Currency {
		return []Difference{{Kind: KindCurrency, Primary: Value{Text: string(p.cart.Currency)}, Candidate: Value{Text: string(c.cart.Currency)}}}
	}
	here, there := p.cart.Totals, c.cart.Totals
	var found []Difference
	for _, t := range []struct {
		kind        Kind
		here, there *money.Amount
	}{
		{KindSubtotal, &here.Subtotal, &there.Subtotal},
		{KindDiscount, &here.Discount, &there.Discount},
		{KindShipping, here.Shipping, there.Shipping},
		{KindTax, here.Tax, there.Tax},
		{KindTotal, &here.Total, &there.Total},
	} {
		if t.here != nil && t.there != nil && *t.here != *t.there {
			found = append(found, Difference{Kind: t.kind, Primary: amountValue(*t.here), Candidate: amountValue(*t.there)})
		}
	}
	return found
}

// comparePages holds the candidate's pages to the policy, and to those of the
// primary. A cart page is missed only where the engine would open it.
func comparePages(p, c reading, allowed func(backend.Pages) error) []Difference {
	page := func(here, there string) []Difference {
		return []Difference{{Kind: KindPage, Primary: Value{Text: here}, Candidate: Value{Text: there}}}
	}
	switch {
	case !c.opens:
		return nil
	case c.pages == nil && p.pages != nil:
		return page("a page", "no page")
	case c.pages == nil:
		return nil
	case c.short && c.pages.Cart == nil && p.pages != nil && p.pages.Cart != nil:
		return page("a cart page", "no cart page")
	}
	if allowed == nil {
		return nil
	}
	if f := fault.From(allowed(*c.pages)); f != nil {
		return page(havePage(p.pages), "refused: "+faultValue(f).Text)
	}
	return nil
}

func havePage(p *backend.Pages) string {
	if p == nil {
		return "no page"
	}
	return "a page"
}
