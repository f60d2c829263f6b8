// SPDX-License-Identifier: Apache-2.0

package httpserver_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cartage-dev/cartage/adapters/inbound/httpserver"
	"github.com/cartage-dev/cartage/core/fault"
)

// bodyRead is what ReadBody gave a handler.
type bodyRead struct {
	raw []byte
	err error
}

// reader hands what ReadBody gives to a channel that has room for one request.
func reader(limit int64) (http.Handler, <-chan bodyRead) {
	read := make(chan bodyRead, 1)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, err := httpserver.ReadBody(w, r, limit)
		read <- bodyRead{raw, err}
		w.WriteHeader(http.StatusNoContent)
	}), read
}

// unsized is a body whose length is not said beforehand, so that it goes in chunks.
func unsized(text string) io.Reader { return io.MultiReader(strings.NewReader(text)) }

// wantFault holds err to be the caller's mistake.
func wantFault(t *testing.T, err error, code, message string) {
	t.Helper()
	f, ok := errors.AsType[*fault.Error](err)
	if !ok {
		t.Fatalf("err = %v, want a fault", err)
	}
	got := fault.Error{Kind: f.Kind, Source: f.Source, Code: f.Code, Message: f.Message, Fields: f.Fields}
	if diff := cmp.Diff(got, fault.Error{Kind: fault.Invalid, Source: fault.Caller, Code: code, Message: message}); diff != "" {
		t.Errorf("got -, want +\n%s", diff)
	}
}

func TestReadBodyHoldsToItsLimit(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		limit  int64
		body   io.Reader
		want   string
		beyond bool
	}{
		{"no body", 8, nil, "", false},
		{"an empty body", 8, unsized(""), "", false},
		{"one byte less", 8, strings.NewReader("1234567"), "1234567", false},
		{"exactly the limit", 8, strings.NewReader("12345678"), "12345678", false},
		{"one byte more", 8, strings.NewReader("123456789"), "", true},
		{"white space counts", 8, strings.NewReader("{}       "), "", true},
		{"chunks up to the limit", 8, unsized("12345678"), "12345678", false},
		{"chunks beyond the limit", 8, unsized("123456789"), "", true},
		{"chunks far beyond the limit", 8, unsized(strings.Repeat("x", 64<<10)), "", true},
		{"bytes that are no text", 8, strings.NewReader("\x00\xff\r\n"), "\x00\xff\r\n", false},
		{"nothing where nothing is allowed", 0, nil, "", false},
		{"a byte where nothing is allowed", 0, strings.NewReader("x"), "", true},
		{"as large as an order's", 1 << 20, strings.NewReader(strings.Repeat("x", 1<<20)), strings.Repeat("x", 1<<20), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h, read := reader(tt.limit)
			if _, err := start(t, h, nil).do(t, http.MethodPost, "/", tt.body, nil); err != nil {
				t.Fatal(err)
			}
			got := <-read
			if tt.beyond {
				wantFault(t, got.err, httpserver.BodyTooLarge, fmt.Sprintf("the body exceeds %d bytes", tt.limit))
			} else if got.err != nil {
				t.Fatalf("ReadBody = %v", got.err)
			}
			if string(got.raw) != tt.want {
				t.Errorf("ReadBody = %d bytes, want %d", len(got.raw), len(tt.want))
			}
		})
	}
}

// What a coding unfolds to has no bound, so nothing is unfolded here; a channel refuses codings.
func TestReadBodyInflatesNothing(t *testing.T) {
	t.Parallel()
	var small bytes.Buffer
	z := gzip.NewWriter(&small)
	if _, err := z.Write(bytes.Repeat([]byte(" "), 1<<20)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	h, read := reader(int64(small.Len()))
	said := func(h http.Header) { h.Set("Content-Encoding", "gzip") }
	if _, err := start(t, h, nil).do(t, http.MethodPost, "/", bytes.NewReader(small.Bytes()), said); err != nil {
		t.Fatal(err)
	}
	if got := <-read; got.err != nil || !bytes.Equal(got.raw, small.Bytes()) {
		t.Errorf("ReadBody = %d bytes, %v; want the %d that were sent", len(got.raw), got.err, small.Len())
	}
}

func TestReadBodyWantsTheWholeBody(t *testing.T) {
	t.Parallel()
	const post, chunked = "POST / HTTP/1.1\r\nHost: x\r\n", "Transfer-Encoding: chunked\r\n\r\n"
	for _, tt := range []struct{ name, text string }{
		{"nothing of it comes", post + "Content-Length: 8\r\n\r\n"},
		{"it ends early", post + "Content-Length: 8\r\n\r\n1234"},
		{"chunks that end early", post + chunked + "4\r\n12"},
		{"chunks without a last one", post + chunked + "4\r\n1234\r\n"},
		{"chunks without a length", post + chunked + "what\r\n1234\r\n0\r\n\r\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h, read := reader(64)
			start(t, h, nil).say(t, tt.text)
			got := <-read
			wantFault(t, got.err, "body_unreadable", "the body did not come whole")
			if errors.Unwrap(got.err) == nil || got.raw != nil {
				t.Errorf("ReadBody = %q, %v; want no bytes and a cause", got.raw, got.err)
			}
		})
	}
}

