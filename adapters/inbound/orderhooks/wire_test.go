// SPDX-License-Identifier: Apache-2.0

package orderhooks

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/cartage-dev/cartage/core/secret"
)

func TestTransport(t *testing.T) {
	t.Parallel()
	body := sample(t, "create-till")
	padded := body + strings.Repeat(" ", bodyMax-len(body))
	signed := func(body string) func(*http.Request) {
		return func(r *http.Request) {
			sending(body)(r)
			r.Header.Set(signatureHeader, sign(theSecret, []byte(body)))
		}
	}
	method := func(name string) func(*http.Request) { return func(r *http.Request) { r.Method = name } }
	for _, tt := range []struct {
		name    string
		edit    func(*http.Request)
		outcome string
	}{
		{"as it should be", nil, told},
		{"GET", method(http.MethodGet), methodNotAllowed},
		{"HEAD", method(http.MethodHead), methodNotAllowed},
		{"PUT", method(http.MethodPut), methodNotAllowed},
		{"OPTIONS", method(http.MethodOptions), methodNotAllowed},
		{"made-up method", method("HOOK"), methodNotAllowed},
		{"1 MiB", signed(padded), told},
		{"one byte more", signed(padded + " "), bodyTooLarge},
		{"one byte more without a signature", func(r *http.Request) { sending(padded + " ")(r); r.Header.Del(signatureHeader) }, bodyTooLarge},
		{"no type", drop("Content-Type"), told},
		{"with a charset", set("Content-Type", "application/json; charset=UTF-8"), told},
		{"XML, as a subscription may want it", set("Content-Type", "application/xml"), badMediaType},
		{"form", set("Content-Type", "application/x-www-form-urlencoded"), badMediaType},
		{"packed and signed so", func(r *http.Request) { signed(zipped(body))(r); r.Header.Set("Content-Encoding", "gzip") }, badMediaType},
		{"packed, signed so and unsaid", signed(zipped(body)), unreadable},
		{"no topic", drop(topicHeader), badHeaders},
		{"two topics", add(topicHeader, "orders/create"), badHeaders},
		{"unknown topic", set(topicHeader, "products/update"), unknownTopic},
		{"topic in another case", set(topicHeader, "Orders/Create"), unknownTopic},
		{"topic as GraphQL writes it", set(topicHeader, "ORDERS_CREATE"), unknownTopic},
		{"unknown topic of an unknown shop", func(r *http.Request) { set(topicHeader, "x")(r); set(domainHeader, "x")(r) }, unknownTopic},
		{"no shop", drop(domainHeader), badHeaders},
		{"two shops", add(domainHeader, theDomain), badHeaders},
		{"unknown shop", set(domainHeader, "strange-shop.myshopify.com"), unknownShop},
		{"shop in another case", set(domainHeader, "Demo-Shop.myshopify.com"), unknownShop},
		{"shop with a dot behind it", set(domainHeader, theDomain+"."), unknownShop},
		{"shop with a path", set(domainHeader, theDomain+"/x"), unknownShop},
		{"no webhook id", drop(webhookHeader), told},
		{"a webhook id that is none", set(webhookHeader, strings.Repeat("x y", 999)), told},
		{"a query changes nothing", func(r *http.Request) { r.URL.RawQuery = "topic=orders/cancelled" }, told},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, nil)
			res := b.send(t, ordersCreate, body, tt.edit)
			if got, want := res.StatusCode, tellings[tt.outcome].status; got != want || b.outcomes(t, tt.outcome) != 1 {
				t.Fatalf("got %d, want %d and %s: %s", got, want, tt.outcome, b.log)
			}
			if n := len(b.desk.news()); (n == 1) != (tt.outcome == told) {
				t.Errorf("told %d times", n)
			}
			if allow := res.Header.Get("Allow"); (allow == http.MethodPost) != (tt.outcome == methodNotAllowed) {
				t.Errorf("Allow: %q", allow)
			}
		})
	}
}

func TestEachShopIsItsOwn(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.send(t, ordersCreate, sample(t, "create-till"), set(domainHeader, "other-shop.myshopify.com"))
	if got := b.desk.news(); len(got) != 1 || got[0].Shop != "other" {
		t.Errorf("told %+v", got)
	}
}

func TestEachAppIsItsOwn(t *testing.T) {
	t.Parallel()
	second := demoApp()
	second.Name, second.Path, second.Secrets = "second", "/hooks/shopify/second", []secret.Text{secret.New("hush-of-the-second")}
	second.Installed = []Installed{{Domain: "second-shop.myshopify.com", ShopID: 9, Shop: "second"}}
	b := newBench(t, func(o *Options) { o.Apps = append(o.Apps, second) })
	body := sample(t, "create-till")
	to := func(secret, domain string) func(*http.Request) {
		return func(r *http.Request) {
			r.URL.Path = second.Path
			r.Header.Set(signatureHeader, sign(secret, []byte(body)))
			r.Header.Set(domainHeader, domain)
		}
	}
	for _, tt := range []struct {
		name, secret, domain string
		want                 int
	}{
		{"its own", "hush-of-the-second", "second-shop.myshopify.com", 200},
		{"by the first app", theSecret, "second-shop.myshopify.com", 401},
		{"for a shop of the first app", "hush-of-the-second", theDomain, 404},
	} {
		if res := b.send(t, ordersCreate, body, to(tt.secret, tt.domain)); res.StatusCode != tt.want {
			t.Errorf("%s: got %d, want %d", tt.name, res.StatusCode, tt.want)
		}
	}
}

func TestUnknownTopicsAreLoggedOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	for range 3 {
		b.send(t, "products/update", "{}", nil)
		b.send(t, "carts/\nupdate", "{}", nil)
	}
	for n := range 2 * strangeMax {
		b.send(t, topic(fmt.Sprintf("made/up%d", n)), "{}", nil)
	}
	if got := strings.Count(b.log.String(), "topic not known"); got != strangeMax {
		t.Errorf("logged %d topics, want %d", got, strangeMax)
	}
	if got := strings.Count(b.log.String(), `"named":"products/update"`); got != 1 {
		t.Errorf("logged %d times", got)
	}
	if got := b.counted(t, "cartage_webhooks_total", map[string]string{"topic": "other", "outcome": unknownTopic}); got != 6+2*strangeMax {
		t.Errorf("counted %v", got)
	}
}

// TestBodyThatDoesNotComeWhole speaks to the socket: no client sends this.
func TestBodyThatDoesNotComeWhole(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		hangUp  bool
		outcome string
	}{
		{"cut off", true, bodyUnreadable},
		{"never ends", false, bodyLate},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, nil)
			url, _ := b.serve(t)
			host := strings.TrimSuffix(strings.TrimPrefix(url, "http://"), thePath)
			conn, err := net.Dial("tcp", host)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{", thePath)
			if tt.hangUp {
				_ = conn.(*net.TCPConn).CloseWrite()
			}
			res, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatal(err)
			}
			drain(res)
			if got, want := res.StatusCode, tellings[tt.outcome].status; got != want {
				t.Errorf("got %d, want %d", got, want)
			}
		})
	}
}

// TestLogsTellNothingOfPeople: no level, and no outcome, says more than numbers.
func TestLogsTellNothingOfPeople(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(o *Options) { o.Privacy = nil })
	for _, name := range []string{"create-till", "create-marked", "create-test", "cancelled", "refund-part", "refund-in-another-currency", "data-request", "customer-redact", "shop-redact"} {
		body := sample(t, name)
		for _, at := range append(topics[:], "other/topic") {
			b.send(t, at, body, nil)
			b.send(t, at, body[:len(body)/2], nil)
			b.send(t, at, strings.ReplaceAll(body, `"GBP"`, `"Canary"`), nil)
			b.send(t, at, strings.ReplaceAll(body, `"38.00"`, `"nora.canary@mail.example"`), nil)
			b.send(t, at, strings.ReplaceAll(body, `"created_at": "2026`, `"created_at": "Canary`), nil)
			b.send(t, at, strings.ReplaceAll(body, `"id": 6120345001188`, `"id": "Canary"`), nil)
			b.send(t, at, body, drop(signatureHeader))
			b.send(t, at, body, set(webhookHeader, "nora.canary@mail.example"))
		}
	}
	for _, canary := range []string{"anary", "Nora", "mail.example", "+4477", "LS1 4AB", "Linen", theSecret, olderSecret, string(firstID), "60184433"} {
		if strings.Contains(b.log.String(), canary) {
			t.Errorf("the log has %q", canary)
		}
	}
	if n := strings.Count(b.log.String(), "webhook answered"); n < 400 {
		t.Errorf("only %d lines", n)
	}
}

func TestNew(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		edit func(*Options)
		want string
	}{
		{"as it should be", func(*Options) {}, ""},
		{"no apps", func(o *Options) { o.Apps = nil }, ""},
		{"any app's entries", func(o *Options) { o.Apps[0].AppID = "" }, ""},
		{"no port", func(o *Options) { o.News = nil }, "a port and a logger"},
		{"no logger", func(o *Options) { o.Logger = nil }, "a port and a logger"},
		{"no name", func(o *Options) { o.Apps[0].Name = "" }, "the name must"},
		{"path without a slash", func(o *Options) { o.Apps[0].Path = "hooks" }, "must start with /"},
		{"root", func(o *Options) { o.Apps[0].Path = "/" }, "plain one"},
		{"wildcard", func(o *Options) { o.Apps[0].Path = "/{x}" }, "plain one"},
		{"no secret", func(o *Options) { o.Apps[0].Secrets = nil }, "a secret is needed"},
		{"empty secret", func(o *Options) { o.Apps[0].Secrets[1] = secret.Text{} }, "must not be empty"},
		{"three secrets", func(o *Options) { o.Apps[0].Secrets = append(o.Apps[0].Secrets, secret.New("x")) }, "at most 2"},
		{"an app's id with a quote", func(o *Options) { o.Apps[0].AppID = `1"` }, "the app's id"},
		{"no shops", func(o *Options) { o.Apps[0].Installed = nil }, "a shop that has the app"},
		{"another domain", func(o *Options) { o.Apps[0].Installed[0].Domain = "shop.example" }, "must be a name in lower case"},
		{"upper case", func(o *Options) { o.Apps[0].Installed[0].Domain = "Demo.myshopify.com" }, "must be a name in lower case"},
		{"a shop's number", func(o *Options) { o.Apps[0].Installed[0].ShopID = 0 }, "above zero"},
		{"no shop of ours", func(o *Options) { o.Apps[0].Installed[0].Shop = "" }, "a shop of ours"},
		{"one domain twice", func(o *Options) { o.Apps[0].Installed[1].Domain = theDomain }, "given twice"},
		{"one shop twice", func(o *Options) { o.Apps[0].Installed[1].Shop = "demo" }, "has a domain already"},
		{"one name twice", func(o *Options) { o.Apps = append(o.Apps, demoApp()); o.Apps[1].Path = "/x" }, "already taken"},
		{"one path twice", func(o *Options) { o.Apps = append(o.Apps, demoApp()); o.Apps[1].Name = "x" }, "already taken"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := &desk{answer: well}
			o := Options{Apps: []App{demoApp()}, News: b, Logger: discard()}
			tt.edit(&o)
			_, err := New(o)
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}
