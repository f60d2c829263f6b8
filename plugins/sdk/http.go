// SPDX-License-Identifier: Apache-2.0

package sdk

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
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
// redirect, since that would carry credentials elsewhere, and refuses a request
// whose context has no deadline: the time allowed is the host's to say.
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

// RoundTrip sends a request that has a deadline.
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	if _, ok := r.Context().Deadline(); !ok {
		if r.Body != nil {
			_ = r.Body.Close()
		}
		return nil, NewFault(Internal, "no_deadline", "an HTTP request needs a context with a deadline").By(SourcePlugin)
	}
	return b.Transport.RoundTrip(r)
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
