// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"context"
	"net/netip"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/idempotency"
	"github.com/cartage-dev/cartage/core/money"
	"github.com/cartage-dev/cartage/core/shop"
	protocolv1 "github.com/cartage-dev/cartage/plugins/protocol/v1"
	"github.com/cartage-dev/cartage/ports/backend"
)

// begin is the context to call with. What was over before it began was certainly not done.
func begin(ctx context.Context) (context.Context, error) {
	if err := ctx.Err(); err != nil {
		return nil, fault.New(fault.Unavailable, "not_sent", "there was no time left to ask").By(fault.Caller).Because(err)
	}
	return outgoing(ctx), nil
}

func encodeCall(c backend.Call) *protocolv1.Call {
	m := &protocolv1.Call{
		Shop: string(c.Shop), Locale: c.Locale, Currency: string(c.Currency), IdempotencyKey: string(c.Key),
	}
	if c.ShopperIP.IsValid() {
		m.ShopperIp = c.ShopperIP.String()
	}
	return m
}

// decodeCall refuses what no host of ours sends. An empty currency is let
// through: not every call is about money.
func decodeCall(m *protocolv1.Call) (backend.Call, error) {
	if m == nil {
		return backend.Call{}, badRequest("call", "required", "")
	}
	c := backend.Call{
		Shop: shop.ID(m.GetShop()), Locale: m.GetLocale(), Currency: money.Currency(m.GetCurrency()), Key: idempotency.Key(m.GetIdempotencyKey()),
	}
	if c.Currency != "" && !c.Currency.Known() {
		return backend.Call{}, badRequest("call.currency", "unknown_currency", "must be an ISO 4217 code")
	}
	if ip := m.GetShopperIp(); ip != "" {
		var err error
		if c.ShopperIP, err = netip.ParseAddr(ip); err != nil {
			return backend.Call{}, badRequest("call.shopper_ip", "malformed", "must be an IP address")
		}
	}
	return c, nil
}

// decodeCallOn is decodeCall for a call on a cart that exists.
func decodeCallOn(m *protocolv1.Call, id string) (backend.Call, error) {
	c, err := decodeCall(m)
	if err == nil && id == "" {
		return backend.Call{}, badRequest("id", "required", "")
	}
	return c, err
}
