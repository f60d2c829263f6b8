// SPDX-License-Identifier: Apache-2.0

package config_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.yaml.in/yaml/v3"

	"github.com/cartage-dev/cartage/config"
	"github.com/cartage-dev/cartage/core/secret"
)

// good is a config that a production host accepts, with goodEnviron.
const good = `server:
  public_url: https://carts.example.com
backends:
  m2:
    plugin: magento2
    sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
    settings:
      base_url: https://shop.example.com
      depth: 3
      ratio: 1.5
      strict: true
      storeCode: "01"
      sites: [uk, 7]
    secrets:
      token: env:M2_TOKEN
shops:
  uk:
    currencies: [GBP]
    backends: {carts: m2, orders: m2}
    checkout_hosts: [shop.example.com]
    poq:
      secrets: [env:POQ_SECRET]
`

var goodEnviron = []string{"M2_TOKEN=canary-token", "POQ_SECRET=canary-poq", "PATH=/bin", "NO_EQUALS_SIGN"}

// options compare configs: an empty list is none, and secrets by what they hold.
var options = cmp.Options{cmpopts.EquateEmpty(), cmp.Comparer(func(a, b secret.Text) bool { return a == b })}

func load(text string, mode config.Mode, environ ...string) (config.Config, error) {
	return config.Load(config.Source{File: "cartage.yaml", Text: []byte(text), Environ: append(goodEnviron[:len(goodEnviron):len(goodEnviron)], environ...), Mode: mode})
}

func mustLoad(t *testing.T, text string, mode config.Mode, environ ...string) config.Config {
	t.Helper()
	cfg, err := load(text, mode, environ...)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func TestLoad(t *testing.T) {
	t.Parallel()
	want := config.Default()
	want.Server.PublicURL = "https://carts.example.com"
	b := config.DefaultBackend()
	b.Plugin, b.SHA256 = "magento2", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
	b.Settings = map[string]any{
		"base_url": "https://shop.example.com", "depth": 3, "ratio": 1.5, "strict": true, "storeCode": "01", "sites": []any{"uk", 7},
	}
	b.Secrets = map[string]secret.Text{"token": secret.New("canary-token")}
	want.Backends = map[string]config.Backend{"m2": b}
	s, p := config.DefaultShop(), config.DefaultPoq("uk")
	p.Secrets = []secret.Text{secret.New("canary-poq")}
	s.Currencies, s.Backends, s.CheckoutHosts, s.Poq = []string{"GBP"}, map[string]string{"carts": "m2", "orders": "m2"}, []string{"shop.example.com"}, &p
	want.Shops = map[string]config.Shop{"uk": s}
	if diff := cmp.Diff(mustLoad(t, good, config.Serve), want, options); diff != "" {
		t.Errorf("-got +want:\n%s", diff)
	}
}

func TestDemo(t *testing.T) {
	t.Parallel()
	cfg, err := config.Load(config.Source{Text: config.Demo, Mode: config.Dev})
	if err != nil {
		t.Fatal(err)
	}
	want := config.Default()
	want.Server.ReadyDelay, want.Log.Format = 0, "text"
	b := config.DefaultBackend()
	b.Plugin = "mock"
	b.Settings = map[string]any{"listen": "127.0.0.1:8082", "public_url": "http://127.0.0.1:8082", "data_dir": "data/mock"}
	s, p := config.DefaultShop(), config.DefaultPoq("demo")
	p.Secrets, p.OrdersSecrets = []secret.Text{secret.New("demo-poq-secret")}, []secret.Text{secret.New("demo-orders-secret")}
	s.Currencies, s.CheckoutHosts, s.Poq = []string{"GBP", "USD"}, []string{"http://127.0.0.1:8082"}, &p
	s.Backends = map[string]string{"carts": "mock", "orders": "mock"}
	demo, programme := config.DefaultApp("demo"), config.DefaultProgramme()
	demo.Secrets, demo.ClientID = []secret.Text{secret.New("demo-app-secret")}, "demo-client-id"
	programme.Labels = map[string]string{"de": "Punktestand"}
	programme.Offers = map[string]config.Offer{
		"five_off": {
			Kind: "flat_discount", Cost: 1000, Title: "Add $5.00 discount", Titles: map[string]string{"de": "5 $ Rabatt"},
			Descriptions: map[string]string{"de": "-1000 Punkte"}, Amounts: map[string]string{"USD": "5.00", "GBP": "5.00"},
		},
		"tenth_off": {Kind: "percent_discount", Cost: 2500, Title: "10 % off", Titles: map[string]string{"de": "10 % Rabatt"}, Percent: "10"},
	}
	programme.Earn = &config.Earn{Points: 1, Amount: "1.00", Currency: "USD"}
	s.Shopify, s.Loyalty = &config.ShopifyShop{App: "demo", Domain: "shopify-domain.myshopify.com", ShopID: 1}, &programme
	want.Shopify.Apps = map[string]config.ShopifyApp{"demo": demo}
	want.Backends, want.Shops = map[string]config.Backend{"mock": b}, map[string]config.Shop{"demo": s}
	if diff := cmp.Diff(cfg, want, options); diff != "" {
		t.Errorf("-got +want:\n%s", diff)
	}
}

func TestDemoIsRefusedInProduction(t *testing.T) {
	t.Parallel()
	_, err := config.Load(config.Source{Text: config.Demo})
	want := `(built-in demo):6:1: server.public_url: one-time links would begin with http://; write the https:// URL that shoppers reach this host at, or name a shop in allow.insecure_shops
(built-in demo):13:3: backends.mock.sha256: missing; write what cartage check prints, or name mock in allow.unpinned_plugins
(built-in demo):17:19: backends.mock.settings.public_url: an http:// address; write https://, or name mock in allow.insecure_backends
(built-in demo):23:17: shopify.apps.demo.secrets[0]: a secret is written out; write env:NAME or file:/path, or name demo in allow.demo_apps
(built-in demo):33:22: shops.demo.checkout_hosts[0]: an http:// address; write https://, or name demo in allow.insecure_shops
(built-in demo):35:17: shops.demo.poq.secrets[0]: a secret is written out; write env:NAME or file:/path, or name demo in allow.demo_secrets
(built-in demo):36:24: shops.demo.poq.orders_secrets[0]: a secret is written out; write env:NAME or file:/path, or name demo in allow.demo_secrets`
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
	allowed := []string{
		"CARTAGE_ALLOW__DEMO_SECRETS=demo", "CARTAGE_ALLOW__DEMO_APPS=demo", "CARTAGE_ALLOW__INSECURE_SHOPS=demo", "CARTAGE_ALLOW__INSECURE_BACKENDS=mock", "CARTAGE_ALLOW__UNPINNED_PLUGINS=mock",
	}
	if _, err := config.Load(config.Source{Text: config.Demo, Environ: allowed}); err != nil {
		t.Errorf("with all of it allowed: %v", err)
	}
}

// TestSettingsArriveUnchanged holds what plugins are told to YAML's own reading.
func TestSettingsArriveUnchanged(t *testing.T) {
	t.Parallel()
	const settings = `{a.b: {c.d: [1, {e: ~, f: 1.5}, [x]]}, n: null, big: 18446744073709551615, date: "2026-01-02", t: "http", x/y: true, "": 1}`
	text := strings.Replace(good, "    settings:\n", "    settings:\n      more: "+settings+"\n", 1)
	var want any
	if err := yaml.Unmarshal([]byte(settings), &want); err != nil {
		t.Fatal(err)
	}
	got := mustLoad(t, text, config.Serve).Backends["m2"].Settings["more"]
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("-got +want:\n%s", diff)
	}
}

