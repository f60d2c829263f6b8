// SPDX-License-Identifier: Apache-2.0

package httpserver_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cartage-dev/cartage/adapters/inbound/httpserver"
)

// say is a handler that answers with text.
func say(text string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) })
}

func TestStartNamesTheAddressItCannotHave(t *testing.T) {
	t.Parallel()
	held := start(t, say("held"), nil).Addr().String()
	for _, tt := range []struct {
		name, listen string
		want         []string
		is           error
	}{
		{"in use", held, []string{"listen on " + held + " for api", "the address is in use", "another address"}, syscall.EADDRINUSE},
		{"no port", "127.0.0.1", []string{"listen on 127.0.0.1 for api", "missing port"}, nil},
		{"no such port", "127.0.0.1:70000", []string{"listen on 127.0.0.1:70000 for api", "invalid port"}, nil},
		{"nobody's address", "192.0.2.1:0", []string{"listen on 192.0.2.1:0 for api"}, syscall.EADDRNOTAVAIL},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o, _, _ := settings()
			o.Listen = tt.listen
			s := httpserver.New(o, say(""))
			err := s.Start(t.Context())
			if err == nil {
				t.Fatal("Start = nil")
			}
			for _, text := range tt.want {
				if !strings.Contains(err.Error(), text) {
					t.Errorf("Start = %v, want %q in it", err, text)
				}
			}
			if tt.is != nil && !errors.Is(err, tt.is) {
				t.Errorf("Start = %v, want it to be %v", err, tt.is)
			}
			if s.Addr() != nil {
				t.Errorf("Addr = %v, want none", s.Addr())
			}
			if err := s.Stop(t.Context()); err != nil {
				t.Errorf("Stop of what never started = %v", err)
			}
		})
	}
}

func TestAddrIsNilBeforeStart(t *testing.T) {
	t.Parallel()
	o, _, _ := settings()
	if got := httpserver.New(o, say("")).Addr(); got != nil {
		t.Errorf("Addr = %v, want nil", got)
	}
}

func TestAddressIsFreeAfterStop(t *testing.T) {
	t.Parallel()
	first := start(t, say("first"), nil)
	for range 2 { // stopping twice does no harm
		if err := first.Stop(t.Context()); err != nil {
			t.Fatalf("Stop = %v", err)
		}
	}
	second := start(t, say("second"), func(o *httpserver.Options) { o.Listen = first.Addr().String() })
	if a := second.get(t, "/", nil); a.body != "second" {
		t.Errorf("answer = %q", a.body)
	}
}

// outcome is how a request that was sent from a goroutine ended.
type outcome struct {
	answer
	err error
}

// busy is a server with one request in its handler, which waits for release.
func busy(t *testing.T) (s *rig, release func(), ended <-chan outcome) {
	t.Helper()
	entered, gate, out := make(chan struct{}), make(chan struct{}), make(chan outcome, 1)
	s = start(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(entered)
		<-gate
		_, _ = io.WriteString(w, "finished")
	}), nil)
	go func() {
		a, err := s.do(t, http.MethodGet, "/", nil, nil)
		out <- outcome{a, err}
	}()
	<-entered
	return s, func() { close(gate) }, out
}

func TestStopLetsARequestFinishAndRefusesNewOnes(t *testing.T) {
	t.Parallel()
	s, release, ended := busy(t)
	stopped := make(chan error, 1)
	go func() { stopped <- s.Stop(context.WithoutCancel(t.Context())) }()
	if err, open := <-s.Done(); open {
		t.Errorf("Done yields %v, want it closed", err)
	}
	var d net.Dialer
	if c, err := d.DialContext(t.Context(), "tcp", s.Addr().String()); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("connecting while it drains = %v, %v; want it refused", c, err)
	}
	select {
	case err := <-stopped:
		release()
		t.Fatalf("Stop = %v while a request is in flight", err)
	case got := <-ended:
		release()
		t.Fatalf("the request ended with %+v before its handler did", got)
	default:
		release()
	}
	if got := <-ended; got.err != nil || got.status != http.StatusOK || got.body != "finished" {
		t.Errorf("the request in flight ended with %+v", got)
	}
	if err := <-stopped; err != nil {
		t.Errorf("Stop = %v", err)
	}
}

