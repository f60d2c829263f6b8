// SPDX-License-Identifier: Apache-2.0

// Package customer knows where a shopper lives and how to reach them.
//
// Invariant: no formatter prints what an Address holds. The package knows
// nothing of countries' own rules: each backend has its own.
package customer

import (
	"fmt"
	"unicode"
	"unicode/utf8"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/secret"
)

// TextMax bounds each field of an Address, in characters.
const TextMax = 255

// Address is where goods go and whom they are for. Every field may be empty:
// wallets tell country, city and postal code first, and the rest when a shopper pays.
type Address struct {
	FirstName, LastName, Company string
	Line1, Line2, City           string
	Province                     string // the country's own code without the country, such as NY
	PostalCode                   string
	Country                      string // ISO 3166-1 alpha-2, such as GB
	Phone                        string // with the country's code
}

// Complete reports whether something can be sent there: a last name, a line, a city and a country.
func (a Address) Complete() bool {
	return a.LastName != "" && a.Line1 != "" && a.City != "" && a.Country != ""
}

// Check says all that is malformed, as fields below path: a country that is not
// two capital letters, and text that is too long, not UTF-8 or not printable.
func (a Address) Check(path string) []fault.Field {
	var wrong []fault.Field
	for _, f := range []struct{ name, text string }{
		{"first_name", a.FirstName}, {"last_name", a.LastName}, {"company", a.Company}, {"line1", a.Line1}, {"line2", a.Line2},
		{"city", a.City}, {"province", a.Province}, {"postal_code", a.PostalCode}, {"phone", a.Phone},
	} {
		if utf8.RuneCountInString(f.text) > TextMax || !printable(f.text) {
			wrong = append(wrong, fault.Field{Path: path + "." + f.name, Reason: "malformed", Detail: fmt.Sprintf("must be at most %d printable characters", TextMax)})
		}
	}
	if a.Country != "" && !isCountry(a.Country) {
		wrong = append(wrong, fault.Field{Path: path + ".country", Reason: "malformed", Detail: "must be two capital letters, such as GB"})
	}
	return wrong
}

func printable(text string) bool {
	for _, r := range text {
		if !unicode.IsPrint(r) || r == utf8.RuneError {
			return false
		}
	}
	return true
}

func isCountry(code string) bool {
	return len(code) == 2 && code[0] >= 'A' && code[0] <= 'Z' && code[1] >= 'A' && code[1] <= 'Z'
}

// Format prints that there is something, and nothing of it, under every verb and flag.
func (a Address) Format(f fmt.State, _ rune) {
	if a != (Address{}) {
		_, _ = f.Write([]byte(secret.Redacted))
	}
}
