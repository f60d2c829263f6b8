// SPDX-License-Identifier: Apache-2.0

package poq

import (
	"context"
	"net/http"

	"github.com/cartage-dev/cartage/core/order"
)

// ordersEndpoint answers which order came of a reference, for reconciliation.
func (h *Handler) ordersEndpoint(s Shop) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := &visit{op: "orders", at: atOrders, shop: s.ID, allow: http.MethodGet, began: h.now()}
		answer, err := h.lookUp(r, s, v)
		if err != nil {
			h.refuse(w, r, v, err)
			return
		}
		h.write(w, r, http.StatusOK, answer)
	})
}

func (h *Handler) lookUp(r *http.Request, s Shop, v *visit) (orderAnswer, error) {
	if err := checkMethod(r, v.allow); err != nil {
		return orderAnswer{}, err
	}
	if err := h.admit(r, s, ordersDoor, s.OrdersSecrets); err != nil {
		return orderAnswer{}, err
	}
	reference := r.PathValue("reference")
	if order.CheckReference(reference) == nil {
		v.reference = reference
	}
	ctx, cancel := context.WithTimeout(r.Context(), s.Budget)
	defer cancel()
	found, err := h.orders.ByReference(ctx, s.ID, reference)
	if err != nil {
		return orderAnswer{}, err
	}
	return printOrder(found)
}
