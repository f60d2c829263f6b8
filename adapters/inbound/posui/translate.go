// SPDX-License-Identifier: Apache-2.0

package posui

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/cartage-dev/cartage/adapters/inbound/httpserver"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/money"
	"github.com/cartage-dev/cartage/ports/inbound"
)

// The bounds of texts, in bytes but for titles.
const (
	titleMax  = 40 // characters, the mark included
	localeMax = 35 // RFC 5646, 4.4.1
	deviceMax = 64
	keyMax    = 255
)

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

// keyHeader names a redemption's request.
const keyHeader = "Idempotency-Key"

// task is a request as the port wants it.
type task struct {
	// do asks the port, and prints what it says.
	do func(ctx context.Context) (answer any, err error)
	// told hears that the till was; nil where nobody needs to know.
	told func()
}

// askLoyalty is GET /loyalty.
func askLoyalty(h *Handler, v visit, r *http.Request, _ []byte) (task, *refusal) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return task{}, lacks("query", "malformed")
	}
	customer, given := id(one(query, "customer_id"))
	switch {
	case !given:
		return task{}, lacks("customer_id", "required")
	case len(query["currency"]) != 1:
		return task{}, lacks("currency", "required")
	case len(query["locale"]) != 1:
		return task{}, lacks("locale", "required")
	}
	till := v.till()
	till.Customer, till.Locale = loyalty.CustomerID(customer), locale(query.Get("locale"))
	if till.Currency, err = money.ParseCurrency(query.Get("currency")); err != nil {
		return task{}, &refusal{code: unknownCurrency}
	}
	var total *money.Amount
	if _, said := query["cart_total"]; said {
		amount, err := money.Parse(one(query, "cart_total"), till.Currency)
		if err != nil || amount.IsNegative() {
			return task{}, lacks("cart_total", "malformed")
		}
		total = &amount
	}
	return task{do: func(ctx context.Context) (any, error) {
		q, err := h.port.Quote(ctx, till, total)
		if err != nil {
			return nil, err
		}
		return printQuote(q, till.Currency, func(why string) { h.figures.leftOut.WithLabelValues(v.app(), why).Inc() }), nil
	}}, nil
}

// askRedemption is POST /redemptions.
func askRedemption(h *Handler, v visit, r *http.Request, raw []byte) (task, *refusal) {
	key := r.Header.Values(keyHeader)
	if len(key) != 1 || key[0] == "" || len(key[0]) > keyMax || strings.ContainsFunc(key[0], func(r rune) bool { return r <= ' ' || r > '~' }) {
		return task{}, &refusal{code: keyRequired}
	}
	var body redemptionBody
	if err := httpserver.DecodeStrict(raw, &body); err != nil {
		return task{}, &refusal{invalidJSON, err}
	}
	switch {
	case body.OfferID == nil:
		return task{}, lacks("offer_id", "required")
	case body.CustomerID == nil || *body.CustomerID <= 0:
		return task{}, lacks("customer_id", "required")
	case body.LocationID == nil || *body.LocationID <= 0:
		return task{}, lacks("location_id", "required")
	case body.DeviceID == nil || *body.DeviceID == "" || len(*body.DeviceID) > deviceMax:
		return task{}, lacks("device_id", "required")
	}
	till := v.till()
	till.Customer = loyalty.CustomerID(strconv.FormatInt(*body.CustomerID, 10))
	req := inbound.Reserve{
		Offer: loyalty.ActionID(*body.OfferID), Key: key[0], Location: strconv.FormatInt(*body.LocationID, 10), Device: *body.DeviceID,
	}
	return task{
		do: func(ctx context.Context) (any, error) {
			res, err := h.port.Reserve(ctx, till, req)
			if err != nil {
				return nil, err
			}
			return printReservation(res)
		},
		told: func() { h.port.Heard(till.Shop, req.Offer) },
	}, nil
}

// askRelease is DELETE /redemptions/{id}.
func askRelease(h *Handler, v visit, r *http.Request, _ []byte) (task, *refusal) {
	action := loyalty.ActionID(r.PathValue("id"))
	return task{do: func(ctx context.Context) (any, error) {
		return stateAnswer{released}, h.port.Release(ctx, v.till(), action)
	}}, nil
}

// askCommit is POST /redemptions/{id}/commit. The till's clock may say anything, so when the sale was done
// is looked at and not believed.
func askCommit(h *Handler, v visit, r *http.Request, raw []byte) (task, *refusal) {
	var body commitBody
	if err := httpserver.DecodeStrict(raw, &body); err != nil {
		return task{}, &refusal{invalidJSON, err}
	}
	if body.OrderID != nil && *body.OrderID <= 0 {
		return task{}, lacks("order_id", "malformed")
	}
	if body.ExecutedAt == nil {
		return task{}, lacks("executed_at", "required")
	}
	if _, err := time.Parse(time.RFC3339, *body.ExecutedAt); err != nil {
		return task{}, lacks("executed_at", "malformed")
	}
	action, order := loyalty.ActionID(r.PathValue("id")), loyalty.OrderID("")
	if body.OrderID != nil {
		order = loyalty.OrderID(strconv.FormatInt(*body.OrderID, 10))
	}
	return task{do: func(ctx context.Context) (any, error) {
		paid, err := h.port.Commit(ctx, v.till(), action, order)
		if paid {
			return stateAnswer{captured}, err
		}
		return stateAnswer{pendingOrder}, err
	}}, nil
}

