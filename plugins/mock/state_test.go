// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cartage-dev/cartage/plugins/sdk"
)

// opened is one process's view of dir; empty is memory.
func opened(t *testing.T, dir string) *carts {
	t.Helper()
	kept, err := newState(within(t), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := kept.close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return &carts{kept: kept, currencies: soldIn(), publicURL: "http://shop.example"}
}

func (c *carts) mustPut(t *testing.T, key string, items ...sdk.Item) sdk.CartID {
	t.Helper()
	answer, err := c.Put(within(t), call(key), sdk.PutCart{Items: items, Reference: key})
	if err != nil {
		t.Fatal(err)
	}
	return answer.Cart.ID
}

// buy places the order of a cart as it is, at home.
func (c *carts) buy(t *testing.T, id sdk.CartID, name string) (attempt, error) {
	t.Helper()
	kept, _, err := c.kept.cart(id)
	if err != nil {
		return attempt{}, err
	}
	to := address{Name: name, Country: "GB"}
	return c.kept.place(within(t), id, purchase{To: to, Option: standard, Shown: kept.mark()})
}

func TestProcessesShareAFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, second := opened(t, dir), opened(t, dir)
	item := sdk.Item{SKU: "item_1_sku", Quantity: 2}
	id := first.mustPut(t, "k1", item)
	if again := second.mustPut(t, "k1", item); again != id {
		t.Errorf("the second process made another cart: %s and %s", id, again)
	}
	var all sync.WaitGroup
	done := make([]attempt, 8)
	for i := range done {
		shop := []*carts{first, second}[i%2]
		all.Go(func() { done[i], _ = shop.buy(t, id, "Ada") })
	}
	all.Wait()
	for _, a := range done {
		if diff := cmp.Diff(done[0], a, cmp.AllowUnexported(attempt{})); diff != "" {
			t.Errorf("attempts to order one cart differ:\n%s", diff)
		}
	}
	if _, err := first.buy(t, id, "Eve"); err != nil {
		t.Error(err)
	}
	if o, _, err := second.kept.orderOf(id); err != nil || o.Address.Name != "Ada" {
		t.Errorf("a second attempt changed the order: it goes to %s, %v", o.Address.Name, err)
	}
	for _, shop := range []*carts{first, second} {
		o, err := orders{shop.kept}.ByReference(within(t), call(""), "k1")
		if err != nil || o.Reference != "k1" || o.Cart.Lines[0].Quantity != 2 {
			t.Errorf("got %+v, %v", o, err)
		}
	}
}

func TestScarceThingsAreSoldOnce(t *testing.T) {
	t.Parallel()
	for _, dir := range []string{"", t.TempDir()} {
		first := opened(t, dir)
		second := first
		if dir != "" {
			second = opened(t, dir)
		}
		const shoppers = 8
		ids := make([]sdk.CartID, shoppers)
		for i := range ids {
			ids[i] = first.mustPut(t, string(rune('a'+i)), sdk.Item{SKU: "last_three_sku", Quantity: 1})
		}
		var all sync.WaitGroup
		done := make([]attempt, shoppers)
		for i := range ids {
			shop := []*carts{first, second}[i%2]
			all.Go(func() {
				var err error
				if done[i], err = shop.buy(t, ids[i], "Ada"); err != nil {
					t.Errorf("place: %v", err)
				}
			})
		}
		all.Wait()
		sold := 0
		for _, a := range done {
			if a.how == placed {
				sold++
			}
		}
		if sold != 3 {
			t.Errorf("sold %d of the three", sold)
		}
		if got, err := second.Put(within(t), call("late"), sdk.PutCart{Items: []sdk.Item{{SKU: "last_three_sku", Quantity: 1}}}); err != nil || len(got.Problems) != 1 || got.Problems[0].Reason != sdk.OutOfStock {
			t.Errorf("got %+v, %v", got.Problems, err)
		}
	}
}

