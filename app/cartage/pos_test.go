// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cartage-dev/cartage/config"
	"github.com/cartage-dev/cartage/core/secret"
)

const tillSecret = "a-secret-of-the-test"

// fakeHost answers as scripted, each path's answers in their order and the last one again.
type fakeHost struct {
	*httptest.Server
	t *testing.T

	mu     sync.Mutex
	says   map[string][]string // by the last part of the path: "STATUS BODY"
	bodies []string            // what was asked, with its path
}

func newFakeHost(t *testing.T, says map[string][]string) *fakeHost {
	h := &fakeHost{t: t, says: says}
	h.Server = httptest.NewServer(h)
	t.Cleanup(h.Close)
	return h
}

func (h *fakeHost) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(r.Body)
	mac := hmac.New(sha256.New, []byte(tillSecret))
	mac.Write(raw)
	if got := r.Header.Get("X-Shopify-Hmac-SHA256"); err != nil || got != base64.StdEncoding.EncodeToString(mac.Sum(nil)) {
		h.t.Errorf("%s is signed %q (%v)", raw, got, err)
	}
	what := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	if topic := r.Header.Get("X-Shopify-Topic"); topic != "" {
		what = topic
	}
	h.mu.Lock()
	h.bodies = append(h.bodies, what+" "+string(raw))
	says := h.says[what]
	if len(says) > 1 {
		h.says[what] = says[1:]
	}
	h.mu.Unlock()
	if len(says) == 0 {
		http.NotFound(w, r)
		return
	}
	status, body, _ := strings.Cut(says[0], " ")
	if status == "slow" {
		<-r.Context().Done()
		return
	}
	var code int
	_, _ = fmt.Sscan(status, &code)
	w.WriteHeader(code)
	_, _ = io.WriteString(w, body)
}

// asked is what the host heard, without the ids that differ each time.
func (h *fakeHost) asked() (names []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, b := range h.bodies {
		name, _, _ := strings.Cut(b, " ")
		names = append(names, name)
	}
	return names
}

func screenText(balance string, offers ...string) string {
	if offers == nil {
		offers = []string{}
	}
	return `200 {"type":"simple_action_list","points_label":"Stars","points_balance":"` + balance + `","actions":[` + strings.Join(offers, ",") + `]}`
}

const (
	fiveOff  = `{"type":"flat_discount","title":"5.00 off","description":"500 stars","action_id":"A1","value":"5.00"}`
	tenthOff = `{"type":"percent_discount","title":"10 % off","description":"600 stars","action_id":"A2","value":"10"}`
	freeMug  = `{"type":"add_variant","title":"Free mug","description":"700 stars","action_id":"A3","variant_id":7,"value":"7"}`
)

func newTestTill(h *fakeHost, out io.Writer) *till {
	t := &till{
		wire: newTillWire(h.URL, "demo", "demo", secret.New(tillSecret)), shopName: "demo", app: "demo", appID: "42",
		at: config.ShopifyShop{Domain: "a.myshopify.com", ShopID: 9}, posPath: "/pos/demo", hooksPath: "/hooks/demo",
		percentScale: 100, customer: 3, currency: "GBP", locale: "en", now: time.Now, text: out,
	}
	t.wire.tillLimit, t.wire.hookLimit = 300*time.Millisecond, 300*time.Millisecond
	return t
}

// play runs commands at a till of h, and returns what it printed.
func play(t *testing.T, h *fakeHost, commands string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	err := (&session{till: newTestTill(h, &out), text: &out}).run(ctx, strings.NewReader(commands))
	return out.String(), err
}

