// SPDX-License-Identifier: Apache-2.0

package httpserver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime"
	"runtime/debug"
	"time"
)

// Wrap puts the common wall around h: request id, client address, metrics, access
// log, security headers and the recovery of panics.
func Wrap(o Options, h http.Handler) http.Handler {
	return &wall{name: o.Name, trusted: o.TrustedProxies, log: o.Logger, figures: newFigures(o.Registerer), next: h}
}

// Handle registers h under pattern and makes the pattern the request's route. It
// is needed where a handler between server and mux copies the request, since the
// copy is then the one that the mux tells its pattern.
func Handle(mux *http.ServeMux, pattern string, h http.Handler) {
	mux.Handle(pattern, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if v := visitOf(r.Context()); v != nil {
			v.route = pattern
		}
		h.ServeHTTP(w, r)
	}))
}

// visit is what the wall knows of a request.
type visit struct {
	requestID string
	client    netip.Addr
	route     string
}

// head writes what every answer says.
func (v *visit) head(h http.Header) {
	h.Set(requestIDHeader, v.requestID)
	h.Set("X-Content-Type-Options", "nosniff")
}

type visitKey struct{}

func visitOf(ctx context.Context) *visit {
	v, _ := ctx.Value(visitKey{}).(*visit)
	return v
}

type wall struct {
	name    string
	trusted []netip.Prefix
	log     *slog.Logger
	figures figures
	next    http.Handler
}

func (s *wall) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	v := &visit{requestID: requestID(r.Header), client: clientIP(r, s.trusted)}
	r = r.WithContext(context.WithValue(r.Context(), visitKey{}, v))
	out := &recorder{ResponseWriter: w}
	v.head(out.Header())
	defer s.observe(r, out, v, began)
	defer s.catch(out, v)
	s.next.ServeHTTP(out, r)
}

// catch answers for a handler that panicked. A half-written answer is cut off,
// so that nobody takes it for a whole one.
func (s *wall) catch(out *recorder, v *visit) {
	what := recover()
	if what == nil {
		return
	}
	if what != http.ErrAbortHandler { //nolint:errorlint // panics carry this very value, as net/http compares it
		s.log.Error("handler panicked", "listener", s.name, "request_id", v.requestID,
			"panic", PanicText(what), "stack", string(debug.Stack()))
		if out.status == 0 {
			clear(out.Header()) // of what the answer would have been, such as its length
			v.head(out.Header())
			_ = WriteJSON(out, http.StatusInternalServerError, internalError(v.requestID))
			return
		}
	}
	out.abort()
	panic(http.ErrAbortHandler) //nolint:forbidigo // the one word net/http knows for cutting a connection
}

// PanicText names a panic without printing what a stranger's value may hold.
func PanicText(what any) string {
	if err, ok := what.(runtime.Error); ok {
		return Printable(err.Error())
	}
	return fmt.Sprintf("a %T", what)
}

func internalError(requestID string) any {
	return map[string]any{"error": map[string]any{
		"code": "internal_error", "message": "something went wrong on our side", "request_id": requestID, "details": []string{},
	}}
}

// recorder remembers how an answer went.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (r *recorder) WriteHeader(status int) {
	r.ResponseWriter.WriteHeader(status)          // panics at what is no status, and has then sent nothing
	if r.status == 0 && status >= http.StatusOK { // 1xx may come several times
		r.status = status
	}
}

func (r *recorder) Write(p []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	n, err := r.ResponseWriter.Write(p)
	r.bytes += int64(n)
	return n, err
}

// FlushError lets http.ResponseController send what there is, its status first.
func (r *recorder) FlushError() error {
	err := http.NewResponseController(r.ResponseWriter).Flush()
	if r.status == 0 && !errors.Is(err, http.ErrNotSupported) {
		r.status = http.StatusOK
	}
	return err
}

// abort makes the figures show that the answer is not a whole one.
func (r *recorder) abort() { r.status = statusAborted }

// Unwrap lets http.ResponseController reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// statusAborted stands for an answer that was cut off, which HTTP has no number for.
const statusAborted = 599

// methodLabel keeps what a stranger may invent out of logs and metrics.
func methodLabel(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch,
		http.MethodDelete, http.MethodConnect, http.MethodOptions, http.MethodTrace:
		return method
	}
	return "other"
}
