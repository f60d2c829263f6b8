// SPDX-License-Identifier: Apache-2.0

package loyalty

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/money"
)

// Kind is what an offer does to a cart. The words are Shopify's (contracts: Shopify POS 3.3).
type Kind string

// The kinds.
const (
	FlatDiscount    Kind = "flat_discount"
	PercentDiscount Kind = "percent_discount"
	AddVariant      Kind = "add_variant"
)

// Offer is one immutable version of an offer: one that changes is another version, so
// that what is on a screen stays what it was. Titles and descriptions are not
// part of it.
type Offer struct {
	ID   string // of the offer in config, the same for all its versions
	Kind Kind
	Cost Points // 0 for an offer to everybody
	// Amounts are what a FlatDiscount takes off, by currency. In a currency that is not
	// there the offer is not made: amounts are never converted.
	Amounts map[money.Currency]money.Amount
	// BasisPoints are what a PercentDiscount takes off: 1,000 are ten percent.
	BasisPoints int64
	Variant     string // that AddVariant adds
}

// OfferRef names a version of an offer by its contents, so that hosts of the same
// config agree without asking each other.
type OfferRef [5]byte

// String is the reference as stores and logs write it.
func (r OfferRef) String() string { return hex.EncodeToString(r[:]) }

// The bounds of an offer.
const (
	offerIDMax = 64 // characters
	basisMax   = 10_000
	variantMax = 64 // characters
)

// Check says all that is wrong with an offer, as one Invalid fault (invalid_offer) whose fields name its parts.
func (o Offer) Check() error {
	var wrong []fault.Field
	refuse := func(path, reason, detail string) {
		wrong = append(wrong, fault.Field{Path: path, Reason: reason, Detail: detail})
	}
	if !isWord(o.ID, offerIDMax) {
		refuse("id", "malformed", fmt.Sprintf("must be 1 to %d letters, digits, _ or -", offerIDMax))
	}
	if o.Cost < 0 || o.Cost > PointsMax {
		refuse("cost", "out_of_range", fmt.Sprintf("must be 0 to %d points", PointsMax))
	}
	has := map[Kind]bool{FlatDiscount: len(o.Amounts) > 0, PercentDiscount: o.BasisPoints != 0, AddVariant: o.Variant != ""}
	if _, known := has[o.Kind]; !known {
		refuse("kind", "unknown", "must be flat_discount, percent_discount or add_variant")
	} else {
		for _, k := range []Kind{FlatDiscount, PercentDiscount, AddVariant} {
			if has[k] != (k == o.Kind) {
				refuse("kind", "mismatch", "must give amounts for flat_discount, basis points for percent_discount or a variant for add_variant, and nothing else")
				break
			}
		}
	}
	for currency, a := range o.Amounts {
		if a.Currency != currency || !currency.Known() || a.Minor <= 0 {
			refuse("amounts."+string(currency), "out_of_range", "must be an amount above zero in a known currency")
		}
	}
	if o.BasisPoints < 0 || o.BasisPoints > basisMax {
		refuse("basis_points", "out_of_range", fmt.Sprintf("must be 1 to %d", basisMax))
	}
	if o.Variant != "" && !isWord(o.Variant, variantMax) {
		refuse("variant", "malformed", fmt.Sprintf("must be 1 to %d letters, digits, _ or -", variantMax))
	}
	if wrong != nil {
		return fault.New(fault.Invalid, "invalid_offer", "%s: %s", wrong[0].Path, wrong[0].Detail).By(fault.Caller).With(wrong...)
	}
	return nil
}

func isWord(text string, most int) bool {
	for _, r := range []byte(text) {
		if (r < '0' || r > '9') && (r|0x20 < 'a' || r|0x20 > 'z') && r != '_' && r != '-' {
			return false
		}
	}
	return text != "" && len(text) <= most
}

// Ref names this version.
func (o Offer) Ref() OfferRef {
	h := sha256.New()
	write := func(parts ...string) {
		for _, part := range parts {
			h.Write([]byte(strconv.Itoa(len(part)) + ":" + part))
		}
	}
	write(o.ID, string(o.Kind), strconv.FormatInt(int64(o.Cost), 10), strconv.FormatInt(o.BasisPoints, 10), o.Variant)
	for _, c := range slices.Sorted(maps.Keys(o.Amounts)) {
		write(string(c), strconv.FormatInt(o.Amounts[c].Minor, 10))
	}
	return OfferRef(h.Sum(nil)[:len(OfferRef{})])
}

// Gift is what the offer gives in a currency, as one word that ids are bound to; ok is
// false for a currency it is not made in.
func (o Offer) Gift(c money.Currency) (gift string, ok bool) {
	switch o.Kind {
	case FlatDiscount:
		a, made := o.Amounts[c]
		return "flat " + a.Decimal(), made
	case PercentDiscount:
		return "percent " + strconv.FormatInt(o.BasisPoints, 10), true
	case AddVariant:
		return "variant " + o.Variant, true
	}
	return "", false
}
