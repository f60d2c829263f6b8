// SPDX-License-Identifier: Apache-2.0

package orderhooks

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/cartage-dev/cartage/adapters/inbound/httpserver"
	"github.com/cartage-dev/cartage/adapters/inbound/shopifysign"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/ports/inbound"
)

// The bounds of a body. Shopify gives a delivery 5 seconds, of which the port gets one.
const (
	bodyMax  = 1 << 20
	bodyStop = 2 * time.Second
)

// The headers of a delivery that are read.
const (
	topicHeader     = "X-Shopify-Topic"
	domainHeader    = "X-Shopify-Shop-Domain"
	webhookHeader   = "X-Shopify-Webhook-Id" // the same for every try of a delivery
	triggeredHeader = "X-Shopify-Triggered-At"
)

const retryAfter = "30" // seconds; Shopify goes by a clock of its own

// topic is what a delivery is about.
type topic string

const (
	ordersCreate         topic = "orders/create"
	ordersCancelled      topic = "orders/cancelled"
	refundsCreate        topic = "refunds/create"
	customersDataRequest topic = "customers/data_request"
	customersRedact      topic = "customers/redact"
	shopRedact           topic = "shop/redact"
)

var topics = [...]topic{ordersCreate, ordersCancelled, refundsCreate, customersDataRequest, customersRedact, shopRedact}

// otherTopic is the label of every topic that is not known, and of none.
const otherTopic topic = "other"

// visit is one delivery, and what is known of it as it goes on.
type visit struct {
	app       *app
	requestID string
	webhookID string // empty until the signature is found good, as all that follows
	topic     topic
	domain    string    // as the header says
	shop      Installed // the zero Installed for one that has not got the app
	// For the log. The customer is there only with a request of privacy that nobody takes.
	order    loyalty.OrderID
	customer loyalty.CustomerID
}

// endpoint answers the deliveries to one app.
func (h *Handler) endpoint(a *app) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := h.now()
		v := &visit{app: a, requestID: httpserver.RequestID(r.Context()), topic: otherTopic}
		o := h.serve(w, r, v)
		as := tellings[o.code]
		switch {
		case o.code == methodNotAllowed:
			w.Header().Set("Allow", http.MethodPost)
		case as.status == http.StatusServiceUnavailable:
			w.Header().Set("Retry-After", retryAfter)
		}
		if as.status == http.StatusMethodNotAllowed || as.status == http.StatusRequestTimeout || as.status == http.StatusRequestEntityTooLarge {
			w.Header().Set("Connection", "close") // else net/http would wait for the body
		}
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(as.status)
		took := h.now().Sub(began)
		h.figures.deliveries.WithLabelValues(a.Name, string(v.topic), o.code).Inc()
		h.figures.seconds.WithLabelValues(a.Name).Observe(took.Seconds())
		h.note(r, v, o, took)
	})
}

// serve is the order of work: bound, read raw, verify, only then parse, tell.
func (h *Handler) serve(w http.ResponseWriter, r *http.Request, v *visit) outcome {
	raw, refused := h.authentic(w, r, v)
	if refused != nil {
		return *refused
	}
	v.webhookID = webhookID(r.Header)
	if !httpserver.PlainJSON(r.Header) {
		return outcome{code: badMediaType}
	}
	if o := h.address(r, v); o != nil {
		return *o
	}
	sentAt := moment(text(r.Header.Get(triggeredHeader)), h.now().UTC())
	switch v.topic {
	case ordersCreate, ordersCancelled:
		return h.order(r.Context(), v, raw, sentAt)
	case refundsCreate:
		return h.refund(r.Context(), v, raw, sentAt)
	default:
		return h.asked(r.Context(), v, raw, sentAt)
	}
}

// authentic reads the body and holds it to its signature.
func (h *Handler) authentic(w http.ResponseWriter, r *http.Request, v *visit) ([]byte, *outcome) {
	if r.Method != http.MethodPost {
		return nil, &outcome{code: methodNotAllowed}
	}
	connection := http.NewResponseController(w)
	_ = connection.SetReadDeadline(time.Now().Add(bodyStop)) // a writer without a connection has nothing to wait for
	raw, err := httpserver.ReadBody(w, r, bodyMax)
	switch {
	case err == nil:
	case fault.From(err).Code == bodyTooLarge:
		return nil, &outcome{bodyTooLarge, err}
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, &outcome{bodyLate, err}
	default:
		return nil, &outcome{bodyUnreadable, err}
	}
	_ = connection.SetReadDeadline(time.Time{}) // else it would end the context of a request that is read whole
	slot := shopifysign.By(v.app.Secrets, r.Header, raw)
	if slot < 0 {
		return nil, &outcome{code: unauthorised}
	}
	h.figures.secretUsed(v.app, slot).Inc()
	return raw, nil
}

