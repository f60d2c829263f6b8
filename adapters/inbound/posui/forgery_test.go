// SPDX-License-Identifier: Apache-2.0

package posui

import (
	"net/http"
	"testing"
	"time"
)

func TestSecretsRotate(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	check := func(want ...float64) {
		t.Helper()
		for i, n := range want {
			if got := b.counted(t, "cartage_posui_secret_used_total", map[string]string{"app": "demo", "slot": string(rune('1' + i))}); got != n {
				t.Errorf("slot %d was used %v times, want %v", i+1, got, n)
			}
		}
	}
	check(0, 0, -1) // slots are there before anybody used them
	q := good["loyalty"]
	b.send(t, q)
	q.edit = func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+sign(t, oldSecret, said(b.now(), nil))) }
	b.send(t, q)
	b.send(t, q)
	check(1, 2, -1)
}

// TestForgersAreTurnedAway, and nobody else is.
func TestForgersAreTurnedAway(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	at := noon
	b.now = func() time.Time { return at }
	from := func(ip string, token func() string) request {
		q := good["loyalty"]
		q.edit = func(r *http.Request) {
			r.RemoteAddr = ip + ":4711"
			if token != nil {
				r.Header.Set("Authorization", token())
			}
		}
		return q
	}
	forge := func() string { return "Bearer " + sign(t, "guess", said(at, nil)) }
	late := func() string { return "Bearer " + sign(t, theSecret, said(at.Add(-time.Hour), nil)) }
	const store, forger = "203.0.113.8", "203.0.113.7"
	for range 3 * forgeriesMax { // a store whose tills lack permission or are slow is not shut out
		b.send(t, from(store, late))
		b.send(t, from(store, func() string { return "" }))
	}
	for range forgeriesMax {
		if got := b.send(t, from(forger, forge)); got.status != 401 {
			t.Fatalf("got %d", got.status)
		}
	}
	got := b.send(t, from(forger, nil)) // also one that is good: nobody looks any more
	if p := got.problem(t); p.Code != turnedAway || got.status != 429 || got.header.Get("Retry-After") == "" {
		t.Errorf("got %+v with %v", p, got.header)
	}
	if got := b.send(t, from(store, nil)); got.status != 200 {
		t.Errorf("somebody else: got %d", got.status)
	}
	at = at.Add(time.Minute)
	if got := b.send(t, from(forger, nil)); got.status != 200 {
		t.Errorf("a minute later: got %d", got.status)
	}
}
