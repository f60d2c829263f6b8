// SPDX-License-Identifier: Apache-2.0

package shopifypos

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/cartage-dev/cartage/adapters/inbound/httpserver"
	"github.com/cartage-dev/cartage/adapters/inbound/shopifysign"
	"github.com/cartage-dev/cartage/core/fault"
)

// bodyMax is far more than the fields of any call.
const bodyMax = 64 << 10

// The clock of a request, from when it was accepted; Shopify gives up at 3 seconds.
const (
	portStop = 2400 * time.Millisecond // the port's context ends
	hardStop = 2500 * time.Millisecond // and what it has not said by now, nobody hears
	tellStop = 2700 * time.Millisecond // a till that was told later may have given up
)

// endpoint is one of the three calls.
type endpoint uint8

const (
	promotions endpoint = iota
	performAction
	revertAction
)

var endpoints = [...]endpoint{promotions, performAction, revertAction}

// name is the last part of the endpoint's path.
func (e endpoint) name() string {
	return [...]string{"promotions", "perform_action", "revert_action"}[e]
}

// visit is one request.
type visit struct {
	app        *app
	at         endpoint
	requestID  string
	acceptedAt time.Time
}

// left is how long it is until a moment of the request's clock.
func (h *Handler) left(v visit, moment time.Duration) time.Duration {
	return moment - h.now().Sub(v.acceptedAt)
}

// endpoint answers one call of one app's tills.
func (h *Handler) endpoint(a *app, at endpoint) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := visit{app: a, at: at, acceptedAt: h.now(), requestID: httpserver.RequestID(r.Context())}
		outcome := h.serve(w, r, v)
		h.figures.seconds.WithLabelValues(a.Name, at.name()).Observe(h.now().Sub(v.acceptedAt).Seconds())
		h.figures.requests.WithLabelValues(a.Name, at.name(), outcome).Inc()
	})
}

// serve is the order of work: bound, read raw, verify, only then parse, ask, print, and
// tell the port of a till that was told.
func (h *Handler) serve(w http.ResponseWriter, r *http.Request, v visit) (outcome string) {
	raw, refused := h.authentic(w, r, v)
	if refused != nil {
		return h.refuse(w, r, v, refused)
	}
	q, refused := understand(r.Header, v, raw)
	if refused != nil {
		return h.refuse(w, r, v, refused)
	}
	printed, refused := h.ask(r.Context(), v, q)
	if refused != nil {
		return h.refuse(w, r, v, refused)
	}
	if err := h.tell(w, r, v, http.StatusOK, printed); err != nil {
		h.note(r, v, notDelivered, err)
		return notDelivered
	}
	if v.at == performAction {
		h.pos.Heard(q.till.Shop, q.action)
	}
	return done
}

// authentic reads the body and holds it to its signature.
func (h *Handler) authentic(w http.ResponseWriter, r *http.Request, v visit) ([]byte, *refusal) {
	if r.Method != http.MethodPost {
		return nil, &refusal{code: methodNotAllowed}
	}
	raw, refused := h.read(w, r, v)
	if refused != nil {
		return nil, refused
	}
	slot := shopifysign.By(v.app.Secrets, r.Header, raw)
	if slot < 0 {
		return nil, &refusal{code: unauthorised}
	}
	h.figures.secretUsed(v.app, slot).Inc()
	return raw, nil
}

// read reads the body while there is time. The connection goes by the system's clock.
func (h *Handler) read(w http.ResponseWriter, r *http.Request, v visit) ([]byte, *refusal) {
	until := time.Now().Add(h.left(v, hardStop))
	_ = http.NewResponseController(w).SetReadDeadline(until) // a writer without a connection has nothing to wait for
	raw, err := httpserver.ReadBody(w, r, bodyMax)
	switch {
	case err == nil:
		return raw, nil
	case fault.From(err).Code == bodyTooLarge:
		return nil, &refusal{bodyTooLarge, err}
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, &refusal{bodyLate, err}
	}
	return nil, &refusal{bodyUnreadable, err}
}

