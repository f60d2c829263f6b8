// SPDX-License-Identifier: Apache-2.0

package backendtest_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/handoff"
	"github.com/cartage-dev/cartage/core/idempotency"
	"github.com/cartage-dev/cartage/core/money"
	"github.com/cartage-dev/cartage/core/order"
	"github.com/cartage-dev/cartage/ports/backend"
	"github.com/cartage-dev/cartage/ports/backend/backendtest"
)

type (
	putFunc  = func(ctx context.Context, call backend.Call, req backend.PutCart) (backend.PutAnswer, error)
	getFunc  = func(ctx context.Context, call backend.Call, id cart.ID) (cart.Cart, error)
	findFunc = func(ctx context.Context, call backend.Call, reference string) (order.Order, error)
)

// mutant is memory with one thing broken.
type mutant struct {
	put  putFunc
	get  getFunc
	find findFunc
}

func (m *mutant) Put(ctx context.Context, call backend.Call, req backend.PutCart) (backend.PutAnswer, error) {
	return m.put(ctx, call, req)
}

func (m *mutant) Get(ctx context.Context, call backend.Call, id cart.ID) (cart.Cart, error) {
	return m.get(ctx, call, id)
}

func (m *mutant) ByReference(ctx context.Context, call backend.Call, reference string) (order.Order, error) {
	return m.find(ctx, call, reference)
}

// answering breaks what Put answers, and so, kept under its key, what it answers again; what Get shows stays as it was made.
func answering(spoil func(req backend.PutCart, a *backend.PutAnswer)) func(*mutant) {
	return func(m *mutant) {
		put := m.put
		m.put = func(ctx context.Context, call backend.Call, req backend.PutCart) (backend.PutAnswer, error) {
			a, err := put(ctx, call, req)
			if err == nil {
				a.Cart.Lines, a.Problems = slices.Clone(a.Cart.Lines), slices.Clone(a.Problems)
				spoil(req, &a)
			}
			return a, err
		}
	}
}

// making breaks carts wherever they are shown.
func making(spoil func(c *cart.Cart)) func(*mutant) {
	return func(m *mutant) {
		answering(func(_ backend.PutCart, a *backend.PutAnswer) { spoil(&a.Cart) })(m)
		get := m.get
		m.get = func(ctx context.Context, call backend.Call, id cart.ID) (cart.Cart, error) {
			c, err := get(ctx, call, id)
			if err == nil {
				c.Lines = slices.Clone(c.Lines)
				spoil(&c)
			}
			return c, err
		}
	}
}

// asking breaks what Put is asked before it is done.
func asking(spoil func(call *backend.Call, req *backend.PutCart)) func(*mutant) {
	return func(m *mutant) {
		put := m.put
		m.put = func(ctx context.Context, call backend.Call, req backend.PutCart) (backend.PutAnswer, error) {
			req.Items = slices.Clone(req.Items)
			spoil(&call, &req)
			return put(ctx, call, req)
		}
	}
}

// refusing breaks the faults.
func refusing(spoil func(f *fault.Error) error) func(*mutant) {
	return func(m *mutant) {
		put, get, find := m.put, m.get, m.find
		broken := func(err error) error {
			if err == nil {
				return nil
			}
			f := *fault.From(err)
			return spoil(&f)
		}
		m.put = func(ctx context.Context, call backend.Call, req backend.PutCart) (backend.PutAnswer, error) {
			a, err := put(ctx, call, req)
			return a, broken(err)
		}
		m.get = func(ctx context.Context, call backend.Call, id cart.ID) (cart.Cart, error) {
			c, err := get(ctx, call, id)
			return c, broken(err)
		}
		m.find = func(ctx context.Context, call backend.Call, reference string) (order.Order, error) {
			o, err := find(ctx, call, reference)
			return o, broken(err)
		}
	}
}

// finding breaks orders that were found.
func finding(spoil func(o *order.Order)) func(*mutant) {
	return func(m *mutant) {
		find := m.find
		m.find = func(ctx context.Context, call backend.Call, reference string) (order.Order, error) {
			o, err := find(ctx, call, reference)
			if err == nil {
				o.Cart.Lines = slices.Clone(o.Cart.Lines)
				spoil(&o)
			}
			return o, err
		}
	}
}

