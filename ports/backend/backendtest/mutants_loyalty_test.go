// SPDX-License-Identifier: Apache-2.0

package backendtest_test

import (
	"context"
	"fmt"
	"sync"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/idempotency"
	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/ports/backend"
)

// looking breaks what Points answers.
func looking(spoil func(customer loyalty.CustomerID, points loyalty.Points, err error) (loyalty.Points, error)) func(*mutant) {
	return func(m *mutant) {
		look := m.look
		m.look = func(ctx context.Context, call backend.Call, customer loyalty.CustomerID) (loyalty.Points, error) {
			points, err := look(ctx, call, customer)
			return spoil(customer, points, err)
		}
	}
}

// moving breaks Move: next is what it would have been.
func moving(spoil func(ctx context.Context, m *mutant, call backend.Call, asked backend.Movement, next moveFunc) (loyalty.Points, error)) func(*mutant) {
	return func(m *mutant) {
		move := m.move
		m.move = func(ctx context.Context, call backend.Call, asked backend.Movement) (loyalty.Points, error) {
			return spoil(ctx, m, call, asked, move)
		}
	}
}

// reading breaks the movements that Moved finds.
func reading(spoil func(found *backend.Movement)) func(*mutant) {
	return func(m *mutant) {
		moved := m.moved
		m.moved = func(ctx context.Context, call backend.Call, key idempotency.Key) (backend.Movement, error) {
			found, err := moved(ctx, call, key)
			if err == nil {
				spoil(&found)
			}
			return found, err
		}
	}
}

// stale shows what there was before a movement for that reason, until there is another.
func stale(why backend.MovementReason) func(*mutant) {
	return func(m *mutant) {
		look, move := m.look, m.move
		var mu sync.Mutex
		late := map[memberOf]loyalty.Points{}
		m.move = func(ctx context.Context, call backend.Call, asked backend.Movement) (loyalty.Points, error) {
			mu.Lock()
			defer mu.Unlock()
			before, _ := look(context.WithoutCancel(ctx), call, asked.Customer)
			left, err := move(ctx, call, asked)
			if err == nil {
				delete(late, memberOf{call.Shop, asked.Customer})
				if asked.Reason == why {
					late[memberOf{call.Shop, asked.Customer}] = before
				}
			}
			return left, err
		}
		m.look = func(ctx context.Context, call backend.Call, customer loyalty.CustomerID) (loyalty.Points, error) {
			points, err := look(ctx, call, customer)
			mu.Lock()
			defer mu.Unlock()
			if old, is := late[memberOf{call.Shop, customer}]; is && err == nil {
				return old, nil
			}
			return points, err
		}
	}
}

// apart looks and moves in two steps, so that others come in between.
func apart(taking bool) func(*mutant) {
	return func(m *mutant) {
		look, move := m.look, m.move
		var mu sync.Mutex
		n := 0
		m.move = func(ctx context.Context, call backend.Call, asked backend.Movement) (loyalty.Points, error) {
			before, err := look(ctx, call, asked.Customer)
			if err != nil || asked.Points < 0 != taking || before+asked.Points < 0 {
				return move(ctx, call, asked)
			}
			if _, err := m.moved(ctx, call, call.Key); err == nil {
				return move(ctx, call, asked)
			}
			pause()
			mu.Lock()
			defer mu.Unlock()
			now, err := look(ctx, call, asked.Customer)
			if _, made := m.moved(ctx, call, call.Key); err != nil || now == before || made == nil {
				return move(ctx, call, asked)
			}
			n++ // what came in between is undone, and what there was before counts
			other := backend.Call{Shop: call.Shop, Key: idempotency.Key(fmt.Sprint("undo ", n))}
			if _, err := move(ctx, other, backend.Movement{Customer: asked.Customer, Points: before - now, Reason: backend.PointsReturned}); err != nil {
				return 0, err
			}
			return move(ctx, call, asked)
		}
	}
}

func plain(kind fault.Kind, code string) error {
	return fault.New(kind, code, "as the mutant wants it").By(fault.Backend)
}

var loyaltyMutants = []breakage{
	{"points that cannot be read back", func(m *mutant) { m.info.ReadBack = false }, []string{"loyalty.promises"}},
	{"points without keys", func(m *mutant) { m.info.KeyedWrites = false }, []string{"loyalty.promises"}},
	{"unknown customers have no points", looking(func(_ loyalty.CustomerID, points loyalty.Points, err error) (loyalty.Points, error) {
		if err != nil && fault.KindOf(err) == fault.NotFound {
			return 0, nil
		}
		return points, err
	}), []string{"loyalty.move.unknown_customer", "loyalty.points.strange", "loyalty.points.unknown"}},
	{"a wildcard is everybody", looking(func(customer loyalty.CustomerID, points loyalty.Points, err error) (loyalty.Points, error) {
		if customer == "%" {
			return 7, nil
		}
		return points, err
	}), []string{"loyalty.points.strange"}},
	{"points are looked up for long", func(m *mutant) {
		look := m.look
		m.look = func(ctx context.Context, call backend.Call, customer loyalty.CustomerID) (loyalty.Points, error) {
			return look(goingOn(ctx), call, customer)
		}
	}, []string{"loyalty.points.deadline"}},
	{"movements are looked up for long", func(m *mutant) {
		moved := m.moved
		m.moved = func(ctx context.Context, call backend.Call, key idempotency.Key) (backend.Movement, error) {
			return moved(goingOn(ctx), call, key)
		}
	}, []string{"loyalty.moved.deadline"}},
	{"gifts show later", stale(backend.PointsEarned), []string{
		"loyalty.move.customers_apart", "loyalty.move.deadline", "loyalty.move.gifts_at_once", "loyalty.move.gives",
		"loyalty.move.insufficient", "loyalty.move.key_of_another", "loyalty.move.key_reused", "loyalty.move.large",
		"loyalty.move.repeated_after_unknown",
	}},
	{"takings show later", stale(backend.PointsRedeemed), []string{
		"loyalty.move.large", "loyalty.move.refused_key_is_free", "loyalty.move.takes", "loyalty.move.takes_all",
		"loyalty.move.takings_at_once",
	}},
	{"one purse for all", func(m *mutant) {
		look, move := m.look, m.move
		one := func(customer loyalty.CustomerID) loyalty.CustomerID {
			if customer == members[1] {
				return members[0]
			}
			return customer
		}
		m.look = func(ctx context.Context, call backend.Call, customer loyalty.CustomerID) (loyalty.Points, error) {
			return look(ctx, call, one(customer))
		}
		m.move = func(ctx context.Context, call backend.Call, asked backend.Movement) (loyalty.Points, error) {
			asked.Customer = one(asked.Customer)
			return move(ctx, call, asked)
		}
	}, []string{"loyalty.move.customers_apart", "loyalty.move.key_of_another"}},
	{"gifts at once are lost", apart(false), []string{"loyalty.move.gifts_at_once"}},
	{"takings at once overdraw", apart(true), []string{"loyalty.move.takings_at_once"}},
}