func TestReadBodyWaitsNoLongerThanTheListener(t *testing.T) {
	t.Parallel()
	h, read := reader(64)
	s := start(t, h, func(o *httpserver.Options) { o.ReadTimeout = 50 * time.Millisecond })
	if _, err := io.WriteString(s.dial(t), "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 8\r\n\r\n1234"); err != nil {
		t.Fatal(err)
	}
	got := <-read
	wantFault(t, got.err, "body_unreadable", "the body did not come whole")
	if !errors.Is(got.err, os.ErrDeadlineExceeded) {
		t.Errorf("ReadBody = %v, want the deadline as its cause", got.err)
	}
}

func TestBearer(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		given []string
		want  string
		ok    bool
	}{
		{"none", nil, "", false},
		{"a token", []string{"Bearer abc.def"}, "abc.def", true},
		{"lower case", []string{"bearer abc"}, "abc", true},
		{"upper case", []string{"BEARER abc"}, "abc", true},
		{"several spaces", []string{"Bearer   abc"}, "abc", true},
		{"the token keeps its case and signs", []string{"Bearer aB+/=~"}, "aB+/=~", true},
		{"spaces within are the token's", []string{"Bearer a b"}, "a b", true},
		{"empty", []string{""}, "", false},
		{"the scheme alone", []string{"Bearer"}, "", false},
		{"the scheme and a space", []string{"Bearer "}, "", false},
		{"the scheme and spaces", []string{"Bearer   "}, "", false},
		{"a token alone", []string{"abc"}, "", false},
		{"another scheme", []string{"Basic YTpi"}, "YTpi", false},
		{"a longer scheme", []string{"Bearers abc"}, "abc", false},
		{"a tab", []string{"Bearer\tabc"}, "", false},
		{"given twice", []string{"Bearer abc", "Bearer abc"}, "", false},
		{"given twice in different schemes", []string{"Basic YTpi", "Bearer abc"}, "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			token, ok := httpserver.Bearer(&http.Request{Header: http.Header{"Authorization": tt.given}})
			if ok != tt.ok || ok && token != tt.want {
				t.Errorf("Bearer = %q, %t; want %q, %t", token, ok, tt.want, tt.ok)
			}
		})
	}
}

func TestPlainJSON(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name           string
		types, codings []string
		want           bool
	}{
		{"nobody says", nil, nil, true},
		{"JSON", []string{"application/json"}, nil, true},
		{"in UTF-8", []string{"Application/JSON; charset=UTF-8"}, []string{"identity"}, true},
		{"in another charset", []string{"application/json; charset=utf-16"}, nil, false},
		{"said twice", []string{"application/json", "application/json"}, nil, false},
		{"text", []string{"text/plain"}, nil, false},
		{"garbage", []string{"json;;"}, nil, false},
		{"empty", []string{""}, nil, false},
		{"packed", []string{"application/json"}, []string{"gzip"}, false},
		{"packed twice", nil, []string{"identity", "gzip"}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := httpserver.PlainJSON(http.Header{"Content-Type": tt.types, "Content-Encoding": tt.codings}); got != tt.want {
				t.Errorf("PlainJSON = %t, want %t", got, tt.want)
			}
		})
	}
}

func TestWriteJSON(t *testing.T) {
	t.Parallel()
	s := start(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if err := httpserver.WriteJSON(w, http.StatusTeapot, map[string]string{"url": "https://x/?a=1&b=<2>"}); err != nil {
			t.Errorf("WriteJSON = %v", err)
		}
	}), nil)
	a := s.get(t, "/", nil)
	if want := `{"url":"https://x/?a=1&b=<2>"}` + "\n"; a.status != http.StatusTeapot || a.body != want {
		t.Errorf("answer = %d %s, want 418 %s", a.status, a.body, want)
	}
	for name, want := range map[string]string{"Content-Type": "application/json", "Cache-Control": "no-store"} {
		if got := a.header.Get(name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
}

func TestWriteJSONWritesNothingOfWhatHasNoJSON(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	err := httpserver.WriteJSON(w, http.StatusTeapot, map[string]any{"a": 1, "b": func() {}})
	if err == nil || w.Body.Len() > 0 || len(w.Header()) > 0 || w.Code != http.StatusOK {
		t.Errorf("WriteJSON = %v, having written %d %v %q; want an error and nothing written", err, w.Code, w.Header(), w.Body)
	}
}