func lineOf(c *cart.Cart, sku string) *cart.Line {
	for i := range c.Lines {
		if c.Lines[i].SKU == sku {
			return &c.Lines[i]
		}
	}
	return &cart.Line{}
}

// sleepy goes on for a while whatever its context says of that end.
func sleepy(heeded error) func(*mutant) {
	return func(m *mutant) {
		put := m.put
		m.put = func(ctx context.Context, call backend.Call, req backend.PutCart) (backend.PutAnswer, error) {
			if _, bounded := ctx.Deadline(); bounded && strings.HasPrefix(req.Reference, "kit-") {
				end := time.After(50 * time.Millisecond)
				for waiting := true; waiting; {
					select {
					case <-end:
						waiting = false
					case <-ctx.Done():
						if errors.Is(ctx.Err(), heeded) {
							return put(ctx, call, req)
						}
						time.Sleep(1500 * time.Millisecond)
						waiting = false
					}
				}
			}
			return put(context.WithoutCancel(ctx), call, req)
		}
	}
}

// mixing keeps the request at hand where the next one finds it.
func mixing(m *mutant) {
	put := m.put
	var mu sync.Mutex
	var latest backend.PutCart
	m.put = func(ctx context.Context, call backend.Call, req backend.PutCart) (backend.PutAnswer, error) {
		mu.Lock()
		latest = req
		mu.Unlock()
		time.Sleep(5 * time.Millisecond)
		if ctx.Err() == nil {
			mu.Lock()
			req.Items = latest.Items
			mu.Unlock()
		}
		return put(ctx, call, req)
	}
}

func forgetful(m *mutant) {
	put := m.put
	var n int
	var mu sync.Mutex
	m.put = func(ctx context.Context, call backend.Call, req backend.PutCart) (backend.PutAnswer, error) {
		mu.Lock()
		n++
		call.Key += idempotency.Key(fmt.Sprint("-", n))
		mu.Unlock()
		return put(ctx, call, req)
	}
}

func racing(m *mutant) {
	put := m.put
	var mu sync.Mutex
	busy := map[idempotency.Key]int{}
	m.put = func(ctx context.Context, call backend.Call, req backend.PutCart) (backend.PutAnswer, error) {
		mu.Lock()
		busy[call.Key]++
		n := busy[call.Key]
		mu.Unlock()
		time.Sleep(2 * time.Millisecond)
		if n > 1 {
			call.Key += idempotency.Key(fmt.Sprint("-", n))
		}
		defer func() { mu.Lock(); busy[call.Key] = 0; mu.Unlock() }()
		return put(ctx, call, req)
	}
}

func panicky(m *mutant) {
	put := m.put
	m.put = func(ctx context.Context, call backend.Call, req backend.PutCart) (backend.PutAnswer, error) {
		for _, i := range req.Items {
			_ = make([]byte, 1)[i.Quantity>>40] // out of range for the very many
		}
		return put(ctx, call, req)
	}
}

