// SPDX-License-Identifier: Apache-2.0

package config_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cartage-dev/cartage/config"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/money"
)

// tills is the good config with a shop at Shopify that has a programme.
const tills = good + `    shopify: {app: tills, domain: uk.myshopify.com, shop_id: 7}
    loyalty:
      offers:
        fiver: {kind: flat_discount, cost: 1000, title: Five off, amounts: {GBP: "5.00"}}
      earn: {points: 1, amount: "1.00", currency: GBP}
shopify:
  apps:
    tills: {secrets: [env:POQ_SECRET]}
`

func TestBadProgrammes(t *testing.T) {
	t.Parallel()
	if _, err := load(tills, config.Serve); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, old, new, want string }{
		{"an app that nobody has", "app: tills", "app: till", `shops.uk.shopify.app: no app is called "till"; name one of shopify.apps; did you mean tills?`},
		{"a domain of one's own", "uk.myshopify.com", "shop.example.com", `shops.uk.shopify.domain: "shop.example.com" is not a domain that Shopify gives; write one like my-shop.myshopify.com`},
		{"a domain that only looks like one", "uk.myshopify.com", "uk.myshopify.com.evil.example", `shops.uk.shopify.domain: "uk.myshopify.com.evil.example" is not a domain that Shopify gives; write one like my-shop.myshopify.com`},
		{"a domain twice", "shopify:\n  apps", "  de:\n    currencies: [EUR]\n    shopify: {app: tills, domain: uk.myshopify.com, shop_id: 8}\nshopify:\n  apps", `shops.uk.shopify.domain: "uk.myshopify.com" is the domain of shop de already; give each shop its own`},
		{"no number", ", shop_id: 7", "", `shops.uk.shopify.shop_id: missing; write the shop's number at Shopify`},
		{"no secret", "secrets: [env:POQ_SECRET]}", "pos_path: /pos}", `shopify.apps.tills.secrets: missing; write env:NAME or file:/path`},
		{"three secrets", "secrets: [env:POQ_SECRET]}", "secrets: [env:POQ_SECRET, env:POQ_SECRET, env:POQ_SECRET]}", `shopify.apps.tills.secrets: 3 secrets; keep two at most: the one in use and the one to come`},
		{"the published secret", "secrets: [env:POQ_SECRET]}", "secrets: [demo-app-secret]}", `shopify.apps.tills.secrets[0]: a secret is written out; write env:NAME or file:/path, or name tills in allow.demo_apps`},
		{"a path with a wildcard", "secrets: [env:POQ_SECRET]}", "secrets: [env:POQ_SECRET], pos_path: \"/pos/{x}\"}", `shopify.apps.tills.pos_path: not a plain path; write one like /pos/tills, without wildcards, escapes or a slash at its end`},
		{"a path of links", "secrets: [env:POQ_SECRET]}", "secrets: [env:POQ_SECRET], pos_path: /handoff}", `shopify.apps.tills.pos_path: "/handoff" is where one-time links are; write one outside /handoff/`},
		{"hooks where tills are", "secrets: [env:POQ_SECRET]}", "secrets: [env:POQ_SECRET], hooks_path: /pos/tills/promotions}", `shopify.apps.tills.hooks_path: "/pos/tills/promotions" is served for app tills already; give each its own`},
		{"a scale of its own", "secrets: [env:POQ_SECRET]}", "secrets: [env:POQ_SECRET], percent_scale: 10}", `shopify.apps.tills.percent_scale: 10 is unknown; write 100 or 1`},
		{"a field of its own", "secrets: [env:POQ_SECRET]}", "secrets: [env:POQ_SECRET], variant_field: variant}", `shopify.apps.tills.variant_field: "variant" is unknown; write both or variant_id or value; did you mean variant_id?`},
		{"a client id of two words", "secrets: [env:POQ_SECRET]}", "secrets: [env:POQ_SECRET], client_id: \"a b\"}", `shopify.apps.tills.client_id: not a client id; write what the Partner Dashboard shows`},
		{"a client id twice", "secrets: [env:POQ_SECRET]}", "secrets: [env:POQ_SECRET], client_id: abc}\n    others: {secrets: [env:POQ_SECRET], client_id: abc}", `shopify.apps.tills.client_id: the client id of app others already; give each app its own`},
		{"tills where extensions are", "secrets: [env:POQ_SECRET]}", "secrets: [env:POQ_SECRET], pos_path: /v1/pos}", `shopify.apps.tills.pos_path: "/v1/pos" is where POS UI extensions ask; write one outside /v1/pos/`},
		{"a path that a channel has", "      secrets: [env:POQ_SECRET]\n", "      secrets: [env:POQ_SECRET]\n      path: /pos/tills/promotions\n", `shops.uk.poq.path: "/pos/tills/promotions" is served for app tills already; give each its own`},
		{"an offer of a kind nobody knows", "flat_discount", "flat", `shops.uk.loyalty.offers.fiver.kind: "flat" is unknown; write flat_discount or percent_discount or add_variant; did you mean flat_discount?`},
		{"an offer without a title", ", title: Five off", "", `shops.uk.loyalty.offers.fiver.title: missing; write what the till shows on the button`},
		{"a title that no till shows", "Five off", strings.Repeat("a", 41), `shops.uk.loyalty.offers.fiver.title: 41 characters; write 40 at most`},
		{"a title in no language", "title: Five off", "title: Five off, titles: {german: Fünf}", `shops.uk.loyalty.offers.fiver.titles.german: not a language; write one like de or de-AT`},
		{"an offer of nothing", ", amounts: {GBP: \"5.00\"}", "", `shops.uk.loyalty.offers.fiver.kind: cannot be used; give amounts for flat_discount, percent for percent_discount or variant for add_variant, and nothing else`},
		{"an amount in no currency", "{GBP: \"5.00\"}", "{GPB: \"5.00\"}", `shops.uk.loyalty.offers.fiver.amounts.GPB: cannot be used; name the currency by its ISO 4217 code, such as GBP`},
		{"an amount with a comma", "\"5.00\"}", "\"5,00\"}", `shops.uk.loyalty.offers.fiver.amounts.GBP: cannot be used; write an amount like "5.00"`},
		{"an amount of too many decimals", "\"5.00\"}", "\"5.001\"}", `shops.uk.loyalty.offers.fiver.amounts.GBP: cannot be used; write an amount like "5.00"`},
		{"an offer that gives points", "cost: 1000", "cost: -1", `shops.uk.loyalty.offers.fiver.cost: cannot be used; must be 0 to 1000000000000 points`},
		{"more than all", "kind: flat_discount, cost: 1000, title: Five off, amounts: {GBP: \"5.00\"}", "kind: percent_discount, cost: 1, title: All, percent: \"100.5\"", `shops.uk.loyalty.offers.fiver.percent: cannot be used; write a number like "10" or "12.5", up to 100`},
		{"a percentage that is none", "kind: flat_discount, cost: 1000, title: Five off, amounts: {GBP: \"5.00\"}", "kind: percent_discount, cost: 1, title: All, percent: ten", `shops.uk.loyalty.offers.fiver.percent: cannot be used; write a number like "10" or "12.5", up to 100`},
		{"an id of its own", "      earn:", "      reoffer: never\n      earn:", `shops.uk.loyalty.reoffer: "never" is unknown; write fresh or same`},
		{"a rule that earns for nothing", "amount: \"1.00\"", "amount: \"0\"", `shops.uk.loyalty.earn: not a rule; write points above 0, an amount such as "1.00" and its currency`},
		{"a key that is short", "shopify:\n  apps", "loyalty: {keys: [env:POQ_SECRET]}\nshopify:\n  apps", `loyalty.keys[0]: not 32 bytes or more in base64; make one with: head -c 32 /dev/urandom | base64`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if !strings.Contains(tills, tt.old) {
				t.Fatalf("the good config has no %q", tt.old)
			}
			_, err := load(strings.Replace(tills, tt.old, tt.new, 1), config.Serve)
			if err == nil {
				t.Fatal("it is accepted")
			}
			_, said, _ := strings.Cut(err.Error(), ": ")
			if said != tt.want {
				t.Errorf("got\n%s\nwant\n%s", err, tt.want)
			}
		})
	}
}

