// SPDX-License-Identifier: Apache-2.0

package poq

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/handoff"
)

func notFound(code string) error {
	return fault.New(fault.NotFound, code, "no such thing").By(fault.Caller)
}

func TestFaults(t *testing.T) {
	t.Parallel()
	const customer = true
	seen := map[fault.Kind]bool{}
	for _, tt := range []struct {
		kind     fault.Kind
		source   fault.Source
		code     string
		customer bool
		want     int
		answered string
	}{
		{fault.Internal, fault.Engine, "", false, 500, "internal_error"},
		{fault.Internal, fault.Engine, "seal_broken", false, 500, "internal_error"},
		{fault.Internal, fault.Caller, "", false, 500, "internal_error"},
		{fault.Internal, fault.Backend, "bad_backend_answer", false, 502, "platform_error"},
		{fault.Internal, fault.Backend, "checkout_url_rejected", false, 502, "platform_error"},
		{fault.Internal, fault.Backend, "cookie_rejected", false, 502, "platform_error"},
		{fault.Internal, fault.Plugin, "", false, 502, "platform_error"},
		{fault.Invalid, fault.Caller, "invalid_items", false, 422, "invalid_items"},
		{fault.Invalid, fault.Backend, "invalid_items", false, 422, "invalid_items"},
		{fault.Invalid, fault.Caller, "invalid_currency", false, 422, "invalid_currency"},
		{fault.Invalid, fault.Caller, "invalid_reference", false, 422, "invalid_reference"},
		{fault.Invalid, fault.Engine, "", false, 422, "invalid_request"},
		{fault.Invalid, fault.Plugin, "sku_too_odd", false, 422, "invalid_request"},
		{fault.Invalid, fault.Plugin, "body_too_large", false, 422, "invalid_request"},
		{fault.Invalid, fault.Plugin, "denied", false, 422, "invalid_request"},
		{fault.Invalid, fault.Caller, "unknown_reference", false, 422, "invalid_request"},
		{fault.NotFound, fault.Caller, "unknown_shop", false, 404, "unknown_tenant"},
		{fault.NotFound, fault.Caller, "unknown_reference", false, 500, "internal_error"}, // no transfer has one
		{fault.NotFound, fault.Engine, "", false, 500, "internal_error"},
		{fault.NotFound, fault.Backend, "unknown_shop", false, 502, "platform_error"},
		{fault.Conflict, fault.Backend, "reference_completed", false, 409, "reference_completed"},
		{fault.Conflict, fault.Engine, "reference_completed", false, 409, "reference_completed"},
		{fault.Conflict, fault.Backend, "busy", false, 502, "platform_error"},
		{fault.Conflict, fault.Engine, "", false, 500, "internal_error"},
		{fault.Denied, fault.Engine, "", false, 403, "denied"},
		{fault.Denied, fault.Backend, "", customer, 502, "platform_error"},
		{fault.Unauthenticated, fault.Engine, "", false, 401, "unauthorised"},
		{fault.Unauthenticated, fault.Backend, "", false, 502, "platform_error"},
		{fault.Unauthenticated, fault.Backend, "", customer, 401, "customer_unauthorised"},
		{fault.Unsupported, fault.Backend, "carts_not_offered", false, 501, "unsupported"},
		{fault.Limited, fault.Backend, "", false, 429, "rate_limited"},
		{fault.Unavailable, fault.Engine, "in_progress", false, 503, "platform_timeout"},
		{fault.Unavailable, fault.Plugin, "", false, 503, "platform_timeout"},
		{fault.Unknown, fault.Backend, "", false, 503, "platform_timeout"},
	} {
		seen[tt.kind] = true
		t.Run(fmt.Sprintf("%s of %s %s %t", tt.kind, tt.source, tt.code, tt.customer), func(t *testing.T) {
			t.Parallel()
			b := newBench(t, demoShop())
			b.carts.answer = fails(fmt.Errorf("transfer: %w", fault.New(tt.kind, tt.code, "message-canary").By(tt.source).
				Because(errors.New("cause-canary"))))
			got := b.post(t, sample, func(r *http.Request) {
				if tt.customer {
					r.Header.Set("X-Customer-Authorization", "customer-canary")
				}
			})
			if got.status != tt.want || got.code(t) != tt.answered {
				t.Errorf("got %d %s, want %d %s", got.status, got.code(t), tt.want, tt.answered)
			}
			if strings.Contains(got.body, "canary") {
				t.Errorf("the answer says what it must not: %s", got.body)
			}
			level, log := "DEBUG", b.log.String()
			switch {
			case tt.want == 500:
				level = "ERROR"
			case tt.want > 500:
				level = "WARN"
			}
			if !strings.Contains(log, `"level":"`+level+`","msg":"request refused"`) {
				t.Errorf("want level %s in %s", level, log)
			}
			if !strings.Contains(log, "cause-canary") || strings.Contains(log, "customer-canary") {
				t.Errorf("the log lacks the cause or has the token: %s", log)
			}
			if n := b.counted(t, "cartage_poq_transfers_total", map[string]string{"shop": "demo", "outcome": tt.answered}); n != 1 {
				t.Errorf("outcome %s was counted %v times", tt.answered, n)
			}
			if (tt.want == 401) != (got.header.Get("WWW-Authenticate") != "") {
				t.Errorf("WWW-Authenticate is %q", got.header.Get("WWW-Authenticate"))
			}
		})
	}
	for _, k := range fault.Kinds() {
		if !seen[k] {
			t.Errorf("nobody tried %s", k)
		}
	}
}

