// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/shop"
	"github.com/cartage-dev/cartage/ports/store"
)

func shopsApart(t *testing.T, s store.Store) {
	p := points{t, s.Ledger}
	a := held("A", 5, noon)
	p.write("alpha", p.earn("e1", "ann", 5), store.Change{Action: &a, Sale: &loyalty.Sale{Order: "o1", Placed: true, Customer: "ann"}})
	p.owns("beta", "ann", 0, 0)
	p.do("beta", func(b store.Book) error {
		_, found, err := b.Action("A")
		sale, saleErr := b.Sale("o1")
		if found || sale.Placed || err != nil || saleErr != nil {
			t.Errorf("another shop's: action %t, sale %t, %v, %v", found, sale.Placed, err, saleErr)
		}
		return nil
	})
	if records := p.journal("beta", "ann"); records != nil {
		t.Errorf("another shop's journal: %v", records)
	}
	p.write("beta", p.earn("e1", "ann", 1))
	if shops, err := s.Ledger.Shops(t.Context()); err != nil || !cmp.Equal(shops, map[shop.ID]int64{"alpha": 1, "beta": 1}) {
		t.Errorf("Shops = %v, %v", shops, err)
	}
}

func history(t *testing.T, s store.Store) {
	p := points{t, s.Ledger}
	for i := range 6 {
		p.write("alpha", p.earn(fmt.Sprint("e", i), []loyalty.CustomerID{"ann", "bob"}[i%2], 1))
	}
	gift := loyalty.Entry{Key: "gift", Transfers: []loyalty.Transfer{
		{From: loyalty.Account{Name: loyalty.AccountAvailable, Customer: "ann"}, To: loyalty.Account{Name: loyalty.AccountAvailable, Customer: "bob"}, Points: 2},
	}}
	p.write("alpha", store.Change{Entry: &gift})
	if got := p.keys("alpha", "ann"); got != "e0 e2 e4 gift" {
		t.Errorf("ann's history: %s", got)
	}
	if got := p.keys("alpha", "bob"); got != "e1 e3 e5 gift" {
		t.Errorf("bob's history: %s", got)
	}
	p.owns("alpha", "ann", 1, 0)
	p.owns("alpha", "bob", 5, 0)
	page, err := s.Ledger.History(t.Context(), "alpha", "ann", 1, 2)
	if err != nil || len(page) != 2 || page[0].Entry.Key != "e2" || page[1].Entry.Key != "e4" {
		t.Errorf("a page of two after the first = %v, %v", page, err)
	}
	if records := p.journal("alpha", "nobody"); records != nil {
		t.Errorf("nobody's history: %v", records)
	}
}

func runningOut(t *testing.T, s store.Store) {
	p := points{t, s.Ledger}
	for i, id := range []loyalty.ActionID{"C", "A", "B"} {
		a := held(id, 1, noon.Add(time.Duration(3-i)*time.Minute))
		p.write("alpha", store.Change{Action: &a})
	}
	other := held("O", 1, noon)
	p.write("beta", store.Change{Action: &other})
	free := held("D", 1, noon)
	free.State = loyalty.Released
	p.write("alpha", store.Change{Action: &free})
	for _, tt := range []struct {
		after          time.Duration
		without, limit int
		want           string
	}{
		{61*time.Minute - 1, 0, 9, ""}, {61 * time.Minute, 0, 9, "B ann"}, {24 * time.Hour, 0, 9, "B ann, A ann, C ann"},
		{24 * time.Hour, 0, 2, "B ann, A ann"}, {24 * time.Hour, 1, 1, "A ann"}, {24 * time.Hour, 2, 9, "C ann"}, {24 * time.Hour, 4, 9, ""},
	} {
		holds, err := s.Ledger.RunningOut(t.Context(), "alpha", noon.Add(tt.after), tt.without, tt.limit)
		var all []string
		for _, a := range holds {
			all = append(all, fmt.Sprint(a.ID, " ", a.Customer))
		}
		if got := strings.Join(all, ", "); got != tt.want || err != nil {
			t.Errorf("after %s, without %d, up to %d: %q, %v; want %q", tt.after, tt.without, tt.limit, got, err, tt.want)
		}
	}
}

func heldInPages(t *testing.T, s store.Store) {
	p := points{t, s.Ledger}
	for _, id := range []loyalty.ActionID{"C", "A", "D", "B"} {
		a := held(id, 1, noon)
		p.write("alpha", store.Change{Action: &a})
	}
	other, free := held("B2", 1, noon), held("B1", 1, noon)
	p.write("beta", store.Change{Action: &other})
	free.State = loyalty.Released
	p.write("alpha", store.Change{Action: &free})
	for after, want := range map[loyalty.ActionID]string{"": "A ann, B ann", "A": "B ann, C ann", "B": "C ann, D ann", "C": "D ann", "D": ""} {
		got, err := s.Ledger.Held(t.Context(), "alpha", after, 2)
		var all []string
		for _, a := range got {
			all = append(all, fmt.Sprint(a.ID, " ", a.Customer))
		}
		if page := strings.Join(all, ", "); page != want || err != nil {
			t.Errorf("after %q: %q, %v; want %q", after, page, err, want)
		}
	}
}

func heldByOne(t *testing.T, s store.Store) {
	p := points{t, s.Ledger}
	for i, id := range []loyalty.ActionID{"C", "A", "B"} {
		a := held(id, 1, noon.Add(time.Duration(3-i)*time.Minute))
		p.write("alpha", store.Change{Action: &a})
	}
	bobs, betas, free, nobodys := held("D", 1, noon), held("E", 1, noon), held("F", 1, noon), held("G", 1, noon)
	bobs.Customer, free.State, nobodys.Customer = "bob", loyalty.Released, ""
	p.write("alpha", store.Change{Action: &bobs}, store.Change{Action: &free}, store.Change{Action: &nobodys})
	p.write("beta", store.Change{Action: &betas})
	p.do("alpha", func(b store.Book) error {
		look := func(c loyalty.CustomerID, want string) {
			t.Helper()
			got, err := b.Held(c)
			var all []string
			for _, a := range got {
				all = append(all, fmt.Sprint(a.ID, " ", a.Customer, " ", a.State))
			}
			if list := strings.Join(all, ", "); list != want || err != nil {
				t.Errorf("%s holds %q, %v; want %q", c, list, err, want)
			}
		}
		look("ann", "B ann held, A ann held, C ann held")
		look("bob", "D bob held")
		look("nobody", "")
		look("", "")
		a, _, err := b.Action("A")
		if err != nil {
			return err
		}
		a.State = loyalty.Captured
		late := held("H", 1, noon.Add(time.Hour))
		if err := b.Write(store.Change{Action: &a}); err != nil {
			return err
		}
		err = b.Write(store.Change{Action: &late})
		look("ann", "B ann held, C ann held, H ann held")
		return err
	})
	p.do("alpha", func(b store.Book) error {
		for i := range store.HeldMax {
			a := held(loyalty.ActionID(fmt.Sprint("more ", i)), 1, noon.Add(2*time.Hour))
			if err := b.Write(store.Change{Action: &a}); err != nil {
				return err
			}
		}
		got, err := b.Held("ann")
		if len(got) != store.HeldMax || got[0].ID != "B" || got[0].ExpiresAt != noon.Add(time.Minute+time.Hour) {
			t.Errorf("%d are held: %+v", len(got), got)
		}
		return err
	})
}
