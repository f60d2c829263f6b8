// SPDX-License-Identifier: Apache-2.0

package posui

import (
	"net/http"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/shop"
)

// TestTenants: whatever a token of one shop asks of another's actions is answered as if they
// were not there, to the byte, and leaves them as they are.
func TestTenants(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 5_000)
	states := map[string]func(id string){
		"offered":  func(string) {},
		"reserved": func(id string) { w.want(t, reserving(id, ""), 201, "reserved") },
		"released": func(id string) {
			w.want(t, reserving(id, ""), 201, "reserved")
			w.want(t, releasing(id), 200, "released")
		},
		"committed": func(id string) {
			w.want(t, reserving(id, ""), 201, "reserved")
			w.want(t, committing(id, "null"), 202, "pending_order")
		},
		"captured": func(id string) {
			w.want(t, reserving(id, ""), 201, "reserved")
			w.order(t, loyalty.OrderID("of-"+id[:8]), "1", loyalty.ActionID(id))
			w.await(t, id, func(a loyalty.Action) bool { return a.State == loyalty.Captured })
		},
	}
	strangers := map[string]func(jwt.MapClaims){
		"another shop of the app": ofShop(secondShop),
		"a shop of another app":   func(c jwt.MapClaims) { ofShop(otherShop)(c); c["aud"] = otherClient },
	}
	cases := 0
	for state, reach := range states {
		id := w.five(t)
		reach(id)
		before := w.action(t, id)
		for who, claims := range strangers {
			for name, ask := range map[string]func(string) request{
				"reserve":        func(id string) request { return reserving(id, "") },
				"release":        releasing,
				"commit":         func(id string) request { return committing(id, "null") },
				"commit, paid":   func(id string) request { return committing(id, "1001") },
				"as customer 2":  func(id string) request { return as2(reserving(id, "")) },
				"under its name": func(id string) request { return reserving(id, id) },
			} {
				answers := map[string]reply{}
				for what, target := range map[string]string{"foreign": id, "unknown": flip(id), "malformed": "nothing"} {
					q := ask(target)
					edit := q.edit
					q.claims, q.edit = claims, func(r *http.Request) {
						if edit != nil {
							edit(r)
						}
						r.Header.Set("X-Request-Id", "the-same")
					}
					answers[what] = w.send(t, q)
					cases++
				}
				if one := answers["foreign"]; one.status != http.StatusNotFound {
					t.Errorf("%s of %s by %s: got %d %s", name, state, who, one.status, one.body)
				}
				for what, got := range answers {
					if one := answers["foreign"]; got.status != one.status || got.body != one.body || len(got.header) != len(one.header) {
						t.Errorf("%s of %s by %s: %s is answered %d %s, not %d %s", name, state, who, what, got.status, got.body, one.status, one.body)
					}
				}
			}
		}
		if after := w.action(t, id); after.State != before.State || !after.ExpiresAt.Equal(before.ExpiresAt) && !before.Unconfirmed {
			t.Errorf("%s: it is %+v now, and was %+v", state, after, before)
		}
	}
	if cases < 120 {
		t.Errorf("%d cases only", cases)
	}
	for _, id := range []shop.ID{"second", "other"} {
		b, err := w.store.Ledger.Balance(t.Context(), id, "1")
		if err != nil || b != (loyalty.Balance{Available: 5_000}) {
			t.Errorf("in %s the customer owns %+v: %v", id, b, err)
		}
	}
	w.audit(t)
}

func as2(q request) request {
	q.body = strings.Replace(q.body, `"customer_id":1`, `"customer_id":2`, 1)
	return q
}

// TestPointsAreApart: the same customer number in another shop is somebody else.
func TestPointsAreApart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 550)
	w.want(t, reserving(w.five(t), "the-key"), 201, "reserved")
	q := good["loyalty"]
	q.claims = ofShop(secondShop)
	theirs := w.offers(t, q)["flat_discount"]
	if theirs.ID == "" {
		t.Fatal("the other shop's customer has no points any more")
	}
	q = reserving(theirs.ID, "the-key") // keys are a shop's own, too
	q.claims = ofShop(secondShop)
	w.want(t, q, 201, "reserved")
	w.audit(t)
}
