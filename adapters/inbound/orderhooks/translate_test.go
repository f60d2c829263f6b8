// SPDX-License-Identifier: Apache-2.0

package orderhooks

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/money"
	"github.com/cartage-dev/cartage/ports/inbound"
)

// said is what became of one body.
type said struct {
	name    string
	topic   topic
	body    string
	outcome string
}

func (s said) run(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	res := b.send(t, s.topic, s.body, nil)
	if got, want := res.StatusCode, tellings[s.outcome].status; got != want || b.outcomes(t, s.outcome) != 1 {
		t.Fatalf("got %d, want %d and %s: %s", got, want, s.outcome, b.log)
	}
	if n := len(b.desk.news()) + len(b.desk.requests()); (n == 1) != (s.outcome == told) {
		t.Errorf("told %d times", n)
	}
}

// order is a body with these members and what else is needed, each unless it is given.
func order(members string) string {
	for _, m := range []string{`"id":11`, `"currency":"GBP"`, `"total_price":"1.00"`} {
		if name, _, _ := strings.Cut(m, ":"); !strings.Contains(members, name) {
			members += "," + m
		}
	}
	return "{" + strings.TrimPrefix(members, ",") + "}"
}

func TestOrdersThatCanBeRead(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat("[", 31) + strings.Repeat("]", 31)
	for _, s := range []said{
		{"the least", ordersCreate, order(""), told},
		{"unknown members", ordersCreate, order(`"x":{"y":[1.5e99,null]}`), told},
		{"receipts of any spelling", ordersCreate, order(`"receipt":{"ack":1,"Ack":2,"ack":3}`), told},
		{"names in another case are others", ordersCreate, order(`"ID":"x","Id":[],"Total_Price":{}`), told},
		{"nesting of 31 inside", ordersCreate, order(`"x":` + deep), told},
		{"brackets in texts", ordersCreate, order(`"note":"` + strings.Repeat(`[\"`, 1000) + `"`), told},
		{"NUL and halves of pairs", ordersCreate, order(`"note":"\u0000\ud800"`), told},
		{"white space around", ordersCreate, " \n" + order("") + "\r\n", told},
		{"largest number", ordersCreate, order(`"id":9223372036854775807`), told},
		{"nothing to pay", ordersCreate, order(`"total_price":"0.00"`), told},
		{"total as a number", ordersCreate, order(`"total_price":38.10`), told},
		{"yen with digits of nothing", ordersCreate, order(`"currency":"JPY","total_price":"1200.00"`), told},
		{"customer is null", ordersCreate, order(`"customer":null`), told},
		{"customer without a number", ordersCreate, order(`"id":11,"customer":{"id":null}`), told},
		{"time that is none", ordersCreate, order(`"created_at":"yesterday"`), told},

		{"empty", ordersCreate, "", unreadable},
		{"null", ordersCreate, "null", unreadable},
		{"a list", ordersCreate, "[" + order("") + "]", unreadable},
		{"a text", ordersCreate, `"x"`, unreadable},
		{"cut off", ordersCreate, order("")[:20], unreadable},
		{"data behind it", ordersCreate, order("") + "{}", unreadable},
		{"byte order mark", ordersCreate, "\ufeff" + order(""), unreadable},
		{"not JSON", ordersCreate, "id=11&total_price=1.00", unreadable},
		{"nesting of 32 inside", ordersCreate, order(`"x":[` + deep + "]"), unreadable},
		{"nesting without end", ordersCreate, `{"x":` + strings.Repeat("[", 100_000), unreadable},
		{"number twice", ordersCreate, `{"id":11,"id":12,"currency":"GBP","total_price":"1.00"}`, unreadable},
		{"number twice, once as null", ordersCreate, `{"id":null,"id":12,"currency":"GBP","total_price":"1.00"}`, unreadable},
		{"customer's number twice", ordersCreate, order(`"id":11,"customer":{"id":1,"id":2}`), unreadable},
		{"no number", ordersCreate, order(`"id":null`), unreadable},
		{"number of nothing", ordersCreate, order(`"id":0`), unreadable},
		{"number below zero", ordersCreate, order(`"id":-1`), unreadable},
		{"number as text", ordersCreate, order(`"id":"11"`), unreadable},
		{"number with a point", ordersCreate, order(`"id":11.0`), unreadable},
		{"number with an exponent", ordersCreate, order(`"id":1e3`), unreadable},
		{"number too large", ordersCreate, order(`"id":9223372036854775808`), unreadable},
		{"no currency", ordersCreate, order(`"currency":null`), unreadable},
		{"unknown currency", ordersCreate, order(`"currency":"XYZ"`), unreadable},
		{"currency in lower case", ordersCreate, order(`"currency":"gbp"`), unreadable},
		{"no total", ordersCreate, order(`"total_price":null`), unreadable},
		{"total below zero", ordersCreate, order(`"total_price":"-1.00"`), unreadable},
		{"total with an exponent", ordersCreate, order(`"total_price":1e2`), unreadable},
		{"total finer than the currency", ordersCreate, order(`"total_price":"1.005"`), unreadable},
		{"total with a comma", ordersCreate, order(`"total_price":"1,00"`), unreadable},
		{"total too large", ordersCreate, order(`"total_price":"92233720368547758.08"`), unreadable},
		{"test is a text", ordersCreate, order(`"test":"true"`), unreadable},

		{"an order by its global id", ordersCreate, order(`"admin_graphql_api_id":"gid://shopify/Order/11"`), told},
		{"the draft of an order", ordersCreate, order(`"admin_graphql_api_id":"gid://shopify/DraftOrder/11"`), contradiction},
		{"a new order as a cancellation", ordersCancelled, order(`"cancelled_at":null`), contradiction},
		{"a cancellation", ordersCancelled, order(`"cancelled_at":"2026-11-25T10:00:00Z"`), told},
		{"a test that was cancelled", ordersCancelled, order(`"test":true,"cancelled_at":"2026-11-25T10:00:00Z"`), testOrder},
		{"a refund as an order", ordersCreate, sample(t, "refund-part"), contradiction},
		{"a till's request as an order", ordersCreate, `{"shop_id":60184433,"shopify_domain":"` + theDomain + `","action_id":"` + string(firstID) + `"}`, unreadable},
	} {
		t.Run(s.name, s.run)
	}
}

