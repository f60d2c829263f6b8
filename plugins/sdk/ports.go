// SPDX-License-Identifier: Apache-2.0

package sdk

import "context"

// carts stands before Ports.Carts until there is one.
type carts struct{ *lifecycle }

// Put asks the configured port.
func (c carts) Put(ctx context.Context, call Call, req PutCart) (PutAnswer, error) {
	ports, err := c.configured()
	if err != nil {
		return PutAnswer{}, err
	}
	return ports.Carts.Put(ctx, call, req)
}

// Get asks the configured port.
func (c carts) Get(ctx context.Context, call Call, id CartID) (Cart, error) {
	ports, err := c.configured()
	if err != nil {
		return Cart{}, err
	}
	return ports.Carts.Get(ctx, call, id)
}

// Change asks the configured port.
func (c carts) Change(ctx context.Context, call Call, id CartID, req ChangeCart) (ChangeAnswer, error) {
	ports, err := c.configured()
	if err != nil {
		return ChangeAnswer{}, err
	}
	return ports.Carts.Change(ctx, call, id, req)
}

// checkout stands before Ports.Checkout until there is one.
type checkout struct{ *lifecycle }

// Deliver asks the configured port.
func (c checkout) Deliver(ctx context.Context, call Call, id CartID, req Delivery) (Quote, error) {
	ports, err := c.configured()
	if err != nil {
		return Quote{}, err
	}
	return ports.Checkout.Deliver(ctx, call, id, req)
}

// HandOff asks the configured port.
func (c checkout) HandOff(ctx context.Context, call Call, id CartID, req HandOff) (Pages, error) {
	ports, err := c.configured()
	if err != nil {
		return Pages{}, err
	}
	return ports.Checkout.HandOff(ctx, call, id, req)
}

// orders stands before Ports.Orders until there is one.
type orders struct{ *lifecycle }

// ByReference asks the configured port.
func (o orders) ByReference(ctx context.Context, call Call, reference string) (Order, error) {
	ports, err := o.configured()
	if err != nil {
		return Order{}, err
	}
	return ports.Orders.ByReference(ctx, call, reference)
}

// loyalty stands before Ports.Loyalty until there is one.
type loyalty struct{ *lifecycle }

// Points asks the configured port.
func (l loyalty) Points(ctx context.Context, call Call, customer CustomerID) (Points, error) {
	ports, err := l.configured()
	if err != nil {
		return 0, err
	}
	return ports.Loyalty.Points(ctx, call, customer)
}

// Move asks the configured port.
func (l loyalty) Move(ctx context.Context, call Call, m Movement) (Points, error) {
	ports, err := l.configured()
	if err != nil {
		return 0, err
	}
	return ports.Loyalty.Move(ctx, call, m)
}

// Moved asks the configured port.
func (l loyalty) Moved(ctx context.Context, call Call, key IdempotencyKey) (Movement, error) {
	ports, err := l.configured()
	if err != nil {
		return Movement{}, err
	}
	return ports.Loyalty.Moved(ctx, call, key)
}
