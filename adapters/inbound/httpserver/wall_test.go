// SPDX-License-Identifier: Apache-2.0

package httpserver_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cartage-dev/cartage/adapters/inbound/httpserver"
)

// secretText is in every value that a handler here panics with, and nowhere else.
const secretText = "hunter2"

type secretive struct{ Password string }

func (s secretive) Error() string { return s.Password }

// panics is a handler that panics with what make gives it.
func panics(value func() any) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "3")
		w.Header().Set("X-Of-The-Answer", secretText)
		panic(value())
	})
}

func TestPanicBecomesAnAnswerThatSaysNothingOfIt(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		handler http.Handler
		want    string // in the log
	}{
		{"a string", panics(func() any { return secretText }), "a string"},
		{"an error", panics(func() any { return errors.New(secretText) }), "a *errors.errorString"},
		{"a wrapped error", panics(func() any { return fmt.Errorf("charge %s: %w", secretText, io.EOF) }), "a *fmt.wrapError"},
		{"a struct", panics(func() any { return secretive{secretText} }), "a httpserver_test.secretive"},
		{"a pointer", panics(func() any { return &secretive{secretText} }), "a *httpserver_test.secretive"},
		{"bytes", panics(func() any { return []byte(secretText) }), "a []uint8"},
		{"a map", panics(func() any { return map[string]string{secretText: secretText} }), "a map[string]string"},
		{"nil", panics(func() any { return nil }), "panic called with nil argument"},
		{"an index", panics(func() any { return []byte(secretText)[len(secretText):][0] }), "runtime error: index out of range [0] with length 0"},
		{"a nil map", panics(func() any { http.Header(nil).Set(secretText, secretText); return nil }), "assignment to entry in nil map"},
		{"a wrong type", panics(func() any { var v any = secretText; return v.(int) }), "interface conversion: interface {} is string, not int"},
		{"an abort in disguise", panics(func() any { return fmt.Errorf("%s: %w", secretText, http.ErrAbortHandler) }), "a *fmt.wrapError"},
		{"after an early hint", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusEarlyHints)
			panic(secretText)
		}), "a string"},
		{"a status that is none", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(0) }), "a string"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, tt.handler, nil)
			a := s.get(t, "/", func(h http.Header) { h.Set("X-Request-Id", "req-7") })
			want := `{"error":{"code":"internal_error","details":[],"message":"something went wrong on our side","request_id":"req-7"}}` + "\n"
			if a.status != http.StatusInternalServerError || a.body != want {
				t.Errorf("answer = %d %s, want 500 %s", a.status, a.body, want)
			}
			wantHeader(t, a.header, map[string]string{
				"Content-Type": "application/json", "Cache-Control": "no-store", "X-Request-Id": "req-7",
				"X-Content-Type-Options": "nosniff", "X-Of-The-Answer": "",
			})
			if strings.Contains(s.log.String(), secretText) {
				t.Errorf("the log has the panic's value:\n%s", s.log)
			}
			found := s.log.records(t, "handler panicked")
			if len(found) != 1 {
				t.Fatalf("log has %v, want one panic in it", found)
			}
			got := found[0]
			if got["level"] != "ERROR" || got["listener"] != "api" || got["request_id"] != "req-7" || got["panic"] != tt.want {
				t.Errorf("log record %v, want panic %q", got, tt.want)
			}
			if stack, _ := got["stack"].(string); !strings.Contains(stack, "wall_test.go") {
				t.Errorf("stack %q does not lead to the handler", stack)
			}
			wantRequests(t, s, map[string]float64{"listener=api method=GET route=none status=500": 1})
		})
	}
}

func wantHeader(t *testing.T, got http.Header, want map[string]string) {
	t.Helper()
	for name, value := range want {
		if text := strings.Join(got.Values(name), "|"); text != value {
			t.Errorf("%s = %q, want %q", name, text, value)
		}
	}
}

