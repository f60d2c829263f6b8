// SPDX-License-Identifier: Apache-2.0

package backendtest_test

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/checkout"
	"github.com/cartage-dev/cartage/core/idempotency"
	"github.com/cartage-dev/cartage/ports/backend"
)

// first is the first request under each key, whatever comes later.
type first[Request any] struct {
	mu   sync.Mutex
	seen map[idempotency.Key]Request
}

func (f *first[Request]) of(key idempotency.Key, req Request) Request {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.seen == nil {
		f.seen = map[idempotency.Key]Request{}
	}
	if before, found := f.seen[key]; found {
		return before
	}
	f.seen[key] = req
	return req
}

// queueing lets calls wait for one another once there are a few.
type queueing struct {
	mu     sync.Mutex
	inside atomic.Int64
}

func (q *queueing) wait() {
	n := q.inside.Add(1)
	defer q.inside.Add(-1)
	pause()
	q.mu.Lock()
	defer q.mu.Unlock()
	if n > 4 {
		time.Sleep(120 * time.Millisecond)
	}
}

var shopMutants = []breakage{
	{"every shop sees every cart", func(m *mutant) {
		get := m.get
		m.get = func(ctx context.Context, call backend.Call, id cart.ID) (cart.Cart, error) {
			call.Shop = "demo"
			return get(ctx, call, id)
		}
	}, []string{"carts.get.other_shop"}},
	{"every shop replaces every cart", asking(func(call *backend.Call, req *backend.PutCart) {
		if req.Supersedes != "" {
			call.Shop = "demo"
		}
	}), []string{"carts.put.supersedes_other_shop"}},
	{"all shops share their keys", asking(func(call *backend.Call, req *backend.PutCart) {
		if req.Supersedes == "" {
			call.Shop = "demo"
		}
	}), []string{"carts.put.keys_of_shops"}},
	{"every shop changes every cart", func(m *mutant) {
		change := m.change
		m.change = func(ctx context.Context, call backend.Call, id cart.ID, req backend.ChangeCart) (backend.ChangeAnswer, error) {
			call.Shop = "demo"
			return change(ctx, call, id, req)
		}
	}, []string{"carts.change.other_shop"}},
	{"every shop delivers every cart", func(m *mutant) {
		deliver := m.deliver
		m.deliver = func(ctx context.Context, call backend.Call, id cart.ID, req backend.Delivery) (checkout.Quote, error) {
			call.Shop = "demo"
			return deliver(ctx, call, id, req)
		}
	}, []string{"checkout.deliver.other_shop"}},
	{"every shop hands over every cart", func(m *mutant) {
		handOff := m.handOff
		m.handOff = func(ctx context.Context, call backend.Call, id cart.ID, req backend.HandOff) (backend.Pages, error) {
			call.Shop = "demo"
			return handOff(ctx, call, id, req)
		}
	}, []string{"checkout.hand_off.other_shop"}},
}

var reuseMutants = []breakage{
	{"a key is all that counts of a cart", func(m *mutant) {
		put, asked := m.put, &first[backend.PutCart]{}
		m.put = func(ctx context.Context, call backend.Call, req backend.PutCart) (backend.PutAnswer, error) {
			return put(ctx, call, asked.of(call.Key, req))
		}
	}, []string{"carts.put.key_reused"}},
	{"a key is all that counts of a change", func(m *mutant) {
		change, asked := m.change, &first[backend.ChangeCart]{}
		m.change = func(ctx context.Context, call backend.Call, id cart.ID, req backend.ChangeCart) (backend.ChangeAnswer, error) {
			return change(ctx, call, id, asked.of(call.Key, req))
		}
	}, []string{"carts.change.key_reused"}},
	{"a key is all that counts of a delivery", func(m *mutant) {
		deliver, asked := m.deliver, &first[backend.Delivery]{}
		m.deliver = func(ctx context.Context, call backend.Call, id cart.ID, req backend.Delivery) (checkout.Quote, error) {
			return deliver(ctx, call, id, asked.of(call.Key, req))
		}
	}, []string{"checkout.deliver.key_reused"}},
}

var queueMutants = []breakage{
	{"writes wait for one another", func(m *mutant) {
		put, q := m.put, &queueing{}
		m.put = func(ctx context.Context, call backend.Call, req backend.PutCart) (backend.PutAnswer, error) {
			q.wait()
			return put(ctx, call, req)
		}
	}, []string{"carts.put.no_queue"}},
	{"reads wait for one another", func(m *mutant) {
		get, q := m.get, &queueing{}
		m.get = func(ctx context.Context, call backend.Call, id cart.ID) (cart.Cart, error) {
			q.wait()
			return get(ctx, call, id)
		}
	}, []string{"carts.get.no_queue"}},
}
