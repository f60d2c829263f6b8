// SPDX-License-Identifier: Apache-2.0

package backendtest_test

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/ports/backend"
)

var codeMutants = []breakage{
	{"codes in capitals", making(func(c *cart.Cart) {
		c.Codes = slices.Clone(c.Codes)
		for i, code := range c.Codes {
			c.Codes[i] = strings.ToUpper(code)
		}
	}), []string{"carts.change.code", "carts.change.good_code_stays", "carts.change.two_codes"}},
	{"a code that changes nothing", making(func(c *cart.Cart) {
		if len(c.Codes) > 0 {
			c.Totals.Total.Minor += c.Totals.Discount.Minor - 100
			c.Totals.Discount.Minor = 100
		}
	}), []string{"carts.change.code"}},
	{"no codes in Get", func(m *mutant) {
		get := m.get
		m.get = func(ctx context.Context, call backend.Call, id cart.ID) (cart.Cart, error) {
			c, err := get(ctx, call, id)
			c.Codes = nil
			return c, err
		}
	}, []string{"carts.change.code_shown"}},
	{"a code counts twice when said twice", func(m *mutant) {
		var last sync.Map
		changing(func(req backend.ChangeCart, a *backend.ChangeAnswer) {
			if before, asked := last.Swap(a.Cart.ID, req.Codes); asked && len(req.Codes) > 0 && slices.Equal(before.([]string), req.Codes) {
				a.Cart.Totals.Discount.Minor *= 2
				a.Cart.Totals.Total.Minor -= a.Cart.Totals.Discount.Minor / 2
			}
		})(m)
	}, []string{"carts.change.code_said_twice"}},
	{"quantities drop the codes", askingChange(func(_ *cart.ID, req *backend.ChangeCart) { req.SetCodes = true }), []string{"carts.change.codes_stay"}},
	{"no codes is nothing said", askingChange(func(_ *cart.ID, req *backend.ChangeCart) { req.SetCodes = len(req.Codes) > 0 }), []string{"carts.change.no_codes"}},
	{"codes are added to those there are", knowing(func(c cart.Cart, req *backend.ChangeCart) {
		for _, code := range c.Codes {
			if len(req.Codes) > 0 && !slices.Contains(req.Codes, code) {
				req.Codes = append(req.Codes, code)
			}
		}
	}), []string{"carts.change.only_codes"}},
	{"the last of two codes is the one", changingCodes(func(codes []string) []string { return codes[max(0, len(codes)-1):] }), []string{"carts.change.good_code_stays", "carts.change.strange_codes", "carts.change.two_codes"}},
	{"an unknown code has expired", changing(func(_ backend.ChangeCart, a *backend.ChangeAnswer) {
		for i := range a.Refused {
			a.Refused[i].Reason = cart.ExpiredCode
		}
	}), []string{"carts.change.good_code_stays", "carts.change.unknown_code"}},
	{"a code is refused quietly", changing(func(_ backend.ChangeCart, a *backend.ChangeAnswer) { a.Refused = nil }), []string{
		"carts.change.code_as_asked", "carts.change.good_code_stays", "carts.change.strange_codes", "carts.change.unknown_code",
		"carts.change.unknown_code_aside",
	}},
	{"a refused code stops all else", askingChange(func(_ *cart.ID, req *backend.ChangeCart) {
		if slices.Contains(req.Codes, "cartage-no-such-code") {
			req.Set = nil
		}
	}), []string{"carts.change.unknown_code_aside"}},
	{"a refused code takes the good one along", changingCodes(func(codes []string) []string {
		if slices.Contains(codes, "cartage-no-such-code") {
			return []string{"cartage-no-such-code"}
		}
		return codes
	}), []string{"carts.change.good_code_stays"}},
	{"codes in the shop's own spelling", changingCodes(func(codes []string) []string {
		for i, code := range codes {
			if strings.EqualFold(code, "Tenth-ü") {
				codes[i] = "Tenth-ü"
			}
		}
		return codes
	}), []string{"carts.change.code_as_asked"}},
	{"codes as asked in Change alone", spelling, []string{"carts.change.code_as_asked"}},
	{"codes are composed", changingCodes(func(codes []string) []string {
		for i, code := range codes {
			codes[i] = strings.ReplaceAll(code, "o\u0308", "ö")
		}
		return codes
	}), []string{"carts.change.strange_codes"}},
	{"codes are cut", changingCodes(func(codes []string) []string {
		for i, code := range codes {
			codes[i] = code[:min(len(code), 60)]
		}
		return codes
	}), []string{"carts.change.strange_codes"}},
}

func changingCodes(spoil func(codes []string) []string) func(*mutant) {
	return askingChange(func(_ *cart.ID, req *backend.ChangeCart) { req.Codes = spoil(req.Codes) })
}

// spelling takes a code in any spelling, and repeats that only once.
func spelling(m *mutant) {
	change := m.change
	m.change = func(ctx context.Context, call backend.Call, id cart.ID, req backend.ChangeCart) (backend.ChangeAnswer, error) {
		known := slices.Clone(req.Codes)
		for i, code := range known {
			if strings.EqualFold(code, "Tenth-ü") {
				known[i] = "Tenth-ü"
			}
		}
		asked := req.Codes
		req.Codes = known
		a, err := change(ctx, call, id, req)
		if at := slices.Index(known, "Tenth-ü"); err == nil && at >= 0 {
			a.Cart.Codes = slices.Clone(a.Cart.Codes)
			a.Cart.Codes[slices.Index(a.Cart.Codes, "Tenth-ü")] = asked[at]
		}
		return a, err
	}
}
