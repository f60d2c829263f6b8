// SPDX-License-Identifier: Apache-2.0

package loyalty

import "strings"

// Programme is a shop's loyalty: what points are called, what they are good for, and how
// they are earned.
type Programme struct {
	Label Text // of the balance, such as "Point balance"
	// Showings are the offers, in the order in which tills show them.
	Showings []Showing
	Earn     EarnRule
	Rules    Rules
	Keys     Keyring
	Keeper   Keeper // of what customers have to spend
}

// Showing is an offer with its words.
type Showing struct {
	Offer       Offer
	Title       Text
	Description Text
}

// Offer finds the version that ref names among the showings.
func (p Programme) Offer(ref OfferRef) (Offer, bool) {
	for _, s := range p.Showings {
		if s.Offer.Ref() == ref {
			return s.Offer, true
		}
	}
	return Offer{}, false
}

// Text is a word in several languages, by BCP 47 tag. The one without a tag serves all others.
type Text map[string]string

// In is the text in a locale: as it is, in its language alone, or in any.
func (t Text) In(locale string) string {
	for {
		if text, is := t[locale]; is {
			return text
		}
		cut := strings.LastIndexByte(locale, '-')
		if cut < 0 {
			return t[""]
		}
		locale = locale[:cut]
	}
}
