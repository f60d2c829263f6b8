// SPDX-License-Identifier: Apache-2.0

package backendtest

import (
	"context"
	"fmt"
	"time"
)

// The bounds of calls at once: far above what a machine that is busy needs, so that only those
// are found that wait for one another.
const (
	queueTimes = 8
	queueSpare = time.Second
	aloneCalls = 3
)

func queueRules() []Rule {
	promise := fmt.Sprintf("%%d %%s at once do not wait for one another: they take at most %d times as long as one, and %s.", queueTimes, queueSpare)
	return ofCarts([]Rule{
		{ID: "carts.put.no_queue", Promise: fmt.Sprintf(promise, crowd, "writes"), check: putsQueue},
		{ID: "carts.get.no_queue", Promise: fmt.Sprintf(promise, crowd, "reads"), check: getsQueue},
	})
}

// unqueued compares calls one after the other with as many as a crowd makes at once.
func (t *T) unqueued(what string, call func(i int)) {
	var one time.Duration
	for i := range aloneCalls {
		began := time.Now()
		call(i)
		one = max(one, time.Since(began))
	}
	began := time.Now()
	t.together(crowd, func(i int) { call(aloneCalls + i) })
	all := time.Since(began)
	figures := fmt.Sprintf("%s for one, %s for %d at once", one.Round(time.Millisecond), all.Round(time.Millisecond), crowd)
	t.Exchange(what, figures)
	most := queueTimes*one + queueSpare
	t.Expect(all <= most, fmt.Sprintf("at most %s for %d at once", most.Round(time.Millisecond), crowd), figures)
}

func putsQueue(ctx context.Context, t *T) {
	t.unqueued("Carts.Put, alone and at once", func(i int) {
		req := t.some()
		req.Reference = t.Reference(fmt.Sprint("q", i))
		t.made(ctx, t.Call(fmt.Sprint("q", i)), req)
	})
}

func getsQueue(ctx context.Context, t *T) {
	made, ok := t.basket(ctx, "made")
	if !ok {
		return
	}
	t.unqueued("Carts.Get, alone and at once", func(int) {
		_, err := t.Get(ctx, t.Call(""), made.ID)
		t.unrefused(err, "the cart")
	})
}
