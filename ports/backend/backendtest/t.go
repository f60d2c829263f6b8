// SPDX-License-Identifier: Apache-2.0

package backendtest

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/checkout"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/idempotency"
	"github.com/cartage-dev/cartage/core/order"
	"github.com/cartage-dev/cartage/ports/backend"
)

// The bounds of what a result keeps.
const (
	exchangesMax = 8
	breachesMax  = 8
)

// T is one rule's run: it asks the backend, and writes down what was sent, what
// came, and what was expected instead. It may be used concurrently.
type T struct {
	Sample Sample

	bench   *Bench
	rule    Rule
	backend backend.Backend
	told    []toldFault // by rules that ran before

	mu        sync.Mutex
	exchanges []Exchange
	breaches  []Breach
	reason    string
	faults    []toldFault
	slowest   time.Duration
	names     map[string]string // what a report calls each cart
}

// Exchange writes down what was asked and what came of it.
func (t *T) Exchange(sent, came string) {
	e := Exchange{Sent: t.clean(sent), Came: t.clean(came)}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.exchanges = append(t.exchanges, e); len(t.exchanges) > exchangesMax {
		t.exchanges = slices.Delete(t.exchanges, exchangesMax/2, exchangesMax/2+1) // out of the middle
	}
}

// Breach says that the rule was not kept.
func (t *T) Breach(expected, came string) {
	b := Breach{Expected: t.clean(expected), Came: t.clean(came)}
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.breaches) < breachesMax && !slices.Contains(t.breaches, b) {
		t.breaches = append(t.breaches, b)
	}
}

// Expect is Breach unless ok, and returns ok.
func (t *T) Expect(ok bool, expected, came string) bool {
	if !ok {
		t.Breach(expected, came)
	}
	return ok
}

// Skip says why the rule cannot be judged; whoever calls it returns.
func (t *T) Skip(reason string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.reason = t.clean(reason)
}

func (t *T) result(took time.Duration) Result {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := Result{
		Part: t.rule.Part(), Rule: t.rule.ID, Promise: t.rule.Promise, Outcome: Passed,
		Exchanges: slices.Clone(t.exchanges), Breaches: slices.Clone(t.breaches), TookMS: took.Milliseconds(),
	}
	switch {
	case len(r.Breaches) > 0:
		r.Outcome = Failed
	case t.reason != "":
		r.Outcome, r.Reason = Skipped, t.reason
	}
	if t.slowest > HostCallMax {
		r.Note = fmt.Sprintf("a call took %s; a host allows %s by default, and %s at most", t.slowest.Round(100*time.Millisecond), HostCallMax, callMax)
	}
	return r
}

func (t *T) heard() []toldFault {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.faults)
}

// Call is the circumstances of a call; the key is the same for the same name
// within one rule of one run, and empty for an empty name.
func (t *T) Call(name string) backend.Call {
	c := backend.Call{Shop: t.Sample.Shop, Locale: t.Sample.Locale, Currency: t.Sample.Currency}
	if name != "" {
		c.Key = idempotency.Scope{Shop: string(t.Sample.Shop), Operation: t.rule.ID, Name: t.bench.nonce + name}.Key(1)
	}
	return c
}

// Reference is a channel's reference of this rule and run.
func (t *T) Reference(name string) string { return "kit-" + t.bench.nonce + "-" + name }

// want is a request for items, under a reference of the rule's own.
func (t *T) want(items ...cart.Item) backend.PutCart {
	return backend.PutCart{Items: items, Reference: t.Reference(strconv.Itoa(len(items)))}
}

// some is a request for two of the sample's first SKU and one of its second.
func (t *T) some() backend.PutCart {
	return t.want(cart.Item{SKU: t.Sample.SKUs[0], Quantity: 2}, cart.Item{SKU: t.Sample.SKUs[1], Quantity: 1})
}

// Put asks for a cart and writes it down. A panic is a breach, and Internal.
func (t *T) Put(ctx context.Context, call backend.Call, req backend.PutCart) (answer backend.PutAnswer, err error) {
	sent := describePut(call, req)
	err = t.ask(ctx, sent, func(ctx context.Context) (string, error) {
		answer, err = t.backend.Carts.Put(ctx, call, req)
		return t.describeAnswer(answer), err
	})
	return answer, err
}

