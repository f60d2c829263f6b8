// SPDX-License-Identifier: Apache-2.0

package shopifypos

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/money"
	"github.com/cartage-dev/cartage/ports/inbound"
)

var update = flag.Bool("update", false, "rewrite what exchanges are compared with")

// transcript is a request and its answer as a file has them for reading.
func transcript(t *testing.T, at endpoint, body string, got reply) string {
	t.Helper()
	text := fmt.Sprintf("POST %s\n%s\n\n%d", at.name(), pretty(t, body), got.status)
	for _, name := range []string{"Content-Type", "Cache-Control", "X-Content-Type-Options"} {
		text += fmt.Sprintf("\n%s: %s", name, got.header.Get(name))
	}
	return text + "\n" + pretty(t, got.body) + "\n"
}

func pretty(t *testing.T, body string) string {
	t.Helper()
	if body == "" {
		return "(empty)"
	}
	var out bytes.Buffer
	if err := json.Indent(&out, []byte(strings.TrimSpace(body)), "", "  "); err != nil {
		t.Fatalf("not JSON: %v: %s", err, body)
	}
	return out.String()
}

// golden compares with a file.
func golden(t *testing.T, name, text string) {
	t.Helper()
	file := filepath.Join("testdata", name+".txt")
	if *update {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), text); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

// fiveOff is the offer of Shopify's example.
func fiveOff() inbound.Offer {
	return inbound.Offer{ID: "123ABC", Title: "Add $5.00 discount", Description: "-1000 points", Offer: loyalty.Offer{
		ID: "five", Kind: loyalty.FlatDiscount, Cost: 1000, Amounts: map[money.Currency]money.Amount{"USD": money.Of(500, "USD"), "JPY": money.Of(500, "JPY")},
	}}
}

// TestShopifysExample is the exchange of "Handling POS cart app extension endpoints".
func TestShopifysExample(t *testing.T) {
	t.Parallel()
	b := served(t, demoApp())
	balance := loyalty.Points(23867)
	b.port.answer = func(_ context.Context, at endpoint, till inbound.Till) (inbound.Screen, error) {
		s := inbound.Screen{Label: "Point balance", Known: true, Offers: []inbound.Offer{fiveOff()}}
		switch at {
		case promotions:
		case performAction:
			balance, s.Offers = balance-1000, nil
		case revertAction:
			balance += 1000
		}
		s.Balance = balance
		return s, nil
	}
	for _, at := range endpoints {
		body := sampleTap
		if at == promotions {
			body = sample
		}
		got := b.post(t, at, body, nil)
		golden(t, "example-"+at.name(), transcript(t, at, body, got))
		if n := b.outcome(t, at, done); n != 1 {
			t.Errorf("%s was counted %v times", at.name(), n)
		}
		if n := b.counted(t, "cartage_pos_request_seconds", map[string]string{"app": "demo", "endpoint": at.name()}); n != 1 {
			t.Errorf("%s was timed %v times", at.name(), n)
		}
	}
	till := inbound.Till{
		Shop: "demo", Customer: "1", Locale: "en", Currency: "USD",
		Kinds: []loyalty.Kind{loyalty.FlatDiscount, loyalty.PercentDiscount, loyalty.AddVariant},
	}
	for i := range b.port.tills {
		if b.port.tills[i].RequestID == "" {
			t.Error("a request has no name")
		}
		b.port.tills[i].RequestID = ""
	}
	if diff := cmp.Diff([]inbound.Till{till, till, till}, b.port.tills); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]loyalty.ActionID{"", "123ABC", "123ABC"}, b.port.ids); diff != "" {
		t.Errorf("asked for (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]heardOf{{"demo", "123ABC"}}, b.port.heardOf()); diff != "" {
		t.Errorf("heard of (-want +got):\n%s", diff)
	}
}

