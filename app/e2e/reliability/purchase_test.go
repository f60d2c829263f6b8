// SPDX-License-Identifier: Apache-2.0

package reliability

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"

	"github.com/cartage-dev/cartage/core/loyalty"
)

// What is told, in per cent, of the orders and then of the news of them. A half is paid with points.
const (
	earlyOf     = 5 // told before their tap is performed
	endFirstOf  = 3 // cancelled before they are created, and as many after
	refundedOf  = 15
	twiceOf     = 30
	reorderedOf = 20
	lostOf      = 10
)

const (
	ordersEach = 20   // of a customer, about
	placesMax  = 2000 // that what is reordered or repeated comes later
	endBefore  = 4 * senders
)

// purchase is an order of the storm.
type purchase struct {
	number   int64
	customer loyalty.CustomerID
	cents    int64
	paid     bool // with points
	early    bool // told before its tap
	endFirst bool
	id       loyalty.ActionID // once it was shown
}

// telling is a webhook of an order, at its place among all others.
type telling struct {
	of            *purchase
	topic         string
	refund, cents int64
	place         int
}

// shopping makes orders, and what is told of them.
func shopping(r *rand.Rand, n int) (all []*purchase, news []telling) {
	in100 := func(n int) bool { return r.IntN(100) < n }
	for i := range n {
		p := &purchase{
			number: 5_000_000_000 + int64(i), customer: loyalty.CustomerID(fmt.Sprint(10_000 + r.IntN(n/ordersEach+1))),
			cents: r.Int64N(20_000) + 1, paid: in100(50),
		}
		p.early = p.paid && in100(2*earlyOf)
		all = append(all, p)
		news = append(news, telling{of: p, topic: ordersTopic})
		if in100(refundedOf) {
			for k := range 1 + r.Int64N(2) {
				news = append(news, telling{of: p, topic: refundTopic, refund: 10*p.number + k, cents: r.Int64N(p.cents) + 1})
			}
		}
		if in100(2 * endFirstOf) {
			p.endFirst = in100(50)
			news = append(news, telling{of: p, topic: endTopic})
		}
	}
	return all, news
}

// muddle repeats and reorders news; what is lost is apart.
func muddle(r *rand.Rand, news []telling) (storm, lost []telling) {
	in100 := func(n int) bool { return r.IntN(100) < n }
	for i, n := range news {
		if n.place = i; n.topic == endTopic && n.of.endFirst {
			n.place -= endBefore
		}
		if in100(lostOf) {
			lost = append(lost, n)
			continue
		}
		again := n
		again.place += r.IntN(placesMax)
		if in100(reorderedOf) {
			n.place += r.IntN(placesMax)
		}
		if storm = append(storm, n); in100(twiceOf) {
			storm = append(storm, again)
		}
	}
	slices.SortStableFunc(storm, func(a, b telling) int { return cmp.Compare(a.place, b.place) })
	return storm, lost
}

// body is a telling as Shopify writes it.
func (n telling) body() map[string]any {
	const at = "2026-11-25T12:00:00Z"
	p := n.of
	if n.topic == refundTopic {
		return map[string]any{"id": n.refund, "order_id": p.number, "created_at": at, "transactions": []map[string]any{
			{"kind": "refund", "status": "success", "currency": "USD", "amount": dollars(n.cents)},
		}}
	}
	customer, _ := strconv.ParseInt(string(p.customer), 10, 64) // a number by its making
	b := map[string]any{
		"id": p.number, "admin_graphql_api_id": fmt.Sprint("gid://shopify/Order/", p.number), "currency": "USD", "total_price": dollars(p.cents),
		"created_at": at, "customer": map[string]any{"id": customer},
	}
	if p.id != "" {
		b["note_attributes"] = []map[string]any{{"name": "cart-promotion-actions", "value": fmt.Sprintf("[(%q, %q)]", "123", p.id)}}
	}
	if n.topic == endTopic {
		b["cancelled_at"] = at
	}
	return b
}

func dollars(cents int64) string { return fmt.Sprintf("%d.%02d", cents/100, cents%100) }
