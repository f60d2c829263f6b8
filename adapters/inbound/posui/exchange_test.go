// SPDX-License-Identifier: Apache-2.0

package posui

import (
	"bytes"
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
	"github.com/cartage-dev/cartage/ports/inbound"
)

var update = flag.Bool("update", false, "rewrite what exchanges are compared with")

// transcript is a request and its answer as a file has them for reading.
func transcript(t *testing.T, q request, got reply) string {
	t.Helper()
	text := fmt.Sprintf("%s %s%s\n%s\n\n%d", q.method, Base, q.path, pretty(t, q.body), got.status)
	for _, name := range []string{"Content-Type", "Cache-Control", "Access-Control-Allow-Origin", "WWW-Authenticate", "Allow", "Retry-After"} {
		if value := got.header.Get(name); value != "" {
			text += fmt.Sprintf("\n%s: %s", name, value)
		}
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
		return body
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

func TestExchanges(t *testing.T) {
	t.Parallel()
	tenth := inbound.Offer{ID: anID, Title: "A tenth <off>", Description: "-300 points", Offer: loyalty.Offer{Kind: loyalty.PercentDiscount, Cost: 300, BasisPoints: 1000}}
	mug := inbound.Offer{ID: anID, Title: "Free mug", Description: "-600 points", Offer: loyalty.Offer{Kind: loyalty.AddVariant, Cost: 600, Variant: "40112233"}}
	for _, tt := range []struct {
		name   string
		q      request
		edit   func(*http.Request)
		offers []inbound.Offer
		paid   bool
		fault  error
	}{
		{name: "loyalty", q: good["loyalty"], offers: []inbound.Offer{tenth, fiveOff(), mug}},
		{name: "loyalty-yen", q: query("currency", "JPY"), offers: []inbound.Offer{fiveOff()}},
		{name: "loyalty-nothing", q: good["loyalty"]},
		{name: "loyalty-down", q: good["loyalty"], fault: fault.New(fault.Unavailable, "balance_unknown", "no ledger")},
		{name: "loyalty-no-customer", q: query("customer_id")},
		{name: "loyalty-unknown-currency", q: query("currency", "XXX")},
		{name: "reserve", q: good["reserve"]},
		{name: "reserve-no-key", q: good["reserve"], edit: func(r *http.Request) { r.Header.Del(keyHeader) }},
		{name: "reserve-key-twice", q: body("reserve", "{", `{"offer_id":"x",`)},
		{name: "reserve-insufficient", q: good["reserve"], fault: fault.New(fault.Conflict, "insufficient_points", "no")},
		{name: "reserve-unknown", q: good["reserve"], fault: fault.New(fault.NotFound, "unknown_action", "no")},
		{name: "reserve-perhaps", q: good["reserve"], fault: fault.New(fault.Unknown, "", "no answer")},
		{name: "release", q: good["release"]},
		{name: "release-captured", q: good["release"], fault: fault.New(fault.Conflict, "redemption_captured", "no")},
		{name: "commit-pending", q: body("commit", `"order_id":450789469,`, "")},
		{name: "commit-captured", q: good["commit"], paid: true},
		{name: "no-token", q: good["loyalty"], edit: func(r *http.Request) { r.Header.Del("Authorization") }},
		{name: "bad-token", q: good["loyalty"], edit: func(r *http.Request) { r.Header.Set("Authorization", "Bearer x") }},
		{name: "wrong-method", q: request{method: "PUT", path: "/redemptions"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, nil)
			b.port.offers, b.port.paid, b.port.balance = tt.offers, tt.paid, loyalty.Balance{Available: 640, Held: 500}
			b.port.answer = fails(tt.fault)
			q := tt.q
			q.edit = func(r *http.Request) {
				r.Header.Set("X-Request-Id", "till-7")
				if tt.edit != nil {
					tt.edit(r)
				}
			}
			golden(t, tt.name, transcript(t, tt.q, b.send(t, q)))
		})
	}
}
