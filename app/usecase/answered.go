// SPDX-License-Identifier: Apache-2.0

package usecase

import (
	"encoding/json"
	"log/slog"

	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/handoff"
	"github.com/cartage-dev/cartage/core/idempotency"
	"github.com/cartage-dev/cartage/core/shop"
)

// answered is what is remembered of a transfer, sealed.
type answered struct {
	CartID   cart.ID
	From     Owner // the backend that cart lives at
	Orders   Owner // and the one that will know its order
	Open     handoff.Request
	Link     *handoff.Hash // of the one-time link in Open, when it is one
	Problems []cart.Problem
}

// transferScope is under which a shop's transfers are remembered.
func transferScope(id shop.ID, reference string) idempotency.Scope {
	return idempotency.Scope{Shop: string(id), Operation: "transfer", Name: reference}
}

func sealName(s idempotency.Scope) string { return s.Operation + "/" + s.Shop + "/" + s.Name }

// recall opens what an earlier generation left; what cannot be opened any more is forgotten, and said so.
func recall(sealer *Sealer, log *slog.Logger, rec idempotency.Record, scope idempotency.Scope) (before answered) {
	if rec.Answer == nil {
		return before
	}
	plain, err := sealer.Open(rec.Answer, sealName(scope))
	if err == nil {
		err = json.Unmarshal(plain, &before)
	}
	if err != nil {
		log.Warn("remembered transfer cannot be read", "shop", scope.Shop, "error", err)
		return answered{}
	}
	return before
}
