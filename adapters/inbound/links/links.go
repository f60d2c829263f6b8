// SPDX-License-Identifier: Apache-2.0

package links

import (
	"context"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/cartage-dev/cartage/adapters/inbound/httpserver"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/handoff"
	"github.com/cartage-dev/cartage/ports/inbound"
)

// pattern has no method, so that a wrong one gets our answer and not the mux's.
const pattern = "/handoff/{token}"

// openMax bounds opening one link.
const openMax = 2 * time.Second

// Options are what a Handler is made of; all are needed.
type Options struct {
	Links  inbound.HandoffLinks
	Logger *slog.Logger
}

// Handler opens links.
type Handler struct {
	links  inbound.HandoffLinks
	log    *slog.Logger
	misses *httpserver.Misses
	now    func() time.Time
}

// New makes a handler that has seen nobody miss yet.
func New(o Options) *Handler {
	return &Handler{links: o.Links, log: o.Logger, misses: httpserver.NewMisses(missesMax, triesMax), now: time.Now}
}

// Register serves the links on mux.
func (h *Handler) Register(mux *http.ServeMux) { httpserver.Handle(mux, pattern, h) }

// ServeHTTP opens the link that the request's path names.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet { // a messenger that previews a link with HEAD must not use it up
		w.Header().Set("Allow", http.MethodGet)
		notServed.write(w)
		return
	}
	try, wait := h.misses.Begin(httpserver.ClientIP(r), h.now())
	if try == nil {
		h.note(r, slog.LevelDebug, "too many misses")
		w.Header().Set("Retry-After", seconds(wait))
		tooOften.write(w)
		return
	}
	to, err := h.open(r, try)
	if err != nil {
		h.explain(w, r, fault.From(err))
		return
	}
	h.goOn(w, r, to)
}

// open asks for the link. A text that is no token does not trouble the store.
func (h *Handler) open(r *http.Request, try *httpserver.Attempt) (to handoff.Request, err error) {
	defer func() { try.End(err != nil && fault.KindOf(err) == fault.NotFound, h.now()) }()
	token, ok := handoff.ParseToken(r.PathValue("token"))
	if !ok {
		return to, fault.New(fault.NotFound, "", "not a token").By(fault.Caller)
	}
	ctx, cancel := context.WithTimeout(r.Context(), openMax)
	defer cancel()
	to, err = h.links.Open(ctx, token)
	if err == nil && (len(to.Headers) > 0 || len(to.Cookies) > 0) {
		err = fault.New(fault.Internal, "", "a link cannot carry cookies or headers")
	}
	return to, err
}

// goOn leads to the shop's page: a GET by redirect, a POST by a form that the
// shopper sends, since only a script could send it without being asked.
func (h *Handler) goOn(w http.ResponseWriter, r *http.Request, to handoff.Request) {
	if to.Method == handoff.POST {
		p, err := formPage(to)
		if err != nil {
			h.explain(w, r, fault.From(err))
			return
		}
		p.write(w)
		return
	}
	head := w.Header()
	head.Set("Location", to.URL)
	head.Set("Cache-Control", "no-store")
	head.Set("Referrer-Policy", "no-referrer")
	w.WriteHeader(http.StatusSeeOther)
}

// explain shows the page that says why there is none of the shop's.
func (h *Handler) explain(w http.ResponseWriter, r *http.Request, f *fault.Error) {
	switch f.Kind {
	case fault.NotFound:
		h.note(r, slog.LevelDebug, "unknown or expired")
		unknown.write(w)
	case fault.Conflict:
		h.note(r, slog.LevelDebug, "used or replaced")
		ended.write(w)
	default:
		h.note(r, slog.LevelWarn, "failed", slog.String("kind", f.Kind.String()),
			slog.String("source", f.Source.String()), slog.String("code", httpserver.Printable(f.Code)),
			slog.String("cause", httpserver.Printable(f.Error())))
		w.Header().Set("Retry-After", seconds(f.RetryAfter))
		broken.write(w)
	}
}

func (h *Handler) note(r *http.Request, level slog.Level, why string, attrs ...slog.Attr) {
	h.log.LogAttrs(r.Context(), level, "link not opened", append(attrs, slog.String("why", why),
		slog.String("request_id", httpserver.RequestID(r.Context())))...)
}

// retryMax bounds how long anybody is asked to wait.
const retryMax = time.Hour

// seconds is a wait as Retry-After has it: whole seconds, at least one.
func seconds(d time.Duration) string {
	d = max(time.Second, min(d, retryMax))
	return strconv.FormatInt(int64((d+time.Second-1)/time.Second), 10)
}
