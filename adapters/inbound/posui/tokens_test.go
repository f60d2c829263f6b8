// SPDX-License-Identifier: Apache-2.0

package posui

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// TestTokensWriteOnce: the same write again is a retry, another one a replay; reading takes nothing.
func TestTokensWriteOnce(t *testing.T) {
	t.Parallel()
	for first, a := range good {
		for second, z := range good {
			for _, change := range []string{"", "body", "key", "id"} {
				b := newBench(t, nil)
				b.now = func() time.Time { return noon }
				token := "Bearer " + sign(t, theSecret, said(noon, nil))
				a.edit = func(r *http.Request) { r.Header.Set("Authorization", token); r.Header.Set(keyHeader, "k") }
				z.edit = a.edit
				q := z
				same := first == second
				switch {
				case change == "":
				case change == "body" && q.body != "":
					q.body, same = q.body+" ", false
				case change == "key":
					q.edit = func(r *http.Request) { r.Header.Set("Authorization", token); r.Header.Set(keyHeader, "l") }
					same = false
				case change == "id" && strings.Contains(q.path, anID):
					q.path, same = strings.Replace(q.path, anID, "1"+anID[1:], 1), false
				default:
					continue
				}
				name := first + " then " + second + " with another " + change
				if got := b.send(t, a); got.status/100 != 2 {
					t.Fatalf("%s: got %d", name, got.status)
				}
				got := b.send(t, q)
				if first == "loyalty" || second == "loyalty" || same {
					if got.status/100 != 2 {
						t.Errorf("%s: got %d", name, got.status)
					}
					continue
				}
				if got.status != 401 || got.body != "" || b.port.times() != 1 {
					t.Errorf("%s: got %d %s", name, got.status, got.body)
				}
			}
		}
	}
}

// TestWhatWasNotUnderstoodIsNotSpent: a token is there for the request put right.
func TestWhatWasNotUnderstoodIsNotSpent(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	token := "Bearer " + sign(t, theSecret, said(b.now(), nil))
	q := good["reserve"]
	q.edit = func(r *http.Request) { r.Header.Set("Authorization", token) }
	q.body = "{}"
	if got := b.send(t, q); got.status != 400 {
		t.Errorf("got %d", got.status)
	}
	q.body = goodBody
	if got := b.send(t, q); got.status != 201 {
		t.Errorf("got %d %s", got.status, got.body)
	}
}

func TestOldTokensOnlyRead(t *testing.T) {
	t.Parallel()
	for age, want := range map[time.Duration]bool{0: true, writeAgeMax - time.Second: true, writeAgeMax: false, time.Hour: false} {
		for endpoint, q := range good {
			b := newBench(t, nil)
			b.now = func() time.Time { return noon }
			q.claims = func(c jwt.MapClaims) { c["iat"] = noon.Add(-age).Unix() }
			if got := b.send(t, q); (got.status/100 == 2) != (want || endpoint == "loyalty") {
				t.Errorf("%s after %v: got %d", endpoint, age, got.status)
			}
		}
	}
}

func TestTokensAreForgotten(t *testing.T) {
	t.Parallel()
	who := identity{app: &app{App: demoApp()}, shop: "demo", token: "j"}
	all := NewTokens()
	for _, tt := range []struct {
		after time.Duration
		write string
		want  string
	}{
		{0, "a", ""}, {0, "b", replayed}, {time.Minute, "a", ""}, {rememberFor - 1, "b", replayed}, {rememberFor, "b", ""}, {rememberFor, "a", replayed},
		{2*rememberFor - 1, "a", replayed}, {2 * rememberFor, "a", ""},
	} {
		if got := all.use(who, digestOf(tt.write), noon.Add(tt.after)); got != tt.want {
			t.Errorf("%s after %v: got %q", tt.write, tt.after, got)
		}
	}
	if s := all.shops["demo"]; len(s.writes) != 1 || len(s.order) != 1 {
		t.Errorf("%d and %d are remembered", len(s.writes), len(s.order))
	}
}

// TestTokensAreBounded: a shop that floods the host keeps nobody else from writing.
func TestTokensAreBounded(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	demo := b.handler.clients[theClient]
	for i := range writesMax {
		if why := b.handler.tokens.use(identity{app: demo, shop: "demo", token: fmt.Sprint(i)}, digest{}, b.now()); why != "" {
			t.Fatal(why)
		}
	}
	got := b.send(t, good["reserve"])
	if p := got.problem(t); p.Code != tooManyWrites || got.header.Get("Retry-After") != "1" {
		t.Errorf("got %d %s", got.status, got.body)
	}
	if why := b.handler.tokens.use(identity{app: demo, shop: "demo", token: "0"}, digest{}, b.now()); why != "" {
		t.Errorf("a retry: %s", why)
	}
	q := good["reserve"]
	q.claims = ofShop(secondShop)
	if got := b.send(t, q); got.status != 201 {
		t.Errorf("another shop: got %d", got.status)
	}
	if got := b.send(t, good["loyalty"]); got.status != 200 {
		t.Errorf("a read: got %d", got.status)
	}
}

// TestOneOfManyWins: of different writes under one token at once, one is let through.
func TestOneOfManyWins(t *testing.T) {
	t.Parallel()
	all, who := NewTokens(), identity{app: &app{App: demoApp()}, shop: "demo", token: "j"}
	var won int
	var mu sync.Mutex
	var wait sync.WaitGroup
	for i := range 32 {
		wait.Go(func() {
			if all.use(who, digestOf(fmt.Sprint(i)), noon) == "" {
				mu.Lock()
				won++
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	if won != 1 {
		t.Errorf("%d won", won)
	}
}

// TestTokensOutliveAHandler, so that a change of config forgets none.
func TestTokensOutliveAHandler(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	next := newBench(t, nil)
	next.handler.tokens = b.handler.tokens
	token := "Bearer " + sign(t, theSecret, said(b.now(), nil))
	q := good["release"]
	q.edit = func(r *http.Request) { r.Header.Set("Authorization", token) }
	if got := b.send(t, q); got.status != 200 {
		t.Errorf("got %d", got.status)
	}
	q.path = "/redemptions/1" + anID[1:]
	if got := next.send(t, q); got.status != 401 {
		t.Errorf("got %d", got.status)
	}
}
