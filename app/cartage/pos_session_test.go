// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/cartage-dev/cartage/config"
)

func TestScriptEndsAtItsFirstFailure(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, script, want string
		asked              int
	}{
		{"nothing", "", "", 0},
		{"comments and empty lines", "# first\n\nnew 1 ; ; new none\n", "", 2},
		{"a word that is none", "new 1; jump; new 1", `step 2, jump: there is no command "jump"`, 1},
		{"too many words", "new 1 2", `new takes no "2"`, 0},
		{"no customer", "new ann", "needs a customer's number", 0},
		{"nothing to tap", "new; tap 1", "nothing to tap", 1},
		{"no order", "tap 1", "no order is open", 0},
		{"no sale", "cancel", "nothing was sold yet", 0},
		{"nothing to retry", "retry", "nothing was sent yet", 0},
		{"nothing to show", "t", "nothing was sent yet", 0},
		{"no discount", "new; revert", "no discount on the cart", 1},
		{"no number", "new; tap x", "needs the number", 1},
		{"nought", "new; revert 0", "needs the number", 1},
		{"another balance", "new; expect balance 8", "the balance is 9, and 8 was expected", 1},
		{"another status", "new; expect status 404", "the status is 200, and 404 was expected", 1},
		{"an expectation of nothing", "new; expect 9", "write expect balance N", 1},
		{"a failure that was expected", "new; sale; expect status 404; new", "", 3},
		{"a failure with another status", "new; sale; expect status 503; new", "404", 2},
		{"a failure and no expectation", "new; sale; expect balance 9", "404", 2},
		{"leaving", "new; quit; jump", "", 1},
		{"leaving with a failure", "new; sale; quit", "404", 2},
		{"a line without an end", strings.Repeat("x", tillLineMax+1), "a line has at most 4095 bytes", 0},
		{"a script without an end", strings.Repeat("help\n", tillStepsMax+1), "more than 1000 commands", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newFakeHost(t, map[string][]string{"promotions": {screenText("9")}})
			out, err := play(t, h, tt.script)
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) || len(h.asked()) != tt.asked {
				t.Errorf("got %v after %d calls, want %q after %d\n%s", err, len(h.asked()), tt.want, tt.asked, out)
			}
		})
	}
}

// TestSomebodyAtTheTill goes on after mistakes, as a person does.
func TestSomebodyAtTheTill(t *testing.T) {
	t.Parallel()
	h := newFakeHost(t, map[string][]string{"promotions": {screenText("9\\u001b", fiveOff), screenText("1000", fiveOff)}, "perform_action": {screenText("500")}})
	var out bytes.Buffer
	s := &session{till: newTestTill(h, &out), text: &out, asks: true}
	if err := s.run(t.Context(), strings.NewReader("jump\nn\n\n1\n?\n")); err != nil {
		t.Errorf("got %v", err)
	}
	wantTexts(t, out.String(), `! promotions: 200, but not the template`, `! there is no command "jump"`, "1 tap · s sale", "r remove discount", "refund [AMOUNT]", "points stay held")
	if strings.Contains(out.String(), "\x1b") {
		t.Error("the host moves the cursor")
	}
}

