// SPDX-License-Identifier: Apache-2.0

package backendtest

import (
	"context"
	"fmt"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/ports/backend"
)

func moveKeyRules() []Rule {
	return []Rule{
		{ID: "loyalty.move.same_key", Promise: "A movement that comes again under its key is made once, and answers what there is to spend now.", check: moveSameKey},
		{ID: "loyalty.move.same_key_at_once", Promise: "The same movement many times at once under one key is made once.", check: moveSameKeyAtOnce},
		{ID: "loyalty.move.key_reused", Promise: "The same key with another movement is Conflict (key_reused), and moves nothing.", check: moveKeyReused},
		{ID: "loyalty.move.key_of_another", Promise: "The same key with another customer is Conflict (key_reused), and moves nothing.", check: moveKeyOfAnother},
		{ID: "loyalty.move.refused_key_is_free", Promise: "A movement that was refused leaves its key free: asked for again, it succeeds.", check: refusedKeyIsFree},
		{ID: "loyalty.move.keys_of_shops", Promise: "The same key in another shop is another movement's, and a movement is none of another shop's.", check: moveKeysOfShops},
		{ID: "loyalty.move.deadline", Promise: "A movement whose deadline passes, or that is canceled, comes back at once, as Unavailable or Unknown, and the next one is well.", check: moveDeadline},
		{ID: "loyalty.move.repeated_after_unknown", Promise: "A movement that got no answer is in effect or is not, as Moved tells; it is repeated with its key, and made once.", check: moveRepeated},
	}
}

func moveSameKey(ctx context.Context, t *T) {
	if !t.keyed() {
		return
	}
	p, ok := t.purse(ctx)
	if !ok {
		return
	}
	defer p.restore(ctx)
	if !p.gives(ctx, "give", 30) || !p.takes(ctx, 12) {
		return
	}
	if left, err := t.Move(ctx, t.Call("give"), p.of(30, backend.PointsEarned)); t.unrefused(err, "the gift, once more") {
		p.answers(left)
	}
	if left, err := t.Move(ctx, t.Call("take"), p.of(-12, backend.PointsRedeemed)); t.unrefused(err, "the taking, once more") {
		p.answers(left)
	}
	p.shows(ctx)
}

func moveSameKeyAtOnce(ctx context.Context, t *T) {
	if !t.keyed() {
		return
	}
	p, ok := t.purse(ctx)
	if !ok {
		return
	}
	defer p.restore(ctx)
	m := p.of(30, backend.PointsEarned)
	p.now += m.Points
	t.together(crowd, func(int) {
		left, err := t.Move(ctx, t.Call("give"), m)
		if err == nil {
			p.answers(left)
			return
		} // one of many may be asked to come again
		t.Expect(fault.KindOf(err).MayRepeat(true) || fault.KindOf(err) == fault.Limited, "points, or a fault that lets the call be repeated", DescribeFault(err))
	})
	if left, err := t.persists(ctx, "give", m); t.unrefused(err, "the movement") {
		p.answers(left)
	}
	p.shows(ctx)
}

const keyReused = "conflict key_reused"

func moveKeyReused(ctx context.Context, t *T) {
	if !t.keyed() {
		return
	}
	p, ok := t.purse(ctx)
	if !ok {
		return
	}
	defer p.restore(ctx)
	m := p.of(30, backend.PointsEarned)
	if !p.does(ctx, "give", m) {
		return
	}
	fewer, otherwise, elsewhere, taking := m, m, m, m
	fewer.Points, otherwise.Reason, elsewhere.Order, taking.Points = 29, backend.PointsReturned, loyalty.OrderID(t.Reference("another")), -30
	for _, other := range []backend.Movement{fewer, otherwise, elsewhere, taking} {
		p.refuses(ctx, "give", other, keyReused)
	}
	t.inEffect(ctx, "give", m)
}

func moveKeyOfAnother(ctx context.Context, t *T) {
	if !t.keyed() {
		return
	}
	p, ok := t.purse(ctx)
	if !ok {
		return
	}
	other, ok := t.purse(ctx, 1)
	if !ok {
		return
	}
	defer p.restore(ctx)
	if p.gives(ctx, "give", 30) {
		other.refuses(ctx, "give", other.of(30, backend.PointsEarned), keyReused)
		p.shows(ctx)
	}
}

