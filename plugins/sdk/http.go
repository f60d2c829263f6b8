// SPDX-License-Identifier: Apache-2.0

package sdk

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"
)

const (
	headerBytesMax = 64 << 10
	idleConnsMax   = 32
	idleMax        = 90 * time.Second
	tlsMax         = 10 * time.Second
)

// HTTPOptions are the choices of an HTTPClient. The zero value is the usual one.
type HTTPOptions struct {
	// Proxy chooses a proxy for a request, as http.ProxyFromEnvironment does; nil uses none.
	Proxy func(*http.Request) (*url.URL, error)
	// TLS replaces the settings towards the backend; nil trusts the system's authorities.
	TLS *tls.Config
	// ConnsMax bounds the connections to one host; zero does not bound them.
	ConnsMax int
}

// HTTPClient is a client for talking to a commerce system. It follows no
// redirect, since that would carry credentials elsewhere: a 3xx is an answer like any
// other. It refuses a request whose context has no deadline, since the time allowed is the
// host's to say. Unanswered and Refused make faults of how a request ended.
func HTTPClient(o HTTPOptions) *http.Client {
	secure := &tls.Config{MinVersion: tls.VersionTLS12}
	if o.TLS != nil {
		secure = o.TLS.Clone()
	}
	return &http.Client{
		Transport: bounded{&http.Transport{
			Proxy: o.Proxy, TLSClientConfig: secure, TLSHandshakeTimeout: tlsMax, ForceAttemptHTTP2: true,
			MaxConnsPerHost: o.ConnsMax, MaxIdleConnsPerHost: idleConnsMax, IdleConnTimeout: idleMax,
			MaxResponseHeaderBytes: headerBytesMax,
		}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// bounded refuses to wait for ever.
type bounded struct{ *http.Transport }

// RoundTrip sends a request that has a deadline. What ends before it had a connection is
// a fault: certainly not done. A failure to dial alone would not say so, since the
// transport dials anew for a request that it has sent on a connection that broke.
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	if _, ok := r.Context().Deadline(); !ok {
		if r.Body != nil {
			_ = r.Body.Close()
		}
		return nil, NewFault(Internal, "no_deadline", "an HTTP request needs a context with a deadline").By(SourcePlugin)
	}
	var connected atomic.Bool
	trace := &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected.Store(true) }}
	res, err := b.Transport.RoundTrip(r.WithContext(httptrace.WithClientTrace(r.Context(), trace)))
	if err != nil && !connected.Load() {
		err = NewFault(Unavailable, "not_sent", "there was no connection to the backend").By(SourceBackend).Because(err)
	}
	return res, err
}

// Unanswered is the fault of a request that got no answer, of the error that HTTPClient's
// Do returned: Unavailable (not_sent) when it never had a connection, else lost
// (no_answer). Say Unavailable for a read, and Unknown for a write.
func Unanswered(err error, lost Kind) *Fault {
	if f, ok := errors.AsType[*Fault](err); ok {
		return f
	}
	return NewFault(lost, "no_answer", "the backend did not answer").By(SourceBackend).Because(err)
}

// refusals are the statuses that say that nothing was done; any other 4xx is Invalid.
var refusals = map[int]*Fault{
	http.StatusUnauthorized:    NewFault(Unauthenticated, "unauthenticated", "the backend does not know the credentials").By(SourceBackend),
	http.StatusForbidden:       NewFault(Denied, "denied", "the backend does not allow this").By(SourceBackend),
	http.StatusNotFound:        NewFault(NotFound, "not_found", "the backend has no such thing").By(SourceCaller),
	http.StatusGone:            NewFault(NotFound, "not_found", "the backend has no such thing").By(SourceCaller),
	http.StatusConflict:        NewFault(Conflict, "conflict", "the backend has it in another state").By(SourceCaller),
	http.StatusTooManyRequests: NewFault(Limited, "asked_too_often", "the backend asks for patience").By(SourceBackend),
}

// Refused is the fault of an answer that is no success, by its status alone: 401 is
// Unauthenticated, 403 Denied, 404 and 410 NotFound, 409 Conflict, 429 Limited, any other 4xx
// Invalid (refused). What is left, a 3xx, 408 or 5xx, is lost (failed), as Unanswered has it, since
// nobody knows what was done before. Where the backend says more, put that in: a code of
// its own, or Unavailable where it promises that nothing was done.
func Refused(res *http.Response, lost Kind) *Fault {
	status := res.StatusCode
	if f, known := refusals[status]; known {
		if status == http.StatusTooManyRequests {
			return f.After(patience(res.Header.Get("Retry-After")))
		}
		return f.By(f.Source) // a copy, which is the caller's
	}
	if status >= 400 && status < 500 && status != http.StatusRequestTimeout {
		return NewFault(Invalid, "refused", "the backend refused with status %d", status).By(SourceCaller)
	}
	return NewFault(lost, "failed", "the backend failed with status %d", status).By(SourceBackend)
}

// patienceMax bounds what a backend may ask for; the same as the host's own bound.
const patienceMax = 24 * time.Hour

// patience is how long a Retry-After in seconds asks to wait, and a second without one.
func patience(text string) time.Duration {
	seconds, err := strconv.ParseUint(text, 10, 32)
	if err != nil || seconds == 0 {
		return time.Second
	}
	return min(time.Duration(seconds)*time.Second, patienceMax)
}

// ReadBody reads what is left of body, at most limit bytes, and closes it. More is Internal,
// by the backend (answer_too_large); whether a write was done is then for the caller to know.
func ReadBody(body io.ReadCloser, limit int64) (_ []byte, err error) {
	defer func() { err = errors.Join(err, body.Close()) }()
	read, err := io.ReadAll(io.LimitReader(body, limit+1))
	if err != nil {
		return nil, fmt.Errorf("read answer: %w", err)
	}
	if int64(len(read)) > limit {
		return nil, NewFault(Internal, "answer_too_large", "the backend's answer exceeds %d bytes", limit).By(SourceBackend)
	}
	return read, nil
}
