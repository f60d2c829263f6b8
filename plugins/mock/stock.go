// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/cartage-dev/cartage/plugins/sdk"
)

// taken is how many units of a scarce product each ordered cart took.
type taken map[sdk.CartID]int64

// left is how many units of p can be had by the cart id, which does not compete
// with itself. An entry counts only once its order exists: stock that was taken for
// an order which was then not written is still there.
func (s *state) left(p product, id sdk.CartID) (int64, error) {
	if p.Stock == plenty {
		return plenty, nil
	}
	took := taken{}
	if _, err := s.load(kindTaken, stockName(p.SKU), &took); err != nil {
		return 0, err
	}
	left := p.Stock
	for other, n := range took {
		if other == id {
			continue
		}
		_, ordered, err := s.orderOf(other)
		if err != nil {
			return 0, err
		}
		if ordered {
			left -= n
		}
	}
	return max(0, left), nil
}

// take notes what an order is about to use, and forgets what came to nothing. It runs inside exclusive.
func (s *state) take(id sdk.CartID, lines []keptLine) error {
	for _, line := range lines {
		p, known := find(line.SKU)
		if !known || p.Stock == plenty {
			continue
		}
		before, after := taken{}, taken{id: line.Quantity}
		if _, err := s.load(kindTaken, stockName(p.SKU), &before); err != nil {
			return err
		}
		for other, n := range before {
			_, ordered, err := s.orderOf(other)
			if err != nil {
				return err
			}
			if ordered {
				after[other] = n
			}
		}
		if err := s.save(kindTaken, stockName(p.SKU), after); err != nil {
			return err
		}
	}
	return nil
}

// stockName is a file name whatever the SKU.
func stockName(sku string) string {
	sum := sha256.Sum256([]byte(sku))
	return hex.EncodeToString(sum[:16])
}

// fit says what of the items can be had now by the cart id, and why the rest cannot.
func (s *state) fit(id sdk.CartID, items []sdk.Item, c sdk.Currency) ([]keptLine, []sdk.Problem, error) {
	var lines []keptLine
	var problems []sdk.Problem
	for _, item := range items {
		p, known := find(item.SKU)
		left := int64(0)
		if known && !p.Retired {
			var err error
			if left, err = s.left(p, id); err != nil {
				return nil, nil, err
			}
		}
		got := min(item.Quantity, left)
		if got > 0 {
			lines = append(lines, keptLine{SKU: item.SKU, Quantity: got, Unit: p.price(c).Minor})
		}
		if got < item.Quantity {
			problems = append(problems, sdk.Problem{SKU: item.SKU, Reason: shortReason(known, p.Retired, got), Asked: item.Quantity, Got: got})
		}
	}
	return lines, problems, nil
}

func shortReason(known, retired bool, got int64) sdk.Reason {
	switch {
	case !known:
		return sdk.UnknownSKU
	case retired:
		return sdk.NotForSale
	case got == 0:
		return sdk.OutOfStock
	}
	return sdk.QuantityReduced
}
