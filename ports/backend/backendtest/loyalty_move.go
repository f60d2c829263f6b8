// SPDX-License-Identifier: Apache-2.0

package backendtest

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/ports/backend"
)

// payable is how many of a crowd's takings there are points for.
const payable = 7

func moveRules() []Rule {
	return []Rule{
		{ID: "loyalty.move.gives", Promise: "A gift answers what there is to spend then, and Points shows it at once.", check: moveGives},
		{ID: "loyalty.move.takes", Promise: "A taking answers what there is to spend then, and Points shows it at once.", check: moveTakes},
		{ID: "loyalty.move.takes_all", Promise: "All that there is can be taken, to the last point.", check: moveTakesAll},
		{ID: "loyalty.move.insufficient", Promise: "Taking more than there is is Conflict (insufficient_points), and takes nothing.", check: moveInsufficient},
		{ID: "loyalty.move.no_points", Promise: "A movement of none is Invalid (no_points), and moves nothing.", check: moveNone},
		{ID: "loyalty.move.unknown_customer", Promise: "Points of a customer that there is not are neither given nor taken: NotFound (unknown_customer).", check: moveUnknown},
		{ID: "loyalty.move.customers_apart", Promise: "What one customer is given no other has.", check: customersApart},
		{ID: "loyalty.move.large", Promise: fmt.Sprintf("Numbers up to %d are moved to the point.", loyalty.PointsMax), check: moveLarge},
		{ID: "loyalty.move.gift_not_refused", Promise: fmt.Sprintf("A gift is not refused for what the customer owns, be it %d.", loyalty.PointsMax), check: giftNotRefused},
		{ID: "loyalty.move.gifts_at_once", Promise: fmt.Sprintf("%d gifts at once are all there afterwards.", crowd), check: giftsAtOnce},
		{ID: "loyalty.move.takings_at_once", Promise: fmt.Sprintf("Of %d takings at once as many succeed as there are points for, and no more.", crowd), check: takingsAtOnce},
	}
}

func moveGives(ctx context.Context, t *T) {
	if p, ok := t.purse(ctx); ok {
		defer p.restore(ctx)
		p.gives(ctx, "give", 30)
		p.shows(ctx)
	}
}

func moveTakes(ctx context.Context, t *T) {
	p, ok := t.purse(ctx)
	if !ok {
		return
	}
	defer p.restore(ctx)
	if p.gives(ctx, "give", 30) {
		p.takes(ctx, 12)
		p.shows(ctx)
	}
}

func moveTakesAll(ctx context.Context, t *T) {
	p, ok := t.purse(ctx)
	if !ok {
		return
	}
	defer p.restore(ctx)
	if p.gives(ctx, "give", 5) {
		p.takes(ctx, p.now)
		p.shows(ctx)
	}
}

func moveInsufficient(ctx context.Context, t *T) {
	p, ok := t.purse(ctx)
	if !ok {
		return
	}
	defer p.restore(ctx)
	if p.gives(ctx, "give", 5) {
		for i, why := range []backend.MovementReason{backend.PointsRedeemed, backend.PointsClawed} {
			p.refuses(ctx, fmt.Sprint("take", i), p.of(-p.now-1, why), insufficientPoints)
		}
	}
}

func moveNone(ctx context.Context, t *T) {
	if p, ok := t.purse(ctx); ok {
		p.refuses(ctx, "none", p.of(0, backend.PointsEarned), "invalid no_points")
	}
}

func moveUnknown(ctx context.Context, t *T) {
	nobody := &purse{t: t, customer: t.Sample.UnknownCustomer}
	for i, m := range []backend.Movement{nobody.of(5, backend.PointsEarned), nobody.of(-5, backend.PointsRedeemed)} {
		left, err := t.Move(ctx, t.Call(fmt.Sprint("nobody", i)), m)
		t.endsIn(err, unknownCustomer, fmt.Sprintf("%d points to spend", left))
	}
	points, err := t.Points(ctx, t.Call(""), nobody.customer)
	t.endsIn(err, unknownCustomer, fmt.Sprintf("%d points", points))
}

func customersApart(ctx context.Context, t *T) {
	p, ok := t.purse(ctx)
	if !ok {
		return
	}
	other, ok := t.purse(ctx, 1)
	if !ok {
		return
	}
	defer p.restore(ctx)
	p.gives(ctx, "give", 11)
	other.shows(ctx)
	p.shows(ctx)
}

// ample is more than any rule moves otherwise, and skips what a customer who is as rich cannot show.
func (p *purse) ample() (loyalty.Points, bool) {
	if p.now >= loyalty.PointsMax {
		p.t.Skip(fmt.Sprintf("the sample's first customer owns %d points already", p.now))
	}
	return loyalty.PointsMax - p.now, p.now < loyalty.PointsMax
}

func moveLarge(ctx context.Context, t *T) {
	p, ok := t.purse(ctx)
	if !ok {
		return
	}
	rest, ok := p.ample()
	if !ok {
		return
	}
	defer p.restore(ctx)
	if p.gives(ctx, "give", rest) && p.shows(ctx) {
		t.inEffect(ctx, "give", p.of(rest, backend.PointsEarned))
		p.takes(ctx, rest-1) // what is left tells a number that was rounded
		p.shows(ctx)
	}
}

func giftNotRefused(ctx context.Context, t *T) {
	p, ok := t.purse(ctx)
	if !ok {
		return
	}
	defer p.restore(ctx)
	if rest, ok := p.ample(); ok && p.gives(ctx, "rich", rest) {
		for i, why := range []backend.MovementReason{backend.PointsEarned, backend.PointsReturned} {
			p.does(ctx, fmt.Sprint("more", i), p.of(1, why))
		}
		p.shows(ctx)
	}
}

// persists moves points by a call that may be asked to come again.
func (t *T) persists(ctx context.Context, key string, m backend.Movement) (left loyalty.Points, err error) {
	err = t.persistent(ctx, func() (err error) {
		left, err = t.Move(ctx, t.Call(key), m)
		return err
	})
	return left, err
}

func giftsAtOnce(ctx context.Context, t *T) {
	p, ok := t.purse(ctx)
	if !ok {
		return
	}
	defer p.restore(ctx)
	t.together(crowd, func(i int) {
		_, err := t.persists(ctx, fmt.Sprint("give", i), p.of(loyalty.Points(i+1), backend.PointsEarned))
		t.unrefused(err, "the gift")
	})
	p.now += crowd * (crowd + 1) / 2
	p.shows(ctx)
}

func takingsAtOnce(ctx context.Context, t *T) {
	p, ok := t.purse(ctx)
	if !ok {
		return
	}
	defer p.restore(ctx)
	if !p.gives(ctx, "give", payable*payable) {
		return
	}
	each := p.now / payable // at least payable, so that what is left over does not pay for one more
	var taken atomic.Int64
	t.together(crowd, func(i int) {
		_, err := t.persists(ctx, fmt.Sprint("take", i), p.of(-each, backend.PointsRedeemed))
		if err == nil {
			taken.Add(1)
			return
		}
		t.Expect(isFault(err, insufficientPoints), "points, or a fault: "+insufficientPoints, DescribeFault(err))
	})
	n := taken.Load()
	t.Expect(n == payable, fmt.Sprintf("%d takings of %d points each, out of %d", payable, each, p.now), fmt.Sprintf("%d of them", n))
	p.now -= each * loyalty.Points(n)
	p.shows(ctx)
}