func TestRefundsThatCanBeRead(t *testing.T) {
	t.Parallel()
	for _, s := range []said{
		{"an order as a refund", refundsCreate, sample(t, "create-till"), contradiction},
		{"an order without its global id as a refund", refundsCreate, order(""), unreadable},
		{"no number", refundsCreate, `{"order_id":1,"total_duties_set":{"shop_money":{"currency_code":"GBP"}}}`, unreadable},
		{"no currency anywhere", refundsCreate, `{"id":2,"order_id":1}`, unreadable},
		{"amount that is none", refundsCreate, `{"id":2,"order_id":1,"transactions":[{"kind":"refund","status":"success","currency":"GBP","amount":"x"}]}`, unreadable},
		{"line that is none", refundsCreate, `{"id":2,"order_id":1,"refund_line_items":[{"subtotal":1e2}],"total_duties_set":{"shop_money":{"currency_code":"GBP"}}}`, unreadable},
		{"adjustment that is none", refundsCreate, `{"id":2,"order_id":1,"order_adjustments":[{"amount":"x"}],"transactions":[{"kind":"refund","status":"success","currency":"EUR","amount":"1"}],"total_duties_set":{"shop_money":{"currency_code":"GBP"}}}`, unreadable},
		{"sum too large", refundsCreate, `{"id":2,"order_id":1,"refund_line_items":[{"subtotal":90000000000000000},{"subtotal":90000000000000000}],"total_duties_set":{"shop_money":{"currency_code":"GBP"}}}`, unreadable},
		{"difference too large", refundsCreate, `{"id":2,"order_id":1,"refund_line_items":[{"subtotal":90000000000000000}],"order_adjustments":[{"amount":"-90000000000000000"}],"transactions":[{"kind":"refund","status":"success","currency":"EUR","amount":"1"}],"total_duties_set":{"shop_money":{"currency_code":"GBP"}}}`, unreadable},
		{"lists of other things", refundsCreate, `{"id":2,"order_id":1,"transactions":{}}`, unreadable},
		{"of a test", refundsCreate, `{"id":2,"order_id":1,"transactions":[{"kind":"refund","status":"success","currency":"GBP","amount":"1.00","test":true}]}`, testOrder},
		{"null in its lists", refundsCreate, `{"id":2,"order_id":1,"transactions":[null],"refund_line_items":[null],"order_adjustments":[null],"total_duties_set":{"shop_money":{"currency_code":"GBP"}}}`, told},
	} {
		t.Run(s.name, s.run)
	}
}

