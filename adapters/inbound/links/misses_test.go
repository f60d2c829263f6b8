// SPDX-License-Identifier: Apache-2.0

package links

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cartage-dev/cartage/core/handoff"
)

func TestGuessersAreStopped(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.kept.to[token(1)] = handoff.Request{URL: "https://shop.example/", Method: handoff.GET}
	const guesser, other = "203.0.113.7", "203.0.113.8"
	for i := range missesMax {
		if got := b.ask(t, http.MethodGet, token(byte(100+i)).String(), guesser); got.status != http.StatusNotFound {
			t.Fatalf("miss %d: got %d", i, got.status)
		}
	}
	got := b.ask(t, http.MethodGet, token(200).String(), guesser)
	if got.status != http.StatusTooManyRequests || got.header.Get("Retry-After") != "6" {
		t.Errorf("one more: got %d, retry after %q", got.status, got.header.Get("Retry-After"))
	}
	checkPage(t, got, "'none'")
	if !strings.Contains(got.body, "go back to the app and tap checkout again") {
		t.Errorf("the page says: %s", got.body)
	}
	opened := b.kept.opened
	if got := b.ask(t, http.MethodGet, token(1).String(), guesser); got.status != http.StatusTooManyRequests || b.kept.opened != opened {
		t.Errorf("a guesser was let at the store: %d", got.status)
	}
	if got := b.ask(t, http.MethodGet, "not-a-token", guesser); got.status != http.StatusTooManyRequests {
		t.Errorf("what is no token is told from one: %d", got.status)
	}
	if got := b.ask(t, http.MethodGet, token(1).String(), other); got.status != http.StatusSeeOther {
		t.Errorf("somebody else: got %d", got.status)
	}
	b.pass(missInterval)
	if got := b.ask(t, http.MethodGet, token(201).String(), guesser); got.status != http.StatusNotFound {
		t.Errorf("a while later: got %d", got.status)
	}
	if got := b.ask(t, http.MethodGet, token(202).String(), guesser); got.status != http.StatusTooManyRequests {
		t.Errorf("once more: got %d", got.status)
	}
	b.pass(time.Minute)
	if got := b.ask(t, http.MethodGet, token(203).String(), guesser); got.status != http.StatusNotFound {
		t.Errorf("a minute later: got %d", got.status)
	}
}

// TestHitsCostNothing: many shoppers may share one address.
func TestHitsCostNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for i := range 3 * missesMax {
		b.kept.to[token(byte(i))] = handoff.Request{URL: "https://shop.example/", Method: handoff.GET}
		if got := b.get(t, token(byte(i)).String()); got.status != http.StatusSeeOther {
			t.Fatalf("link %d: got %d", i, got.status)
		}
		if got := b.get(t, token(byte(i)).String()); got.status != http.StatusGone { // whoever has a used link has guessed nothing
			t.Fatalf("link %d again: got %d", i, got.status)
		}
	}
}