var mutants = []struct {
	name  string
	spoil func(m *mutant)
	want  []string // exactly the rules that must fail
}{
	{"total off by one", making(func(c *cart.Cart) { c.Totals.Total.Minor++ }), []string{"carts.put.totals_add_up", "carts.put.many_units"}},
	{"subtotal rounded to whole pounds", making(func(c *cart.Cart) { c.Totals.Subtotal.Minor = (c.Totals.Subtotal.Minor + 50) / 100 * 100 }), []string{"carts.put.totals_add_up"}},
	{"prices by float", making(func(c *cart.Cart) {
		if l := lineOf(c, "jug-ü"); l.Quantity > 1 {
			l.Total.Minor = int64(float32(l.UnitPrice.Minor)/100*float32(l.Quantity)) * 100
		}
	}), []string{"carts.put.line_totals", "carts.put.totals_add_up"}},
	{"prices in pounds", making(func(c *cart.Cart) {
		for i := range c.Lines {
			c.Lines[i].UnitPrice.Minor, c.Lines[i].Total.Minor = c.Lines[i].UnitPrice.Minor/100, c.Lines[i].UnitPrice.Minor/100*c.Lines[i].Quantity
			c.Totals.Subtotal = money.Zero("GBP")
		}
		for _, l := range c.Lines {
			c.Totals.Subtotal.Minor += l.Total.Minor
		}
		c.Totals.Total.Minor = c.Totals.Subtotal.Minor + 295
	}), []string{"carts.put.known_prices"}},
	{"a discount that is a negative price", making(func(c *cart.Cart) {
		c.Totals.Discount.Minor, c.Totals.Total.Minor = -100, c.Totals.Total.Minor+200
	}), []string{"carts.put.never_negative", "carts.put.impossible", "carts.put.many_units"}},
	{"another currency", making(func(c *cart.Cart) { c.Currency = "USD" }), []string{"carts.put.one_currency"}},
	{"shipping in another currency", making(func(c *cart.Cart) { a := money.Of(395, "EUR"); c.Totals.Shipping = &a }), []string{"carts.put.one_currency"}},
	{"any currency is as good as pounds", asking(func(call *backend.Call, _ *backend.PutCart) { call.Currency = "GBP" }), []string{"carts.put.refused_currency"}},
	{"no id", answering(func(_ backend.PutCart, a *backend.PutAnswer) { a.Cart.ID = "" }), []string{
		"carts.put.makes_a_cart", "carts.put.strict_makes", "carts.put.supersedes", "carts.put.any_shopper", "carts.put.unknown_sku", "carts.put.all_unknown", "carts.put.sold_out",
		"carts.put.not_for_sale", "carts.put.other_key_other_cart", "carts.get.the_same_cart", "carts.get.deadline",
	}},
	{"a line dropped silently", making(func(c *cart.Cart) {
		c.Lines = slices.DeleteFunc(c.Lines, func(l cart.Line) bool { return l.SKU == "bowl" })
		c.Totals.Subtotal = money.Zero("GBP")
		for _, l := range c.Lines {
			c.Totals.Subtotal.Minor += l.Total.Minor
		}
		c.Totals.Total.Minor = c.Totals.Subtotal.Minor + 295
	}), []string{"carts.put.lines_as_asked", "carts.put.supersedes", "carts.put.supersedes_nothing", "carts.put.carts_at_once", "carts.put.big_cart", "carts.put.sku_as_asked"}},
	{"no more than a hundred lines", asking(func(_ *backend.Call, req *backend.PutCart) { req.Items = req.Items[:min(len(req.Items), 100)] }), []string{"carts.put.big_cart"}},
	{"a present nobody asked for", asking(func(_ *backend.Call, req *backend.PutCart) {
		if len(req.Items) > 2 {
			req.Items = append(req.Items, cart.Item{SKU: "last", Quantity: 1})
		}
	}), []string{"carts.put.big_cart", "carts.put.unicode", "carts.put.hostile_skus", "carts.put.long_sku"}},
	{"unknown SKUs are a bug", func(m *mutant) {
		put := m.put
		m.put = func(ctx context.Context, call backend.Call, req backend.PutCart) (backend.PutAnswer, error) {
			for _, i := range req.Items {
				if i.SKU == "cartage-no-such-sku" {
					return backend.PutAnswer{}, errors.New("sku not found")
				}
			}
			return put(ctx, call, req)
		}
	}, []string{"carts.put.unknown_sku", "carts.put.all_unknown", "carts.put.strict_refuses", "carts.put.pages_of_a_short_cart", "faults.classified", "faults.code", "faults.source"}},
	{"every shortage is sold out", answering(func(_ backend.PutCart, a *backend.PutAnswer) {
		for i := range a.Problems {
			a.Problems[i].Reason = cart.OutOfStock
		}
	}), []string{"carts.put.unknown_sku", "carts.put.not_for_sale", "carts.put.quantity_reduced", "carts.put.unicode", "carts.put.hostile_skus", "carts.put.long_sku"}},
	{"problems are kept quiet", answering(func(_ backend.PutCart, a *backend.PutAnswer) { a.Problems = nil }), []string{
		"carts.put.unknown_sku", "carts.put.all_unknown", "carts.put.strict_refuses", "carts.put.sold_out", "carts.put.not_for_sale", "carts.put.quantity_reduced",
		"carts.put.strict_refuses_too_many", "carts.put.big_cart", "carts.put.unicode", "carts.put.sku_as_asked", "carts.put.hostile_skus", "carts.put.long_sku",
	}},
	{"problems miscount", answering(func(_ backend.PutCart, a *backend.PutAnswer) {
		for i := range a.Problems {
			a.Problems[i].Got = a.Problems[i].Asked
		}
	}), []string{
		"carts.put.unknown_sku", "carts.put.all_unknown", "carts.put.sold_out", "carts.put.not_for_sale", "carts.put.quantity_reduced",
		"carts.put.big_cart", "carts.put.unicode", "carts.put.sku_as_asked", "carts.put.hostile_skus", "carts.put.long_sku",
	}},
	{"strictness is not known", asking(func(_ *backend.Call, req *backend.PutCart) { req.AllOrNothing = false }), []string{"carts.put.strict_refuses", "carts.put.strict_refuses_too_many"}},
	{"too strict", asking(func(_ *backend.Call, req *backend.PutCart) { req.AllOrNothing = true }), []string{
		"carts.put.unknown_sku", "carts.put.all_unknown", "carts.put.sold_out", "carts.put.not_for_sale", "carts.put.quantity_reduced", "carts.put.pages_of_a_short_cart",
		"carts.put.big_cart", "carts.put.unicode", "carts.put.sku_as_asked", "carts.put.hostile_skus", "carts.put.long_sku",
	}},
	{"all that was asked for, whatever the stock", func(m *mutant) {
		answering(func(req backend.PutCart, a *backend.PutAnswer) {
			if req.Items != nil && req.Items[0].SKU == "last" && req.Items[0].Quantity > 3 {
				lineOf(&a.Cart, "last").Quantity = req.Items[0].Quantity
			}
		})(m)
	}, []string{"carts.put.quantity_reduced"}},
	{"superseded carts stay", asking(func(_ *backend.Call, req *backend.PutCart) {
		if req.Supersedes != "cart-ordered" {
			req.Supersedes = ""
		}
	}), []string{"carts.put.supersedes"}},
	{"superseding nothing is a fault", func(m *mutant) {
		put := m.put
		m.put = func(ctx context.Context, call backend.Call, req backend.PutCart) (backend.PutAnswer, error) {
			if strings.HasPrefix(string(req.Supersedes), "cartage-no") {
				return backend.PutAnswer{}, fault.New(fault.NotFound, "unknown_cart", "no such cart").By(fault.Caller)
			}
			return put(ctx, call, req)
		}
	}, []string{"carts.put.supersedes_nothing"}},
	{"an ordered cart is replaced", asking(func(_ *backend.Call, req *backend.PutCart) { req.Supersedes = "" }), []string{"carts.put.supersedes", "carts.put.ordered_cart_stays"}},
	{"IPv6 is news", func(m *mutant) {
		put := m.put
		m.put = func(ctx context.Context, call backend.Call, req backend.PutCart) (backend.PutAnswer, error) {
			if call.ShopperIP.Is6() {
				return backend.PutAnswer{}, fault.New(fault.Invalid, "bad_address", "the address is not one").By(fault.Caller)
			}
			return put(ctx, call, req)
		}
	}, []string{"carts.put.any_shopper"}},
	{"two carts for one key", forgetful, []string{"carts.put.same_key_one_cart", "carts.put.same_key_at_once", "carts.put.repeated_after_unknown"}},
	{"two carts for one key at once", racing, []string{"carts.put.same_key_at_once"}},
	{"the key is the customer's name", asking(func(call *backend.Call, req *backend.PutCart) {
		if len(req.Items) == 2 && req.Items[0] == (cart.Item{SKU: "mug", Quantity: 2}) && call.Currency == "GBP" && req.Customer == "" && !req.WantPages && !req.AllOrNothing && req.Supersedes == "" {
			call.Key = "one for all"
		}
	}), []string{"carts.put.other_key_other_cart", "carts.put.carts_at_once"}},
	{"concurrent carts mix", mixing, []string{"carts.put.carts_at_once"}},
	{"carts change when looked at", func(m *mutant) {
		get, n := m.get, int64(0)
		var mu sync.Mutex
		m.get = func(ctx context.Context, call backend.Call, id cart.ID) (cart.Cart, error) {
			c, err := get(ctx, call, id)
			mu.Lock()
			n++
			c.Totals.Total.Minor += n
			mu.Unlock()
			return c, err
		}
	}, []string{"carts.get.the_same_cart"}},
	{"an unknown cart is empty", func(m *mutant) {
		get := m.get
		m.get = func(ctx context.Context, call backend.Call, id cart.ID) (cart.Cart, error) {
			c, err := get(ctx, call, id)
			if err != nil && ctx.Err() == nil {
				return cart.Cart{ID: id, Currency: "GBP"}, nil
			}
			return c, err
		}
	}, []string{"carts.get.unknown", "carts.get.strange_ids"}},
	{"accents are composed", asking(func(_ *backend.Call, req *backend.PutCart) {
		for i := range req.Items {
			req.Items[i].SKU = strings.ReplaceAll(req.Items[i].SKU, "o\u0308", "ö")
		}
	}), []string{"carts.put.unicode"}},
	{"SKUs in the shop's own spelling", asking(func(_ *backend.Call, req *backend.PutCart) {
		for i := range req.Items {
			if strings.EqualFold(req.Items[i].SKU, "mug") {
				req.Items[i].SKU = "mug"
			}
		}
	}), []string{"carts.put.sku_as_asked"}},
	{"SKUs are patterns", asking(func(_ *backend.Call, req *backend.PutCart) {
		for i := range req.Items {
			if req.Items[i].SKU == "*" {
				req.Items[i].SKU = "bowl"
			}
		}
	}), []string{"carts.put.hostile_skus"}},
	{"SKUs are cut", asking(func(_ *backend.Call, req *backend.PutCart) {
		for i, item := range req.Items {
			req.Items[i].SKU = item.SKU[:min(len(item.SKU), 200)]
		}
	}), []string{"carts.put.long_sku"}},
	{"panics over a large number", panicky, []string{"carts.put.impossible"}},
	{"a strange customer is a bug", refusing(func(f *fault.Error) error {
		if f.Kind == fault.Unauthenticated {
			f.Kind = fault.Internal
		}
		return f
	}), []string{"carts.put.strange_customer", "faults.classified"}},
	{"pages whoever asks", asking(func(_ *backend.Call, req *backend.PutCart) { req.WantPages = true }), []string{"carts.put.pages_unasked"}},
	{"pages at another host", answering(func(_ backend.PutCart, a *backend.PutAnswer) {
		if a.Pages != nil {
			a.Pages.Checkout.URL = "https://shop.example@evil.example/" + string(a.Cart.ID)
		}
	}), []string{"carts.put.pages_valid", "carts.put.pages_of_a_short_cart"}},
	{"pages with a header no backend may set", answering(func(_ backend.PutCart, a *backend.PutAnswer) {
		if a.Pages != nil {
			a.Pages.NeedLink, a.Pages.Checkout.Headers = false, []handoff.Header{{Name: "Authorization", Value: "Basic"}}
		}
	}), []string{"carts.put.pages_valid", "carts.put.pages_of_a_short_cart"}},
	{"one page for all", answering(func(_ backend.PutCart, a *backend.PutAnswer) {
		if a.Pages != nil {
			a.Pages.Checkout.URL = "https://shop.example/checkout"
		}
	}), []string{"carts.put.pages_lead_to_the_cart"}},
	{"no page for a short cart", answering(func(_ backend.PutCart, a *backend.PutAnswer) {
		if len(a.Problems) > 0 {
			a.Pages = nil
		}
	}), []string{"carts.put.pages_of_a_short_cart"}},
	{"deadlines are for others", sleepy(context.Canceled), []string{"carts.put.deadline", "carts.put.repeated_after_unknown"}},
	{"cancellation is for others", sleepy(context.DeadlineExceeded), []string{"carts.put.canceled"}},
	{"being late is a bug", refusing(func(f *fault.Error) error {
		if f.Code == "no_time" {
			f.Kind = fault.Internal
		}
		return f
	}), []string{"carts.put.deadline", "carts.put.canceled", "carts.put.repeated_after_unknown", "carts.get.deadline", "orders.by_reference.deadline", "faults.classified"}},
	{"faults without a code", refusing(func(f *fault.Error) error { f.Code = ""; return f }), []string{"carts.put.refused_currency", "carts.put.ordered_cart_stays", "faults.code"}},
	{"codes with spaces", refusing(func(f *fault.Error) error { f.Code = "Not OK"; return f }), []string{"carts.put.ordered_cart_stays", "faults.code"}},
	{"nobody's fault", refusing(func(f *fault.Error) error { f.Source = fault.Engine; return f }), []string{"faults.source"}},
	{"a secret in a fault", refusing(func(f *fault.Error) error { f.Message += " with " + secretCanary; return f }), []string{"faults.no_secret"}},
	{"a token in a field", refusing(func(f *fault.Error) error {
		return f.With(fault.Field{Path: "customer", Detail: "cartage-canary-customer-token-7f3a"})
	}), []string{"faults.no_secret"}},
	{"the shop's own error page in a fault", refusing(func(f *fault.Error) error { f.Message = "got <html><body>nginx"; return f }), []string{"faults.message"}},
	{"an address in a fault", refusing(func(f *fault.Error) error { f.Message = "GET https://10.1.2.3/rest/V1: refused"; return f }), []string{"faults.message"}},
	{"errors that are no faults", refusing(func(f *fault.Error) error { return errors.New(f.Message) }), []string{
		"carts.put.refused_currency", "carts.put.ordered_cart_stays", "carts.put.impossible", "carts.put.strange_customer", "carts.get.unknown", "carts.get.strange_ids",
		"carts.put.deadline", "carts.put.canceled", "carts.put.repeated_after_unknown", "carts.get.deadline", "orders.by_reference.unknown", "orders.by_reference.not_yet",
		"orders.by_reference.strange", "orders.by_reference.deadline", "faults.classified", "faults.code", "faults.source",
	}},
	{"carts are orders", func(m *mutant) {
		put, find := m.put, m.find
		var mu sync.Mutex
		put2 := map[string]cart.Cart{}
		m.put = func(ctx context.Context, call backend.Call, req backend.PutCart) (backend.PutAnswer, error) {
			a, err := put(ctx, call, req)
			mu.Lock()
			defer mu.Unlock()
			put2[req.Reference] = a.Cart
			return a, err
		}
		m.find = func(ctx context.Context, call backend.Call, reference string) (order.Order, error) {
			mu.Lock()
			defer mu.Unlock()
			if c, made := put2[reference]; made && reference != orderedReference {
				return order.Order{ID: "o", Cart: c, Reference: reference}, nil
			}
			return find(ctx, call, reference)
		}
	}, []string{"orders.by_reference.not_yet"}},
	{"an order under another reference", finding(func(o *order.Order) { o.Reference = "000000123" }), []string{"orders.by_reference.finds"}},
	{"an order without a number", finding(func(o *order.Order) { o.Number = "" }), []string{"orders.by_reference.finds"}},
	{"an order in the future", finding(func(o *order.Order) { o.PlacedAt = time.Now().Add(time.Hour) }), []string{"orders.by_reference.finds"}},
	{"an order without what was bought", finding(func(o *order.Order) { o.Cart = cart.Cart{Currency: "GBP"} }), []string{"orders.by_reference.totals"}},
	{"an order whose lines do not add up", finding(func(o *order.Order) { o.Cart.Lines[0].Total.Minor -= 7 }), []string{"orders.by_reference.totals"}},
	{"any order for a wildcard", func(m *mutant) {
		find := m.find
		m.find = func(ctx context.Context, call backend.Call, reference string) (order.Order, error) {
			if reference == "%" {
				reference = orderedReference
			}
			return find(ctx, call, reference)
		}
	}, []string{"orders.by_reference.strange"}},
}

// TestMutants proves that the kit catches each broken backend, by exactly the
// rules that it should, and every rule catches one.
func TestMutants(t *testing.T) {
	t.Parallel()
	for _, tt := range mutants {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := newMemory()
			broken := &mutant{put: m.Put, get: m.Get, find: m.ByReference}
			tt.spoil(broken)
			b := m.backend()
			b.Carts, b.Orders = broken, broken
			var caught []string
			for _, r := range judge(t, b, sample()).Results {
				if r.Outcome == backendtest.Failed {
					caught = append(caught, r.Rule)
				}
			}
			slices.Sort(caught)
			want := slices.Sorted(slices.Values(tt.want))
			if diff := cmp.Diff(want, caught); diff != "" {
				t.Errorf("caught by other rules than it should (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEveryRuleCatchesAMutant(t *testing.T) {
	t.Parallel()
	for _, r := range backendtest.Rules() {
		if !slices.ContainsFunc(mutants, func(m struct {
			name  string
			spoil func(m *mutant)
			want  []string
		}) bool {
			return slices.Contains(m.want, r.ID)
		}) {
			t.Errorf("no mutant is caught by %s", r.ID)
		}
	}
}
