// SPDX-License-Identifier: Apache-2.0

package usecase

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/handoff"
	"github.com/cartage-dev/cartage/core/shop"
	"github.com/cartage-dev/cartage/ports/backend"
	"github.com/cartage-dev/cartage/ports/inbound"
)

// mustTransfer is a transfer that has to succeed.
func (b *bench) mustTransfer(t *testing.T, req inbound.TransferCart) inbound.Transferred {
	t.Helper()
	got, err := b.Transfer.Transfer(t.Context(), req)
	if err != nil {
		t.Fatalf("transfer: %v", err)
	}
	return got
}

// wantFault asserts kind and code of err.
func wantFault(t *testing.T, err error, kind fault.Kind, code string) *fault.Error {
	t.Helper()
	if err == nil {
		t.Fatalf("got no fault, want %s %s", kind, code)
	}
	f := fault.From(err)
	if f.Kind != kind || f.Code != code {
		t.Errorf("got %s %s (%v), want %s %s", f.Kind, f.Code, err, kind, code)
	}
	return f
}

func TestEverythingWrongIsSaidAtOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t, shop.Lenient)
	req := bag("not a reference", "", "ok")
	req.Currency = "JPY"
	req.Items[1].Quantity = 0
	_, err := b.Transfer.Transfer(t.Context(), req)
	f := wantFault(t, err, fault.Invalid, "invalid_items")
	var paths []string
	for _, field := range f.Fields {
		paths = append(paths, field.Path)
	}
	if diff := cmp.Diff([]string{"items[0].sku", "items[1].quantity", "currency", "reference"}, paths); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
	if len(b.backend.puts) != 0 {
		t.Error("the backend was asked all the same")
	}
}

func TestOrderOfItemsIsTheSameBag(t *testing.T) {
	t.Parallel()
	b := newBench(t, shop.Lenient)
	first := b.mustTransfer(t, bag("r", "a", "b"))
	second := b.mustTransfer(t, bag("r", "b", "a"))
	if !second.Replayed || first.Open.URL != second.Open.URL || len(b.backend.puts) != 1 {
		t.Errorf("got a replay: %t, %d calls", second.Replayed, len(b.backend.puts))
	}
}

func TestOtherBagSupersedes(t *testing.T) {
	t.Parallel()
	b := newBench(t, shop.Lenient)
	b.mustTransfer(t, bag("r", "a"))
	b.mustTransfer(t, bag("r", "b"))
	if got := b.backend.puts[1].Supersedes; got != "cart-of-r" {
		t.Errorf("second put supersedes %q, want the first cart", got)
	}
	if b.backend.keys[0] == b.backend.keys[1] {
		t.Error("two effects went out under one key")
	}
}

// TestShopMovesOn: after a swap carts and orders stay where they were made for as
// long as that backend runs, new carts go to the new one, and no id is handed to a stranger.
func TestShopMovesOn(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name               string
		oldRuns            bool
		oldCarts, newCarts int    // puts at each after the swap
		supersedes         string // the id handed on with the replaced contents
		order              string // the backend asked for the order; empty when nobody can know
	}{
		{"the old backend runs on", true, 1, 1, "cart-of-r", "old"},
		{"the old backend is gone", false, 0, 2, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, shop.Lenient)
			b.mustTransfer(t, bag("r", "a"))
			asked := ""
			old := backend.Backend{Carts: b.backend, Orders: orders{"old", &asked}}
			moved := &carts{put: func(call backend.Call, req backend.PutCart) (backend.PutAnswer, error) { return all(call, req), nil }}
			table := Table{Backends: map[Owner]backend.Backend{"two": {Carts: moved}}}
			if tt.oldRuns {
				table.Backends["one"] = old
			}
			entry := b.entry(t)
			entry.Backend, entry.CartsFrom, entry.OrdersFrom = backend.Backend{Carts: moved, Orders: orders{"new", &asked}}, "two", "two"
			table.Shops = map[shop.ID]Entry{"s": entry}
			b.shops.Replace(table)

			if again := b.mustTransfer(t, bag("r", "a")); !again.Replayed {
				t.Error("an answer given before was not given again")
			}
			_, err := b.orders.ByReference(t.Context(), "s", "r")
			if asked != tt.order {
				t.Errorf("ByReference() asked %q, want %q: %v", asked, tt.order, err)
			}
			if tt.order == "" {
				wantFault(t, err, fault.Unavailable, "backend_gone")
			}
			if _, err := b.orders.ByReference(t.Context(), "s", "never-seen"); err != nil || asked != "new" {
				t.Errorf("an order that nobody remembers was asked of %q: %v", asked, err)
			}
			b.mustTransfer(t, bag("r", "b"))
			b.mustTransfer(t, bag("fresh", "a"))
			if got := [2]int{len(b.backend.puts) - 1, len(moved.puts)}; got != [2]int{tt.oldCarts, tt.newCarts} {
				t.Fatalf("carts at old and new backend: %v, want %d and %d", got, tt.oldCarts, tt.newCarts)
			}
			replaced := moved.puts[0]
			if tt.oldRuns {
				replaced = b.backend.puts[1]
			}
			if string(replaced.Supersedes) != tt.supersedes {
				t.Errorf("superseded %q, want %q", replaced.Supersedes, tt.supersedes)
			}
		})
	}
}

