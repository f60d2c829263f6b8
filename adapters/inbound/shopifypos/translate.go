// SPDX-License-Identifier: Apache-2.0

package shopifypos

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/money"
	"github.com/cartage-dev/cartage/ports/inbound"
)

// The bounds of what a till is sent; none is documented.
const (
	actionsMax     = 10
	titleMax       = 40 // characters, as the next
	descriptionMax = 60
)

// The balance that is shown when nobody knows it.
const (
	labelUnknown   = "Points unavailable"
	balanceUnknown = "0"
)

// localeMax is how long a language tag has to be accepted.
const localeMax = 35

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

// actionIDMax and its letters are what an order's note attribute carries unharmed.
const actionIDMax = 64

// question is a request as the port wants it.
type question struct {
	till   inbound.Till
	action loyalty.ActionID // of perform_action and revert_action
}

// lacks names the field that the body should have given, or should have given
// otherwise; nothing when all is there.
func (b *requestBody) lacks(at endpoint) string {
	switch {
	case b.ShopID == nil:
		return "shop_id"
	case b.ShopifyDomain == nil:
		return "shopify_domain"
	case b.CustomerID.given && b.CustomerID.number <= 0:
		return "customer_id"
	case b.Locale == nil:
		return "locale"
	case b.CurrencyCode == nil:
		return "currency_code"
	case b.SupportedTemplates == nil:
		return "supported_templates"
	case b.SupportedActions == nil:
		return "supported_actions"
	case b.ActionID == nil && at != promotions:
		return "action_id"
	}
	return ""
}

// asks is what a body that lacks nothing asks of the port, for a shop that has the app.
func (b *requestBody) asks(of Installed, requestID string) (question, *refusal) {
	q := question{till: inbound.Till{Shop: of.Shop, Locale: locale(*b.Locale), Kinds: kinds(b.SupportedActions), RequestID: requestID}}
	if b.CustomerID.given {
		q.till.Customer = loyalty.CustomerID(strconv.FormatInt(b.CustomerID.number, 10))
	}
	if b.ActionID != nil {
		q.action = loyalty.ActionID(*b.ActionID)
	}
	if !slices.Contains(b.SupportedTemplates, simpleActionList) {
		return q, &refusal{code: unsupportedTemplate}
	}
	var err error
	if q.till.Currency, err = money.ParseCurrency(*b.CurrencyCode); err != nil {
		return q, &refusal{code: unknownCurrency} // no offer is made in it, so no id is good for it
	}
	return q, nil
}

// locale is the tag, or none where it is no tag: the shop's own words are better than an error at the till.
func locale(tag string) string {
	if len(tag) > localeMax || strings.Trim(tag, letters+"-") != "" {
		return ""
	}
	return tag
}

// kinds are what the till can do of what we know. Where that is nothing the port
// takes it for anything, and shown leaves it all out.
func kinds(supported []string) []loyalty.Kind {
	var all []loyalty.Kind
	for _, k := range []loyalty.Kind{loyalty.FlatDiscount, loyalty.PercentDiscount, loyalty.AddVariant} {
		if slices.Contains(supported, string(k)) {
			all = append(all, k)
		}
	}
	return all
}

func isActionID(id loyalty.ActionID) bool {
	return id != "" && len(id) <= actionIDMax && strings.Trim(string(id), letters+"_-") == ""
}

// unavailable is the template when nothing is known and nothing can be offered.
func unavailable() templateAnswer {
	return templateAnswer{Type: simpleActionList, PointsLabel: labelUnknown, PointsBalance: balanceUnknown, Actions: []actionAnswer{}}
}

// print is the template of a screen. Offers that cannot be printed are left out, and leftOut is
// told why, but for those of a kind that the till has not got.
func (a App) print(s inbound.Screen, till inbound.Till, leftOut func(why string)) templateAnswer {
	t := unavailable()
	if s.Known {
		t.PointsLabel, t.PointsBalance = clip(s.Label, titleMax), strconv.FormatInt(int64(s.Balance), 10)
	}
	for _, o := range s.Offers {
		if !slices.Contains(till.Kinds, o.Offer.Kind) {
			continue
		}
		action, why := a.printOffer(o, till.Currency)
		if why == "" && len(t.Actions) == actionsMax {
			why = tooMany
		}
		if why != "" {
			leftOut(why)
			continue
		}
		t.Actions = append(t.Actions, action)
	}
	return t
}

// printOffer says why an offer cannot be printed, or nothing.
func (a App) printOffer(o inbound.Offer, c money.Currency) (printed actionAnswer, why string) {
	printed = actionAnswer{
		Type: string(o.Offer.Kind), Title: clip(o.Title, titleMax), Description: clip(o.Description, descriptionMax), ActionID: string(o.ID),
	}
	if !isActionID(o.ID) {
		return printed, badID
	}
	switch o.Offer.Kind {
	case loyalty.FlatDiscount:
		amount, made := o.Offer.Amounts[c]
		if !made || amount.Currency != c {
			return printed, noPrice
		}
		printed.Value = amount.Decimal()
	case loyalty.PercentDiscount:
		printed.Value = percent(o.Offer.BasisPoints, a.PercentScale)
	case loyalty.AddVariant:
		if !isVariant(o.Offer.Variant) {
			return printed, badVariant
		}
		if a.VariantField != VariantValue {
			printed.VariantID = json.Number(o.Offer.Variant)
		}
		if a.VariantField != VariantID {
			printed.Value = o.Offer.Variant
		}
	}
	return printed, ""
}

// isVariant reports whether text is a number as Shopify's variants are named by.
func isVariant(text string) bool {
	n, err := strconv.ParseInt(text, 10, 64)
	return err == nil && n > 0 && strconv.FormatInt(n, 10) == text
}

// percent prints basis points exactly, as parts of scale: 1,250 are "12.5" of 100 and "0.125" of 1.
func percent(basisPoints int64, scale int) string {
	digits := 2
	if scale == 1 {
		digits = 4
	}
	text := strconv.FormatInt(basisPoints, 10)
	text = strings.Repeat("0", max(0, digits+1-len(text))) + text
	whole, rest := text[:len(text)-digits], strings.TrimRight(text[len(text)-digits:], "0")
	if rest == "" {
		return whole
	}
	return whole + "." + rest
}

// clip shortens text to so many characters, the mark of the cut included.
func clip(text string, most int) string {
	if len(text) <= most {
		return text
	}
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}
