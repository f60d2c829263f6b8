// SPDX-License-Identifier: Apache-2.0

package poq

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"net/http"
	"time"

	"github.com/cartage-dev/cartage/adapters/inbound/httpserver"
	"github.com/cartage-dev/cartage/core/order"
	"github.com/cartage-dev/cartage/core/shop"
	"github.com/cartage-dev/cartage/ports/inbound"
)

const (
	// bodyMax has room for several times the 500 lines that a cart may have.
	bodyMax = 256 << 10
	// referenceDocumented is how long Poq says that a reference is at most.
	referenceDocumented = 32
)

// visit is what is known of a request as it goes on.
type visit struct {
	op       string
	at       place
	shop     shop.ID
	allow    string // the one method that is served
	began    time.Time
	customer bool // a shopper's token came with it
	// reference is empty until it is known to be harmless.
	reference string
	user      string        // the shopper's name at Poq, hashed
	body      *transferBody // nil until it is parsed
}

// transferEndpoint answers one shop's cart transfers.
func (h *Handler) transferEndpoint(s Shop) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := &visit{op: "transfer", at: atTransfer, shop: s.ID, allow: http.MethodPost, began: h.now(), user: hashedUser(r.Header)}
		answer, wasReplayed, err := h.handOver(w, r, s, v)
		if err != nil {
			code := h.refuse(w, r, v, err)
			h.figures.transfers.WithLabelValues(string(s.ID), code).Inc()
			return
		}
		outcome := transferred
		if wasReplayed {
			outcome = replayed
		}
		h.figures.transfers.WithLabelValues(string(s.ID), outcome).Inc()
		h.log.LogAttrs(r.Context(), slog.LevelDebug, "cart transferred", append(v.attrs(r, h.now()),
			slog.Int("lines", len(v.body.Items)), slog.Bool("replayed", wasReplayed))...)
		h.write(w, r, http.StatusOK, answer)
	})
}

// handOver is the order of work: bound, read raw, authenticate, parse, ask, print.
func (h *Handler) handOver(w http.ResponseWriter, r *http.Request, s Shop, v *visit) (answer transferAnswer, wasReplayed bool, err error) {
	if err := checkMethod(r, v.allow); err != nil {
		return answer, false, err
	}
	if err := checkMediaType(r.Header); err != nil {
		return answer, false, err
	}
	raw, err := httpserver.ReadBody(w, r, bodyMax)
	if err != nil {
		return answer, false, err
	}
	if err := h.admit(r, s, transferDoor, s.Secrets); err != nil {
		return answer, false, err
	}
	req, err := h.parse(r, s, v, raw)
	if err != nil {
		return answer, false, err
	}
	ctx, cancel := context.WithTimeout(r.Context(), s.Budget)
	defer cancel()
	done, err := h.transfer.Transfer(ctx, req)
	if err != nil {
		return answer, false, err
	}
	if answer, err = describe(done.Open); err != nil {
		h.figures.longURLs.WithLabelValues(string(s.ID)).Inc()
	}
	return answer, done.Replayed, err
}

// parse reads what is asked for. Whether it can be had is the port's to say.
func (h *Handler) parse(r *http.Request, s Shop, v *visit, raw []byte) (inbound.TransferCart, error) {
	customer, err := customerToken(r.Header, s.CustomerHeader)
	if err != nil {
		return inbound.TransferCart{}, err
	}
	var body transferBody
	if err := httpserver.DecodeStrict(raw, &body); err != nil {
		return inbound.TransferCart{}, err
	}
	v.body, v.customer = &body, customer != ""
	req := body.asked()
	req.Shop, req.Customer, req.ShopperIP = s.ID, customer, httpserver.ClientIP(r)
	if order.CheckReference(req.Reference) == nil {
		v.reference = req.Reference
	}
	if n := len(v.reference); n > referenceDocumented {
		h.log.LogAttrs(r.Context(), slog.LevelInfo, "reference longer than documented", append(v.attrs(r, h.now()), slog.Int("length", n))...)
	}
	return req, nil
}

// attrs are what every log line about a request carries.
func (v *visit) attrs(r *http.Request, now time.Time) []slog.Attr {
	attrs := []slog.Attr{
		slog.String("request_id", httpserver.RequestID(r.Context())), slog.String("op", v.op), slog.String("shop", string(v.shop)),
		slog.Int64("took_ms", now.Sub(v.began).Milliseconds()),
	}
	if v.reference != "" {
		attrs = append(attrs, slog.String("reference", v.reference))
	}
	if v.user != "" {
		attrs = append(attrs, slog.String("poq_user", v.user))
	}
	return attrs
}

// hashedUser lets log lines of one shopper be found together, and the shopper not.
func hashedUser(h http.Header) string {
	id := h.Get("Poq-User-Id")
	if id == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:4])
}

// write answers; what goes wrong now, nobody can be told any more but the log.
func (h *Handler) write(w http.ResponseWriter, r *http.Request, status int, body any) {
	if err := httpserver.WriteJSON(w, status, body); err != nil {
		h.log.LogAttrs(r.Context(), slog.LevelDebug, "answer not delivered",
			slog.String("request_id", httpserver.RequestID(r.Context())), slog.String("cause", httpserver.Printable(err.Error())))
	}
}
