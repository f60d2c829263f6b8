// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cartage-dev/cartage/plugins/sdk"
)

// What was written before carts could be changed; AT and ID stand for a time and an id.
const (
	olderCart = `{"Shop":"demo","Reference":"r1","Currency":"GBP","Asked":[{"SKU":"item_1_sku","Quantity":2}],` +
		`"Lines":[{"SKU":"item_1_sku","Quantity":2,"Unit":1400}],"Problems":null,"MadeAt":"AT","GivenUp":false}`
	olderOrder = `{"CartID":"ID","Cart":` + olderCart + `,"Number":"HH-0000-0000","Address":{"Name":"Ada","Email":"ada@example.com",` +
		`"Line1":"Mill Cottage","Line2":"","City":"Ambleside","Postcode":"LA22 9BU","Country":"GB"},"PlacedAt":"AT"}`
)

func TestOlderStateIsRead(t *testing.T) {
	t.Parallel()
	shop := opened(t, t.TempDir())
	older := func(kind, name, record string) {
		record = strings.NewReplacer("AT", time.Now().UTC().Format(time.RFC3339Nano), "ID", name).Replace(record)
		if err := shop.kept.shelf.write(kind, name, []byte(record)); err != nil {
			t.Fatal(err)
		}
	}
	want := sdk.Totals{Subtotal: sdk.Of(2800, "GBP"), Discount: sdk.Zero("GBP"), Shipping: amount(395, "GBP"), Total: sdk.Of(3195, "GBP")}

	open := sdk.CartID(shop.kept.derive("cart", "open"))
	older(kindCart, string(open), olderCart)
	if c, err := shop.Get(within(t), call(""), open); err != nil || !cmp.Equal(want, c.Totals) {
		t.Errorf("an older cart is %+v, %v", c, err)
	}
	answer, err := shop.Change(within(t), call("k1"), open, codes("FIVEROFF"))
	if err != nil || answer.Cart.Totals.Total.Minor != 2695 {
		t.Errorf("an older cart with a code is %+v, %v", answer, err)
	}
	if a, err := shop.buy(t, open, "Ada"); err != nil || a.how != placed {
		t.Errorf("an older cart ordered: %+v, %v", a, err)
	}

	ordered := sdk.CartID(shop.kept.derive("cart", "ordered"))
	older(kindCart, string(ordered), olderCart)
	older(kindOrder, shop.kept.token(ordered), olderOrder)
	if c, err := shop.Get(within(t), call(""), ordered); err != nil || !cmp.Equal(want, c.Totals) {
		t.Errorf("an older order is %+v, %v", c, err)
	}
	if o, _, err := shop.kept.orderOf(ordered); err != nil || strings.Join(o.Address.lines(), "|") != "Ada|Mill Cottage|Ambleside|LA22 9BU|United Kingdom" {
		t.Errorf("an older order goes to %v, %v", o.Address.lines(), err)
	}
}