func TestParseOffer(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		offer config.Offer
		want  loyalty.Offer
	}{
		{"money", config.Offer{Kind: "flat_discount", Cost: 7, Amounts: map[string]string{"GBP": "5", "JPY": "700", "KWD": "1.005"}}, loyalty.Offer{
			ID: "x", Kind: loyalty.FlatDiscount, Cost: 7,
			Amounts: map[money.Currency]money.Amount{"GBP": money.Of(500, "GBP"), "JPY": money.Of(700, "JPY"), "KWD": money.Of(1005, "KWD")},
		}},
		{"whole percents", config.Offer{Kind: "percent_discount", Percent: "10"}, loyalty.Offer{ID: "x", Kind: loyalty.PercentDiscount, BasisPoints: 1000}},
		{"parts of percents", config.Offer{Kind: "percent_discount", Percent: "0.05"}, loyalty.Offer{ID: "x", Kind: loyalty.PercentDiscount, BasisPoints: 5}},
		{"half percents", config.Offer{Kind: "percent_discount", Percent: "12.5"}, loyalty.Offer{ID: "x", Kind: loyalty.PercentDiscount, BasisPoints: 1250}},
		{"a gift", config.Offer{Kind: "add_variant", Variant: "40"}, loyalty.Offer{ID: "x", Kind: loyalty.AddVariant, Variant: "40"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := tt.offer.Parse("x")
			if diff := cmp.Diff(tt.want, got); err != nil || diff != "" {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
	for _, percent := range []string{"0", "-1", "+1", "1e1", "10.", ".5", "10.555", "1000", "10,5", " 10", "10 %"} {
		if got, err := (config.Offer{Kind: "percent_discount", Percent: percent}).Parse("x"); err == nil {
			t.Errorf("%q is read as %d", percent, got.BasisPoints)
		} else if f := fault.From(err); f.Kind != fault.Invalid {
			t.Errorf("%q: %v", percent, err)
		}
	}
}
