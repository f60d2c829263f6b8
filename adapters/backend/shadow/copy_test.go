// SPDX-License-Identifier: Apache-2.0

package shadow_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/cartage-dev/cartage/adapters/backend/shadow"
	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/handoff"
	"github.com/cartage-dev/cartage/core/order"
	"github.com/cartage-dev/cartage/ports/backend"
)

// What the candidate gets is the cart, and nothing of whose it is.
func TestTheCopyIsNobodys(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, all)
		ctx, cancel := context.WithTimeout(backend.WithRequestID(t.Context(), "01REQ"), time.Second)
		req := theCart("shirt", "sock")
		req.AllOrNothing = true
		if _, err := r.carts.Put(ctx, theCall, req); err != nil {
			t.Fatal(err)
		}
		cancel() // the shopper's request ends before the copy begins
		req.Items[0].SKU = "changed by its owner"
		_, _ = r.carts.Put(t.Context(), theCall, req)
		synctest.Wait()
		asked := r.candidate.asked()
		if len(asked) != 2 {
			t.Fatalf("the candidate was asked %d times, want 2", len(asked))
		}
		got, again := asked[0], asked[1]
		if got.requestID == "" {
			got, again = again, got
		}
		want := put{
			call: backend.Call{Shop: "uk", Locale: "en-GB", Currency: "GBP", Key: got.call.Key},
			req: backend.PutCart{
				Items:     []cart.Item{{SKU: "shirt", Quantity: 1}, {SKU: "sock", Quantity: 2}},
				Reference: got.req.Reference, AllOrNothing: true, WantPages: true,
			},
			requestID: "shadow-01REQ", left: 5 * time.Second,
		}
		if diff := cmp.Diff(got, want, cmp.AllowUnexported(put{}), cmpopts.EquateComparable(backend.Call{})); diff != "" {
			t.Errorf("the candidate was asked (-got +want):\n%s", diff)
		}
		key, reference := string(got.call.Key), got.req.Reference
		if len(key) != 64 || key == string(theCall.Key) || again.call.Key != got.call.Key || again.req.Reference != reference {
			t.Errorf("keys %s and %s; want one hash of the original's", key, again.call.Key)
		}
		if order.CheckReference(reference) != nil || len(reference) != 34 || !strings.HasPrefix(reference, "sh") || strings.Contains(key, reference[2:]) {
			t.Errorf("reference is %s, want sh and 32 characters that tell nothing of the key", reference)
		}
	})
}

// What becomes of the answer in its owner's hands is not compared.
func TestTheAnswerBelongsToItsOwner(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, all)
		full := func(_ context.Context, req backend.PutCart) (backend.PutAnswer, error) {
			a := catalogue.fill("GBP", req)
			a.Cart.Totals.Tax, a.Cart.Totals.Shipping, a.Pages.Cart = gbp(20), gbp(300), &handoff.Request{}
			return a, nil
		}
		r.primary.answer, r.candidate.answer = full, after(time.Second, full)
		a, err := r.carts.Put(t.Context(), theCall, theCart("shirt", "hat"))
		if err != nil {
			t.Fatal(err)
		}
		a.Cart.Lines[0].UnitPrice.Minor, a.Cart.Totals.Tax.Minor, a.Cart.Totals.Shipping.Minor = 1, 1, 1
		a.Problems[0].Reason, a.Pages.Cart, a.Cart.Lines[0].Title = cart.OutOfStock, nil, ""
		time.Sleep(2 * time.Second)
		if rep := r.record.Report(); rep.Same != 1 || len(rep.Kinds) != 0 {
			t.Errorf("%d the same; %+v", rep.Same, rep.Kinds)
		}
	})
}

func TestCopiesWithoutKeyAreApart(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, all)
		for range 2 {
			_, _ = r.carts.Put(t.Context(), backend.Call{}, theCart("shirt"))
		}
		synctest.Wait()
		if a := r.candidate.asked(); a[0].call.Key == a[1].call.Key || a[0].call.Key == "" || a[0].req.Reference == a[1].req.Reference {
			t.Errorf("keys %q and %q, want two", a[0].call.Key, a[1].call.Key)
		}
	})
}

func TestNothingOfTheShopperIsShown(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, shadow.Options{Share: 1, Allowed: func(p backend.Pages) error {
			return fault.New(fault.Internal, "checkout_url_rejected", "%s", p.Checkout.URL)
		}})
		r.candidate.answer = prices{"shirt": 1}.in("GBP")
		r.transfer(t, "shirt", "sock")
		r.candidate.answer = failing(fault.New(fault.Denied, "Code: cart-secret", "token-of-the-shopper"))
		r.transfer(t, "shirt")
		r.candidate.answer = failing(errors.New("ref-of-the-shopper"))
		r.transfer(t, "shirt")
		var out strings.Builder
		rep := r.record.Report()
		raw, _ := json.Marshal(rep)
		if err := rep.WriteText(&out); err != nil || rep.Compared != 3 {
			t.Fatalf("%d compared, %v", rep.Compared, err)
		}
		_, _ = out.Write(raw)
		own := r.candidate.asked()[0]
		for _, ours := range []string{own.req.Reference, string(own.call.Key)} {
			if strings.Contains(out.String(), ours) {
				t.Errorf("the report leads to a cart: %q in %s", ours, out.String())
			}
		}
		for _, c := range r.candidate.asked() {
			_, _ = fmt.Fprintf(&out, "%+v", c)
		}
		for _, theirs := range []string{"ref-of", "token-of", "cart-secret", "cart-before", "203.0.113", "original-key", "shop.example", "line-shirt"} {
			if strings.Contains(out.String(), theirs) {
				t.Errorf("%q in %s", theirs, out.String())
			}
		}
	})
}

// Every kind of the primary's faults has been thought of.
func TestFaultsOfThePrimary(t *testing.T) {
	t.Parallel()
	const never, always, plain = 0, 1, 2 // plain: only when neither a cart before nor a customer is named
	for kind, want := range map[fault.Kind]int{
		fault.Internal: always, fault.Invalid: always, fault.NotFound: always, fault.Unsupported: always,
		fault.Conflict: plain, fault.Denied: plain, fault.Unauthenticated: plain,
		fault.Limited: never, fault.Unavailable: never, fault.Unknown: never,
	} {
		t.Run(kind.String(), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := newRig(t, all)
				r.primary.answer = failing(fault.New(kind, "planned", ""))
				r.candidate.answer = failing(fault.New(kind, "planned", ""))
				r.transfer(t, "shirt")
				guest := theCart("shirt")
				guest.Customer, guest.Supersedes = "", ""
				_, _ = r.carts.Put(t.Context(), theCall, guest)
				synctest.Wait()
				r.wantCounts(t, []map[shadow.Outcome]int64{never: {}, always: {shadow.Same: 2}, plain: {shadow.Same: 1}}[want])
			})
		})
	}
	if len(fault.Kinds()) != 10 {
		t.Errorf("%d kinds, and this table knows 10", len(fault.Kinds()))
	}
}

func TestACanceledRequestIsNotCopied(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, all)
		r.primary.answer = failing(context.Canceled) // no fault, which a port should have made
		r.transfer(t, "shirt")
		if n := len(r.candidate.asked()); n != 0 {
			t.Errorf("the candidate was asked %d times", n)
		}
	})
}
