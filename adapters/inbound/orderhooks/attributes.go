// SPDX-License-Identifier: Apache-2.0

package orderhooks

import (
	"regexp"
	"slices"

	"github.com/cartage-dev/cartage/core/loyalty"
)

// The names that ids stand under on an order.
const (
	promotionActions = "cart-promotion-actions" // written by the cart app extension: [("APP_ID", "ACTION_ID")]
	redemption       = "_redemption"            // a cart's or a line's property, written by POS UI extensions: the id alone
)

// actionsMax bounds the ids of one order. Online, a shopper writes attributes as they
// like, and each id costs a look into the ledger.
const actionsMax = 100

// tuple is a pair of quoted texts in parentheses. There is no grammar of what is around
// them (contracts: Shopify POS 3.6).
var tuple = regexp.MustCompile(`\(\s*"((?:[^"\\]|\\.)*)"\s*,\s*"((?:[^"\\]|\\.)*)"\s*\)`)

// actions are the ids on an order that may be ours, each once, in the order of their
// proof: the extension's own, the cart's, the lines'. Whether an id is ours is the
// ledger's to say; what has not its form is left out.
func (a App) actions(b *orderBody) (ids []loyalty.ActionID) {
	add := func(id string) {
		if len(ids) < actionsMax && isActionID(id) && !slices.Contains(ids, loyalty.ActionID(id)) {
			ids = append(ids, loyalty.ActionID(id))
		}
	}
	for _, n := range b.Notes {
		if n.Name == promotionActions {
			a.eachAction(string(n.Value), add)
		}
	}
	for _, n := range b.Notes {
		if n.Name == redemption {
			add(string(n.Value))
		}
	}
	for _, l := range b.Lines {
		for _, p := range l.Properties {
			if p.Name == redemption {
				add(string(p.Value))
			}
		}
	}
	return ids
}

// eachAction finds the app's entries in the text of cart-promotion-actions.
func (a App) eachAction(written string, add func(id string)) {
	for _, found := range tuple.FindAllStringSubmatch(written, -1) {
		if app, id := found[1], found[2]; a.AppID == "" || app == a.AppID {
			add(id)
		}
	}
}

func isActionID(text string) bool {
	_, ok := loyalty.ActionID(text).Read()
	return ok
}