func wantTexts(t *testing.T, text string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

func TestTillSellsAndTells(t *testing.T) {
	t.Parallel()
	h := newFakeHost(t, map[string][]string{
		"promotions":     {screenText("1000", fiveOff, tenthOff, freeMug)},
		"perform_action": {screenText("500", tenthOff), screenText("0")},
		"revert_action":  {screenText("500", fiveOff)},
		"orders/create":  {"200"}, "refunds/create": {"204"}, "orders/cancelled": {"200"},
	})
	out, err := play(t, h, "new; 1; tap 1; show; revert 1; sale; refund 10.00; f; x; f\n")
	if err == nil || !strings.Contains(err.Error(), "nothing is left to refund") {
		t.Errorf("got %v", err)
	}
	wantTexts(t, out, "Total GBP                                     58.00", "5.00 off  [r 1]                               -5.00",
		"10 % off  [r 2]                               -5.80", "47.20", "52.20", "Stars, customer 3", `("42", "A2")`, "GBP 10.00", "GBP 21.10")
	if got, want := strings.Join(h.asked(), " "), "promotions perform_action perform_action revert_action orders/create refunds/create refunds/create orders/cancelled"; got != want {
		t.Errorf("asked %s, want %s", got, want)
	}
	var order struct {
		Total    string `json:"total_price"`
		Customer struct{ ID int64 }
		Notes    []struct{ Name, Value string } `json:"note_attributes"`
	}
	_, body, _ := strings.Cut(h.bodies[4], " ")
	if err := json.Unmarshal([]byte(body), &order); err != nil || order.Total != "52.20" || order.Customer.ID != 3 || order.Notes[0].Value != `[("42", "A2")]` {
		t.Errorf("told %s (%v)", body, err)
	}
	if want := `perform_action {"action_id":"A1","customer_id":3,"locale":"en","supported_templates":["simple_action_list"],` +
		`"supported_actions":["flat_discount","percent_discount","add_variant"],"currency_code":"GBP","shop_id":9,"shopify_domain":"a.myshopify.com"}`; h.bodies[1] != want {
		t.Errorf("asked %s, want %s", h.bodies[1], want)
	}
	if strings.Contains(out, tillSecret) {
		t.Error("the secret is printed")
	}
}

func TestTillTellsWhatIsWrong(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, promotions, perform, hook, script, want string
	}{
		{"another secret", "401 ", "", "", "new", "another secret for app demo"},
		{"another path", "404 404 page not found\n", "", "", "new", "shopify.apps.demo.pos_path"},
		{"another shop", "404 ", "", "", "new", "shops.demo.shopify"},
		{"a spent action", screenText("9", fiveOff), "404 ", "", "new; 1", "cannot be found"},
		{"a fault", screenText("9", fiveOff), `500 {"code":"insufficient_points"}`, "", "new; 1", "500: it could not be processed (insufficient_points)"},
		{"a status of no document", screenText("9", fiveOff), "503 ", "", "new; 1", "documents 200, 404 and 500 alone"},
		{"a slow answer", "slow", "", "", "new", "no answer within 300 ms: Shopify gives up"},
		{"a redirect", "302 ", "", "", "new", "302"},
		{"a page", "200 <html>", "", "", "new", "not JSON"},
		{"a balance as a number", `200 {"type":"simple_action_list","points_label":"P","points_balance":9,"actions":[]}`, "", "", "new", "points_balance must not be a number"},
		{"null for actions", `200 {"type":"simple_action_list","points_label":"P","points_balance":"9","actions":null}`, "", "", "new", "actions is missing"},
		{"an id that no order carries", screenText("9", strings.Replace(fiveOff, "A1", "A 1", 1)), "", "", "new", `action_id "A 1"`},
		{"a kind that was not asked for", screenText("9", strings.Replace(fiveOff, "flat_", "round_", 1)), "", "", "new", "none of supported_actions"},
		{"a value of millions of digits", screenText("9", strings.Replace(tenthOff, `"10"`, `"1e999999999"`, 1)), "", "", "new", "is not a number as text"},
		{"a long answer", "200 " + strings.Repeat(" ", tillAnswerMax+1), "", "", "new", "longer than 1 MiB"},
		{"no hooks", screenText("9"), "", "404 404 page not found\n", "new; sale", "the host serves no webhooks at /hooks/demo"},
		{"hooks of another shop", screenText("9"), "", "404 ", "new; sale", "knows no such shop"},
		{"hooks in trouble", screenText("9"), "", "503 ", "new; sale", "only 2xx counts as delivered"},
		{"slow hooks", screenText("9"), "", "slow", "new; sale", "would send it again later"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newFakeHost(t, map[string][]string{"promotions": {tt.promotions}, "perform_action": {tt.perform}, "orders/create": {tt.hook}})
			if out, err := play(t, h, tt.script); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q\n%s", err, tt.want, out)
			}
		})
	}
}

func TestTillWithoutAHost(t *testing.T) {
	t.Parallel()
	h := newFakeHost(t, nil)
	h.Close()
	if _, err := play(t, h, "new"); err == nil || !strings.Contains(err.Error(), "is it running?") {
		t.Errorf("got %v", err)
	}
}

func TestTillRepeats(t *testing.T) {
	t.Parallel()
	h := newFakeHost(t, map[string][]string{
		"promotions":     {screenText("1000", fiveOff)},
		"perform_action": {"slow", screenText("500")},
		"revert_action":  {"404 "},
	})
	out, err := play(t, h, "new\ntap 1\nexpect status 0\nretry\ny\nexpect balance 500\nabandon\nexpect status 404\nabandon")
	if err != nil {
		t.Fatalf("got %v\n%s", err, out)
	}
	if n := strings.Count(out, "[r 2]"); n != 0 {
		t.Errorf("the discount is twice on the cart:\n%s", out)
	}
	if h.bodies[1] != h.bodies[2] || h.bodies[2] != h.bodies[3] {
		t.Errorf("the same was asked otherwise: %q", h.bodies)
	}
	for _, tt := range []struct {
		name, second, want string
	}{
		{"alike", screenText("500"), ""},
		{"held twice", screenText("0"), "the two answers differ"},
		{"refused", "500 ", "could not be processed"},
	} {
		h := newFakeHost(t, map[string][]string{"promotions": {screenText("1000", fiveOff)}, "perform_action": {screenText("500"), tt.second}})
		out, err := play(t, h, "new; double 1")
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) || len(h.asked()) != 3 {
			t.Errorf("%s: got %v, want %q\n%s", tt.name, err, tt.want, out)
		}
	}
}
