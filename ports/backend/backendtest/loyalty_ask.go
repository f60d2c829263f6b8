// SPDX-License-Identifier: Apache-2.0

package backendtest

import (
	"context"
	"fmt"
	"slices"

	"github.com/cartage-dev/cartage/core/idempotency"
	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/ports/backend"
)

// Points asks for what a customer has to spend and writes it down.
func (t *T) Points(ctx context.Context, call backend.Call, customer loyalty.CustomerID) (points loyalty.Points, err error) {
	err = t.ask(ctx, "Loyalty.Points of "+t.whose(customer)+t.where(call), func(ctx context.Context) (string, error) {
		points, err = t.backend.Loyalty.Points(ctx, call, customer)
		return fmt.Sprintf("%d points", points), err
	})
	return points, err
}

// Move asks for points to be moved and writes it down.
func (t *T) Move(ctx context.Context, call backend.Call, m backend.Movement) (left loyalty.Points, err error) {
	err = t.ask(ctx, "Loyalty.Move "+t.describeMovement(m)+keyOf(call)+t.where(call), func(ctx context.Context) (string, error) {
		left, err = t.backend.Loyalty.Move(ctx, call, m)
		return fmt.Sprintf("%d points then", left), err
	})
	return left, err
}

// Moved asks what was moved under a key and writes it down.
func (t *T) Moved(ctx context.Context, call backend.Call, key idempotency.Key) (m backend.Movement, err error) {
	err = t.ask(ctx, "Loyalty.Moved"+keyOf(backend.Call{Key: key})+t.where(call), func(ctx context.Context) (string, error) {
		m, err = t.backend.Loyalty.Moved(ctx, call, key)
		return t.describeMovement(m), err
	})
	return m, err
}

// whose is what a report calls a customer: by its place in the sample, since its id may be personal.
func (t *T) whose(customer loyalty.CustomerID) string {
	switch i := slices.Index(t.Sample.Customers, customer); {
	case i >= 0:
		return fmt.Sprintf("customer %d", i+1)
	case customer == t.Sample.UnknownCustomer:
		return "the unknown customer"
	}
	return "customer " + quote(string(customer))
}

func (t *T) where(call backend.Call) string {
	if call.Shop == t.Sample.Shop {
		return ""
	}
	return ", in the other shop"
}

func (t *T) describeMovement(m backend.Movement) string {
	text := fmt.Sprintf("%+d points of %s, %s", m.Points, t.whose(m.Customer), either(short(string(m.Reason)), "without a reason"))
	if m.Order != "" {
		text += ", order " + quote(string(m.Order))
	}
	return text
}
