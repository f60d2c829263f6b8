// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/cartage-dev/cartage/plugins/sdk"
)

// Change gives a cart other quantities and codes.
func (c *carts) Change(ctx context.Context, call sdk.Call, id sdk.CartID, req sdk.ChangeCart) (sdk.ChangeAnswer, error) {
	if err := acceptChange(req); err != nil {
		return sdk.ChangeAnswer{}, err
	}
	kept, said, err := c.kept.amend(ctx, call, id, operation{"change", req, func(k *keptCart) (done, error) {
		problems, err := c.kept.set(id, k, req.Set)
		if err != nil {
			return done{}, err
		}
		refused := k.discount().Refused
		if req.SetCodes {
			refused = k.setCodes(req.Codes)
		}
		return done{Problems: problems, Refused: refused}, nil
	}})
	if err != nil {
		return sdk.ChangeAnswer{}, err
	}
	return sdk.ChangeAnswer{Cart: kept.describe(id), Problems: said.Problems, Refused: said.Refused}, nil
}

// set gives SKUs their quantity, and says what of them cannot be had now.
func (s *state) set(id sdk.CartID, k *keptCart, items []sdk.Item) ([]sdk.Problem, error) {
	wanted := slices.DeleteFunc(slices.Clone(items), func(i sdk.Item) bool { return i.Quantity == 0 })
	fitting, problems, err := s.fit(id, wanted, k.Currency)
	if err != nil {
		return nil, err
	}
	named := make(map[string]bool, len(items))
	for _, i := range items {
		named[i.SKU] = true
	}
	var lines []keptLine
	for _, l := range k.Lines { // which keep their places
		if at := slices.IndexFunc(fitting, func(f keptLine) bool { return f.SKU == l.SKU }); at >= 0 {
			lines = append(lines, fitting[at])
			fitting = slices.Delete(fitting, at, at+1)
		} else if !named[l.SKU] {
			lines = append(lines, l)
		}
	}
	if lines = append(lines, fitting...); len(lines) > linesMax {
		return nil, invalidChange(sdk.Field{Path: "set", Reason: "count", Detail: fmt.Sprintf("a cart may hold %d lines", linesMax)})
	}
	k.Lines = lines
	k.Problems = slices.DeleteFunc(slices.Clone(k.Problems), func(p sdk.Problem) bool { return named[p.SKU] })
	k.Problems = append(k.Problems, problems...)
	return problems, nil
}

// setCodes makes codes the only ones of the cart, and says which are not in effect.
// Of those the cart forgets the ones that it did not have before.
func (k *keptCart) setCodes(codes []string) []sdk.RefusedCode {
	var asked []string // each once
	for _, code := range codes {
		if !slices.Contains(asked, code) {
			asked = append(asked, code)
		}
	}
	d := discountOf(asked, k.sent())
	k.Codes = slices.DeleteFunc(asked, func(code string) bool {
		return !slices.Contains(d.Codes, code) && !slices.Contains(k.Codes, code)
	})
	return d.Refused
}

// acceptChange refuses what no cart could be changed to.
func acceptChange(req sdk.ChangeCart) error {
	var wrong []sdk.Field
	if len(req.Set) > linesMax {
		wrong = append(wrong, sdk.Field{Path: "set", Reason: "count", Detail: fmt.Sprintf("must be at most %d items", linesMax)})
	}
	seen := make(map[string]bool, len(req.Set))
	for i, item := range req.Set {
		if item.Quantity < 0 || item.Quantity > quantityMax {
			wrong = append(wrong, sdk.Field{Path: fmt.Sprintf("set[%d].quantity", i), Reason: "out_of_range", Detail: fmt.Sprintf("must be 0 to %d", quantityMax)})
		}
		if seen[item.SKU] {
			wrong = append(wrong, sdk.Field{Path: fmt.Sprintf("set[%d].sku", i), Reason: "repeated", Detail: "each sku may be there once"})
		}
		seen[item.SKU] = true
	}
	if len(req.Codes) > codesMax {
		wrong = append(wrong, sdk.Field{Path: "codes", Reason: "count", Detail: fmt.Sprintf("must be at most %d", codesMax)})
	}
	for i, code := range req.Codes {
		if n := utf8.RuneCountInString(code); n == 0 || n > codeMax {
			wrong = append(wrong, sdk.Field{Path: fmt.Sprintf("codes[%d]", i), Reason: "malformed", Detail: fmt.Sprintf("must be 1 to %d characters", codeMax)})
		}
	}
	if wrong != nil {
		return invalidChange(wrong...)
	}
	return nil
}

func invalidChange(wrong ...sdk.Field) error {
	return sdk.NewFault(sdk.Invalid, "invalid_change", "the cart cannot be changed so").By(sdk.SourceCaller).With(wrong...)
}