// address finds out what a delivery is about and whose it is; an outcome is the end of it.
func (h *Handler) address(r *http.Request, v *visit) *outcome {
	named, domain := one(r.Header, topicHeader), one(r.Header, domainHeader)
	if named == "" || domain == "" {
		return &outcome{code: badHeaders}
	}
	for _, t := range topics {
		if named == string(t) {
			v.topic = t
		}
	}
	if v.topic == otherTopic {
		if h.strange.first(v.app.Name, named) {
			h.log.LogAttrs(r.Context(), slog.LevelWarn, "topic not known", append(v.attrs(), slog.String("named", httpserver.Printable(named)))...)
		}
		return &outcome{code: unknownTopic}
	}
	of, installed := v.app.installed[domain]
	v.domain, v.shop = domain, of
	if !installed && !v.topic.isPrivacy() {
		return &outcome{code: unknownShop}
	}
	return nil
}

// order tells of an order that was placed or cancelled.
func (h *Handler) order(ctx context.Context, v *visit, raw []byte, sentAt time.Time) outcome {
	kind, body := inbound.OrderPlaced, orderBody{}
	if v.topic == ordersCancelled {
		kind = inbound.OrderCancelled
	}
	if err := decode(raw, &body); err != nil {
		return unread(err)
	}
	if body.contradicts(v.topic) {
		return outcome{code: contradiction}
	}
	n, err := v.app.news(kind, &body, v.shop.Shop, sentAt)
	if err != nil {
		return outcome{unreadable, err}
	}
	v.order = n.Order
	if body.Test && !v.app.TestOrders {
		return outcome{code: testOrder}
	}
	return h.ask(ctx, v, func(ctx context.Context) error { return h.news.Tell(ctx, n) })
}

// refund tells of a refund.
func (h *Handler) refund(ctx context.Context, v *visit, raw []byte, sentAt time.Time) outcome {
	var body refundBody
	if err := decode(raw, &body); err != nil {
		return unread(err)
	}
	if body.contradicts() {
		return outcome{code: contradiction}
	}
	n, err := body.news(v.shop.Shop, sentAt)
	if err != nil {
		return outcome{unreadable, err}
	}
	v.order = n.Order
	if body.isTest() && !v.app.TestOrders {
		return outcome{code: testOrder}
	}
	return h.ask(ctx, v, func(ctx context.Context) error { return h.news.Tell(ctx, n) })
}

// asked passes on a request of privacy.
func (h *Handler) asked(ctx context.Context, v *visit, raw []byte, sentAt time.Time) outcome {
	var body privacyBody
	if err := decode(raw, &body); err != nil {
		return unread(err)
	}
	served := v.shop.Shop != "" // one that removed the app days ago is still to be forgotten, by somebody
	if string(body.ShopDomain) != v.domain || served && body.ShopID != v.shop.ShopID {
		return outcome{code: unknownShop}
	}
	if body.contradicts(v.topic) {
		return outcome{code: contradiction}
	}
	request, err := body.request(v.topic, v.shop.Shop, sentAt)
	if err != nil {
		return outcome{unreadable, err}
	}
	if !served || h.privacy == nil {
		v.customer = request.Customer
		return outcome{code: unserved}
	}
	return h.ask(ctx, v, func(ctx context.Context) error { return h.privacy.Ask(ctx, request) })
}

func unread(err error) outcome { return outcome{unreadable, lacks("", "bad_json").Because(err)} }

func (t topic) isPrivacy() bool {
	return t == customersDataRequest || t == customersRedact || t == shopRedact
}

// one is the value of a header that was given once, and empty otherwise.
func one(h http.Header, name string) string {
	if values := h.Values(name); len(values) == 1 {
		return values[0]
	}
	return ""
}