// TestFiles is about the file itself, and what a place is without one.
func TestFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "cartage.yaml")
	if err := os.WriteFile(file, []byte(good), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := config.Load(config.Source{File: file, Environ: goodEnviron}); err != nil {
		t.Error(err)
	}
	for _, tt := range []struct {
		name string
		from config.Source
		want string
	}{
		{"not there", config.Source{File: "none.yaml"}, "none.yaml: cannot be read: no such file or directory; give a file that is there and may be read"},
		{"a folder", config.Source{File: "."}, ".: cannot be read: is a directory; give a file that is there and may be read"},
		{"nothing at all", config.Source{Mode: config.Dev}, "(no file): shops: missing; name at least one shop"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := config.Load(tt.from)
			if err == nil || err.Error() != tt.want {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestTooManyMistakes(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	for i := range 600 {
		_, _ = fmt.Fprintf(&text, "x%d: 1\n", i)
	}
	_, err := load(text.String()+good, config.Serve)
	if lines := strings.Split(fmt.Sprint(err), "\n"); len(lines) != 501 || lines[500] != "cartage.yaml: 100 more mistakes" {
		t.Errorf("got %d lines, the last %q", len(lines), lines[len(lines)-1])
	}
}

func TestRefusal(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("start: %w", config.Refusal("backends.m2: no"))
	var mistakes config.Mistakes
	if !errors.As(err, &mistakes) || mistakes.Error() != "backends.m2: no" {
		t.Errorf("got %q", mistakes)
	}
}
