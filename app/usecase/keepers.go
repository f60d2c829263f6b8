// SPDX-License-Identifier: Apache-2.0

package usecase

import (
	"context"
	"strings"
	"time"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/idempotency"
	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/shop"
	"github.com/cartage-dev/cartage/ports/backend"
	"github.com/cartage-dev/cartage/ports/store"
)

// keeperCall bounds a question to a keeper: a till has to be answered within three seconds, whatever else there is to do.
const keeperCall = 1800 * time.Millisecond

// keepers asks the backends that keep points. A keeper is the directory's Owner of a backend.
type keepers struct{ shops *Directory }

// ask finds a keeper, and the circumstances of a call to it.
func (k keepers) ask(of shop.ID, keeper loyalty.Keeper) (backend.Loyalty, backend.Call, error) {
	entry, _ := k.shops.Shop(of) // one that is gone still owes points
	at, runs := k.shops.made(Owner(keeper))
	if !runs || at.Loyalty == nil {
		return nil, backend.Call{}, fault.New(fault.Unavailable, "backend_gone", "the points are at %s, which does not run", keeper).After(goneRetry)
	}
	return at.Loyalty, backend.Call{Shop: of, Locale: entry.Shop.Locale}, nil
}

// points is what a customer has to spend; nothing for one that the keeper does not know.
func (k keepers) points(ctx context.Context, of shop.ID, keeper loyalty.Keeper, c loyalty.CustomerID) (loyalty.Points, error) {
	at, call, err := k.ask(of, keeper)
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, keeperCall)
	defer cancel()
	points, err := at.Points(ctx, call, c)
	if err != nil && fault.KindOf(err) == fault.NotFound {
		return 0, nil
	}
	return points, err
}

// move asks for a movement, once however often it is asked for.
func (k keepers) move(ctx context.Context, m store.Movement) error {
	at, call, err := k.ask(m.Shop, m.Keeper)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, keeperCall)
	defer cancel()
	call.Key = movementKey(m)
	_, err = at.Move(ctx, call, backend.Movement{Customer: m.Customer, Points: m.Points, Reason: reasonOf(m), Order: m.Order})
	return err
}

// moved reports whether a movement is in effect.
func (k keepers) moved(ctx context.Context, m store.Movement) (bool, error) {
	at, call, err := k.ask(m.Shop, m.Keeper)
	if err != nil {
		return false, err
	}
	ctx, cancel := context.WithTimeout(ctx, keeperCall)
	defer cancel()
	_, err = at.Moved(ctx, call, movementKey(m))
	if err != nil && fault.KindOf(err) == fault.NotFound {
		return false, nil
	}
	return err == nil, err
}

func movementKey(m store.Movement) idempotency.Key {
	return idempotency.Scope{Shop: string(m.Shop), Operation: "points", Name: m.Key}.Key(0)
}

// back is the movement that undoes one.
func back(m store.Movement) store.Movement {
	m.Key, m.Points = "back:"+m.Key, -m.Points
	return m
}

func reasonOf(m store.Movement) backend.MovementReason {
	switch what, _, _ := strings.Cut(m.Key, ":"); what {
	case aHold, "late":
		return backend.PointsRedeemed
	case "earn":
		return backend.PointsEarned
	case "claw":
		return backend.PointsClawed
	default:
		return backend.PointsReturned
	}
}

// refused reports whether a keeper has said no: nothing was moved, and asking again is of no use now.
func refused(err error) bool {
	if err == nil {
		return false
	}
	k := fault.KindOf(err)
	return k == fault.Conflict || k == fault.NotFound || k == fault.Invalid
}

// undecided reports whether an error leaves it open if points were moved.
func undecided(err error) bool {
	if err == nil {
		return false
	}
	k := fault.KindOf(err)
	return k == fault.Unknown || k == fault.Internal
}
