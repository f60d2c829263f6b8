// SPDX-License-Identifier: Apache-2.0

package config_test

import (
	"os"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/cartage-dev/cartage/config"
	"github.com/cartage-dev/cartage/core/secret"
)

// TestExample holds the operator's reference to the defaults.
func TestExample(t *testing.T) {
	t.Parallel()
	cfg, err := config.Load(config.Source{File: "example.yaml", Environ: []string{
		"CARTAGE_SERVER__PUBLIC_URL=https://carts.example.com",
		"WEBSHOP_TOKEN=canary-token", "POQ_SECRET=canary-poq", "POQ_ORDERS_SECRET=canary-orders", "SHOPIFY_SECRET=canary-app",
	}})
	if err != nil {
		t.Fatal(err)
	}
	want := config.Default()
	want.Server.PublicURL = "https://carts.example.com" // production refuses the default
	b := config.DefaultBackend()
	b.Plugin, b.SHA256, b.Env = "webshop", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", []string{"HTTPS_PROXY"}
	b.Settings = map[string]any{"base_url": "https://shop.example.com/rest"}
	b.Secrets = map[string]secret.Text{"token": secret.New("canary-token")}
	s, p := config.DefaultShop(), config.DefaultPoq("uk")
	s.Currencies, s.Backends = []string{"GBP", "EUR"}, map[string]string{"carts": "webshop", "orders": "webshop"}
	s.CheckoutHosts, s.CookieDomains, s.Headers = []string{"shop.example.com"}, []string{"example.com"}, []string{"X-Store-View"}
	p.Secrets, p.OrdersSecrets = []secret.Text{secret.New("canary-poq")}, []secret.Text{secret.New("canary-orders")}
	s.Poq = &p
	candidate, shadow := config.DefaultBackend(), config.DefaultShadow()
	candidate.Plugin, candidate.SHA256 = "candidate", "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752"
	candidate.Settings = map[string]any{"base_url": "https://next.example.com/rest"}
	shadow.Backend, s.Shadow = "candidate", &shadow
	s.Shopify = &config.ShopifyShop{App: "tills", Domain: "my-shop.myshopify.com", ShopID: 4711}
	programme := config.DefaultProgramme()
	programme.Labels = map[string]string{"de": "Punktestand"}
	programme.Offers = map[string]config.Offer{
		"four_off": {
			Kind: "flat_discount", Cost: 1000, Title: "£4 off", Titles: map[string]string{"de": "4 £ Rabatt"}, Description: "-1000 points",
			Descriptions: map[string]string{"de": "-1000 Punkte"}, Amounts: map[string]string{"GBP": "4.00", "EUR": "4.50"},
		},
		"tenth_off": {Kind: "percent_discount", Cost: 2500, Title: "10 % off", Percent: "10"},
		"free_mug":  {Kind: "add_variant", Cost: 1500, Title: "A mug", Variant: "40112233"},
	}
	programme.Earn = &config.Earn{Points: 1, Amount: "1.00", Currency: "GBP"}
	s.Loyalty = &programme
	tills := config.DefaultApp("tills")
	tills.Secrets = []secret.Text{secret.New("canary-app")}
	want.Shopify.Apps = map[string]config.ShopifyApp{"tills": tills}
	want.Backends, want.Shops = map[string]config.Backend{"webshop": b, "candidate": candidate}, map[string]config.Shop{"uk": s}
	if diff := cmp.Diff(cfg, want, options); diff != "" {
		t.Errorf("-got +want:\n%s", diff)
	}
	dev, err := config.Load(config.Source{File: "example.yaml", Mode: config.Dev, Environ: []string{"WEBSHOP_TOKEN=t", "POQ_SECRET=p", "POQ_ORDERS_SECRET=o", "SHOPIFY_SECRET=a"}})
	if err != nil || dev.Server.PublicURL != config.Default().Server.PublicURL {
		t.Errorf("got public_url %q, %v; want the default", dev.Server.PublicURL, err)
	}
}

// TestExampleHasEveryKey walks the struct tree; NAME stands for a key that the operator chooses.
func TestExampleHasEveryKey(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var example yaml.Node
	if err := yaml.Unmarshal(text, &example); err != nil {
		t.Fatal(err)
	}
	there := map[string]bool{}
	var written func(n *yaml.Node, path string)
	written = func(n *yaml.Node, path string) {
		for i := 0; n.Kind == yaml.MappingNode && i < len(n.Content); i += 2 {
			key := n.Content[i].Value
			if slices.Contains([]string{".backends", ".shops", ".shopify.apps", ".shops.NAME.loyalty.offers"}, path) {
				key = "NAME"
			}
			there[path+"."+key] = true
			written(n.Content[i+1], path+"."+key)
		}
	}
	written(example.Content[0], "")
	var seen int
	var wanted func(t reflect.Type, path string)
	wanted = func(kind reflect.Type, path string) {
		for kind.Kind() == reflect.Pointer || kind.Kind() == reflect.Map {
			if kind.Kind() == reflect.Map && kind.Elem().Kind() == reflect.Struct {
				path += ".NAME"
			}
			kind = kind.Elem()
		}
		if kind.Kind() != reflect.Struct || kind == reflect.TypeFor[secret.Text]() {
			return
		}
		for f := range kind.Fields() {
			key := path + "." + f.Tag.Get("koanf")
			if seen++; !there[key] {
				t.Errorf("example.yaml does not show %s", key[1:])
			}
			wanted(f.Type, key)
		}
	}
	wanted(reflect.TypeFor[config.Config](), "")
	if seen < 60 {
		t.Errorf("looked at %d keys only", seen)
	}
}
