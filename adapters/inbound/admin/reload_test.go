// SPDX-License-Identifier: Apache-2.0

package admin_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/cartage-dev/cartage/adapters/inbound/admin"
)

func TestReload(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		changes []string
		err     error
		want    answer
	}{
		{"nothing changed", nil, nil, answer{200, plain, "", "nothing to change\n"}},
		{"refused", nil, errors.New("a.yaml:1:1: wrong\na.yaml:2:1: wrong, too"), answer{422, plain, "", "a.yaml:1:1: wrong\na.yaml:2:1: wrong, too\nrefused: nothing was changed\n"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			mux := http.NewServeMux()
			admin.RegisterReload(mux, func() ([]string, error) { return tt.changes, tt.err })
			s := httptest.NewServer(mux)
			defer s.Close()
			if diff := cmp.Diff(ask(t, http.MethodPost, s.URL+"/reload"), tt.want); diff != "" {
				t.Errorf("got -, want +\n%s", diff)
			}
		})
	}
}

// A page that an operator has open must not reload a host on the same machine.
func TestReloadIsNotForPages(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	admin.RegisterReload(mux, func() ([]string, error) {
		t.Error("reloaded")
		return nil, nil
	})
	req := httptest.NewRequest(http.MethodPost, "/reload", nil)
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, req)
	if w.Code != http.StatusForbidden {
		t.Errorf("answered %d", w.Code)
	}
}

// Parts that come and go are looked at as they are at each look.
func TestReadyzAlso(t *testing.T) {
	t.Parallel()
	ready := admin.NewReadiness(part("store", true, true, nil))
	var now []admin.Probe
	ready.Also(func() []admin.Probe { return now })
	ready.Open()
	url := serve(t, ready, prometheus.NewRegistry()) + "/readyz?verbose"
	for _, tt := range []struct {
		parts []admin.Probe
		want  string
	}{
		{nil, "[+] serving\n[+] store\nready: true\n"},
		{[]admin.Probe{part("backend one", false, false, nil)}, "[+] serving\n[+] store\n[-] backend one\nready: true\n"},
		{[]admin.Probe{func(context.Context) admin.Status { return admin.Status{Name: "backend two", OK: true} }}, "[+] serving\n[+] store\n[+] backend two\nready: true\n"},
	} {
		now = tt.parts
		if diff := cmp.Diff(ask(t, http.MethodGet, url), answer{200, plain, "", tt.want}); diff != "" {
			t.Errorf("got -, want +\n%s", diff)
		}
	}
}
