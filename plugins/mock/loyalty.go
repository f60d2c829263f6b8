// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"

	"github.com/cartage-dev/cartage/plugins/sdk"
)

// account is what a customer has to spend in one shop, and the record of the movement
// that made it so: both with one write, so that either is there or neither.
type account struct {
	Points sdk.Points
	Last   string
}

// keptMovement is a movement by its key. It is written before the account, and counts for
// nothing until that names it; before the account names another, it is settled.
type keptMovement struct {
	Movement sdk.Movement
	Settled  bool
}

// book is the port.
type book struct {
	kept       *state
	start      map[sdk.CustomerID]sdk.Points
	welcome    *sdk.Points // for every other customer; nil: there is none
	forgetKeys bool        // to show what a bad system does
}

var _ sdk.Loyalty = book{}

// Points is one record, so it needs no permission.
func (b book) Points(_ context.Context, call sdk.Call, customer sdk.CustomerID) (sdk.Points, error) {
	now, err := b.account(call.Shop, customer)
	return now.Points, err
}

// Move moves points, or finds that the same key has moved them before.
func (b book) Move(ctx context.Context, call sdk.Call, m sdk.Movement) (points sdk.Points, err error) {
	if err := acceptMove(call, m); err != nil {
		return 0, err
	}
	err = b.kept.exclusive(ctx, func() error {
		points, err = b.move(call, m)
		return err
	})
	if err != nil {
		return 0, err
	}
	return points, nil
}

// move runs inside exclusive.
func (b book) move(call sdk.Call, m sdk.Movement) (sdk.Points, error) {
	name := b.movementName(call.Shop, call.Key)
	before, found, err := b.inEffect(call.Shop, name)
	if err != nil {
		return 0, err
	}
	if found && !b.forgetKeys && before != m {
		return 0, sdk.NewFault(sdk.Conflict, "key_reused", "the key moved other points").By(sdk.SourceCaller)
	}
	now, err := b.account(call.Shop, m.Customer)
	switch {
	case err != nil:
		return 0, err
	case found && !b.forgetKeys:
		return now.Points, nil
	case now.Points+m.Points < 0:
		return 0, sdk.NewFault(sdk.Conflict, "insufficient_points", "there are fewer points than that").By(sdk.SourceCaller)
	}
	return now.Points + m.Points, b.write(call.Shop, name, m, now)
}

// write settles the movement before, since the account is about to forget its name, and has
// the account last: a movement that it does not name counts for nothing.
func (b book) write(shop sdk.ShopID, name string, m sdk.Movement, now account) error {
	if err := b.kept.grow(); err != nil {
		return err
	}
	if err := b.settle(now.Last); err != nil {
		return err
	}
	if err := b.kept.save(kindMovement, name, keptMovement{Movement: m}); err != nil {
		return err
	}
	return b.kept.save(kindAccount, b.accountName(shop, m.Customer), account{Points: now.Points + m.Points, Last: name})
}

// settle has a movement stand by itself, unless it was swept.
func (b book) settle(name string) error {
	if name == "" {
		return nil
	}
	var last keptMovement
	there, err := b.kept.load(kindMovement, name, &last)
	if err != nil || !there || last.Settled {
		return err
	}
	last.Settled = true
	return b.kept.save(kindMovement, name, last)
}

// Moved asks for permission, since what a movement is stands in two records.
func (b book) Moved(ctx context.Context, call sdk.Call, key sdk.IdempotencyKey) (m sdk.Movement, err error) {
	found := false
	err = b.kept.exclusive(ctx, func() error {
		m, found, err = b.inEffect(call.Shop, b.movementName(call.Shop, key))
		return err
	})
	if err != nil {
		return sdk.Movement{}, err
	}
	if !found {
		return sdk.Movement{}, sdk.NewFault(sdk.NotFound, "unknown_movement", "the key has moved nothing").By(sdk.SourceCaller)
	}
	return m, nil
}

// inEffect finds the movement of that name. It runs inside exclusive.
func (b book) inEffect(shop sdk.ShopID, name string) (m sdk.Movement, found bool, err error) {
	var kept keptMovement
	if found, err = b.kept.load(kindMovement, name, &kept); err != nil || !found || kept.Settled {
		return kept.Movement, found, err
	}
	var now account
	found, err = b.kept.load(kindAccount, b.accountName(shop, kept.Movement.Customer), &now)
	return kept.Movement, found && now.Last == name, err
}

// account is where a customer's points are now, or begin.
func (b book) account(shop sdk.ShopID, customer sdk.CustomerID) (now account, err error) {
	moved, err := b.kept.load(kindAccount, b.accountName(shop, customer), &now)
	if err != nil || moved {
		return now, err
	}
	points, known := b.start[customer]
	switch {
	case known:
		return account{Points: points}, nil
	case b.welcome != nil:
		return account{Points: *b.welcome}, nil
	}
	return account{}, sdk.NewFault(sdk.NotFound, "unknown_customer", "the shop does not know this customer").By(sdk.SourceCaller)
}

func (b book) accountName(shop sdk.ShopID, customer sdk.CustomerID) string {
	return b.kept.derive("account", string(shop), string(customer))
}

func (b book) movementName(shop sdk.ShopID, key sdk.IdempotencyKey) string {
	return b.kept.derive("movement", string(shop), string(key))
}

// acceptMove refuses what no book could take. The bound keeps sums far below an int64.
func acceptMove(call sdk.Call, m sdk.Movement) error {
	wrong, code := sdk.Field{Path: "points", Reason: "out_of_range", Detail: fmt.Sprintf("must be %d at most, either way", sdk.PointsMax)}, "too_many_points"
	switch {
	case m.Points == 0:
		wrong, code = sdk.Field{Path: "points", Reason: "required"}, "no_points"
	case call.Key == "":
		wrong, code = sdk.Field{Path: "key", Reason: "required"}, "no_key"
	case m.Points >= -sdk.PointsMax && m.Points <= sdk.PointsMax:
		return nil
	}
	return sdk.NewFault(sdk.Invalid, code, "points cannot be moved so").By(sdk.SourceCaller).With(wrong)
}