func offers() []inbound.Offer {
	percent := func(id loyalty.ActionID, basisPoints int64) inbound.Offer {
		return inbound.Offer{ID: id, Title: "Percent <off>", Description: "500 stars", Offer: loyalty.Offer{Kind: loyalty.PercentDiscount, BasisPoints: basisPoints}}
	}
	variant := func(id loyalty.ActionID, variant string) inbound.Offer {
		return inbound.Offer{ID: id, Title: "Free mug", Description: "600 stars", Offer: loyalty.Offer{Kind: loyalty.AddVariant, Variant: variant}}
	}
	long := fiveOff()
	long.Title, long.Description = strings.Repeat("ö", 41), strings.Repeat("語", 61)
	broken := fiveOff()
	broken.ID = `a","b`
	return []inbound.Offer{
		fiveOff(), percent("pa_10", 1000), percent("pa_12_5", 1250), percent("pa_least", 1), variant("pa_mug", "40112233"),
		long, broken, variant("pa_word", "mug-blue"), variant("pa_zero", "007"),
	}
}

// replaced is a body with one thing in another's place.
func replaced(body, before, after string) string {
	if !strings.Contains(body, before) {
		return "not in the body: " + before
	}
	return strings.Replace(body, before, after, 1)
}

func TestExchanges(t *testing.T) {
	t.Parallel()
	full := inbound.Screen{Label: "Stars", Balance: 640, Known: true, Offers: offers()}
	unknown := inbound.Screen{Label: "Stars", Offers: offers()[1:2]}
	free := []inbound.Offer{fiveOff()}
	free[0].Description, free[0].Offer.Cost = "For everybody", 0
	many := inbound.Screen{Label: "Stars", Balance: 640, Known: true}
	for range actionsMax + 2 {
		many.Offers = append(many.Offers, fiveOff())
	}
	for _, tt := range []struct {
		name   string
		at     endpoint
		body   string
		edit   func(*App)
		screen inbound.Screen
		fault  error
	}{
		{name: "all-kinds", body: sample, screen: full},
		{name: "all-kinds-other-fields", body: sample, screen: full, edit: func(a *App) { a.PercentScale, a.VariantField = 1, VariantID }},
		{name: "variant-as-value", body: sample, screen: full, edit: func(a *App) { a.VariantField = VariantValue }},
		{name: "yen", body: replaced(sample, "USD", "JPY"), screen: full},
		{name: "no-price-in-euros", body: replaced(sample, "USD", "EUR"), screen: full},
		{name: "flat-discounts-only", body: replaced(sample, `,"percent_discount","add_variant"`, `,"gift_card"`), screen: full},
		{name: "nothing-supported", body: replaced(sample, `"flat_discount","percent_discount","add_variant"`, ``), screen: full},
		{name: "ten-at-most", body: sample, screen: many},
		{name: "no-customer", body: replaced(sample, `"customer_id":1`, `"customer_id":null`), screen: inbound.Screen{Label: "Stars", Known: true}},
		{name: "blank-customer", body: replaced(sample, `"customer_id":1`, `"customer_id":""`), screen: inbound.Screen{Label: "Stars", Known: true, Offers: free}},
		{name: "no-programme", body: sample, screen: inbound.Screen{Known: true}},
		{name: "balance-not-known", body: sample, screen: unknown},
		{name: "unknown-currency", body: replaced(sample, "USD", "XXX"), screen: full},
		{name: "no-template", body: replaced(sample, "simple_action_list", "grid"), screen: full},
		{name: "promotions-down", body: sample, fault: fault.New(fault.Unavailable, "", "no ledger")},
		{name: "promotions-unknown-shop", body: sample, fault: fault.New(fault.NotFound, unknownShop, "gone")},
		{name: "perform", at: performAction, body: sampleTap, screen: inbound.Screen{Label: "Stars", Balance: 140, Known: true}},
		{name: "perform-unknown", at: performAction, body: sampleTap, fault: fault.New(fault.NotFound, unknownAction, "no")},
		{name: "perform-insufficient", at: performAction, body: sampleTap, fault: fault.New(fault.Conflict, insufficientPoints, "no")},
		{name: "perform-unknown-currency", at: performAction, body: replaced(sampleTap, "USD", "XXX"), screen: full},
		{name: "perform-no-template", at: performAction, body: replaced(sampleTap, "simple_action_list", "grid"), screen: full},
		{name: "revert", at: revertAction, body: sampleTap, screen: inbound.Screen{Label: "Stars", Balance: 640, Known: true, Offers: offers()[:1]}},
		{name: "revert-down", at: revertAction, body: sampleTap, fault: fault.New(fault.Unavailable, "", "no ledger")},
		{name: "another-shop", body: replaced(sample, `"shop_id":1`, `"shop_id":2`), screen: full},
		{name: "no-locale", body: replaced(sample, `"locale":"en",`, ``), screen: full},
		{name: "key-twice", body: replaced(sample, `{`, `{"shop_id":1,`), screen: full},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := demoApp()
			if tt.edit != nil {
				tt.edit(&a)
			}
			b := served(t, a)
			b.port.answer = shows(tt.screen)
			if tt.fault != nil {
				b.port.answer = fails(tt.fault)
			}
			golden(t, tt.name, transcript(t, tt.at, tt.body, b.post(t, tt.at, tt.body, nil)))
		})
	}
}