// till is who asks, as far as a token says it.
func (v visit) till() inbound.Till {
	return inbound.Till{Shop: v.who.shop, RequestID: v.requestID}
}

// lacks refuses a request over one of its fields.
func lacks(field, reason string) *refusal {
	err := fault.New(fault.Invalid, invalidRequest, "a field is missing or out of range").By(fault.Caller)
	return &refusal{invalidRequest, err.With(fault.Field{Path: field, Reason: reason})}
}

// one is a query's field, when that is given once.
func one(query url.Values, field string) string {
	if len(query[field]) != 1 {
		return ""
	}
	return query[field][0]
}

// id is a number that Shopify names something by, when text is one.
func id(text string) (string, bool) {
	n, err := strconv.ParseInt(text, 10, 64)
	return text, err == nil && n > 0 && strconv.FormatInt(n, 10) == text
}

// locale is the tag, or none where it is no tag: the shop's own words are better than an error at the till.
func locale(tag string) string {
	if len(tag) > localeMax || strings.Trim(tag, letters+"-") != "" {
		return ""
	}
	return tag
}

// printQuote leaves out what cannot be printed, and leftOut is told why.
func printQuote(q inbound.Quote, c money.Currency, leftOut func(why string)) loyaltyAnswer {
	printed := loyaltyAnswer{
		Balance: int64(q.Balance.Available + q.Balance.Held), Available: int64(q.Balance.Available), Label: q.Label, Offers: []offerAnswer{},
	}
	for _, o := range q.Offers {
		offer := offerAnswer{
			ID: string(o.ID), Kind: string(o.Offer.Kind), Title: o.Title, Description: o.Description,
			Cost: int64(o.Offer.Cost), ExpiresAt: instant(q.ExpiresAt),
		}
		var why string
		if offer.Amount, offer.Percent, offer.VariantID, why = gift(o.Offer, c); why != "" {
			leftOut(why)
			continue
		}
		printed.Offers = append(printed.Offers, offer)
	}
	return printed
}

// printReservation says what the extension is to do to the cart.
func printReservation(r inbound.Reservation) (any, error) {
	amount, percent, variant, why := gift(r.Offer, r.Currency)
	if why != "" {
		return nil, fault.New(fault.Internal, why, "the offer cannot be applied")
	}
	apply := applyAnswer{Method: applyCartDiscount, Title: marked(r.Title, r.ID)}
	switch r.Offer.Kind {
	case loyalty.FlatDiscount:
		apply.Type, apply.Amount = fixedAmount, amount
	case loyalty.PercentDiscount:
		apply.Type, apply.Amount = percentage, percent
	case loyalty.AddVariant:
		apply.Method, apply.VariantID, apply.Quantity = addLineItem, variant, 1
	}
	return redemptionAnswer{
		ID: string(r.ID), State: reserved, Apply: apply, CartProperty: propertyAnswer{cartProperty, string(r.ID)}, ExpiresAt: instant(r.ExpiresAt),
	}, nil
}

// marked ends a title with the id's mark, by which an order is recognised that has lost its properties (see loyalty.MarkOf).
func marked(title string, id loyalty.ActionID) string {
	mark := id.Mark().Behind()
	if most := titleMax - len([]rune(mark)); len([]rune(title)) > most {
		title = string([]rune(title)[:most-1]) + "…"
	}
	return title + mark
}

// gift prints what an offer gives, or says why it cannot.
func gift(o loyalty.Offer, c money.Currency) (amount, percent string, variant json.Number, why string) {
	switch o.Kind {
	case loyalty.FlatDiscount:
		a, made := o.Amounts[c]
		if !made || a.Currency != c {
			return "", "", "", noPrice
		}
		return a.Decimal(), "", "", ""
	case loyalty.PercentDiscount:
		return "", hundredths(o.BasisPoints), "", ""
	case loyalty.AddVariant:
		if number, ok := id(o.Variant); ok {
			return "", "", json.Number(number), ""
		}
	}
	return "", "", "", badVariant
}

// hundredths prints basis points exactly, as percent: 1,250 are "12.5".
func hundredths(basisPoints int64) string {
	text := strconv.FormatInt(basisPoints, 10)
	text = strings.Repeat("0", max(0, 3-len(text))) + text
	return strings.TrimRight(strings.TrimRight(text[:len(text)-2]+"."+text[len(text)-2:], "0"), ".")
}

func instant(t time.Time) string { return t.UTC().Format(time.RFC3339) }