// understand reads what an authentic request asks for.
func understand(header http.Header, v visit, raw []byte) (question, *refusal) {
	if !httpserver.PlainJSON(header) {
		return question{}, &refusal{code: unsupportedMediaType}
	}
	var body requestBody
	if err := httpserver.DecodeStrict(raw, &body); err != nil {
		return question{}, &refusal{invalidJSON, err}
	}
	if field := body.lacks(v.at); field != "" {
		err := fault.New(fault.Invalid, invalidRequest, "a field is missing or out of range").By(fault.Caller)
		return question{}, &refusal{invalidRequest, err.With(fault.Field{Path: field, Reason: "required"})}
	}
	of, installed := v.app.installed[*body.ShopifyDomain]
	if !installed || of.ShopID != *body.ShopID {
		return question{}, &refusal{code: unknownShop}
	}
	q, refused := body.asks(of, v.requestID)
	if refused == nil && v.at != promotions && !isActionID(q.action) {
		refused = &refusal{code: unknownAction}
	}
	return q, refused
}

// refuse answers otherwise than asked, and returns the code of why.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, v visit, refused *refusal) (code string) {
	as, body := tellings[refused.code], any(nil)
	status := as.status
	switch {
	case as.open && v.at == promotions:
		status, body = http.StatusOK, unavailable()
	case as.says:
		body = errorAnswer{refused.code}
	}
	switch refused.code {
	case methodNotAllowed:
		w.Header().Set("Allow", http.MethodPost)
		w.Header().Set("Connection", "close") // else net/http would first wait for the body
	case bodyTooLarge, bodyLate, bodyUnreadable:
		w.Header().Set("Connection", "close")
	}
	h.note(r, v, refused.code, refused.cause)
	if err := h.tell(w, r, v, status, body); err != nil {
		h.note(r, v, notDelivered, err)
	}
	return refused.code
}

// tell answers; an error says that the till was not told, or too late. How long a hold lives
// depends on that, so the answer to an action is sent at once, to see.
func (h *Handler) tell(w http.ResponseWriter, r *http.Request, v visit, status int, body any) error {
	text := []byte(nil)
	if body != nil {
		var buf bytes.Buffer
		enc := json.NewEncoder(&buf)
		enc.SetEscapeHTML(false) // nosniff keeps browsers from seeing HTML
		if err := enc.Encode(body); err != nil {
			return err
		}
		text = buf.Bytes()
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	gone := r.Context().Err()
	connection := http.NewResponseController(w)
	_ = connection.SetWriteDeadline(time.Now().Add(h.left(v, tellStop)))
	w.WriteHeader(status)
	_, err := w.Write(text)
	if err == nil && v.at == performAction {
		err = connection.Flush()
	}
	switch {
	case gone != nil:
		return gone
	case err == nil && h.left(v, tellStop) < 0:
		return os.ErrDeadlineExceeded
	}
	return err
}

// note logs what went wrong. A client that forges on and on has been noted often enough: nobody
// is turned away for it, since any app at Shopify may be pointed here from the addresses that
// are every till's. A wrong method is no till's.
func (h *Handler) note(r *http.Request, v visit, reason string, cause error) {
	level := slog.LevelWarn
	if reason == methodNotAllowed || reason == unauthorised && !h.first(r, v) {
		level = slog.LevelDebug
	}
	attrs := []slog.Attr{
		slog.String("app", v.app.Name), slog.String("endpoint", v.at.name()), slog.String("reason", reason),
		slog.String("request_id", v.requestID), slog.Int64("took_ms", h.now().Sub(v.acceptedAt).Milliseconds()),
	}
	if cause != nil {
		f := fault.From(cause)
		attrs = append(attrs, slog.String("kind", f.Kind.String()), slog.String("source", f.Source.String()),
			slog.String("code", httpserver.Printable(f.Code)), slog.String("cause", httpserver.Printable(cause.Error())))
		if len(f.Fields) > 0 && f.Source == fault.Caller {
			attrs = append(attrs, slog.String("detail", f.Fields[0].Reason+" "+f.Fields[0].Detail))
		}
	}
	h.log.LogAttrs(r.Context(), level, "till not served", attrs...)
}

// first reports whether a forgery is among the first of its client and minute.
func (h *Handler) first(r *http.Request, v visit) bool {
	now := h.now()
	try, _ := v.app.forgeries.Begin(httpserver.ClientIP(r), now)
	if try != nil {
		try.End(true, now)
	}
	return try != nil
}