func TestWhatIsRefunded(t *testing.T) {
	t.Parallel()
	const (
		pounds = `"total_duties_set":{"shop_money":{"amount":"0.00","currency_code":"GBP"}}`
		line   = `"refund_line_items":[{"subtotal":10.1,"total_tax":2.02}]`
	)
	moved := func(kind, status, amount, currency string) string {
		return `{"kind":"` + kind + `","status":"` + status + `","amount":"` + amount + `","currency":"` + currency + `"}`
	}
	transactions := func(each ...string) string { return `"transactions":[` + strings.Join(each, ",") + `]` }
	for _, tt := range []struct {
		name string
		with []string
		want money.Amount
	}{
		{"one transaction", []string{pounds, transactions(moved("refund", "success", "5.00", "GBP"))}, money.Of(500, "GBP")},
		{"several", []string{pounds, line, transactions(moved("refund", "success", "5.00", "GBP"), moved("refund", "success", "0.10", "GBP"))}, money.Of(510, "GBP")},
		{"only those that succeeded", []string{pounds, transactions(moved("refund", "pending", "5.00", "GBP"), moved("refund", "failure", "5.00", "GBP"), moved("refund", "error", "5.00", "GBP"))}, money.Zero("GBP")},
		{"only refunds", []string{pounds, transactions(moved("sale", "success", "5.00", "GBP"), moved("void", "success", "5.00", "GBP"), moved("refund", "success", "1.00", "GBP"))}, money.Of(100, "GBP")},
		{"the currency by the transaction", []string{transactions(moved("refund", "success", "500", "JPY"))}, money.Of(500, "JPY")},
		{"in another currency", []string{pounds, line, transactions(moved("refund", "success", "14.99", "EUR"))}, money.Of(1212, "GBP")},
		{"in one with more digits", []string{pounds, line, transactions(moved("refund", "success", "4.915", "KWD"))}, money.Of(1212, "GBP")},
		{"partly in another", []string{pounds, line, transactions(moved("refund", "success", "2.00", "GBP"), moved("refund", "success", "12.00", "EUR"))}, money.Of(1212, "GBP")},
		{"in another, and shipping", []string{pounds, line, `"order_adjustments":[{"amount":"-3.00","tax_amount":"-0.60"}]`, transactions(moved("refund", "success", "1", "EUR"))}, money.Of(1572, "GBP")},
		{"in another, and less than the lines", []string{pounds, line, `"order_adjustments":[{"amount":"2.12","tax_amount":"0"}]`, transactions(moved("refund", "success", "1", "EUR"))}, money.Of(1000, "GBP")},
		{"in another, and nothing", []string{pounds, `"order_adjustments":[{"amount":"2.12"}]`, transactions(moved("refund", "success", "1", "EUR"))}, money.Zero("GBP")},
		{"failed in another", []string{pounds, line, transactions(moved("refund", "failure", "5.00", "EUR"))}, money.Zero("GBP")},
		{"no money moved", []string{pounds, line, `"order_adjustments":[{"amount":"12.12"}]`}, money.Of(1212, "GBP")},
		{"nothing at all", []string{pounds}, money.Zero("GBP")},
		{"lines by the text of their sets", []string{`"refund_line_items":[{"subtotal":10.099999999999998,"total_tax":0.1,"subtotal_set":{"shop_money":{"amount":"10.10","currency_code":"GBP"}}}]`}, money.Of(1020, "GBP")},
		{"currency by an adjustment", []string{`"order_adjustments":[{"amount_set":{"shop_money":{"amount":"1.00","currency_code":"GBP"}}}]`}, money.Zero("GBP")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, nil)
			b.send(t, refundsCreate, `{"id":2,"order_id":1,`+strings.Join(tt.with, ",")+"}", nil)
			got := b.desk.news()
			if len(got) != 1 {
				t.Fatalf("told %d times: %s", len(got), b.log)
			}
			want := inbound.News{Shop: "demo", Kind: inbound.OrderRefunded, Order: "1", Refund: loyalty.Refund{ID: "2", Amount: tt.want}, At: got[0].At}
			if diff := cmp.Diff(want, got[0]); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestWhenItHappened(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.FixedZone("", 3600))
	for _, tt := range []struct {
		name      string
		topic     topic
		body      string
		triggered string
		want      string
	}{
		{"by the order", ordersCreate, order(`"created_at":"2026-11-25T09:30:02-05:00"`), "2026-11-25T15:00:00Z", "2026-11-25T14:30:02Z"},
		{"by the cancellation", ordersCancelled, order(`"created_at":"2026-11-25T09:30:02Z","cancelled_at":"2026-11-25T10:00:00Z"`), "", "2026-11-25T10:00:00Z"},
		{"by the delivery", ordersCreate, order(""), "2026-11-25T15:00:00.5Z", "2026-11-25T15:00:00.5Z"},
		{"by our clock", ordersCreate, order(""), "today", "2026-11-25T11:00:00Z"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, func(o *Options) { o.Now = func() time.Time { return now } })
			b.send(t, tt.topic, tt.body, set(triggeredHeader, tt.triggered))
			got := b.desk.news()
			if len(got) != 1 || got[0].At.Format(time.RFC3339Nano) != tt.want || got[0].At.Location() != time.UTC {
				t.Errorf("got %+v, want %s", got, tt.want)
			}
		})
	}
}

