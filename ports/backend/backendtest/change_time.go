// SPDX-License-Identifier: Apache-2.0

package backendtest

import (
	"context"
	"fmt"
	"time"

	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/ports/backend"
)

// The bounds of changes at once.
const (
	changers   = 8 // at the same time
	roundsMax  = 3
	triesMax   = 6                     // of a change that may be repeated
	patience   = 20 * time.Millisecond // before the second try, and twice as long before each other
	patientMax = time.Second           // of what a fault asks for
)

// insisted is changed for a call that may be asked to come again.
func (t *T) insisted(ctx context.Context, key string, id cart.ID, req backend.ChangeCart) (answer backend.ChangeAnswer, ok bool) {
	err := t.persistent(ctx, func() (err error) {
		answer, err = t.Change(ctx, t.Call(key), id, req)
		return err
	})
	return answer, t.unrefused(err, "the changed cart")
}

// persistent makes a call that may be asked to come again, and returns what it ended in.
func (t *T) persistent(ctx context.Context, call func() error) (err error) {
	for try := range triesMax {
		if err = call(); err == nil {
			return nil
		}
		f := fault.From(err)
		if !f.Kind.MayRepeat(t.backend.Info.KeyedWrites) && f.Kind != fault.Limited {
			break
		}
		select {
		case <-time.After(max(patience<<try, min(f.RetryAfter, patientMax))):
		case <-ctx.Done():
		}
	}
	return err
}

// changesAtOnce sets each SKU to the same quantity by several calls, so that a
// call that puts back what another has set is seen, whichever comes last.
func changesAtOnce(ctx context.Context, t *T) {
	made, ok := t.basket(ctx, "made")
	if !ok {
		return
	}
	skus := t.Sample.SKUs[:min(len(t.Sample.SKUs), changers)]
	for round := range roundsMax {
		all := make([]cart.Item, 0, len(skus))
		for i, sku := range skus {
			all = append(all, cart.Item{SKU: sku, Quantity: int64(1 + (3*round+i)%unitsMin)})
		}
		t.together(changers, func(i int) {
			item := all[i%len(all)]
			answer, ok := t.insisted(ctx, fmt.Sprintf("%d-%d", round, i), made.ID, backend.ChangeCart{Set: []cart.Item{item}})
			if n := held(answer.Cart.Lines)[item.SKU]; ok {
				t.Expect(n == item.Quantity, fmt.Sprintf("%d × %s in the answer to the call that set it", item.Quantity, quote(item.SKU)), fmt.Sprintf("%d", n))
			}
		})
		found, err := t.Get(ctx, t.Call(""), made.ID)
		if !t.unrefused(err, "the changed cart") {
			return
		}
		t.becomes(all, backend.ChangeAnswer{Cart: found})
	}
}

func changeDeadline(ctx context.Context, t *T) {
	made, ok := t.basket(ctx, "made")
	if !ok {
		return
	}
	t.hurriedWrite(ctx, func(ctx context.Context, key string) error {
		_, err := t.Change(ctx, t.Call(key), made.ID, t.setting(3))
		return err
	})
	if answer, ok := t.changed(ctx, "after", made.ID, t.setting(7, 2)); ok {
		t.becomes(t.items(7, 2), answer)
	}
}

// changeRepeated takes a cart for each try, since what got no answer may be done late.
func changeRepeated(ctx context.Context, t *T) {
	if !t.keyed() {
		return
	}
	for i, after := range brief {
		made, ok := t.basket(ctx, fmt.Sprint("made", i))
		if !ok {
			return
		}
		key, req := fmt.Sprint("change", i), t.setting(int64(i+3), 0)
		prompt := t.hurried(ctx, deadline, after, func(ctx context.Context) error {
			_, err := t.Change(ctx, t.Call(key), made.ID, req)
			return err
		})
		if !prompt {
			return
		}
		answer, ok := t.changed(ctx, key, made.ID, req)
		if !ok {
			return
		}
		t.becomes(t.items(int64(i+3)), answer)
		if found, err := t.Get(ctx, t.Call(""), made.ID); t.unrefused(err, "the changed cart") {
			t.sameCart(answer.Cart, found)
		}
	}
}

// changeRepeatedLate is a write that was on its way for long, or a host that repeats it late.
func changeRepeatedLate(ctx context.Context, t *T) {
	if !t.keyed() {
		return
	}
	made, ok := t.basket(ctx, "made")
	if !ok {
		return
	}
	for i, units := range []int64{3, 5, 3} { // the third is the first again
		if _, ok := t.changed(ctx, fmt.Sprint("change", i%2), made.ID, t.setting(units)); !ok {
			return
		}
	}
	if found, err := t.Get(ctx, t.Call(""), made.ID); t.unrefused(err, "the changed cart") {
		n := held(found.Lines)[t.Sample.SKUs[0]]
		t.Expect(n == 5, "the 5 units of the newer change", fmt.Sprint(n))
	}
}
