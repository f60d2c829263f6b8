// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cartage-dev/cartage/plugins/sdk"
)

// The bounds of coupon codes on one cart.
const (
	codesMax = 10
	codeMax  = 64 // characters
)

// coupon is what a code takes off the goods that are sent; gift cards count for
// nothing here. Amounts are minor units of either currency.
type coupon struct {
	Percent int64 // of the goods, rounded half to even
	Off     int64
	From    int64 // the value of goods from which on it applies
	Alone   bool  // not beside another
	Expired bool
}

// coupons are the codes that this shop gives out, in capitals; they may be typed in any case.
var coupons = map[string]coupon{
	"WELCOME10": {Percent: 10},                // 10 % off
	"FIVEROFF":  {Off: 500, From: 2000},       // 5.00 off goods of 20.00 or more
	"HEARTH20":  {Percent: 20, Alone: true},   // 20 % off, and no other code beside it
	"SPRING":    {Percent: 15, Expired: true}, // is over
}

// discount is what coupon codes do to one cart.
type discount struct {
	Codes   []string // in effect
	Off     int64    // never more than the goods
	Refused []sdk.RefusedCode
}

// discountOf tries codes in their order of preference on goods of a value. Each
// percentage is of the whole goods.
func discountOf(codes []string, goods int64) (d discount) {
	alone := false
	used := map[string]bool{}
	for _, code := range codes {
		name := strings.ToUpper(code)
		c, known := coupons[name]
		reason := sdk.CodeReason("")
		switch {
		case !known:
			reason = sdk.UnknownCode
		case c.Expired:
			reason = sdk.ExpiredCode
		case goods < max(1, c.From):
			reason = sdk.NotApplicable
		case alone || used[name] || c.Alone && len(used) > 0:
			reason = sdk.NotCombinable
		}
		if reason != "" {
			d.Refused = append(d.Refused, sdk.RefusedCode{Code: code, Reason: reason})
			continue
		}
		alone = c.Alone
		used[name] = true
		d.Codes = append(d.Codes, code)
		d.Off += c.Off + percent(goods, c.Percent)
	}
	d.Off = min(d.Off, goods)
	return d
}

// percent is n hundredths of minor, and of two minor units that are equally near the even one.
func percent(minor, n int64) int64 {
	whole, rest := minor*n/100, minor*n%100
	if rest > 50 || rest == 50 && whole%2 == 1 {
		whole++
	}
	return whole
}

// refusal explains to a shopper why a code is not in effect beside those that are.
func refusal(r sdk.RefusedCode, inEffect []string, c sdk.Currency) string {
	switch r.Reason {
	case sdk.UnknownCode:
		return "We do not know the code " + r.Code + ". Check how it is spelled."
	case sdk.ExpiredCode:
		return "The code " + r.Code + " has expired."
	case sdk.NotCombinable:
		if slices.ContainsFunc(inEffect, func(used string) bool { return strings.EqualFold(used, r.Code) }) {
			return "The code " + r.Code + " is in your order already."
		}
		return "The code " + r.Code + " cannot be used together with " + strings.Join(inEffect, " and ") + "."
	default:
		if from := coupons[strings.ToUpper(r.Code)].From; from > 0 {
			return fmt.Sprintf("The code %s is for goods of %s or more; gift cards do not count.", r.Code, price(sdk.Of(from, c)))
		}
		return "The code " + r.Code + " takes nothing off gift cards."
	}
}