// An answer that is not whole must not look whole, so its connection is cut.
func TestConnectionIsCutBehindHalfAnAnswer(t *testing.T) {
	t.Parallel()
	half := func(length string, flush bool, value any) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if length != "" {
				w.Header().Set("Content-Length", length)
			}
			_, _ = io.WriteString(w, "half")
			if flush {
				_ = http.NewResponseController(w).Flush()
			}
			panic(value)
		})
	}
	bare := func(value any) http.Handler {
		return http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(value) })
	}
	for _, tt := range []struct {
		name    string
		handler http.Handler
		status  int // that the client sees, 0 for none
		logged  int
	}{
		{"half in the buffer", half("", false, secretText), 0, 1},
		{"half sent", half("", true, secretText), http.StatusOK, 1},
		{"half of a stated length", half("8", true, secretText), http.StatusOK, 1},
		{"a header alone", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusTeapot)
			panic(secretText)
		}), 0, 1},
		{"a flush alone", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_ = http.NewResponseController(w).Flush()
			panic(secretText)
		}), http.StatusOK, 1},
		{"an abort before anything", bare(http.ErrAbortHandler), 0, 0},
		{"an abort behind half", half("", true, http.ErrAbortHandler), http.StatusOK, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, tt.handler, nil)
			a, err := s.do(t, http.MethodGet, "/", nil, nil)
			if err == nil || a.status != tt.status {
				t.Errorf("answer = %d %q, %v; want status %d and a connection that is cut", a.status, a.body, err, tt.status)
			}
			if tt.status != 0 && !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("err = %v, want an unexpected end", err)
			}
			if got := s.log.records(t, "handler panicked"); len(got) != tt.logged {
				t.Errorf("panics in the log: %v, want %d", got, tt.logged)
			}
			if text := s.log.String(); strings.Contains(text, secretText) || strings.Contains(text, "http server complains") {
				t.Errorf("the log says too much:\n%s", text)
			}
			wantRequests(t, s, map[string]float64{"listener=api method=GET route=none status=599": 1})
		})
	}
}

func TestOtherRequestsOutliveAPanic(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.Handle("GET /panic", panics(func() any { return secretText }))
	mux.Handle("GET /fine", say("fine"))
	s := start(t, mux, nil)
	s.get(t, "/panic", nil)
	if a := s.get(t, "/fine", nil); a.status != http.StatusOK || a.body != "fine" {
		t.Errorf("answer = %d %q", a.status, a.body)
	}
	wantRequests(t, s, map[string]float64{
		"listener=api method=GET route=GET /panic status=500": 1, "listener=api method=GET route=GET /fine status=200": 1,
	})
}

// A handler between server and mux that copies the request hides the mux's pattern; Handle does not need it.
func TestHandleNamesItsRouteBehindACopy(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	httpserver.Handle(mux, "GET /told/{id}", say("told"))
	mux.Handle("GET /hidden/{id}", say("hidden"))
	s := start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mux.ServeHTTP(w, r.Clone(r.Context()))
	}), nil)
	s.get(t, "/told/1", nil)
	s.get(t, "/hidden/1", nil)
	wantRequests(t, s, map[string]float64{
		"listener=api method=GET route=GET /told/{id} status=200": 1, "listener=api method=GET route=none status=200": 1,
	})
}

func TestHandleServesWithoutAWall(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	httpserver.Handle(mux, "/x", say("x"))
	// Past the wall of its server: with a context of the test's own.
	s := start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mux.ServeHTTP(w, r.WithContext(t.Context()))
	}), nil)
	if a := s.get(t, "/x", nil); a.body != "x" {
		t.Errorf("answer = %d %q", a.status, a.body)
	}
}

func TestHandlersReachTheConnectionThroughTheWall(t *testing.T) {
	t.Parallel()
	more := make(chan struct{})
	s := start(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		c := http.NewResponseController(w)
		if err := errors.Join(c.SetReadDeadline(time.Time{}), c.SetWriteDeadline(time.Time{}), c.EnableFullDuplex()); err != nil {
			t.Error(err)
		}
		_, _ = io.WriteString(w, "a")
		if err := c.Flush(); err != nil {
			t.Error(err)
		}
		<-more
		_, _ = io.WriteString(w, "b")
	}), nil)
	resp, err := s.client.Get(s.url)
	if err != nil {
		close(more)
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if _, err := io.ReadFull(resp.Body, make([]byte, 1)); err != nil {
		t.Error(err)
	}
	close(more)
	if rest, err := io.ReadAll(resp.Body); err != nil || string(rest) != "b" {
		t.Errorf("the rest = %q, %v", rest, err)
	}
}

// A handler may say more than the wall does, and its own answers are JSON as it wrote them.
func TestWallLeavesAnAnswerAsItIs(t *testing.T) {
	t.Parallel()
	s := start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "max-age=60")
		_ = json.NewEncoder(w).Encode(r.Header.Get("X-Given"))
	}), nil)
	a := s.get(t, "/", func(h http.Header) { h.Set("X-Given", "x") })
	wantHeader(t, a.header, map[string]string{"Cache-Control": "max-age=60", "X-Content-Type-Options": "nosniff"})
	if a.body != "\"x\"\n" {
		t.Errorf("body = %q", a.body)
	}
}
