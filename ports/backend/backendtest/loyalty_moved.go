// SPDX-License-Identifier: Apache-2.0

package backendtest

import (
	"context"
	"fmt"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/ports/backend"
)

func movedRules() []Rule {
	return []Rule{
		{ID: "loyalty.moved.reads_back", Promise: "Moved answers exactly what was moved: customer, points, reason and order.", check: movedReadsBack},
		{ID: "loyalty.moved.strange_orders", Promise: "An order comes back letter by letter, whatever script and signs it is written in.", check: movedStrangeOrders},
		{ID: "loyalty.moved.unknown", Promise: "Under a key that nothing was moved under there is NotFound (unknown_movement).", check: movedUnknown},
		{ID: "loyalty.moved.refused", Promise: "A movement that was refused is not in effect: NotFound (unknown_movement).", check: movedRefused},
		{ID: "loyalty.moved.deadline", Promise: "A question for a movement whose deadline passes, or that is canceled, comes back at once, and the next one is well.", check: movedDeadline},
	}
}

// readsBack skips a backend that does not promise to.
func (t *T) readsBack() bool {
	if !t.backend.Info.ReadBack {
		t.Skip("the backend does not promise to read back")
	}
	return t.backend.Info.ReadBack
}

// inEffect expects the movement to be read back, where that is promised.
func (t *T) inEffect(ctx context.Context, key string, m backend.Movement) {
	if !t.backend.Info.ReadBack {
		return
	}
	if found, err := t.Moved(ctx, t.Call(""), t.Call(key).Key); t.unrefused(err, "the movement in effect") {
		t.Expect(found == m, t.describeMovement(m), t.describeMovement(found))
	}
}

func (t *T) notInEffect(ctx context.Context, key string) {
	found, err := t.Moved(ctx, t.Call(""), t.Call(key).Key)
	t.endsIn(err, unknownMovement, t.describeMovement(found))
}

func movedReadsBack(ctx context.Context, t *T) {
	if !t.readsBack() {
		return
	}
	p, ok := t.purse(ctx)
	if !ok {
		return
	}
	defer p.restore(ctx)
	all := []backend.Movement{p.of(40, backend.PointsEarned), p.of(-15, backend.PointsRedeemed), p.of(15, backend.PointsReturned), p.of(-40, backend.PointsClawed)}
	all[1].Order = "" // taken before there is an order
	for _, m := range all {
		if !p.does(ctx, string(m.Reason), m) {
			return
		}
	}
	for _, m := range all {
		t.inEffect(ctx, string(m.Reason), m)
	}
}

func movedStrangeOrders(ctx context.Context, t *T) {
	if !t.readsBack() {
		return
	}
	p, ok := t.purse(ctx)
	if !ok {
		return
	}
	defer p.restore(ctx)
	for i, name := range strangeNames()[:11] { // without the long one, which a backend may refuse
		m := p.of(1, backend.PointsEarned)
		m.Order = loyalty.OrderID(name)
		if key := fmt.Sprint("order", i); p.does(ctx, key, m) {
			t.inEffect(ctx, key, m)
		}
	}
}

func movedUnknown(ctx context.Context, t *T) {
	if t.readsBack() {
		t.notInEffect(ctx, "never")
	}
}

func movedRefused(ctx context.Context, t *T) {
	if !t.readsBack() {
		return
	}
	p, ok := t.purse(ctx)
	if !ok {
		return
	}
	defer p.restore(ctx)
	refused := []backend.Movement{p.of(-p.now-1, backend.PointsRedeemed), p.of(0, backend.PointsEarned), p.of(5, backend.PointsEarned)}
	refused[2].Customer = t.Sample.UnknownCustomer
	for i, m := range refused {
		key := fmt.Sprint("refused", i)
		left, err := t.Move(ctx, t.Call(key), m)
		if t.Expect(err != nil, "a refusal", fmt.Sprintf("%d points to spend", left)) {
			t.notInEffect(ctx, key)
		} else if m.Customer == p.customer {
			p.now += m.Points // so that it is taken back
		}
	}
}

func movedDeadline(ctx context.Context, t *T) {
	if !t.readsBack() {
		return
	}
	t.hurriedRead(ctx, func(ctx context.Context) error {
		_, err := t.Moved(ctx, t.Call(""), t.Call("never").Key)
		return err
	}, fault.NotFound)
	t.notInEffect(ctx, "never")
}