func refusedKeyIsFree(ctx context.Context, t *T) {
	p, ok := t.purse(ctx)
	if !ok {
		return
	}
	defer p.restore(ctx)
	m := p.of(-p.now-10, backend.PointsRedeemed)
	if p.refuses(ctx, "take", m, insufficientPoints) && p.gives(ctx, "give", 10) && p.does(ctx, "take", m) {
		p.shows(ctx)
		t.inEffect(ctx, "take", m)
	}
}

// moveKeysOfShops judges keys alone: two shops may well share their customers' points.
func moveKeysOfShops(ctx context.Context, t *T) {
	if t.Sample.OtherShop == "" {
		t.Skip("the sample names no other_shop")
		return
	}
	p, ok := t.purse(ctx)
	if !ok {
		return
	}
	defer p.restore(ctx)
	here := p.of(30, backend.PointsEarned)
	if !p.does(ctx, "give", here) {
		return
	}
	if t.backend.Info.ReadBack {
		m, err := t.Moved(ctx, t.there(""), t.Call("give").Key)
		t.endsIn(err, unknownMovement, t.describeMovement(m))
	}
	there := p.of(20, backend.PointsReturned)
	if _, err := t.Move(ctx, t.there("give"), there); err == nil {
		there.Points, there.Reason = -20, backend.PointsClawed
		_, _ = t.Move(ctx, t.there("give back"), there)
	} else { // a customer of this shop may be none of that one
		t.endsIn(err, unknownCustomer, "")
	}
	t.inEffect(ctx, "give", here)
}

func moveDeadline(ctx context.Context, t *T) {
	if !t.keyed() {
		return
	}
	p, ok := t.purse(ctx)
	if !ok {
		return
	}
	m := p.of(1, backend.PointsEarned)
	t.hurriedWrite(ctx, func(ctx context.Context, key string) error {
		_, err := t.Move(ctx, t.Call(key), m)
		return err
	})
	for _, how := range []string{deadline, cancellation} {
		for i := range brief { // else one that is late would disturb what comes next
			if _, err := t.persists(ctx, fmt.Sprint(how, i), m); !t.unrefused(err, "the movement, once more") {
				return
			}
		}
	}
	if now, ok := t.purse(ctx); ok {
		now.before = p.before
		defer now.restore(ctx)
		now.gives(ctx, "after", 1)
		now.shows(ctx)
	}
}

func moveRepeated(ctx context.Context, t *T) {
	if !t.keyed() {
		return
	}
	p, ok := t.purse(ctx)
	if !ok {
		return
	}
	defer p.restore(ctx)
	for i, after := range brief {
		key, m := fmt.Sprint("give", i), p.of(loyalty.Points(i+2), backend.PointsEarned)
		first := make(chan error, 1)
		prompt := t.hurried(ctx, []string{deadline, cancellation}[i%2], after, func(ctx context.Context) error {
			_, err := t.Move(ctx, t.Call(key), m)
			first <- err
			return err
		})
		if !prompt {
			return
		}
		p.tells(ctx, key, m, <-first)
		left, err := t.persists(ctx, key, m)
		if !t.unrefused(err, "the movement, once more") {
			return
		}
		p.now += m.Points
		p.answers(left)
		p.shows(ctx)
		t.inEffect(ctx, key, m)
	}
}

// tells holds Moved and Points to how a movement ended. One that is perhaps done may still be under way.
func (p *purse) tells(ctx context.Context, key string, m backend.Movement, ended error) {
	if !p.t.backend.Info.ReadBack {
		return
	}
	found, err := p.t.Moved(ctx, p.t.Call(""), p.t.Call(key).Key)
	switch {
	case err == nil:
		p.t.Expect(found == m, p.t.describeMovement(m), p.t.describeMovement(found))
		p.t.Expect(ended == nil || fault.KindOf(ended) != fault.Unavailable, "no movement, since it was certainly not done", p.t.describeMovement(found))
		after := *p
		after.now += m.Points
		after.shows(ctx)
	case p.t.endsIn(err, unknownMovement, ""):
		p.t.Expect(ended != nil, "the movement that was answered", DescribeFault(err))
	}
}
