// SPDX-License-Identifier: Apache-2.0

package posui

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cartage-dev/cartage/core/loyalty"
)

// TestOffers are those that the customer can pay for, in words of the till.
func TestOffers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 550)
	var quote loyaltyAnswer
	w.send(t, query("locale", "de-DE")).read(t, http.StatusOK, &quote)
	if len(quote.Offers) != 2 {
		t.Fatalf("got %+v", quote)
	}
	for i, o := range quote.Offers {
		issue, ok := loyalty.ActionID(o.ID).Read()
		at, err := time.Parse(time.RFC3339, o.ExpiresAt)
		if late := issue.At.Add(12 * time.Hour).Sub(at); !ok || err != nil || late < 0 || late > time.Second {
			t.Errorf("an offer of %v expires at %s", issue.At, o.ExpiresAt)
		}
		quote.Offers[i].ID, quote.Offers[i].ExpiresAt = "", ""
	}
	if diff := cmp.Diff(loyaltyAnswer{Balance: 550, Available: 550, Label: "Stars (de)", Offers: []offerAnswer{
		{Kind: "percent_discount", Title: "12.5 % off (de)", Description: "-300 stars (de)", Cost: 300, Percent: "12.5"},
		{Kind: "flat_discount", Title: "Five off (de)", Description: "-500 stars (de)", Cost: 500, Amount: "5.00"},
	}}, quote); diff != "" {
		t.Errorf("offers (-want +got):\n%s", diff)
	}
	if n := w.counted(t, "cartage_posui_offers_left_out_total", map[string]string{"app": "demo", "reason": badVariant}); n != 1 {
		t.Errorf("%v were left out", n)
	}
	for _, tt := range []struct {
		name string
		q    request
		want int
	}{
		{"nobody", query("customer_id", "3"), 0},
		{"yen, that one offer is made in", query("currency", "JPY"), 1},
		{"euros, that the shop sells in", query("currency", "EUR"), 1},
		{"dollars", query("currency", "USD"), 0},
		{"a cart that costs as much", query("cart_total", "5.00"), 2},
		{"a cart that costs less", query("cart_total", "4.99"), 1},
		{"an empty cart", query("cart_total", "0"), 1},
	} {
		if got := w.offers(t, tt.q); len(got) != tt.want {
			t.Errorf("%s: got %+v", tt.name, got)
		}
	}
}

// TestRedemption goes the way of a sale, with everything that comes twice.
func TestRedemption(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 550)
	id := w.five(t)
	var first, again redemptionAnswer
	q := reserving(id, "key-1")
	w.send(t, q).read(t, http.StatusCreated, &first)
	w.send(t, q).read(t, http.StatusCreated, &again)
	if diff := cmp.Diff(first, again); diff != "" {
		t.Errorf("the same again (-first +again):\n%s", diff)
	}
	held := w.await(t, id, func(a loyalty.Action) bool { return !a.Unconfirmed })
	if diff := cmp.Diff(redemptionAnswer{
		ID: id, State: "reserved", CartProperty: propertyAnswer{"_redemption", id}, ExpiresAt: held.ExpiresAt.Format(time.RFC3339),
		Apply: applyAnswer{Method: "applyCartDiscount", Type: "FixedAmount", Title: "Five off · " + string(loyalty.ActionID(id).Mark()), Amount: "5.00"},
	}, first); diff != "" || held.ExpiresAt.Sub(held.HeldAt) != 24*time.Hour {
		t.Errorf("reserved (-want +got):\n%s", diff)
	}
	if got := w.owns(t, "1"); got != (loyalty.Balance{Available: 50, Held: 500}) {
		t.Errorf("the customer owns %+v", got)
	}
	var quote loyaltyAnswer
	w.send(t, good["loyalty"]).read(t, http.StatusOK, &quote)
	if quote.Balance != 550 || quote.Available != 50 || len(quote.Offers) != 0 {
		t.Errorf("the till shows %+v", quote)
	}
	w.want(t, committing(id, "null"), 202, "pending_order")
	if a := w.action(t, id); a.ExpiresAt.Sub(a.HeldAt) != 72*time.Hour || a.Unconfirmed {
		t.Errorf("the hold is %+v", a)
	}
	w.want(t, committing(id, "1001"), 202, "pending_order")
	w.order(t, "1001", "1", loyalty.ActionID(id))
	w.await(t, id, func(a loyalty.Action) bool { return a.State == loyalty.Captured })
	w.want(t, committing(id, "1001"), 202, "captured")
	w.want(t, committing(id, "null"), 202, "captured")
	w.want(t, committing(id, "1002"), 409, redemptionCaptured)
	w.want(t, releasing(id), 409, redemptionCaptured)
	w.want(t, reserving(id, "key-1"), 404, unknownOffer)
	if got := w.owns(t, "1"); got != (loyalty.Balance{Available: 70}) { // the order has earned 20
		t.Errorf("the customer owns %+v", got)
	}
	w.audit(t)
}

