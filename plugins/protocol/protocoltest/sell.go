// SPDX-License-Identifier: Apache-2.0

package protocoltest

import (
	"context"
	"fmt"

	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/plugins/protocol"
	"github.com/cartage-dev/cartage/ports/backend"
	"github.com/cartage-dev/cartage/ports/backend/backendtest"
)

// offered is the ports of a process; the rule is breached where it does not say which.
func offered(ctx context.Context, t *backendtest.T, p *process) (backend.Backend, bool) {
	d, err := describe(ctx, p)
	return protocol.NewBackend(p.conn, d), t.Expect(err == nil, "a description", fmt.Sprint(err))
}

// someCart is what the rules of processes put, under one reference and key.
func someCart(t *backendtest.T) (backend.Call, backend.PutCart) {
	return t.Call("process"), backend.PutCart{
		Items: []cart.Item{{SKU: t.Sample.SKUs[0], Quantity: 2}, {SKU: t.Sample.SKUs[1], Quantity: 1}}, Reference: t.Reference("process"),
	}
}

// put makes that cart. A fault is another rule's matter: this one is skipped.
func put(ctx context.Context, t *backendtest.T, b backend.Backend) (cart.ID, bool) {
	if b.Carts == nil {
		t.Skip("the plugin offers no carts")
		return "", false
	}
	ctx, cancel := context.WithTimeout(ctx, askMax)
	defer cancel()
	call, req := someCart(t)
	answer, err := b.Carts.Put(ctx, call, req)
	if err != nil || answer.Cart.ID == "" {
		t.Exchange("Carts.Put", backendtest.DescribeFault(err))
		t.Skip("no cart could be made, which the rules of carts judge")
		return "", false
	}
	t.Exchange("Carts.Put", "a cart")
	return answer.Cart.ID, true
}

// found reports whether a process knows a cart, and skips the rule when it does not say.
func found(ctx context.Context, t *backendtest.T, b backend.Backend, id cart.ID) (known, ok bool) {
	ctx, cancel := context.WithTimeout(ctx, askMax)
	defer cancel()
	_, err := b.Carts.Get(ctx, t.Call(""), id)
	t.Exchange("Carts.Get", backendtest.DescribeFault(err))
	if err != nil && !isNotFound(err) {
		t.Skip("a cart could not be asked for, which the rules of carts judge")
		return false, false
	}
	return err == nil, true
}
