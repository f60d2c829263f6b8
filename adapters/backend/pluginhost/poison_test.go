// SPDX-License-Identifier: Apache-2.0

package pluginhost_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cartage-dev/cartage/adapters/backend/pluginhost"
	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/idempotency"
	"github.com/cartage-dev/cartage/ports/backend"
)

// buy is one attempt: another reference and another key each time.
func buy(ctx context.Context, p *pluginhost.Plugin, customer string, skus ...string) error {
	attempt := fmt.Sprint(rand.Uint64())
	req := backend.PutCart{Reference: "ref-" + attempt, Customer: customer}
	for _, sku := range skus {
		req.Items = append(req.Items, cart.Item{SKU: sku, Quantity: 1})
	}
	call := gbp
	call.Key = idempotency.Key(attempt)
	_, err := p.Backend().Carts.Put(ctx, call, req)
	return err
}

// buyPatiently repeats what a crash has cut off, as the guard does.
func buyPatiently(ctx context.Context, p *pluginhost.Plugin, customer string, skus ...string) (err error) {
	for ctx.Err() == nil {
		if err = buy(ctx, p, customer, skus...); !errors.Is(err, backend.ErrInterrupted) {
			return err
		}
	}
	return err
}

// TestPoisonRequest sends a request that ends the plugin, among many that do not.
// It is refused after a few ends; the others are all answered, even one that asks for the
// same and more.
func TestPoisonRequest(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	pluginhost.QuarantineAfter(h.Host, 100, time.Hour)
	p := launch(t, h, "")
	ctx := soon(t, 30*time.Second)
	innocent, stop := context.WithCancel(ctx)
	var innocents sync.WaitGroup
	var answered atomic.Int64
	for i := range 12 {
		innocents.Go(func() {
			for n := 0; innocent.Err() == nil; n++ {
				// Some are asked for by many, some by one; some once, some again and again.
				skus := [][]string{{"slow"}, {"slow", fmt.Sprint("sku-", i)}, {"slow", fmt.Sprint("sku-", i, "-", n)}, {"shirt"}}[n%4]
				if err := buyPatiently(ctx, p, "", skus...); err != nil {
					t.Errorf("an innocent: %v", err)
					return
				}
				answered.Add(1)
			}
		})
	}
	eventually(t, "innocents answered", func() bool { return answered.Load() > 50 })
	refused := errors.New("none")
	for i := range 20 {
		if refused = buy(ctx, p, fmt.Sprint("customer-", i%2), "poison"); fault.From(refused).Code == "poison_request" {
			break
		}
	}
	if f := fault.From(refused); f.Kind != fault.Internal || f.Source != fault.Plugin || f.Code != "poison_request" {
		t.Fatalf("got %v", refused)
	}
	restarts := p.Status().Restarts
	if restarts > 8 {
		t.Errorf("it took %d ends of the process", restarts)
	}
	t.Logf("refused after %d ends of the process", restarts)
	for i := range 10 {
		began := time.Now()
		err := buy(ctx, p, fmt.Sprint("customer-", i%2), "poison")
		if fault.From(err).Code != "poison_request" || time.Since(began) > slack {
			t.Errorf("got %v after %s", err, time.Since(began))
		}
	}
	before := answered.Load()
	eventually(t, "innocents answered still", func() bool { return answered.Load() > before+50 })
	stop()
	innocents.Wait()
	if got := p.Status(); got.Restarts != restarts || got.Refused == 0 || got.State != pluginhost.Ready {
		t.Errorf("got %+v", got)
	}
	if n, ok := h.figure(t, "cartage_plugin_poison_refused_total"); !ok || n < 10 {
		t.Errorf("the figure says %v", n)
	}
	if !strings.Contains(h.log.String(), "plugin ended each time it was sent a request") {
		t.Error("the log does not say so")
	}
	p.Reset()
	if got := p.Status().Refused; got != 0 {
		t.Errorf("after Reset %d are refused", got)
	}
}

// TestPoisonCustomer has one customer who ends the process, whatever is bought:
// what is bought is not to blame.
func TestPoisonCustomer(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	pluginhost.QuarantineAfter(h.Host, 100, time.Hour)
	p := launch(t, h, "")
	ctx := soon(t, 30*time.Second)
	for n := 1; ; n++ {
		err := buy(ctx, p, "poison", "shirt")
		if fault.From(err).Code == "poison_request" {
			break
		}
		if n > 5 {
			t.Fatalf("not refused after %d ends: %v", n, err)
		}
	}
	for _, customer := range []string{"", "somebody"} {
		if err := buyPatiently(ctx, p, customer, "shirt"); err != nil {
			t.Errorf("customer %q: %v", customer, err)
		}
	}
}