// TestOtherKindsAreApplied with the method that does it.
func TestOtherKindsAreApplied(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 2000)
	all := w.offers(t, good["loyalty"])
	for kind, want := range map[string]applyAnswer{
		"percent_discount": {Method: "applyCartDiscount", Type: "Percentage", Title: "12.5 % off", Amount: "12.5"},
		"add_variant":      {Method: "addLineItem", Title: "Free mug", VariantID: "40112233", Quantity: 1},
	} {
		var got redemptionAnswer
		w.send(t, reserving(all[kind].ID, "")).read(t, http.StatusCreated, &got)
		want.Title += " · " + string(loyalty.ActionID(all[kind].ID).Mark())
		if diff := cmp.Diff(want, got.Apply); diff != "" {
			t.Errorf("%s (-want +got):\n%s", kind, diff)
		}
	}
	yen := w.offers(t, query("currency", "JPY"))["flat_discount"]
	var got redemptionAnswer
	w.send(t, reserving(yen.ID, "")).read(t, http.StatusCreated, &got)
	if yen.Amount != "500" || got.Apply.Amount != "500" {
		t.Errorf("yen are %s and then %s", yen.Amount, got.Apply.Amount)
	}
	w.audit(t)
}

// TestRelease gives points back once, and its offer is spent.
func TestRelease(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 550)
	id := w.five(t)
	w.want(t, releasing(id), 404, unknownRedemption) // not reserved yet
	w.want(t, reserving(id, "key-1"), 201, "reserved")
	w.want(t, releasing(id), 200, "released")
	w.want(t, releasing(id), 200, "released")
	if got := w.owns(t, "1"); got != (loyalty.Balance{Available: 550}) {
		t.Errorf("the customer owns %+v", got)
	}
	w.want(t, reserving(id, "key-1"), 404, unknownOffer) // a late retry must not look reserved
	w.want(t, committing(id, "1001"), 409, redemptionReleased)
	if got := w.owns(t, "1"); got != (loyalty.Balance{Available: 550}) {
		t.Errorf("the customer owns %+v", got)
	}
	w.want(t, reserving(w.five(t), "key-2"), 201, "reserved")
	w.audit(t)
}

// TestKeys: one stands for one request, and an offer for one key.
func TestKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 2000)
	first, second := w.five(t), w.five(t)
	w.want(t, reserving(first, "key-1"), 201, "reserved")
	w.want(t, reserving(second, "key-1"), 409, keyReused)
	for _, change := range [][2]string{{`"customer_id":1`, `"customer_id":2`}, {`"location_id":7`, `"location_id":8`}, {"till-1", "till-2"}} {
		q := reserving(first, "key-1")
		q.body = strings.Replace(q.body, change[0], change[1], 1)
		w.want(t, q, 409, keyReused)
	}
	w.want(t, reserving(first, "key-2"), 409, alreadyReserved)
	w.want(t, reserving(first, "key-1"), 201, "reserved")
	written := reserving(first, "key-1")
	written.body = `{ "device_id": "till-1", "location_id": 7, "customer_id": 1, "offer_id": "` + first + `", "note": "x" }`
	w.want(t, written, 201, "reserved") // the same, in other words
	if got := w.owns(t, "1"); got != (loyalty.Balance{Available: 1500, Held: 500}) {
		t.Errorf("the customer owns %+v", got)
	}
	w.audit(t)
}

