// SPDX-License-Identifier: Apache-2.0

package links

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/cartage-dev/cartage/adapters/inbound/httpserver"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/handoff"
)

// kept are links as a store keeps them: what a token leads to, or the fault it gives.
type kept struct {
	mu     sync.Mutex
	to     map[handoff.Token]handoff.Request
	faults map[handoff.Token]error
	opened int
}

func (k *kept) Open(_ context.Context, token handoff.Token) (handoff.Request, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.opened++
	if err, is := k.faults[token]; is {
		return handoff.Request{}, err
	}
	to, is := k.to[token]
	if !is {
		return handoff.Request{}, fault.New(fault.NotFound, "", "no such link").By(fault.Caller)
	}
	k.faults[token] = fault.New(fault.Conflict, "handoff_ended", "used").By(fault.Caller)
	return to, nil
}

func token(n byte) handoff.Token { return handoff.Token{n, 1, 2, 3} }

// bench is a handler behind a real server, at a time of its own.
type bench struct {
	url     string
	kept    *kept
	handler *Handler
	log     *bytes.Buffer
	mu      sync.Mutex
	now     time.Time
}

func newBench(t testing.TB) *bench {
	t.Helper()
	b := &bench{
		kept: &kept{to: map[handoff.Token]handoff.Request{}, faults: map[handoff.Token]error{}},
		log:  &bytes.Buffer{}, now: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC),
	}
	b.handler = New(Options{Links: b.kept, Logger: slog.New(slog.NewJSONHandler(b.log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	b.handler.now = func() time.Time {
		b.mu.Lock()
		defer b.mu.Unlock()
		return b.now
	}
	mux := http.NewServeMux()
	b.handler.Register(mux)
	server := httptest.NewServer(httpserver.Wrap(httpserver.Options{
		Name: "api", Logger: slog.New(slog.DiscardHandler), TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
	}, mux))
	t.Cleanup(server.Close)
	b.url = server.URL
	return b
}

func (b *bench) pass(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now = b.now.Add(d)
}

type reply struct {
	status int
	header http.Header
	body   string
}

// ask opens a link as a browser would, but does not follow it.
func (b *bench) ask(t testing.TB, method, text, from string) reply {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, b.url+"/handoff/"+text, nil)
	if err != nil {
		t.Fatal(err)
	}
	if from != "" {
		req.Header.Set("X-Forwarded-For", from)
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{res.StatusCode, res.Header, string(body)}
}

func (b *bench) get(t testing.TB, text string) reply {
	t.Helper()
	return b.ask(t, http.MethodGet, text, "")
}