func TestPrivacyBodies(t *testing.T) {
	t.Parallel()
	const shop = `"shop_id":60184433,"shop_domain":"` + theDomain + `"`
	for _, s := range []said{
		{"erasure of a customer without orders", customersRedact, `{` + shop + `,"customer":{"id":5},"orders_to_redact":[]}`, told},
		{"a customer without a number", customersRedact, `{` + shop + `,"customer":{"id":null},"orders_to_redact":[]}`, unreadable},
		{"no customer", customersDataRequest, `{` + shop + `,"orders_requested":[]}`, unreadable},
		{"another shop's number", shopRedact, `{"shop_id":60184434,"shop_domain":"` + theDomain + `"}`, unknownShop},
		{"another shop's domain", shopRedact, `{"shop_id":60184433,"shop_domain":"other-shop.myshopify.com"}`, unknownShop},
		{"no shop", shopRedact, `{}`, unknownShop},
		{"a till's request as an erasure", shopRedact, `{"shop_id":60184433,"shopify_domain":"` + theDomain + `"}`, unknownShop},
		{"a customer's question as an erasure", customersRedact, sample(t, "data-request"), contradiction},
		{"a customer's question as a shop's erasure", shopRedact, sample(t, "data-request"), contradiction},
		{"a customer's erasure as a shop's", shopRedact, sample(t, "customer-redact"), contradiction},
		{"a customer's erasure as a question", customersDataRequest, sample(t, "customer-redact"), contradiction},
		{"whatever names a customer as a shop's erasure", shopRedact, `{` + shop + `,"customer":{"id":5}}`, contradiction},
		{"a shop's erasure as a customer's", customersRedact, sample(t, "shop-redact"), unreadable},
		{"not JSON", shopRedact, `shop`, unreadable},
		{"a list", shopRedact, `[]`, unreadable},
	} {
		t.Run(s.name, s.run)
	}
}

// TestPrivacyThatNobodyTakes: Shopify wants a 2xx, and somebody must learn of it.
func TestPrivacyThatNobodyTakes(t *testing.T) {
	t.Parallel()
	gone := strings.ReplaceAll(strings.ReplaceAll(sample(t, "customer-redact"), theDomain, "gone-shop.myshopify.com"), "60184433", "77")
	for _, tt := range []struct {
		name string
		body string
		edit func(*Options)
		from string
	}{
		{"no Privacy", sample(t, "customer-redact"), func(o *Options) { o.Privacy = nil }, theDomain},
		{"a shop that has removed the app", gone, nil, "gone-shop.myshopify.com"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, tt.edit)
			res := b.send(t, customersRedact, tt.body, set(domainHeader, tt.from))
			if res.StatusCode != http.StatusOK || b.outcomes(t, unserved) != 1 || len(b.desk.requests()) != 0 {
				t.Errorf("got %d: %s", res.StatusCode, b.log)
			}
			for _, want := range []string{`"level":"WARN"`, `"customer":"7301188200555"`, `"domain":"` + tt.from + `"`, `"topic":"customers/redact"`} {
				if !strings.Contains(b.log.String(), want) {
					t.Errorf("the log lacks %s: %s", want, b.log)
				}
			}
		})
	}
}