func TestRefusedReservations(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 550)
	one, two := w.five(t), w.five(t)
	w.want(t, reserving(one, ""), 201, "reserved")
	w.want(t, reserving(two, ""), 409, insufficientPoints)
	for name, id := range map[string]string{
		"nothing": "", "a word": "five", "another's form": anID, "too long": two + "0", "one letter": flip(two), "no letter of an id": "u" + two[1:],
	} {
		t.Log(name)
		w.want(t, reserving(id, ""), 404, unknownOffer)
		if id != "" {
			w.want(t, releasing(id), 404, unknownRedemption)
			w.want(t, committing(id, "1001"), 404, unknownRedemption)
		}
	}
	foreign := reserving(two, "")
	foreign.body = `{"offer_id":"` + two + `","customer_id":2,"location_id":7,"device_id":"till-1"}`
	w.want(t, foreign, 404, unknownOffer) // shown to customer 1
	if got := w.owns(t, "2"); got != (loyalty.Balance{Available: 550}) {
		t.Errorf("customer 2 owns %+v", got)
	}
	w.audit(t)
}

// flip is an id with its last letter but one changed.
func flip(id string) string {
	letter := byte('0')
	if id[len(id)-2] == letter {
		letter = '1'
	}
	return id[:len(id)-2] + string(letter) + id[len(id)-1:]
}

// TestTillsAtOnce: whatever many tills ask at the same time, points are held for what was answered.
func TestTillsAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1_700) // three offers
	server := httptest.NewServer(w.wall)
	defer server.Close()
	defer http.DefaultClient.CloseIdleConnections()
	var wait sync.WaitGroup
	var mu sync.Mutex
	reserved := map[string]int{}
	for range 8 {
		id := w.five(t)
		for range 4 { // tills that have the same offer on their screens, each with its own key
			wait.Go(func() {
				got := post(t, w.build(t, server.URL, reserving(id, "")))
				mu.Lock()
				defer mu.Unlock()
				if got.status == http.StatusCreated {
					reserved[id]++
				} else if got.status != http.StatusConflict {
					t.Errorf("got %d %s", got.status, got.body)
				}
			})
		}
	}
	wait.Wait()
	for id, n := range reserved {
		if n != 1 {
			t.Errorf("%s was reserved %d times", id, n)
		}
	}
	if got := w.owns(t, "1"); len(reserved) != 3 || got != (loyalty.Balance{Available: 200, Held: 1500}) {
		t.Errorf("%d were reserved, and the customer owns %+v", len(reserved), got)
	}
	w.audit(t)
}

// TestCommitProvesWhatTheOrderLost: the order is known and says nothing of the hold.
func TestCommitProvesWhatTheOrderLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1_100)
	lost, foreign := w.five(t), w.five(t)
	w.want(t, reserving(lost, ""), 201, "reserved")
	w.want(t, reserving(foreign, ""), 201, "reserved")
	w.order(t, "1001", "1")
	w.order(t, "1002", "2")
	for range 2_000 { // until both have earned
		if w.owns(t, "1").Available == 120 && w.owns(t, "2").Available == 1_120 {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	w.want(t, committing(foreign, "1002"), 202, "pending_order") // of another customer
	w.want(t, committing(lost, "1001"), 202, "captured")
	w.want(t, committing(lost, "1001"), 202, "captured")
	if a := w.action(t, lost); a.State != loyalty.Captured || a.Captures[0].Held != 500 {
		t.Errorf("it is %+v", a)
	}
	if got := w.owns(t, "1"); got != (loyalty.Balance{Available: 120, Held: 500}) {
		t.Errorf("the customer owns %+v", got)
	}
	w.audit(t)
}

// TestNobodyHeard: a hold whose answer did not get through is short, and a commit makes it long.
func TestNobodyHeard(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 550)
	id := w.five(t)
	broken := writer{httptest.NewRecorder(), http.ErrHandlerTimeout, func() error { return nil }}
	w.wall.ServeHTTP(broken, w.build(t, "", reserving(id, "key-1")))
	time.Sleep(200 * time.Millisecond) // longer than confirmations are gathered
	if a := w.action(t, id); a.State != loyalty.Held || !a.Unconfirmed || a.ExpiresAt.Sub(a.HeldAt) != 15*time.Minute {
		t.Errorf("the hold is %+v", a)
	}
	w.want(t, committing(id, "1001"), 202, "pending_order")
	if a := w.action(t, id); a.Unconfirmed || a.ExpiresAt.Sub(a.HeldAt) != 72*time.Hour {
		t.Errorf("the hold is %+v", a)
	}
	var got redemptionAnswer
	w.send(t, reserving(id, "key-1")).read(t, http.StatusCreated, &got)
	if raw, _ := json.Marshal(got); got.ExpiresAt != w.action(t, id).ExpiresAt.Format(time.RFC3339) {
		t.Errorf("got %s", raw)
	}
	w.audit(t)
}