func TestOffersLeftOutAreCounted(t *testing.T) {
	t.Parallel()
	b := newBench(t, demoApp())
	all := offers()
	for range actionsMax {
		all = append(all, fiveOff())
	}
	b.port.answer = shows(inbound.Screen{Known: true, Offers: all})
	b.direct(t, promotions, replaced(sample, "USD", "JPY"), nil)
	b.direct(t, promotions, replaced(sample, "USD", "EUR"), nil)
	for reason, want := range map[string]float64{badID: 2, badVariant: 4, tooMany: 6, noPrice: 12} {
		if got := b.counted(t, "cartage_pos_offers_left_out_total", map[string]string{"app": "demo", "reason": reason}); got != want {
			t.Errorf("%s: %v were left out, want %v", reason, got, want)
		}
	}
}

func TestPercent(t *testing.T) {
	t.Parallel()
	for basisPoints, want := range map[int64][2]string{
		1: {"0.01", "0.0001"}, 10: {"0.1", "0.001"}, 99: {"0.99", "0.0099"}, 100: {"1", "0.01"}, 1000: {"10", "0.1"},
		1250: {"12.5", "0.125"}, 3333: {"33.33", "0.3333"}, 9999: {"99.99", "0.9999"}, 10000: {"100", "1"},
	} {
		if got := [2]string{percent(basisPoints, 100), percent(basisPoints, 1)}; got != want {
			t.Errorf("%d basis points are %v, want %v", basisPoints, got, want)
		}
	}
}

func TestAmountsAreOfTheirCurrency(t *testing.T) {
	t.Parallel()
	mixed := fiveOff()
	mixed.Offer.Amounts["USD"] = money.Of(500, "JPY")
	if printed, why := demoApp().printOffer(mixed, "USD"); why != noPrice {
		t.Errorf("%s: printed %+v", why, printed)
	}
}

func TestShopsAreApart(t *testing.T) {
	t.Parallel()
	b := newBench(t, demoApp())
	second := replaced(replaced(sample, `"shop_id":1`, `"shop_id":2`), "demo-shop", "second")
	if got := b.direct(t, promotions, second, nil); got.status != http.StatusOK || b.port.tills[0].Shop != "second" {
		t.Errorf("got %d, having asked for %+v", got.status, b.port.tills)
	}
	for name, body := range map[string]string{
		"another shop's number":     replaced(sample, `"shop_id":1`, `"shop_id":2`),
		"another shop's domain":     replaced(sample, "demo-shop", "second"),
		"a shop of another app":     replaced(replaced(sample, `"shop_id":1`, `"shop_id":9`), "demo-shop", "other-shop"),
		"nobody's":                  replaced(sample, "demo-shop", "nobody"),
		"nobody's, of no number":    replaced(replaced(sample, "demo-shop", "nobody"), `"shop_id":1`, `"shop_id":0`),
		"a domain in another case":  replaced(sample, "demo-shop", "Demo-Shop"),
		"a domain below the domain": replaced(sample, "demo-shop", "x.demo-shop"),
		"an empty domain":           replaced(sample, "demo-shop.myshopify.com", ""),
	} {
		for _, at := range endpoints {
			if at != promotions {
				body = replaced(body, `{`, `{"action_id":"123ABC",`)
			}
			got := b.direct(t, at, body, nil)
			if got.status != http.StatusNotFound || got.body != "" || got.header.Get("Content-Type") != "" {
				t.Errorf("%s at %s: got %d %q", name, at.name(), got.status, got.body)
			}
			if at != promotions {
				body = replaced(body, `"action_id":"123ABC",`, ``)
			}
		}
	}
	if n := b.port.asked(); n != 1 {
		t.Errorf("the port was asked %d times", n)
	}
}
