// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"maps"
	"slices"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/money"
	"github.com/cartage-dev/cartage/core/shop"
	"github.com/cartage-dev/cartage/ports/store"
)

type offers struct{ db *DB }

var _ store.Offers = offers{}

// keptOffer is a version as the database writes it.
type keptOffer struct {
	ID          string                   `json:"id"`
	Kind        loyalty.Kind             `json:"kind"`
	Cost        loyalty.Points           `json:"cost"`
	Amounts     map[money.Currency]int64 `json:"amounts,omitempty"`
	BasisPoints int64                    `json:"basis_points,omitempty"`
	Variant     string                   `json:"variant,omitempty"`
}

// Keep implements store.Offers.
func (o offers) Keep(ctx context.Context, s shop.ID, versions []loyalty.Offer) error {
	const doing = "keep offers"
	return o.db.write(ctx, doing, func(ctx context.Context, tx *tx) error {
		for _, v := range versions {
			kept := keptOffer{ID: v.ID, Kind: v.Kind, Cost: v.Cost, BasisPoints: v.BasisPoints, Variant: v.Variant, Amounts: map[money.Currency]int64{}}
			for _, currency := range slices.Sorted(maps.Keys(v.Amounts)) {
				kept.Amounts[currency] = v.Amounts[currency].Minor
			}
			text, err := json.Marshal(kept)
			if err == nil {
				_, err = tx.exec(ctx, `INSERT INTO loyalty_offer (shop, ref, version) VALUES (?, ?, ?) ON CONFLICT (shop, ref) DO NOTHING`, s, v.Ref().String(), string(text))
			}
			if err != nil {
				return notWritten(doing, err)
			}
		}
		return nil
	})
}

// Find implements store.Offers. A version that is not what its ref says is damaged.
func (o offers) Find(ctx context.Context, s shop.ID, ref loyalty.OfferRef) (loyalty.Offer, error) {
	const doing = "find offer"
	if err := o.db.enter(doing); err != nil {
		return loyalty.Offer{}, err
	}
	defer o.db.running.RUnlock()
	var text string
	err := o.db.reader.QueryRowContext(ctx, `SELECT version FROM loyalty_offer WHERE shop = ? AND ref = ?`, s, ref.String()).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return loyalty.Offer{}, fault.New(fault.NotFound, "unknown_offer", "the shop never had such an offer").By(fault.Caller)
	}
	var kept keptOffer
	if err == nil {
		err = json.Unmarshal([]byte(text), &kept)
	}
	if err != nil {
		return loyalty.Offer{}, notWritten(doing, err)
	}
	v := loyalty.Offer{ID: kept.ID, Kind: kept.Kind, Cost: kept.Cost, BasisPoints: kept.BasisPoints, Variant: kept.Variant}
	for currency, minor := range kept.Amounts {
		if v.Amounts == nil {
			v.Amounts = map[money.Currency]money.Amount{}
		}
		v.Amounts[currency] = money.Of(minor, currency)
	}
	if v.Ref() != ref {
		return loyalty.Offer{}, fault.New(fault.Unavailable, "store_damaged", "%s: it is not what it was", doing)
	}
	return v, nil
}