// TestOrderNotWritten is a process that dies between taking stock and writing the order.
func TestOrderNotWritten(t *testing.T) {
	t.Parallel()
	shop := opened(t, "")
	dead := shop.mustPut(t, "dead", sdk.Item{SKU: "last_three_sku", Quantity: 3})
	if err := shop.kept.take(dead, []keptLine{{SKU: "last_three_sku", Quantity: 3}}); err != nil {
		t.Fatal(err)
	}
	if err := shop.kept.save(kindReference, shop.kept.reference("demo", "dead"), shop.kept.token(dead)); err != nil {
		t.Fatal(err)
	}
	if _, err := (orders{shop.kept}).ByReference(within(t), call(""), "dead"); kindOf(err) != "not_found unknown_reference" {
		t.Errorf("an order that was not written is found: %s", kindOf(err))
	}
	alive := shop.mustPut(t, "alive", sdk.Item{SKU: "last_three_sku", Quantity: 3})
	if a, err := shop.buy(t, alive, "Ada"); err != nil || a.how != placed {
		t.Errorf("the stock of an order that was not written stays taken: %+v, %v", a, err)
	}
	if a, err := shop.buy(t, dead, "Ada"); err != nil || a.how != cartVoid {
		t.Errorf("the same stock was sold twice: %+v, %v", a, err)
	}
}

func TestRestartKeepsKeysAndIsPrivate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	item := sdk.Item{SKU: "item_1_sku", Quantity: 1}
	before := opened(t, dir).mustPut(t, "k1", item)
	if after := opened(t, dir).mustPut(t, "k1", item); after != before {
		t.Errorf("after a restart the key made %s, before %s", after, before)
	}
	if strange := opened(t, t.TempDir()).mustPut(t, "k1", item); strange == before {
		t.Error("another folder makes the same ids: they can be guessed")
	}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", d.Name(), info.Mode().Perm())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestCartsExpire(t *testing.T) {
	t.Parallel()
	shop := opened(t, "")
	id := shop.mustPut(t, "k1", sdk.Item{SKU: "item_1_sku", Quantity: 1})
	shop.kept.now = func() time.Time { return time.Now().Add(cartLife + time.Minute) }
	if _, err := shop.Get(within(t), call(""), id); kindOf(err) != "not_found unknown_cart" {
		t.Errorf("an expired cart is shown: %s", kindOf(err))
	}
	if a, err := shop.buy(t, id, "Ada"); err != nil || a.how != noCart {
		t.Errorf("an expired cart was ordered: %+v, %v", a, err)
	}
}

func TestSweep(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	kept, err := newFolder(dir, kindCart)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = kept.close() })
	inMemory := newMemory()
	now := time.Now()
	for i, name := range []string{"oldest", "old", "new", "newest"} {
		at := now.Add(time.Duration(i-4) * time.Hour)
		inMemory.now = func() time.Time { return at }
		for _, s := range []shelf{kept, inMemory} {
			if err := s.write(kindCart, name, []byte(`{}`)); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Chtimes(filepath.Join(dir, kindCart, name), at, at); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name   string
		before time.Time
		keep   int
		want   []string
	}{
		{"by age", now.Add(-210 * time.Minute), 9, []string{"old", "new", "newest"}},
		{"by number", now.Add(-9 * time.Hour), 2, []string{"new", "newest"}},
		{"all", now, 9, nil},
	}
	for _, tt := range tests { // one after another: each sweeps what the one before left
		for _, s := range []shelf{kept, inMemory} {
			if err := s.sweep(kindCart, tt.before, tt.keep); err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{"oldest", "old", "new", "newest"} {
				if _, err := s.read(kindCart, name); (err == nil) != slices.Contains(tt.want, name) {
					t.Errorf("%s in %T: %s: %v", tt.name, s, name, err)
				}
			}
		}
	}
}

func TestBusyStateIsNotDone(t *testing.T) {
	t.Parallel()
	for _, dir := range []string{"", t.TempDir()} {
		shop := opened(t, dir)
		other := shop
		if dir != "" {
			other = opened(t, dir) // holds the lock as another process would
		}
		inside, leave, left := make(chan struct{}), make(chan struct{}), make(chan struct{})
		go func() {
			defer close(left)
			_ = other.kept.shelf.exclusive(context.Background(), func() error {
				close(inside)
				<-leave
				return nil
			})
		}()
		<-inside
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		_, err := shop.Put(ctx, call("k1"), sdk.PutCart{Items: []sdk.Item{{SKU: "item_1_sku", Quantity: 1}}})
		cancel()
		close(leave)
		<-left
		if kindOf(err) != "unavailable state_busy" {
			t.Errorf("got %s", kindOf(err))
		}
	}
}

func TestUnwritableStateIsPerhapsDone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	shop := opened(t, dir)
	if err := os.RemoveAll(filepath.Join(dir, kindCart)); err != nil {
		t.Fatal(err)
	}
	_, err := shop.Put(within(t), call("k1"), sdk.PutCart{Items: []sdk.Item{{SKU: "item_1_sku", Quantity: 1}}})
	if kindOf(err) != "unknown state_not_written" {
		t.Errorf("got %s", kindOf(err))
	}
}
