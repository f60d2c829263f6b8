// SPDX-License-Identifier: Apache-2.0

package guard

import (
	"context"
	"sync"
	"time"

	"github.com/sony/gobreaker/v2"

	"github.com/cartage-dev/cartage/core/fault"
)

const (
	pauseMin = 10 * time.Millisecond
	pauseMax = 50 * time.Millisecond

	// A call earns one credit and a retry costs ten: retries are a tenth of calls.
	retryCost = 10
	// creditEvery earns a credit without any call, one retry a second, so that a
	// quiet backend has retries too.
	creditEvery = time.Second / retryCost
	// burstPerPlace lets retries come together: as many as calls may be in flight when
	// a plugin's process dies, for two deaths in a row.
	burstPerPlace = 2
)

// pause waits before a retry, and is false when there should be none: too little
// time would be left, or the breaker or the retry budget says no.
func (g *Guard) pause(ctx context.Context, f *fault.Error, took time.Duration) bool {
	wait := max(jitter(pauseMin, pauseMax), f.RetryAfter)
	deadline, _ := ctx.Deadline()
	if time.Until(deadline)-wait < max(took, leastTime) {
		return false // with less time than the first attempt took, the second would be cut off
	}
	if ctx.Err() != nil || g.breaker.State() != gobreaker.StateClosed || !g.retries.spend(time.Now()) {
		return false
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// allowance keeps retries from becoming a flood of their own.
type allowance struct {
	mu     sync.Mutex
	credit int
	most   int
	paid   time.Time // up to when time has been turned into credit
}

func newAllowance(now time.Time, burst int) *allowance {
	return &allowance{credit: burst * retryCost, most: burst * retryCost, paid: now}
}

// earn books a call.
func (a *allowance) earn(now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.settle(now)
	a.credit = min(a.credit+1, a.most)
}

// spend takes the price of a retry, and is false when there is not enough.
func (a *allowance) spend(now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.settle(now)
	if a.credit < retryCost {
		return false
	}
	a.credit -= retryCost
	return true
}

func (a *allowance) settle(now time.Time) {
	steps := now.Sub(a.paid) / creditEvery
	if steps <= 0 {
		return
	}
	a.paid = a.paid.Add(steps * creditEvery)
	a.credit = min(a.credit+int(min(steps, time.Duration(a.most))), a.most)
}