func TestStopCutsWhatOutlastsItsContext(t *testing.T) {
	t.Parallel()
	s, release, ended := busy(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Stop(ctx); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "drain api") {
		t.Errorf("Stop = %v, want it to say that draining api was cancelled", err)
	}
	if got := <-ended; got.err == nil {
		t.Errorf("the request ended with %+v, want its connection cut", got)
	}
	release()
}

func TestStopClosesIdleConnections(t *testing.T) {
	t.Parallel()
	s := start(t, say("x"), nil)
	c := s.dial(t)
	if _, err := io.WriteString(c, "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Read(make([]byte, 1)); err != nil { // answered, so that only waiting is left
		t.Fatal(err)
	}
	if err := s.Stop(t.Context()); err != nil {
		t.Errorf("Stop = %v", err)
	}
	if _, err := io.ReadAll(c); err != nil {
		t.Errorf("reading on = %v, want the connection's end", err)
	}
}

// A client that never says all is cut, each time by the one time-out that is short.
func TestSlowClientsAreCut(t *testing.T) {
	t.Parallel()
	const short = 50 * time.Millisecond
	for _, tt := range []struct {
		name, text string
		edit       func(*httpserver.Options)
	}{
		{"half a request line", "GET /", func(o *httpserver.Options) { o.ReadHeaderTimeout = short }},
		{"half a header", "GET / HTTP/1.1\r\nHost: x\r\nX-Slow: a", func(o *httpserver.Options) { o.ReadHeaderTimeout = short }},
		{"a header without its end", "GET / HTTP/1.1\r\nHost: x\r\n", func(o *httpserver.Options) { o.ReadHeaderTimeout = short }},
		{"nothing at all", "", func(o *httpserver.Options) { o.ReadHeaderTimeout = short }},
		{"nothing more after an answer", "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n", func(o *httpserver.Options) { o.IdleTimeout = short }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, say("x"), tt.edit)
			c := s.dial(t)
			if _, err := io.WriteString(c, tt.text); err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(c)
			if err != nil && !errors.Is(err, syscall.ECONNRESET) {
				t.Errorf("reading = %v, want the connection's end", err)
			}
			if whole := strings.HasSuffix(tt.text, "\r\n\r\n"); whole != strings.HasPrefix(string(got), "HTTP/1.1 200 OK\r\n") {
				t.Errorf("answer = %q", got)
			}
		})
	}
}

func TestSlowAnswersAreCut(t *testing.T) {
	t.Parallel()
	failed := make(chan error, 1)
	s := start(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for { // until nobody can take any more
			if _, err := w.Write(make([]byte, 64<<10)); err != nil {
				failed <- err
				return
			}
		}
	}), func(o *httpserver.Options) { o.WriteTimeout = 50 * time.Millisecond })
	if _, err := io.WriteString(s.dial(t), "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if err := <-failed; err == nil {
		t.Error("writing to who reads nothing never fails")
	}
}

func TestHeaderHasALimit(t *testing.T) {
	t.Parallel()
	const limit, slack = 4 << 10, 4 << 10 // net/http lets this much more in
	for _, tt := range []struct {
		name string
		size int
		want int
	}{
		{"below", limit - 512, http.StatusOK},
		{"beyond", limit + slack + 512, http.StatusRequestHeaderFieldsTooLarge},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, say("x"), func(o *httpserver.Options) { o.MaxHeaderBytes = limit })
			if a := s.get(t, "/", func(h http.Header) { h.Set("X-Large", strings.Repeat("x", tt.size)) }); a.status != tt.want {
				t.Errorf("status %d, want %d", a.status, tt.want)
			}
		})
	}
}

// What net/http has to say goes into the log, on one line and without escape sequences.
func TestComplaintsAreLogged(t *testing.T) {
	t.Parallel()
	s := start(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNoContent)
		w.WriteHeader(http.StatusTeapot)
	}), nil)
	if a := s.get(t, "/", nil); a.status != http.StatusNoContent {
		t.Errorf("status %d, want 204", a.status)
	}
	complaints := s.log.records(t, "http server complains")
	if len(complaints) != 1 {
		t.Fatalf("complaints %v, want one", complaints)
	}
	text, _ := complaints[0]["complaint"].(string)
	if !strings.Contains(text, "superfluous response.WriteHeader") || strings.ContainsAny(text, "\n\x1b") ||
		complaints[0]["listener"] != "api" || complaints[0]["level"] != "WARN" {
		t.Errorf("complaint %v", complaints[0])
	}
}