// made is Put where nothing but a cart will do; ok is false after a fault.
func (t *T) made(ctx context.Context, call backend.Call, req backend.PutCart) (answer backend.PutAnswer, ok bool) {
	answer, err := t.Put(ctx, call, req)
	return answer, t.unrefused(err, "a cart")
}

func (t *T) unrefused(err error, want string) bool {
	return t.Expect(err == nil, want+", and no fault", "a fault: "+DescribeFault(err))
}

// Get asks for a cart and writes it down.
func (t *T) Get(ctx context.Context, call backend.Call, id cart.ID) (found cart.Cart, err error) {
	err = t.ask(ctx, "Carts.Get "+t.nameOf(id), func(ctx context.Context) (string, error) {
		found, err = t.backend.Carts.Get(ctx, call, id)
		return t.describeCart(found), err
	})
	return found, err
}

// Change asks for a cart to be changed and writes it down.
func (t *T) Change(ctx context.Context, call backend.Call, id cart.ID, req backend.ChangeCart) (answer backend.ChangeAnswer, err error) {
	err = t.ask(ctx, t.describeChange(call, id, req), func(ctx context.Context) (string, error) {
		answer, err = t.backend.Carts.Change(ctx, call, id, req)
		return t.describeChanged(answer), err
	})
	return answer, err
}

// Deliver says who buys a cart and how it comes, and writes that down without the buyer.
func (t *T) Deliver(ctx context.Context, call backend.Call, id cart.ID, req backend.Delivery) (quote checkout.Quote, err error) {
	err = t.ask(ctx, t.describeDelivery(call, id, req), func(ctx context.Context) (string, error) {
		quote, err = t.backend.Checkout.Deliver(ctx, call, id, req)
		return t.describeQuote(quote), err
	})
	return quote, err
}

// HandOff asks where a cart is paid for and writes it down.
func (t *T) HandOff(ctx context.Context, call backend.Call, id cart.ID, req backend.HandOff) (pages backend.Pages, err error) {
	err = t.ask(ctx, t.describeHandOff(call, id, req), func(ctx context.Context) (string, error) {
		pages, err = t.backend.Checkout.HandOff(ctx, call, id, req)
		return "pages: " + describePages(&pages), err
	})
	return pages, err
}

// ByReference asks for an order and writes it down.
func (t *T) ByReference(ctx context.Context, call backend.Call, reference string) (found order.Order, err error) {
	err = t.ask(ctx, "Orders.ByReference "+quote(reference), func(ctx context.Context) (string, error) {
		found, err = t.backend.Orders.ByReference(ctx, call, reference)
		return t.describeOrder(found), err
	})
	return found, err
}

// ask bounds a call, recovers it, and writes down how it went.
func (t *T) ask(ctx context.Context, sent string, call func(ctx context.Context) (string, error)) (err error) {
	ctx, cancel := context.WithTimeout(ctx, t.bench.options.CallMax)
	defer cancel()
	began := time.Now()
	came := "a panic"
	defer func() {
		if p := recover(); p != nil {
			t.Breach("an answer or a fault", fmt.Sprintf("a panic: %v", p))
			err = fault.New(fault.Internal, "panic", "the backend panicked").By(fault.Plugin)
		} else if err != nil {
			came = DescribeFault(err)
			t.hear(err)
		}
		t.Exchange(sent, came)
		t.took(time.Since(began))
	}()
	came, err = call(ctx)
	return err
}

func (t *T) took(d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.slowest = max(t.slowest, d)
}

func (t *T) hear(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.faults = append(t.faults, toldFault{t.rule.ID, fault.From(err)})
}

// together makes n calls as near to the same moment as can be, and waits for them.
func (t *T) together(n int, call func(i int)) {
	var all sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		all.Go(func() {
			defer t.recovered()
			<-start
			call(i)
		})
	}
	close(start)
	all.Wait()
}
