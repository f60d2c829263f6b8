// SPDX-License-Identifier: Apache-2.0

package orderhooks

import (
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/cartage-dev/cartage/adapters/inbound/httpserver"
	"github.com/cartage-dev/cartage/core/fault"
)

// webhookIDMax is far more than the UUIDs that Shopify sends.
const webhookIDMax = 64

// webhookID is the delivery's name for the log, when it is harmless.
func webhookID(h http.Header) string {
	id := one(h, webhookHeader)
	if len(id) > webhookIDMax || strings.Trim(id, letters+"-_") != "" {
		return ""
	}
	return id
}

// note logs what became of a delivery. A client that forges on and on has been noted often enough.
func (h *Handler) note(r *http.Request, v *visit, o outcome, took time.Duration) {
	level := tellings[o.code].level
	if o.code == unauthorised {
		now := h.now()
		if try, _ := v.app.forgeries.Begin(httpserver.ClientIP(r), now); try != nil {
			try.End(true, now)
		} else {
			level = slog.LevelDebug
		}
	}
	attrs := append(v.attrs(), slog.String("outcome", o.code), slog.Int64("took_ms", took.Milliseconds()))
	if f := fault.From(o.cause); f != nil {
		attrs = append(attrs, slog.String("kind", f.Kind.String()), slog.String("source", f.Source.String()),
			slog.String("code", httpserver.Printable(f.Code)), slog.String("cause", httpserver.Printable(o.cause.Error())))
		if len(f.Fields) > 0 {
			attrs = append(attrs, slog.String("detail", httpserver.Printable(strings.TrimSpace(f.Fields[0].Path+" "+f.Fields[0].Reason))))
		}
	}
	h.log.LogAttrs(r.Context(), level, "webhook answered", attrs...)
}

// attrs are what every log line about a delivery carries.
func (v *visit) attrs() []slog.Attr {
	attrs := []slog.Attr{slog.String("app", v.app.Name), slog.String("topic", string(v.topic)), slog.String("request_id", v.requestID)}
	for _, a := range []slog.Attr{
		slog.String("webhook_id", v.webhookID), slog.String("shop", string(v.shop.Shop)), slog.String("domain", httpserver.Printable(v.domain)),
		slog.String("order", string(v.order)), slog.String("customer", string(v.customer)),
	} {
		if a.Value.String() != "" {
			attrs = append(attrs, a)
		}
	}
	return attrs
}
