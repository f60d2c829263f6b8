// SPDX-License-Identifier: Apache-2.0

package poq

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/cartage-dev/cartage/core/handoff"
	"github.com/cartage-dev/cartage/core/secret"
	"github.com/cartage-dev/cartage/ports/inbound"
)

// TestSecretsRotate walks through a rotation as an operator watches it.
func TestSecretsRotate(t *testing.T) {
	t.Parallel()
	b := newBench(t, demoShop())
	used := func(slot string) float64 {
		return b.counted(t, "cartage_poq_secret_used_total", map[string]string{"shop": "demo", "slot": slot})
	}
	want := map[string]float64{"1": 0, "2": 0, "orders_1": 0, "orders_2": -1}
	check := func() {
		t.Helper()
		for slot, n := range want {
			if got := used(slot); got != n {
				t.Errorf("slot %s was used %v times, want %v", slot, got, n)
			}
		}
	}
	check() // slots are there before anybody used them
	for slot, auth := range map[string]string{"1": "Bearer " + theSecret, "2": "Bearer " + otherSecret} {
		if got := b.post(t, sample, set("Authorization", auth)); got.status != http.StatusOK {
			t.Errorf("slot %s: got %d", slot, got.status)
		}
		want[slot]++
	}
	b.post(t, sample, set("Authorization", "Bearer neither"))
	b.order(t, "r1", nil)
	want["orders_1"]++
	check()

	after := demoShop()
	after.Secrets = after.Secrets[1:]
	b = newBench(t, after)
	if got := b.post(t, sample, nil); got.status != http.StatusUnauthorized {
		t.Errorf("the secret that was given up: got %d", got.status)
	}
	if got := b.post(t, sample, set("Authorization", "Bearer "+otherSecret)); got.status != http.StatusOK {
		t.Errorf("the secret that stayed: got %d", got.status)
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		allowed []string
		from    string
		want    int
	}{
		{"anybody", nil, "203.0.113.7", 200},
		{"in the range", []string{"198.51.100.0/24", "203.0.113.0/29"}, "203.0.113.7", 200},
		{"beside the range", []string{"203.0.113.0/29"}, "203.0.113.8", 403},
		{"IPv4 in IPv6's clothes", []string{"203.0.113.0/29"}, "::ffff:203.0.113.7", 200},
		{"IPv6", []string{"2001:db8::/32"}, "2001:db8::1", 200},
		{"another IPv6", []string{"2001:db8::/32"}, "2001:db9::1", 403},
		{"said by the caller, before the proxy", []string{"203.0.113.0/29"}, "203.0.113.7, 192.0.2.1", 403},
		{"nobody can tell", []string{"203.0.113.0/29"}, "garbage", 403},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := demoShop()
			for _, p := range tt.allowed {
				s.AllowIPs = append(s.AllowIPs, netip.MustParsePrefix(p))
			}
			b := newBench(t, s)
			got := b.post(t, sample, set("X-Forwarded-For", tt.from))
			if got.status != tt.want {
				t.Errorf("transfer: got %d, want %d", got.status, tt.want)
			}
			if tt.want == 403 && got.code(t) != "denied" {
				t.Errorf("got code %s", got.code(t))
			}
			if got := b.order(t, "r1", set("X-Forwarded-For", tt.from)); (got.status == 403) != (tt.want == 403) {
				t.Errorf("orders: got %d", got.status)
			}
			if tt.want == 403 { // whether the secret is right is not for strangers to learn
				if got := b.post(t, "{", func(r *http.Request) { drop("Authorization")(r); set("X-Forwarded-For", tt.from)(r) }); got.status != 403 {
					t.Errorf("without a secret: got %d", got.status)
				}
			}
		})
	}
}

func TestAllowHeader(t *testing.T) {
	t.Parallel()
	b := newBench(t, demoShop())
	if got := b.post(t, "", method("DELETE")).header.Get("Allow"); got != "POST" {
		t.Errorf("transfer allows %q", got)
	}
	if got := b.order(t, "r1", method("DELETE")).header.Get("Allow"); got != "GET" {
		t.Errorf("orders allow %q", got)
	}
}

