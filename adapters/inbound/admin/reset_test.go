// SPDX-License-Identifier: Apache-2.0

package admin_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cartage-dev/cartage/adapters/inbound/admin"
)

// took is how long it took, which differs.
var took = regexp.MustCompile(`after \d+ ms|"took_ms":\d+`)

func TestReset(t *testing.T) {
	t.Parallel()
	next := time.Date(2026, 11, 25, 9, 30, 0, 0, time.UTC)
	for _, tt := range []struct {
		name, path string
		done       admin.ResetDone
		want       answer
	}{
		{"back at work", "eu/reset", admin.ResetDone{OK: true, Was: "quarantined", Is: "ready", Forgiven: 2, Breaker: "closed", LastExit: "exited with status 5"}, answer{
			200, plain, "", "backend eu: was quarantined, is ready T; its breaker is closed\nrequests that were refused and are sent again: 2\n"}},
		{"nothing to do", "eu/reset", admin.ResetDone{OK: true, Was: "ready", Is: "ready", Breaker: "open"}, answer{
			200, plain, "", "backend eu: was ready, is ready T; its breaker is open\n"}},
		{"not mended", "eu/reset", admin.ResetDone{Was: "quarantined", Is: "quarantined", Breaker: "open", LastExit: "exited with status 5", NextTry: next}, answer{
			503, plain, "", "backend eu: was quarantined, is quarantined T; its breaker is open\nlast end: exited with status 5\nnext try: 2026-11-25T09:30:00Z\n"}},
		{"not mended, as JSON", "eu/reset?output=json", admin.ResetDone{Was: "quarantined", Is: "quarantined", Breaker: "open", LastExit: "exited with status 5", NextTry: next}, answer{
			503, "application/json", "", `{"ok":false,"backend":"eu","was":"quarantined","is":"quarantined","forgiven_requests":0,"breaker":"open",` +
				`"last_exit":"exited with status 5","next_try":"2026-11-25T09:30:00Z",T}` + "\n"}},
		{"nobody", "eus/reset", admin.ResetDone{}, answer{404, plain, "", "no backend is called \"eus\"; config has eu, us\n"}},
		{"nobody, at length", strings.Repeat("x", 1000) + "/reset", admin.ResetDone{}, answer{404, plain, "", "no backend is called \"" + strings.Repeat("x", 64) + "\"; config has eu, us\n"}},
		{"nobody, as JSON", "e%0au/reset?output=json", admin.ResetDone{}, answer{404, "application/json", "",
			`{"ok":false,"backend":"e\nu","forgiven_requests":0,"problem":"no backend is called \"e\\nu\"; config has eu, us",T}` + "\n"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			mux := http.NewServeMux()
			admin.RegisterReset(mux, func(_ context.Context, name string) (admin.ResetDone, []string) {
				if name != "eu" {
					return admin.ResetDone{}, []string{"eu", "us"}
				}
				tt.done.Backend = name
				return tt.done, nil
			})
			s := httptest.NewServer(mux)
			defer s.Close()
			got := ask(t, http.MethodPost, s.URL+"/backends/"+tt.path)
			got.Body = took.ReplaceAllString(got.Body, "T")
			if diff := cmp.Diff(got, tt.want); diff != "" {
				t.Errorf("got -, want +\n%s", diff)
			}
			if got := ask(t, http.MethodGet, s.URL+"/backends/"+tt.path); got.Status != http.StatusMethodNotAllowed {
				t.Errorf("GET is answered with %d", got.Status)
			}
		})
	}
}

// A page that an operator has open must not reset a plugin of a host on the same machine.
func TestResetIsNotForPages(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	admin.RegisterReset(mux, func(context.Context, string) (admin.ResetDone, []string) {
		t.Error("reset")
		return admin.ResetDone{}, nil
	})
	for header, value := range map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example.com"} {
		req := httptest.NewRequest(http.MethodPost, "/backends/eu/reset", nil)
		req.Header.Set(header, value)
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, req)
		if w.Code != http.StatusForbidden {
			t.Errorf("with %s: %s it answered %d", header, value, w.Code)
		}
	}
}