func TestUnclassifiedErrorIsOurs(t *testing.T) {
	t.Parallel()
	b := newBench(t, demoShop())
	b.carts.answer = fails(errors.New("sql: dsn-canary"))
	if got := b.post(t, sample, nil); got.status != 500 || got.code(t) != "internal_error" || strings.Contains(got.body, "canary") {
		t.Errorf("got %d %s", got.status, got.body)
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		kind  fault.Kind
		after time.Duration
		want  string
	}{
		{fault.Limited, 0, "1"},
		{fault.Limited, 90 * time.Second, "90"},
		{fault.Unavailable, 0, "1"},
		{fault.Unavailable, 1500 * time.Millisecond, "2"},
		{fault.Unavailable, -time.Second, "1"},
		{fault.Unavailable, 1000 * time.Hour, "3600"},
		{fault.Unknown, 0, "1"},
		{fault.Internal, time.Minute, ""},
		{fault.Unsupported, time.Minute, ""},
	} {
		t.Run(fmt.Sprint(tt.kind, tt.after), func(t *testing.T) {
			t.Parallel()
			b := newBench(t, demoShop())
			b.carts.answer = fails(fault.New(tt.kind, "", "no").After(tt.after))
			if got := b.post(t, sample, nil).header.Get("Retry-After"); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// TestForeignDetailsAreTamed: a plugin may name fields in any words.
func TestForeignDetailsAreTamed(t *testing.T) {
	t.Parallel()
	b := newBench(t, demoShop())
	b.carts.answer = fails(fault.New(fault.Invalid, "invalid_items", "no").By(fault.Plugin).With(
		fault.Field{Path: "items[1].sku", Reason: "out_of_stock", Detail: "3 of 5 can be had"},
		fault.Field{Path: "items[99].sku\r\n", Reason: "<b>bold</b>", Detail: "\x1b[31mred"},
		fault.Field{Path: "items[-1].sku", Reason: ""},
		fault.Field{Path: "items[x", Reason: strings.Repeat("r", 65)},
	))
	got := b.post(t, sample, nil)
	if got.status != http.StatusUnprocessableEntity {
		t.Errorf("got %d", got.status)
	}
	details := got.refused(t).Details
	want := []errorDetail{
		{Field: "items[1].sku", SKU: "item_2_sku", Reason: "out_of_stock", Detail: "3 of 5 can be had"},
		{Field: `items[99].sku\r\n`, Reason: "invalid", Detail: `\x1b[31mred`},
		{Field: "items[-1].sku", Reason: "invalid"},
		{Field: "items[x", Reason: "invalid"},
	}
	if fmt.Sprint(details) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", details, want)
	}
}

func TestLongURLIsOurBug(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		length, want int
		alarms       float64
	}{{2_000, 200, 0}, {2_001, 500, 1}} {
		b := newBench(t, demoShop())
		b.carts.answer = opens(handoff.Request{Method: handoff.GET, URL: "https://shop.example/" + strings.Repeat("u", tt.length-len("https://shop.example/"))})
		got := b.post(t, sample, nil)
		if got.status != tt.want {
			t.Errorf("%d characters: got %d, want %d", tt.length, got.status, tt.want)
		}
		if n := b.counted(t, "cartage_poq_url_too_long_total", map[string]string{"shop": "demo"}); n != tt.alarms {
			t.Errorf("%d characters raised %v alarms", tt.length, n)
		}
		if logged := strings.Contains(b.log.String(), `"level":"ERROR"`); logged != (tt.want == 500) {
			t.Errorf("%d characters: logged %s", tt.length, b.log)
		}
	}
}