func TestPerhapsDoneIsAskedUnderTheSameKey(t *testing.T) {
	t.Parallel()
	b := newBench(t, shop.Lenient)
	answer := b.backend.put
	b.backend.put = func(backend.Call, backend.PutCart) (backend.PutAnswer, error) {
		return backend.PutAnswer{}, fault.New(fault.Unknown, "", "no answer")
	}
	_, err := b.Transfer.Transfer(t.Context(), bag("r", "a"))
	wantFault(t, err, fault.Unknown, "")
	b.backend.put = answer
	b.mustTransfer(t, bag("r", "a"))
	if b.backend.keys[0] != b.backend.keys[1] {
		t.Error("the second attempt went out under another key")
	}
	b.mustTransfer(t, bag("r", "b"))
	if b.backend.keys[1] == b.backend.keys[2] {
		t.Error("another bag went out under the same key")
	}
}

func TestShortages(t *testing.T) {
	t.Parallel()
	soldOut := []cart.Problem{{SKU: "b", Reason: cart.OutOfStock, Asked: 1}}
	for _, tt := range []struct {
		name     string
		shortage shop.Shortage
		made     bool // the backend makes a cart of what there is
		wantURL  string
		wantCode string
	}{
		{"lenient opens the cart page", shop.Lenient, true, "https://shop.example/cart/1", ""},
		{"strict without a cart", shop.Strict, false, "", "invalid_items"},
		{"strict, and the backend made a cart all the same", shop.Strict, true, "", "invalid_items"},
		{"lenient without a cart is no answer", shop.Lenient, false, "", "bad_backend_answer"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, tt.shortage)
			b.backend.put = func(call backend.Call, req backend.PutCart) (backend.PutAnswer, error) {
				if req.AllOrNothing != (tt.shortage == shop.Strict) {
					t.Errorf("the backend was asked for all or nothing: %t", req.AllOrNothing)
				}
				if !tt.made {
					return backend.PutAnswer{Problems: soldOut}, nil
				}
				req.Items = req.Items[:1]
				answer := all(call, req)
				answer.Problems = soldOut
				answer.Pages.Cart = &handoff.Request{URL: "https://shop.example/cart/1", Method: handoff.GET}
				return answer, nil
			}
			got, err := b.Transfer.Transfer(t.Context(), bag("r", "a", "b"))
			if tt.wantCode != "" {
				f := fault.From(err)
				if f == nil || f.Code != tt.wantCode {
					t.Fatalf("got %v, want %s", err, tt.wantCode)
				}
				if tt.wantCode == "invalid_items" && (len(f.Fields) != 1 || f.Fields[0].Path != "items[1].sku" || f.Fields[0].Reason != "out_of_stock") {
					t.Errorf("got fields %v", f.Fields)
				}
				return
			}
			if err != nil || got.Open.URL != tt.wantURL {
				t.Errorf("got %q, %v; want %q", got.Open.URL, err, tt.wantURL)
			}
			if diff := cmp.Diff(soldOut, got.Problems); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAnswersThatMustNotLeave(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, code string
		spoil      func(*backend.PutAnswer)
	}{
		{"a page elsewhere", "checkout_url_rejected", func(a *backend.PutAnswer) { a.Pages = page("https://evil.example/") }},
		{"no page", "bad_backend_answer", func(a *backend.PutAnswer) { a.Pages = nil }},
		{"no cart", "bad_backend_answer", func(a *backend.PutAnswer) { a.Cart.ID = "" }},
		{"more than was asked for", "bad_backend_answer", func(a *backend.PutAnswer) { a.Cart.Lines[0].Quantity = 7 }},
		{"another currency", "bad_backend_answer", func(a *backend.PutAnswer) {
			a.Cart = cart.Cart{ID: "x", Currency: "EUR", Totals: cart.Totals{}}
		}},
		{"a link with cookies", "bad_backend_answer", func(a *backend.PutAnswer) {
			a.Pages.NeedLink = true
			a.Pages.Checkout.Cookies = []handoff.Cookie{{Name: "a", Value: "b", Domain: "shop.example"}}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, shop.Lenient)
			entry := b.entry(t)
			entry.Shop.Handoff.CookieDomains = []string{"shop.example"}
			b.shops.Replace(Table{Shops: map[shop.ID]Entry{"s": entry}})
			b.backend.put = func(call backend.Call, req backend.PutCart) (backend.PutAnswer, error) {
				a := all(call, req)
				tt.spoil(&a)
				return a, nil
			}
			_, err := b.Transfer.Transfer(t.Context(), bag("r", "a"))
			wantFault(t, err, fault.Internal, tt.code)
			if len(b.memory.links) != 0 && tt.code != "bad_backend_answer" {
				t.Error("a link was made to a page that was refused")
			}
			b.backend.put = func(call backend.Call, req backend.PutCart) (backend.PutAnswer, error) { return all(call, req), nil }
			b.mustTransfer(t, bag("r", "a")) // the claim was given back
		})
	}
}

func TestLinkOpensOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t, shop.Lenient)
	b.backend.put = func(call backend.Call, req backend.PutCart) (backend.PutAnswer, error) {
		a := all(call, req)
		a.Pages.NeedLink = true
		return a, nil
	}
	got := b.mustTransfer(t, bag("r", "a"))
	text, ok := strings.CutPrefix(got.Open.URL, "https://host.example"+LinkPath)
	token, parsed := handoff.ParseToken(text)
	if !ok || !parsed {
		t.Fatalf("got %q", got.Open.URL)
	}
	for _, h := range b.memory.links {
		if strings.Contains(string(h.Target), "shop.example") || strings.Contains(string(h.Hash[:]), string(token[:])) {
			t.Error("the store can read the link or its target")
		}
	}
	for _, r := range b.memory.records {
		if strings.Contains(string(r.Answer), text) {
			t.Error("the remembered answer shows the link")
		}
	}
	target, err := b.links.Open(t.Context(), token)
	if err != nil || target.URL != "https://shop.example/checkout/1" {
		t.Errorf("got %q, %v", target.URL, err)
	}
	_, err = b.links.Open(t.Context(), token)
	wantFault(t, err, fault.Conflict, "handoff_ended")
	if again := b.mustTransfer(t, bag("r", "a")); again.Replayed || again.Open.URL == got.Open.URL {
		t.Error("a used link was handed out again")
	}
}

func TestLinkIsHeldToThePolicyOfItsDay(t *testing.T) {
	t.Parallel()
	b := newBench(t, shop.Lenient)
	token, err := b.links.give(t.Context(), "s", "r", handoff.Request{URL: "https://gone.example/", Method: handoff.GET})
	if err != nil {
		t.Fatal(err)
	}
	_, err = b.links.Open(t.Context(), token)
	wantFault(t, err, fault.Internal, "checkout_url_rejected")
}

func TestSecondRequestWaitsForTheFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, shop.Lenient)
		b.backend.put = func(call backend.Call, req backend.PutCart) (backend.PutAnswer, error) {
			time.Sleep(time.Second)
			return all(call, req), nil
		}
		go func() { _, _ = b.Transfer.Transfer(context.Background(), bag("r", "a")) }()
		synctest.Wait()
		got := b.mustTransfer(t, bag("r", "a"))
		if !got.Replayed || len(b.backend.puts) != 1 {
			t.Errorf("got a replay: %t, %d calls", got.Replayed, len(b.backend.puts))
		}
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		go func() { _, _ = b.Transfer.Transfer(context.Background(), bag("slow", "a")) }()
		synctest.Wait()
		_, err := b.Transfer.Transfer(ctx, bag("slow", "a"))
		if f := wantFault(t, err, fault.Unavailable, "in_progress"); f.RetryAfter == 0 {
			t.Error("nobody said when to ask again")
		}
		time.Sleep(2 * time.Second)
	})
}

// TestLapsedLeaseIsTakenOver: its owner may still answer, and is not believed.
func TestLapsedLeaseIsTakenOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, shop.Lenient)
		slow := true
		b.backend.put = func(call backend.Call, req backend.PutCart) (backend.PutAnswer, error) {
			if slow {
				slow = false
				time.Sleep(leaseMax + 5*time.Second)
			}
			return all(call, req), nil
		}
		late := make(chan error, 1)
		go func() {
			_, err := b.Transfer.Transfer(context.Background(), bag("r", "a"))
			late <- err
		}()
		synctest.Wait()
		b.mustTransfer(t, bag("r", "b")) // waits until the lease has lapsed
		wantFault(t, <-late, fault.Unavailable, "taken_over")
	})
}

func TestAnswerSealedUnderAnotherKeyIsForgotten(t *testing.T) {
	t.Parallel()
	b := newBench(t, shop.Lenient)
	b.mustTransfer(t, bag("r", "a"))
	other, err := NewSealer([]byte(strings.Repeat("k", SealKeyBytes)))
	if err != nil {
		t.Fatal(err)
	}
	b.sealer = other
	if got := b.mustTransfer(t, bag("r", "a")); got.Replayed {
		t.Error("an answer that cannot be read was replayed")
	}
	if !strings.Contains(b.log.String(), "cannot be read") {
		t.Error("nothing was logged")
	}
}
