// SPDX-License-Identifier: Apache-2.0

package posui

import (
	"errors"
	"net/http"
	"os"
	"time"

	"github.com/cartage-dev/cartage/adapters/inbound/httpserver"
	"github.com/cartage-dev/cartage/core/fault"
)

// bodyMax is far more than the fields of any call.
const bodyMax = 64 << 10

// The clock of a request, from when it was accepted: a till is not kept waiting any longer
// than Shopify's own calls keep it.
const (
	portStop = 2400 * time.Millisecond // the port's context ends
	hardStop = 2500 * time.Millisecond // and what it has not said by now, nobody hears
	tellStop = 2700 * time.Millisecond // a till that was told later may have given up
)

// endpoint is one of the calls.
type endpoint struct {
	name, method, path string
	status             int    // of what was done
	writes             bool   // and takes a token's one write
	unknown            string // the code for an id that is no good
	read               func(h *Handler, v visit, r *http.Request, raw []byte) (task, *refusal)
}

var endpoints = [...]endpoint{
	{"loyalty", http.MethodGet, "/loyalty", http.StatusOK, false, unknownOffer, askLoyalty},
	{"reserve", http.MethodPost, "/redemptions", http.StatusCreated, true, unknownOffer, askRedemption},
	{"release", http.MethodDelete, "/redemptions/{id}", http.StatusOK, true, unknownRedemption, askRelease},
	{"commit", http.MethodPost, "/redemptions/{id}/commit", http.StatusAccepted, true, unknownRedemption, askCommit},
}

// visit is one request.
type visit struct {
	at         *endpoint
	who        identity // as far as it is known
	requestID  string
	acceptedAt time.Time
}

// noApp is whose a request is that said nothing good of itself.
const noApp = "none"

// app is the name that figures and logs know the caller by.
func (v visit) app() string {
	if v.who.app == nil {
		return noApp
	}
	return v.who.app.Name
}

// left is how long it is until a moment of the request's clock.
func (h *Handler) left(v visit, moment time.Duration) time.Duration {
	return moment - h.now().Sub(v.acceptedAt)
}

// endpoint answers one call.
func (h *Handler) endpoint(at *endpoint) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := visit{at: at, acceptedAt: h.now(), requestID: httpserver.RequestID(r.Context())}
		allow(w.Header())
		if r.Method == http.MethodOptions {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		outcome := h.serve(w, r, &v)
		h.figures.seconds.WithLabelValues(at.name).Observe(h.now().Sub(v.acceptedAt).Seconds())
		h.figures.requests.WithLabelValues(v.app(), at.name, outcome).Inc()
	})
}

// allow lets an extension's origin ask, whatever it is: what counts is the token.
func allow(h http.Header) {
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, "+keyHeader)
	h.Set("Access-Control-Allow-Methods", "GET, POST, DELETE, OPTIONS")
	h.Set("Cache-Control", "no-store")
}

// serve is the order of work: know who asks, bound and read, spend the token, ask, print, and
// tell the port of a till that was told.
func (h *Handler) serve(w http.ResponseWriter, r *http.Request, v *visit) (outcome string) {
	if r.Method != v.at.method {
		return h.refuse(w, r, *v, &refusal{code: methodNotAllowed})
	}
	if refused := h.authenticate(r, v); refused != nil {
		return h.refuse(w, r, *v, refused)
	}
	t, refused := h.understand(w, r, *v)
	if refused != nil {
		return h.refuse(w, r, *v, refused)
	}
	answer, refused := h.ask(r.Context(), *v, t)
	if refused != nil {
		return h.refuse(w, r, *v, refused)
	}
	if err := h.tell(w, r, *v, v.at.status, answer); err != nil {
		h.note(r, *v, notDelivered, err)
		return notDelivered
	}
	if t.told != nil {
		t.told()
	}
	return done
}

// authenticate finds out who asks. Only a signature that is wrong is a forgery: a till without
// permission, or whose token is late, must not shut out the others of its store.
func (h *Handler) authenticate(r *http.Request, v *visit) *refusal {
	try, wait := h.misses.Begin(httpserver.ClientIP(r), h.now())
	if try == nil {
		return &refusal{turnedAway, fault.New(fault.Limited, "", "too many forgeries came from there").After(wait)}
	}
	token, why := bearer(r)
	if why == "" {
		v.who, why = h.identify(token)
	}
	try.End(why == forged, h.now())
	return h.distrust(*v, why)
}

// distrust is the refusal of a token, if there is a reason.
func (h *Handler) distrust(v visit, why string) *refusal {
	if why == "" {
		return nil
	}
	h.figures.tokens.WithLabelValues(v.app(), why).Inc()
	err := fault.New(fault.Unauthenticated, why, "the token is no good").By(fault.Caller)
	if why == notSent {
		return &refusal{lacksPermission, err}
	}
	return &refusal{unauthorised, err}
}

// understand reads what is asked for, and spends the token of a write on it.
func (h *Handler) understand(w http.ResponseWriter, r *http.Request, v visit) (task, *refusal) {
	var raw []byte
	if v.at.method == http.MethodPost {
		if !httpserver.PlainJSON(r.Header) {
			return task{}, &refusal{code: unsupportedMediaType}
		}
		var refused *refusal
		if raw, refused = h.body(w, r, v); refused != nil {
			return task{}, refused
		}
	}
	t, refused := v.at.read(h, v, r, raw)
	if refused != nil || !v.at.writes {
		return t, refused
	}
	if h.now().Sub(v.who.issued) >= writeAgeMax {
		return task{}, h.distrust(v, expired)
	}
	write := digestOf(v.at.name, r.PathValue("id"), r.Header.Get(keyHeader), string(raw))
	switch why := h.tokens.use(v.who, write, h.now()); why {
	case tooManyWrites:
		return task{}, &refusal{code: tooManyWrites}
	default:
		return t, h.distrust(v, why)
	}
}

// body reads the body while there is time. The connection goes by the system's clock.
func (h *Handler) body(w http.ResponseWriter, r *http.Request, v visit) ([]byte, *refusal) {
	connection := http.NewResponseController(w)
	_ = connection.SetReadDeadline(time.Now().Add(h.left(v, hardStop))) // a writer without a connection has nothing to wait for
	raw, err := httpserver.ReadBody(w, r, bodyMax)
	if err == nil {
		_ = connection.SetReadDeadline(time.Time{}) // else it would end the context of a request that is read whole
		return raw, nil
	}
	switch {
	case fault.From(err).Code == bodyTooLarge:
		return nil, &refusal{bodyTooLarge, err}
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, &refusal{bodyLate, err}
	}
	return nil, &refusal{bodyUnreadable, err}
}
