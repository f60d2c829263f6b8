// SPDX-License-Identifier: Apache-2.0

package shadow

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/handoff"
	"github.com/cartage-dev/cartage/core/idempotency"
	"github.com/cartage-dev/cartage/core/money"
	"github.com/cartage-dev/cartage/ports/backend"
)

const (
	referencePrefix   = "sh" // of all our references, so that people at the candidate can tell these carts
	referenceHexChars = 32
	requestIDPrefix   = "shadow-"
)

// worthCopying reports whether a copy could meet what the primary answered. It
// cannot when the primary could not be asked, and not when its fault may be about the
// superseded cart or the signed-in shopper, neither of which a copy names.
func worthCopying(req backend.PutCart, err error) bool {
	f := fault.From(classify(err))
	if f == nil {
		return true
	}
	switch f.Kind {
	case fault.Unavailable, fault.Unknown, fault.Limited:
		return false
	case fault.Conflict:
		return req.Supersedes == ""
	case fault.Unauthenticated, fault.Denied:
		return req.Customer == ""
	default:
		return true
	}
}

// copyOf is what the candidate is asked: the same cart, for nobody in particular.
// Key and reference are hashes of the original key, so that an attempt made again is
// the same copy again, and nothing at the candidate leads back to the transfer.
func copyOf(call backend.Call, req backend.PutCart) (backend.Call, backend.PutCart) {
	original := string(call.Key)
	if original == "" { // two writes without a key are two writes
		original = rand.Text()
	}
	return backend.Call{
			Shop: call.Shop, Locale: call.Locale, Currency: call.Currency,
			Key: idempotency.Key(derive("key", original)),
		}, backend.PutCart{
			Items: slices.Clone(req.Items), Reference: referencePrefix + derive("reference", original)[:referenceHexChars],
			AllOrNothing: req.AllOrNothing, WantPages: req.WantPages,
		}
}

func derive(what, original string) string {
	sum := sha256.Sum256([]byte("cartage shadow " + what + ":" + original))
	return hex.EncodeToString(sum[:])
}

// bare is what has to be kept of the primary's answer to compare it: no ids, and of
// pages only that they were there.
func bare(a backend.PutAnswer) backend.PutAnswer {
	a.Cart.Lines = slices.Clone(a.Cart.Lines)
	for i := range a.Cart.Lines {
		a.Cart.Lines[i].ID = ""
	}
	if a.Cart.ID != "" {
		a.Cart.ID = "made"
	}
	for _, known := range []**money.Amount{&a.Cart.Totals.Shipping, &a.Cart.Totals.Tax} {
		if *known != nil {
			*known = new(**known)
		}
	}
	a.Problems = slices.Clone(a.Problems)
	if a.Pages != nil {
		pages := backend.Pages{}
		if a.Pages.Cart != nil {
			pages.Cart = &handoff.Request{}
		}
		a.Pages = &pages
	}
	return a
}
