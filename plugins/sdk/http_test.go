// SPDX-License-Identifier: Apache-2.0

package sdk_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/cartage-dev/cartage/plugins/sdk"
)

func TestHTTPClient(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/elsewhere", http.StatusFound)
	}))
	defer server.Close()
	client := sdk.HTTPClient(sdk.HTTPOptions{})
	defer client.CloseIdleConnections()

	unbounded, err := http.NewRequest(http.MethodGet, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.Do(unbounded)
	wantFault(t, "no deadline", err, sdk.Internal, "no_deadline")

	answer, err := client.Do(unbounded.WithContext(soon(t)))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusFound {
		t.Errorf("got status %d, want the redirect itself", answer.StatusCode)
	}
}

func TestReadBody(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, body string
		ok         bool
	}{
		{"less", "abc", true}, {"just so much", "abcd", true}, {"more", "abcde", false}, {"nothing", "", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := sdk.ReadBody(io.NopCloser(strings.NewReader(tt.body)), 4)
			if !tt.ok {
				wantFault(t, tt.name, err, sdk.Internal, "answer_too_large")
				return
			}
			if err != nil || string(got) != tt.body {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}
