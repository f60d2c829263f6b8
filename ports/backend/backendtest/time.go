// SPDX-License-Identifier: Apache-2.0

package backendtest

import (
	"context"
	"fmt"
	"time"

	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/fault"
)

// promptMax is how soon a call comes back once its time is up, or it is canceled.
const promptMax = time.Second

// brief is after how long the time is up, one call after another: an end may come
// before the work begins, and at any point of it.
var brief = [...]time.Duration{0, 50 * time.Microsecond, 300 * time.Microsecond, time.Millisecond, 4 * time.Millisecond, 20 * time.Millisecond}

func timeRules() []Rule {
	return ofCarts([]Rule{
		{ID: "carts.put.deadline", Promise: "A write whose deadline passes comes back at once, as Unavailable or Unknown, and the next one is well.", check: putDeadline},
		{ID: "carts.put.canceled", Promise: "A write that is canceled comes back at once, as Unavailable or Unknown, and the next one is well.", check: putCanceled},
		{ID: "carts.put.repeated_after_unknown", Promise: "A write that got no answer in time is repeated with its key, and makes one cart.", check: repeatedAfterUnknown},
		{ID: "carts.get.deadline", Promise: "A read whose deadline passes, or that is canceled, comes back at once, and the next one is well.", check: getDeadline},
	})
}

// hurried makes a call whose time is up after so long, and expects it back
// promptly: done, or not done in a way that says so. fine are kinds that the call may
// end in when it is quicker than that. It is false when the call was late.
func (t *T) hurried(ctx context.Context, how string, after time.Duration, call func(ctx context.Context) error, fine ...fault.Kind) bool {
	hurry, cancel := context.WithCancel(ctx)
	if how == deadline {
		cancel()
		hurry, cancel = context.WithTimeout(ctx, after)
	} else if after == 0 {
		cancel()
	} else {
		time.AfterFunc(after, cancel)
	}
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- call(hurry) }()
	late := time.NewTimer(after + promptMax)
	defer late.Stop()
	select {
	case err := <-done:
		t.ended(err, fine)
		return true
	case <-late.C:
		t.Breach(fmt.Sprintf("an end within %s of the %s", promptMax, how), "the call goes on")
	}
	select { // so that what comes next is not disturbed
	case err := <-done:
		t.ended(err, fine)
	case <-ctx.Done():
	}
	return false
}

// The ways in which a call's time is up.
const (
	deadline     = "deadline"
	cancellation = "cancellation"
)

func (t *T) ended(err error, fine []fault.Kind) {
	if err == nil {
		return
	}
	k := fault.KindOf(err)
	for _, f := range append(fine, fault.Unavailable, fault.Unknown) {
		if k == f {
			return
		}
	}
	t.Breach("Unavailable (certainly not done) or Unknown (perhaps done)", DescribeFault(err))
}

func (t *T) hurriedPut(ctx context.Context, how string, i int) bool {
	req := t.some()
	req.Reference = t.Reference(fmt.Sprint(how, i))
	return t.hurried(ctx, how, brief[i], func(ctx context.Context) error {
		_, err := t.Put(ctx, t.Call(fmt.Sprint(how, i)), req)
		return err
	})
}

func putDeadline(ctx context.Context, t *T) {
	for i := range brief {
		if !t.hurriedPut(ctx, deadline, i) {
			break
		}
	}
	t.made(ctx, t.Call("after"), t.some())
}

func putCanceled(ctx context.Context, t *T) {
	t.together(len(brief), func(i int) { t.hurriedPut(ctx, cancellation, i) })
	t.made(ctx, t.Call("after"), t.some())
}

func repeatedAfterUnknown(ctx context.Context, t *T) {
	if !t.keyed() {
		return
	}
	for i, after := range brief {
		req := t.some()
		req.Reference = t.Reference(fmt.Sprint("r", i))
		first := make(chan cart.ID, 1)
		prompt := t.hurried(ctx, deadline, after, func(ctx context.Context) error {
			answer, err := t.Put(ctx, t.Call(req.Reference), req)
			first <- answer.Cart.ID
			return err
		})
		if !prompt {
			return
		}
		again, ok := t.made(ctx, t.Call(req.Reference), req)
		if !ok {
			return
		}
		before := <-first
		t.Expect(before == "" || before == again.Cart.ID, "the same cart", "another")
		if third, ok := t.made(ctx, t.Call(req.Reference), req); ok {
			t.Expect(third.Cart.ID == again.Cart.ID, "the same cart", "another")
		}
	}
}

// hurriedRead lets a read's time be up in each way.
func (t *T) hurriedRead(ctx context.Context, read func(ctx context.Context) error, fine ...fault.Kind) {
	for _, how := range []string{deadline, cancellation} {
		for _, after := range brief {
			if !t.hurried(ctx, how, after, read, fine...) {
				break
			}
		}
	}
}

// hurriedWrite lets a write's time be up in each way, under a key for each.
func (t *T) hurriedWrite(ctx context.Context, write func(ctx context.Context, key string) error) {
	for _, how := range []string{deadline, cancellation} {
		for i, after := range brief {
			if !t.hurried(ctx, how, after, func(ctx context.Context) error { return write(ctx, fmt.Sprint(how, i)) }) {
				break
			}
		}
	}
}

func getDeadline(ctx context.Context, t *T) {
	answer, ok := t.made(ctx, t.Call("a"), t.some())
	if !ok {
		return
	}
	get := func(ctx context.Context) error {
		_, err := t.Get(ctx, t.Call(""), answer.Cart.ID)
		return err
	}
	t.hurriedRead(ctx, get)
	t.unrefused(get(ctx), "the cart")
}

func orderDeadline(ctx context.Context, t *T) {
	find := func(ctx context.Context) error {
		_, err := t.ByReference(ctx, t.Call(""), t.Reference("none"))
		return err
	}
	t.hurriedRead(ctx, find, fault.NotFound)
	if err := find(ctx); err != nil {
		t.Expect(fault.KindOf(err) == fault.NotFound, "NotFound", DescribeFault(err))
	}
}