func TestWrapped(t *testing.T) {
	t.Parallel()
	word := strings.Repeat("x", 60)
	if got, want := wrapped("a b\n"+word+" "+word+" c"), "a b\n    "+word+"\n    "+word+" c"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestInterruptAtTheTill(t *testing.T) {
	t.Parallel()
	h := newFakeHost(t, map[string][]string{"promotions": {screenText("9")}})
	in, typing := io.Pipe()
	defer func() { _ = typing.Close() }()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := (&session{till: newTestTill(h, io.Discard), text: io.Discard, asks: true}).run(ctx, in); err != nil {
		t.Errorf("somebody left with %v", err)
	}
	if err := (&session{till: newTestTill(h, io.Discard), text: io.Discard}).run(ctx, in); !errors.Is(err, context.Canceled) {
		t.Errorf("a script ended with %v", err)
	}
}

func TestExchangesAsJSON(t *testing.T) {
	t.Parallel()
	h := newFakeHost(t, map[string][]string{"promotions": {screenText("9"), "200 <b>no</b>"}})
	var out bytes.Buffer
	at := newTestTill(h, io.Discard)
	at.printsJSON(&out)
	if err := (&session{till: at, text: io.Discard}).run(t.Context(), strings.NewReader("new; new")); err == nil {
		t.Error("what is no JSON was taken")
	}
	var first, second struct {
		Step, Call, Problem string
		Status              int
		Done                bool
		LimitMS             int64             `json:"limit_ms"`
		Headers             map[string]string `json:"request_headers"`
		Request             struct {
			Domain string `json:"shopify_domain"`
		}
		Answer any
	}
	lines := json.NewDecoder(&out)
	if err := errors.Join(lines.Decode(&first), lines.Decode(&second)); err != nil {
		t.Fatal(err)
	}
	if first.Step != "new" || first.Call != "promotions" || first.Status != 200 || !first.Done || first.LimitMS != 300 ||
		len(first.Headers["X-Shopify-Hmac-SHA256"]) != 44 || first.Request.Domain != "a.myshopify.com" {
		t.Errorf("got %+v", first)
	}
	if second.Done || second.Problem == "" || second.Answer != "<b>no</b>" {
		t.Errorf("got %+v", second)
	}
}

func TestBasket(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name        string
		currency    string
		kind, value string
		scale       int64
		total, want int64
	}{
		{"an amount", "GBP", "flat_discount", "5.00", 100, 58_00, 53_00},
		{"more than the cart", "GBP", "flat_discount", "500.00", 100, 58_00, 0},
		{"yen", "JPY", "flat_discount", "500", 100, 5_800, 5_300},
		{"dinars", "KWD", "flat_discount", "5.000", 100, 58_000, 53_000},
		{"percent of a hundred", "GBP", "percent_discount", "12.5", 100, 58_00, 50_75},
		{"percent of one", "GBP", "percent_discount", "0.125", 1, 58_00, 50_75},
		{"half a penny", "GBP", "percent_discount", "1.25", 100, 58_00, 57_27},
		{"all and more", "GBP", "percent_discount", "999999999999", 1, 58_00, 0},
		{"a gift", "GBP", "add_variant", "7", 100, 58_00, 58_00},
	} {
		f := tillFlags{currency: tt.currency}
		c, err := f.money(config.Shop{})
		if err != nil {
			t.Fatal(err)
		}
		b := newBasket(0, c)
		if got := b.total(); got != tt.total {
			t.Errorf("%s: begins with %d, want %d", tt.name, got, tt.total)
		}
		if err := b.add(tillOffer{ActionID: "A", Type: tt.kind, Value: tt.value}, tt.scale); err != nil || b.total() != tt.want {
			t.Errorf("%s: got %d (%v), want %d", tt.name, b.total(), err, tt.want)
		}
	}
}

func TestWhichTill(t *testing.T) {
	t.Parallel()
	at := func(app string) *config.ShopifyShop { return &config.ShopifyShop{App: app} }
	for _, tt := range []struct {
		name      string
		shops     map[string]config.Shop
		app, shop string
		want      string
		wrong     string
	}{
		{name: "the only one", shops: map[string]config.Shop{"uk": {Shopify: at("a")}, "web": {}}, want: "uk"},
		{name: "none", shops: map[string]config.Shop{"web": {}}, wrong: "no shop in config has shopify"},
		{name: "two", shops: map[string]config.Shop{"uk": {Shopify: at("a")}, "us": {Shopify: at("a")}}, wrong: "--shop: uk, us"},
		{name: "the app's", shops: map[string]config.Shop{"uk": {Shopify: at("a")}, "us": {Shopify: at("b")}}, app: "b", want: "us"},
		{name: "the named", shops: map[string]config.Shop{"uk": {Shopify: at("a")}, "us": {Shopify: at("a")}}, shop: "us", want: "us"},
		{name: "the other's", shops: map[string]config.Shop{"uk": {Shopify: at("a")}}, app: "b", wrong: "there is uk (app a)"},
	} {
		f := tillFlags{app: tt.app, shop: tt.shop}
		if got, err := f.choose(config.Config{Shops: tt.shops}); got != tt.want || (err == nil) != (tt.wrong == "") || err != nil && !strings.Contains(err.Error(), tt.wrong) {
			t.Errorf("%s: got %q, %v", tt.name, got, err)
		}
	}
}

func TestWhereTheHostIs(t *testing.T) {
	t.Parallel()
	fallback := config.Default().Server.PublicURL
	for _, tt := range []struct {
		name, flag, public, listen string
		real                       bool
		want, wrong                string
	}{
		{name: "by default", public: fallback, listen: "127.0.0.1:8080", want: fallback},
		{name: "its listener", public: fallback, listen: "0.0.0.0:9000", want: "http://127.0.0.1:9000"},
		{name: "as told", flag: "http://localhost:1/", public: "https://shop.example", want: "http://localhost:1"},
		{name: "elsewhere", public: "https://shop.example", listen: ":1", wrong: "server.public_url: shop.example is not on this machine"},
		{name: "elsewhere, and meant", public: "https://shop.example/a/", listen: ":1", real: true, want: "https://shop.example/a"},
		{name: "no URL", flag: "localhost:1", wrong: "--host"},
		{name: "with a password", flag: "http://a:b@localhost", wrong: "--host"},
	} {
		f := tillFlags{host: tt.flag, real: tt.real}
		if got, err := f.where(config.Server{PublicURL: tt.public, Listen: tt.listen}); got != tt.want || (err == nil) != (tt.wrong == "") || err != nil && !strings.Contains(err.Error(), tt.wrong) {
			t.Errorf("%s: got %q, %v", tt.name, got, err)
		}
	}
}
