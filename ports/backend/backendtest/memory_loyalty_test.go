// SPDX-License-Identifier: Apache-2.0

package backendtest_test

import (
	"context"
	"slices"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/idempotency"
	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/shop"
	"github.com/cartage-dev/cartage/ports/backend"
)

// members are the customers that each shop has.
var members = []loyalty.CustomerID{"mitglied-ü-1", "mitglied-2"}

// memberOf is one customer of one shop.
type memberOf struct {
	shop     shop.ID
	customer loyalty.CustomerID
}

// points is what memory keeps of a customer's.
func (m *memory) points(call backend.Call, customer loyalty.CustomerID) (loyalty.Points, error) {
	if !slices.Contains(members, customer) {
		return 0, fault.New(fault.NotFound, "unknown_customer", "there is no such customer").By(fault.Caller)
	}
	return m.purses[memberOf{call.Shop, customer}], nil
}

func (m *memory) Points(ctx context.Context, call backend.Call, customer loyalty.CustomerID) (loyalty.Points, error) {
	if err := over(ctx); err != nil {
		return 0, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.points(call, customer)
}

func (m *memory) Move(ctx context.Context, call backend.Call, asked backend.Movement) (loyalty.Points, error) {
	if err := over(ctx); err != nil {
		return 0, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if before, done := m.movements[keyOfShop{call.Shop, call.Key}]; done {
		if before != asked {
			return 0, fault.New(fault.Conflict, "key_reused", "the key was used for another movement").By(fault.Caller)
		}
		return m.points(call, asked.Customer)
	}
	points, err := m.points(call, asked.Customer)
	switch {
	case err != nil:
		return 0, err
	case asked.Points == 0:
		return 0, fault.New(fault.Invalid, "no_points", "a movement moves points").By(fault.Caller)
	case points+asked.Points < 0:
		return 0, fault.New(fault.Conflict, "insufficient_points", "there are too few points").By(fault.Caller)
	}
	m.purses[memberOf{call.Shop, asked.Customer}] = points + asked.Points
	m.movements[keyOfShop{call.Shop, call.Key}] = asked
	return points + asked.Points, nil
}

func (m *memory) Moved(ctx context.Context, call backend.Call, key idempotency.Key) (backend.Movement, error) {
	if err := over(ctx); err != nil {
		return backend.Movement{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	found, done := m.movements[keyOfShop{call.Shop, key}]
	if !done {
		return backend.Movement{}, fault.New(fault.NotFound, "unknown_movement", "nothing was moved under that key").By(fault.Caller)
	}
	return found, nil
}
