// SPDX-License-Identifier: Apache-2.0

package backendtest_test

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/idempotency"
	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/ports/backend"
)

var movementMutants = []breakage{
	{"the last point stays", moving(func(ctx context.Context, m *mutant, call backend.Call, asked backend.Movement, next moveFunc) (loyalty.Points, error) {
		if there, err := m.look(ctx, call, asked.Customer); err == nil && there+asked.Points == 0 {
			if _, err := m.moved(ctx, call, call.Key); err != nil {
				return 0, plain(fault.Conflict, "insufficient_points")
			}
		}
		return next(ctx, call, asked)
	}), []string{"loyalty.move.refused_key_is_free", "loyalty.move.takes_all"}},
	{"takes what there is", moving(func(ctx context.Context, m *mutant, call backend.Call, asked backend.Movement, next moveFunc) (loyalty.Points, error) {
		if there, err := m.look(ctx, call, asked.Customer); err == nil && there+asked.Points < 0 && there > 0 {
			asked.Points = -there
		}
		return next(ctx, call, asked)
	}), []string{
		"loyalty.move.insufficient", "loyalty.move.refused_key_is_free", "loyalty.move.takings_at_once", "loyalty.moved.refused",
	}},
	{"a movement of none is fine", moving(func(ctx context.Context, m *mutant, call backend.Call, asked backend.Movement, next moveFunc) (loyalty.Points, error) {
		if asked.Points == 0 && asked.Customer == members[0] {
			return m.look(ctx, call, asked.Customer)
		}
		return next(ctx, call, asked)
	}), []string{"loyalty.move.no_points", "loyalty.moved.refused"}},
	{"customers are made as they come", func(m *mutant) {
		move := m.move
		m.move = func(ctx context.Context, call backend.Call, asked backend.Movement) (loyalty.Points, error) {
			left, err := move(ctx, call, asked)
			if asked.Points > 0 && err != nil && fault.From(err).Code == "unknown_customer" {
				return asked.Points, nil
			}
			return left, err
		}
	}, []string{"loyalty.move.unknown_customer", "loyalty.moved.refused"}},
	{"points are floats of 32 bits", moving(func(ctx context.Context, _ *mutant, call backend.Call, asked backend.Movement, next moveFunc) (loyalty.Points, error) {
		asked.Points = loyalty.Points(float32(asked.Points))
		return next(ctx, call, asked)
	}), []string{"loyalty.move.gift_not_refused", "loyalty.move.large"}},
	{"the rich get no more", moving(func(ctx context.Context, m *mutant, call backend.Call, asked backend.Movement, next moveFunc) (loyalty.Points, error) {
		if there, err := m.look(ctx, call, asked.Customer); err == nil && asked.Points > 0 && there+asked.Points > loyalty.PointsMax {
			return 0, plain(fault.Conflict, "too_many_points")
		}
		return next(ctx, call, asked)
	}), []string{"loyalty.move.gift_not_refused"}},
	{"every movement is a new one", func(m *mutant) {
		move := m.move
		var mu sync.Mutex
		n := 0
		m.move = func(ctx context.Context, call backend.Call, asked backend.Movement) (loyalty.Points, error) {
			mu.Lock()
			n++
			again := fmt.Sprint("-", n)
			mu.Unlock()
			if _, err := m.moved(context.WithoutCancel(ctx), call, call.Key); err == nil {
				call.Key += idempotency.Key(again)
			}
			return move(ctx, call, asked)
		}
	}, []string{
		"loyalty.move.key_of_another", "loyalty.move.key_reused", "loyalty.move.repeated_after_unknown", "loyalty.move.same_key",
		"loyalty.move.same_key_at_once",
	}},
	{"a repetition answers as it did then", func(m *mutant) {
		move := m.move
		var mu sync.Mutex
		answers := map[keyOfShop]loyalty.Points{}
		m.move = func(ctx context.Context, call backend.Call, asked backend.Movement) (loyalty.Points, error) {
			left, err := move(ctx, call, asked)
			mu.Lock()
			defer mu.Unlock()
			if then, before := answers[keyOfShop{call.Shop, call.Key}]; before && err == nil {
				return then, nil
			}
			if err == nil {
				answers[keyOfShop{call.Shop, call.Key}] = left
			}
			return left, err
		}
	}, []string{"loyalty.move.same_key"}},
	{"movements at once look for their key too soon", func(m *mutant) {
		move := m.move
		var mu sync.Mutex
		n := 0
		m.move = func(ctx context.Context, call backend.Call, asked backend.Movement) (loyalty.Points, error) {
			_, err := m.moved(ctx, call, call.Key)
			pause()
			mu.Lock()
			defer mu.Unlock()
			if _, now := m.moved(ctx, call, call.Key); err != nil && now == nil {
				n++
				call.Key += idempotency.Key(fmt.Sprint("-", n))
			}
			return move(ctx, call, asked)
		}
	}, []string{"loyalty.move.same_key_at_once"}},
	{"a key is all that counts of a movement", func(m *mutant) {
		move := m.move
		m.move = func(ctx context.Context, call backend.Call, asked backend.Movement) (loyalty.Points, error) {
			if before, err := m.moved(ctx, call, call.Key); err == nil && before.Customer == asked.Customer {
				asked = before
			}
			return move(ctx, call, asked)
		}
	}, []string{"loyalty.move.key_reused"}},
	{"keys of customers", func(m *mutant) {
		move := m.move
		m.move = func(ctx context.Context, call backend.Call, asked backend.Movement) (loyalty.Points, error) {
			if asked.Customer == members[1] {
				call.Key += "-2"
			}
			return move(ctx, call, asked)
		}
	}, []string{"loyalty.move.key_of_another"}},
	{"a refusal is remembered", func(m *mutant) {
		move := m.move
		var mu sync.Mutex
		refusals := map[keyOfShop]error{}
		m.move = func(ctx context.Context, call backend.Call, asked backend.Movement) (loyalty.Points, error) {
			mu.Lock()
			defer mu.Unlock()
			if err := refusals[keyOfShop{call.Shop, call.Key}]; err != nil {
				return 0, err
			}
			left, err := move(ctx, call, asked)
			if err != nil && fault.From(err).Code == "insufficient_points" {
				refusals[keyOfShop{call.Shop, call.Key}] = err
			}
			return left, err
		}
	}, []string{"loyalty.move.refused_key_is_free"}},
	{"all shops share their movements", func(m *mutant) {
		move, moved := m.move, m.moved
		m.move = func(ctx context.Context, call backend.Call, asked backend.Movement) (loyalty.Points, error) {
			call.Shop = "demo"
			return move(ctx, call, asked)
		}
		m.moved = func(ctx context.Context, call backend.Call, key idempotency.Key) (backend.Movement, error) {
			call.Shop = "demo"
			return moved(ctx, call, key)
		}
	}, []string{"loyalty.move.keys_of_shops"}},
	{"points are moved for long", func(m *mutant) {
		move := m.move
		m.move = func(ctx context.Context, call backend.Call, asked backend.Movement) (loyalty.Points, error) {
			return move(goingOn(ctx), call, asked)
		}
	}, []string{"loyalty.move.deadline", "loyalty.move.repeated_after_unknown"}},
	{"what got no answer is moved under no key", func(m *mutant) {
		move := m.move
		m.move = func(ctx context.Context, call backend.Call, asked backend.Movement) (loyalty.Points, error) {
			if ctx.Err() == nil {
				return move(ctx, call, asked)
			}
			call.Key += "-lost"
			_, _ = move(context.WithoutCancel(ctx), call, asked)
			return 0, plain(fault.Unknown, "no_answer")
		}
	}, []string{"loyalty.move.repeated_after_unknown"}},
	{"certainly not done, and done", func(m *mutant) {
		move := m.move
		m.move = func(ctx context.Context, call backend.Call, asked backend.Movement) (loyalty.Points, error) {
			left, err := move(context.WithoutCancel(ctx), call, asked)
			if ctx.Err() != nil && err == nil {
				return 0, plain(fault.Unavailable, "no_answer")
			}
			return left, err
		}
	}, []string{"loyalty.move.repeated_after_unknown"}},
	{"the order is lost", reading(func(found *backend.Movement) { found.Order = "" }), []string{
		"loyalty.move.key_reused", "loyalty.move.keys_of_shops", "loyalty.move.large", "loyalty.move.refused_key_is_free",
		"loyalty.move.repeated_after_unknown", "loyalty.moved.reads_back", "loyalty.moved.strange_orders",
	}},
	{"every taking was redeemed", reading(func(found *backend.Movement) {
		if found.Points < 0 {
			found.Reason = backend.PointsRedeemed
		}
	}), []string{"loyalty.moved.reads_back"}},
	{"orders in plain letters", reading(func(found *backend.Movement) {
		found.Order = loyalty.OrderID(strings.ReplaceAll(string(found.Order), "ü", "u"))
	}), []string{"loyalty.moved.strange_orders"}},
	{"a key that nobody used moved nothing", func(m *mutant) {
		moved := m.moved
		m.moved = func(ctx context.Context, call backend.Call, key idempotency.Key) (backend.Movement, error) {
			found, err := moved(ctx, call, key)
			if err != nil && fault.KindOf(err) == fault.NotFound {
				return backend.Movement{}, nil
			}
			return found, err
		}
	}, []string{
		"loyalty.move.keys_of_shops", "loyalty.move.repeated_after_unknown", "loyalty.moved.deadline", "loyalty.moved.refused",
		"loyalty.moved.unknown",
	}},
	{"what was refused is read back", func(m *mutant) {
		move, moved := m.move, m.moved
		var mu sync.Mutex
		tried := map[idempotency.Key]backend.Movement{}
		m.move = func(ctx context.Context, call backend.Call, asked backend.Movement) (loyalty.Points, error) {
			left, err := move(ctx, call, asked)
			mu.Lock()
			defer mu.Unlock()
			if err != nil && fault.KindOf(err) == fault.Conflict {
				tried[call.Key] = asked
			}
			return left, err
		}
		m.moved = func(ctx context.Context, call backend.Call, key idempotency.Key) (backend.Movement, error) {
			found, err := moved(ctx, call, key)
			mu.Lock()
			defer mu.Unlock()
			if asked, was := tried[key]; was && err != nil {
				return asked, nil
			}
			return found, err
		}
	}, []string{"loyalty.moved.refused"}},
	{"a return answers what there was", moving(func(ctx context.Context, _ *mutant, call backend.Call, asked backend.Movement, next moveFunc) (loyalty.Points, error) {
		left, err := next(ctx, call, asked)
		if err == nil && asked.Reason == backend.PointsReturned {
			left -= asked.Points
		}
		return left, err
	}), []string{"loyalty.move.gift_not_refused", "loyalty.moved.reads_back"}},
}