func TestLog(t *testing.T) {
	t.Parallel()
	b := newBench(t, demoShop())
	b.carts.answer = func(context.Context, inbound.TransferCart) (inbound.Transferred, error) {
		return inbound.Transferred{Replayed: true, Open: handoff.Request{URL: "https://shop.example/url-canary", Method: handoff.GET,
			Cookies: []handoff.Cookie{{Name: "c", Value: "cookie-canary"}}}}, nil
	}
	const reference = "0192f3a1-b2c3-4d5e-8f90-a1b2c3d4e5f6"
	b.post(t, with(`"GBP"`, `"`+reference+`"`), set("X-Customer-Authorization", "token-canary"))
	b.post(t, with(`"GBP"`, `"body-canary!"`), nil)
	log := b.log.String()
	sum := sha256.Sum256([]byte(userID))
	for _, want := range []string{
		`"level":"INFO","msg":"reference longer than documented"`, `"length":36`, `"reference":"` + reference + `"`,
		`"level":"DEBUG","msg":"cart transferred"`, `"lines":1`, `"replayed":true`, `"took_ms":`, `"poq_user":"` + hex.EncodeToString(sum[:])[:8] + `"`,
	} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %s", want)
		}
	}
	for _, never := range []string{"canary", userID, theSecret} {
		if strings.Contains(log, never) {
			t.Errorf("the log has %s:\n%s", never, log)
		}
	}
	if n := b.counted(t, "cartage_poq_transfers_total", map[string]string{"shop": "demo", "outcome": "replayed"}); n != 1 {
		t.Errorf("counted %v replays", n)
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	empty := []secret.Text{{}}
	three := []secret.Text{secret.New("a"), secret.New("b"), secret.New("c")}
	for _, tt := range []struct {
		name string
		edit func(*Shop)
		want string
	}{
		{"nothing wrong", func(*Shop) {}, ""},
		{"path without a slash", func(s *Shop) { s.Path = "poq" }, "start with /"},
		{"no path", func(s *Shop) { s.Path = "" }, "start with /"},
		{"the root", func(s *Shop) { s.Path = "/" }, "plain"},
		{"a slash at the end", func(s *Shop) { s.Path = "/poq/" }, "plain"},
		{"a wildcard", func(s *Shop) { s.Path = "/poq/{x}" }, "plain"},
		{"steps up", func(s *Shop) { s.Path = "/poq/../x" }, "plain"},
		{"no secret", func(s *Shop) { s.Secrets = nil }, "secret"},
		{"an empty secret", func(s *Shop) { s.Secrets = empty }, "empty"},
		{"an empty secret for orders", func(s *Shop) { s.OrdersSecrets = empty }, "empty"},
		{"three secrets", func(s *Shop) { s.Secrets = three }, "at most 2"},
		{"the customer's header is the secret's", func(s *Shop) { s.CustomerHeader = "authorization" }, "header of its own"},
		{"a budget below zero", func(s *Shop) { s.Budget = -1 }, "negative"},
		{"same path", func(s *Shop) { s.Path = "/poq/other" }, "already served"},
		{"same path of orders", func(s *Shop) { s.Path = "/poq/another" }, "already served"},
		{"another path, no orders", func(s *Shop) { s.Path, s.OrdersSecrets = "/poq/another", nil }, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, other := demoShop(), demoShop()
			other.ID, other.Path = "other", "/poq/other"
			tt.edit(&s)
			_, err := New(Options{Shops: []Shop{other, s}, Transfer: &carts{}, Orders: ledger(nil), Logger: slog.New(slog.DiscardHandler)})
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
	if _, err := New(Options{Shops: []Shop{demoShop()}, Transfer: &carts{}, Logger: slog.New(slog.DiscardHandler)}); err == nil {
		t.Error("orders without a lookup were taken")
	}
	if _, err := New(Options{}); err == nil {
		t.Error("a handler of nothing was made")
	}
}
