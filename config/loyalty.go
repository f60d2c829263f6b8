// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/money"
)

// The bounds of a programme.
const (
	offersMax    = 100
	titleMax     = 40 // characters: what a till has room for
	describedMax = 60
	labelMax     = 40
)

// What becomes of the id of an offer that was taken back.
const (
	ReofferFresh = "fresh"
	ReofferSame  = "same"
)

// hundredPercent is all of a price, in basis points.
const hundredPercent = 10_000

// giftOf says which of amounts, percent and variant an offer of a kind has.
var giftOf = map[loyalty.Kind][]bool{
	loyalty.FlatDiscount: {true, false, false}, loyalty.PercentDiscount: {false, true, false}, loyalty.AddVariant: {false, false, true},
}

// Parse is the offer that is meant, under its name. What is wrong with it is one Invalid
// fault whose fields name its keys.
func (o Offer) Parse(name string) (loyalty.Offer, error) {
	offer := loyalty.Offer{ID: name, Kind: loyalty.Kind(o.Kind), Cost: loyalty.Points(o.Cost), Variant: o.Variant}
	var wrong []fault.Field
	refuse := func(path, detail string) {
		wrong = append(wrong, fault.Field{Path: path, Reason: "malformed", Detail: detail})
	}
	for _, code := range slices.Sorted(maps.Keys(o.Amounts)) {
		at := "amounts." + code
		currency, err := money.ParseCurrency(code)
		if err != nil {
			refuse(at, "name the currency by its ISO 4217 code, such as GBP")
			continue
		}
		amount, err := money.Parse(o.Amounts[code], currency)
		if err != nil {
			refuse(at, "write an amount like \"5.00\"")
			continue
		}
		if offer.Amounts == nil {
			offer.Amounts = map[money.Currency]money.Amount{}
		}
		offer.Amounts[currency] = amount
	}
	if o.Percent != "" {
		var ok bool
		if offer.BasisPoints, ok = basisPoints(o.Percent); !ok || offer.BasisPoints > hundredPercent {
			refuse("percent", "write a number like \"10\" or \"12.5\", up to 100")
		}
	}
	if gives := []bool{len(o.Amounts) > 0, o.Percent != "", o.Variant != ""}; !slices.Equal(gives, giftOf[offer.Kind]) {
		refuse("kind", "give amounts for flat_discount, percent for percent_discount or variant for add_variant, and nothing else")
	}
	if wrong == nil {
		return offer, offer.Check()
	}
	return loyalty.Offer{}, fault.New(fault.Invalid, "invalid_offer", "the offer cannot be made").By(fault.Caller).With(wrong...)
}

// basisPoints reads a percentage of up to two decimals without a float.
func basisPoints(text string) (points int64, ok bool) {
	whole, part, _ := strings.Cut(text, ".")
	if len(part) > 2 || strings.Contains(text, ".") && part == "" || whole == "" || len(whole) > 3 {
		return 0, false
	}
	n, err := strconv.ParseUint(whole+(part + "00")[:2], 10, 31)
	return int64(n), err == nil && n > 0
}

// Parse is the rule that is meant: nothing, Invalid (invalid_earn_rule) or another fault of money.
func (e Earn) Parse() (loyalty.EarnRule, error) {
	currency, err := money.ParseCurrency(e.Currency)
	if err != nil {
		return loyalty.EarnRule{}, err
	}
	amount, err := money.Parse(e.Amount, currency)
	if err != nil {
		return loyalty.EarnRule{}, err
	}
	rule := loyalty.EarnRule{Points: loyalty.Points(e.Points), Per: amount}
	return rule, rule.Check()
}

func (c *check) programme(path string, p Programme) {
	c.words(path, "label", p.Label, p.Labels, labelMax)
	c.oneOf(join(path, "reoffer"), p.Reoffer, ReofferFresh, ReofferSame)
	if len(p.Offers) > offersMax {
		c.wrong(join(path, "offers"), fmt.Sprintf("%d offers", len(p.Offers)), fmt.Sprintf("keep %d at most", offersMax), "")
	}
	for _, name := range slices.Sorted(maps.Keys(p.Offers)) {
		at, o := join(join(path, "offers"), shown(name)), p.Offers[name]
		c.checkName(at, name)
		if o.Title == "" {
			c.wrong(join(at, "title"), "missing", "write what the till shows on the button", "")
		}
		c.words(at, "title", o.Title, o.Titles, titleMax)
		c.words(at, "description", o.Description, o.Descriptions, describedMax)
		c.oneOf(join(at, "kind"), o.Kind, string(loyalty.FlatDiscount), string(loyalty.PercentDiscount), string(loyalty.AddVariant))
		if _, err := o.Parse(name); err != nil && giftOf[loyalty.Kind(o.Kind)] != nil {
			for _, f := range fault.From(err).Fields {
				c.wrong(join(at, f.Path), "cannot be used", f.Detail, "")
			}
		}
	}
	if p.Earn != nil {
		if _, err := p.Earn.Parse(); err != nil {
			c.wrong(join(path, "earn"), "not a rule", "write points above 0, an amount such as \"1.00\" and its currency", "")
		}
	}
}

// words holds a text in several languages to what a till can show.
func (c *check) words(path, key, text string, more map[string]string, most int) {
	c.oneLine(join(path, key), text, most)
	for _, language := range slices.Sorted(maps.Keys(more)) {
		at := join(join(path, key+"s"), shown(language))
		if !localeForm.MatchString(language) {
			c.wrong(at, "not a language", "write one like de or de-AT", "")
		}
		c.oneLine(at, more[language], most)
	}
}

func (c *check) oneLine(path, text string, most int) {
	if n := len([]rune(text)); n > most {
		c.wrong(path, fmt.Sprintf("%d characters", n), fmt.Sprintf("write %d at most", most), "")
	}
}
