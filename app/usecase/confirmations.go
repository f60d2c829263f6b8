// SPDX-License-Identifier: Apache-2.0

package usecase

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/shop"
)

// The bounds of what tills have heard of and the ledger has not been told yet. What is
// dropped stays an unconfirmed hold, which asks for its order before it runs out.
const (
	heardMax       = 4096
	heardBatch     = 256
	heardEvery     = 50 * time.Millisecond // so that confirmations share a write
	confirmTimeout = 2 * time.Second
)

// heardOf is a hold that a till knows of.
type heardOf struct {
	shop shop.ID
	id   loyalty.ActionID
}

// confirmations tells the ledger, behind the tills' backs.
type confirmations struct {
	tell  func(ctx context.Context, of shop.ID, ids []loyalty.ActionID) error
	queue chan heardOf
	log   *slog.Logger
	ended sync.WaitGroup
	mu    sync.RWMutex
	over  bool
}

func confirmInBackground(tell func(context.Context, shop.ID, []loyalty.ActionID) error, log *slog.Logger) *confirmations {
	c := &confirmations{tell: tell, queue: make(chan heardOf, heardMax), log: log}
	c.ended.Go(c.run)
	return c
}

// add never waits.
func (c *confirmations) add(h heardOf) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.over {
		return
	}
	select {
	case c.queue <- h:
	default:
	}
}

func (c *confirmations) close() {
	c.mu.Lock()
	if !c.over {
		c.over = true
		close(c.queue)
	}
	c.mu.Unlock()
	c.ended.Wait()
}

func (c *confirmations) run() {
	for first := range c.queue {
		batch := map[shop.ID][]loyalty.ActionID{first.shop: {first.id}}
		timeout := time.After(heardEvery)
	gather:
		for n := 1; n < heardBatch; n++ {
			select {
			case h, open := <-c.queue:
				if !open {
					break gather
				}
				batch[h.shop] = append(batch[h.shop], h.id)
			case <-timeout:
				break gather
			}
		}
		for of, ids := range batch {
			ctx, cancel := context.WithTimeout(context.Background(), confirmTimeout)
			if err := c.tell(ctx, of, ids); err != nil {
				c.log.WarnContext(ctx, "holds not confirmed", "shop", of, "holds", len(ids), "cause", err)
			}
			cancel()
		}
	}
}
