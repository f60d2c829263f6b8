// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"

	"github.com/cartage-dev/cartage/core/loyalty"
)

// inWords says what a record is to a customer. The journal's key has the event first and
// then what it is about (see core/loyalty); a key of another kind is shown as it is.
func inWords(r loyalty.Record, customer loyalty.CustomerID) string {
	what, rest, _ := strings.Cut(r.Entry.Key, ":")
	_, order, _ := strings.Cut(rest, ":") // behind the id of an action
	switch what {
	case "hold":
		return "held"
	case "free":
		return "released"
	case "capt":
		return "captured by order " + order
	case "late":
		if missing := loyalty.Points(0) - moved(r.Entry, loyalty.AccountShortfall); missing > 0 {
			return "captured late by order " + order + ", in part at the shop's cost"
		}
		return "captured late by order " + order
	case "earn":
		return "earned by order " + rest
	case "rfnd":
		if i := strings.LastIndexByte(rest, ':'); i >= 0 {
			rest = rest[:i]
		}
		return "given back by refund " + rest
	case "claw":
		return "taken back by refund " + rest
	case "laps":
		return "lapsed"
	case "mrge":
		if b := changeOf(r.Entry, customer); b.Available+b.Held < 0 {
			return "merged into another customer"
		}
		return "merged from another customer"
	case "admn":
		return "adjusted: " + r.RequestID
	}
	return r.Entry.Key
}

// moved is what an entry adds to one of the shop's own accounts.
func moved(e loyalty.Entry, name loyalty.AccountName) (sum loyalty.Points) {
	for _, t := range e.Transfers {
		if t.From.Name == name {
			sum -= t.Points
		}
		if t.To.Name == name {
			sum += t.Points
		}
	}
	return sum
}
