// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"fmt"
	"unicode/utf8"

	"github.com/cartage-dev/cartage/core/cart"
	protocolv1 "github.com/cartage-dev/cartage/plugins/protocol/v1"
	"github.com/cartage-dev/cartage/ports/backend"
)

func encodeChange(call backend.Call, id cart.ID, req backend.ChangeCart) *protocolv1.ChangeRequest {
	m := &protocolv1.ChangeRequest{Call: encodeCall(call), Id: string(id)}
	for _, item := range req.Set {
		m.Set = append(m.Set, &protocolv1.Item{Sku: item.SKU, Quantity: item.Quantity})
	}
	if req.SetCodes {
		m.Codes = &protocolv1.Codes{Codes: req.Codes}
	}
	return m
}

func decodeChange(m *protocolv1.ChangeRequest) (backend.Call, backend.ChangeCart, error) {
	refuse := func(err error) (backend.Call, backend.ChangeCart, error) {
		return backend.Call{}, backend.ChangeCart{}, err
	}
	call, err := decodeCallOn(m.GetCall(), m.GetId())
	if err != nil {
		return refuse(err)
	}
	req := backend.ChangeCart{SetCodes: m.GetCodes() != nil, Codes: m.GetCodes().GetCodes()}
	for i, item := range m.GetSet() {
		if item.GetSku() == "" || item.GetQuantity() < 0 {
			return refuse(badRequest(fmt.Sprintf("set[%d]", i), "malformed", "must name a sku and no less than no units"))
		}
		req.Set = append(req.Set, cart.Item{SKU: item.GetSku(), Quantity: item.GetQuantity()})
	}
	if len(req.Codes) > cart.CodesMax {
		return refuse(badRequest("codes", "count", fmt.Sprintf("must be at most %d", cart.CodesMax)))
	}
	for i, code := range req.Codes {
		if code == "" || utf8.RuneCountInString(code) > cart.CodeMax {
			return refuse(badRequest(fmt.Sprintf("codes[%d]", i), "malformed", fmt.Sprintf("must be 1 to %d characters", cart.CodeMax)))
		}
	}
	return call, req, nil
}

func encodeChangeAnswer(a backend.ChangeAnswer) (*protocolv1.ChangeResponse, error) {
	changed, err := encodeCart(a.Cart)
	if err != nil {
		return nil, err
	}
	problems, err := encodeProblems(a.Problems)
	if err != nil {
		return nil, err
	}
	m := &protocolv1.ChangeResponse{Cart: changed, Problems: problems}
	for _, r := range a.Refused {
		if _, known := cart.ParseCodeReason(string(r.Reason)); !known {
			return nil, badAnswer("a refused code gives no known reason")
		}
		m.Refused = append(m.Refused, &protocolv1.RefusedCode{Code: r.Code, Reason: string(r.Reason)})
	}
	return m, nil
}

func decodeChangeAnswer(m *protocolv1.ChangeResponse) (backend.ChangeAnswer, error) {
	changed, err := decodeFound(m.GetCart())
	if err != nil {
		return backend.ChangeAnswer{}, err
	}
	problems, err := decodeProblems(m.GetProblems())
	if err != nil {
		return backend.ChangeAnswer{}, err
	}
	a := backend.ChangeAnswer{Cart: changed, Problems: problems}
	for _, r := range m.GetRefused() {
		reason, known := cart.ParseCodeReason(r.GetReason())
		if !known {
			return backend.ChangeAnswer{}, badAnswer("a refused code gives no known reason")
		}
		a.Refused = append(a.Refused, cart.RefusedCode{Code: r.GetCode(), Reason: reason})
	}
	return a, nil
}
