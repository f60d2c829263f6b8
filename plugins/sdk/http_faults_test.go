// SPDX-License-Identifier: Apache-2.0

package sdk_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/cartage-dev/cartage/plugins/sdk"
)

// post sends a write with a key to url.
func post(t *testing.T, client *http.Client, url string) error {
	t.Helper()
	req, err := http.NewRequestWithContext(soon(t), http.MethodPost, url, strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Idempotency-Key", "k")
	res, err := client.Do(req)
	if err == nil {
		_, err = sdk.ReadBody(res.Body, 10)
	}
	return err
}

// TestUnansweredTellsWhatWasSent is over servers that take a request and hang up.
func TestUnansweredTellsWhatWasSent(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		http2 bool
	}{{"HTTP/1.1", false}, {"HTTP/2", true}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				if (r.ProtoMajor == 2) != tt.http2 {
					t.Errorf("asked by %s", r.Proto)
				}
				panic(http.ErrAbortHandler)
			}))
			server.EnableHTTP2 = tt.http2
			server.StartTLS()
			authorities := server.Client().Transport.(*http.Transport).TLSClientConfig
			client := sdk.HTTPClient(sdk.HTTPOptions{TLS: authorities})
			defer client.CloseIdleConnections()
			wantFault(t, "a write that was sent", sdk.Unanswered(post(t, client, server.URL), sdk.Unknown), sdk.Unknown, "no_answer")
			wantFault(t, "a read that was sent", sdk.Unanswered(post(t, client, server.URL), sdk.Unavailable), sdk.Unavailable, "no_answer")
			client.CloseIdleConnections()
			server.Close()
			wantFault(t, "nobody there", sdk.Unanswered(post(t, client, server.URL), sdk.Unknown), sdk.Unavailable, "not_sent")
		})
	}
}

// TestUnansweredAfterDialingAgain sends on a connection that breaks. The transport dials anew
// for the request, since it has a key, and what fails then is not all that was tried.
func TestUnansweredAfterDialingAgain(t *testing.T) {
	t.Parallel()
	var server *httptest.Server
	asked := 0
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if asked++; asked == 1 {
			return
		}
		_ = server.Listener.Close()
		if conn, _, err := w.(http.Hijacker).Hijack(); err == nil {
			_ = conn.Close()
		}
	}))
	defer server.Close()
	client := sdk.HTTPClient(sdk.HTTPOptions{})
	defer client.CloseIdleConnections()
	if err := post(t, client, server.URL); err != nil {
		t.Fatal(err)
	}
	err := post(t, client, server.URL)
	if err == nil || !strings.Contains(err.Error(), "dial") {
		t.Fatalf("got %v, want a failure to dial", err)
	}
	wantFault(t, "sent, and then no connection", sdk.Unanswered(err, sdk.Unknown), sdk.Unknown, "no_answer")
}

func TestRefused(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]sdk.Kind{
		301: sdk.Unknown, 303: sdk.Unknown, 400: sdk.Invalid, 401: sdk.Unauthenticated, 403: sdk.Denied, 404: sdk.NotFound, 408: sdk.Unknown,
		409: sdk.Conflict, 410: sdk.NotFound, 422: sdk.Invalid, 429: sdk.Limited, 500: sdk.Unknown, 503: sdk.Unknown, 504: sdk.Unknown,
	} {
		f := sdk.Refused(&http.Response{StatusCode: status}, sdk.Unknown)
		if f.Kind != want || f.Code == "" || f.Message == "" || f.Source != sdk.SourceCaller && f.Source != sdk.SourceBackend {
			t.Errorf("%d is %v by %v", status, f, f.Source)
		}
		f.Code = "mine"
		if again := sdk.Refused(&http.Response{StatusCode: status}, sdk.Unknown); again.Code == "mine" {
			t.Errorf("the fault of %d is shared", status)
		}
	}
	for text, want := range map[string]time.Duration{
		"": time.Second, "7": 7 * time.Second, "-1": time.Second, "Wed, 21 Oct 2026 07:28:00 GMT": time.Second, "4294967295": 24 * time.Hour,
	} {
		res := &http.Response{StatusCode: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {text}}}
		if f := sdk.Refused(res, sdk.Unknown); f.RetryAfter != want {
			t.Errorf("Retry-After %q is %s, want %s", text, f.RetryAfter, want)
		}
	}
}
