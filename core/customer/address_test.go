// SPDX-License-Identifier: Apache-2.0

package customer_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cartage-dev/cartage/core/customer"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		address customer.Address
		want    []string
	}{
		{"nothing", customer.Address{}, nil},
		{"a wallet's", customer.Address{City: "London", PostalCode: "N1 7GU", Country: "GB"}, nil},
		{"letters of the world", customer.Address{LastName: "Müller-Łukasz", Line1: "東京都千代田区1-1", Company: "O’Neill & Søn"}, nil},
		{"as long as may be", customer.Address{Line1: strings.Repeat("ü", customer.TextMax)}, nil},
		{"too long", customer.Address{Line1: strings.Repeat("a", customer.TextMax+1)}, []string{"a.line1"}},
		{"a line break", customer.Address{City: "Lon\ndon"}, []string{"a.city"}},
		{"not UTF-8", customer.Address{Phone: "+44\xff"}, []string{"a.phone"}},
		{"a country in words", customer.Address{Country: "Germany"}, []string{"a.country"}},
		{"a country in small letters", customer.Address{Country: "gb"}, []string{"a.country"}},
		{"all at once", customer.Address{FirstName: "\x00", Province: "\x00", Country: "G"}, []string{"a.first_name", "a.province", "a.country"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var paths []string
			for _, f := range tt.address.Check("a") {
				paths = append(paths, f.Path)
			}
			if !slices.Equal(paths, tt.want) {
				t.Errorf("got %v, want %v", paths, tt.want)
			}
		})
	}
}

func TestComplete(t *testing.T) {
	t.Parallel()
	whole := customer.Address{LastName: "Jansen", Line1: "Damrak 1", City: "Amsterdam", Country: "NL"}
	if !whole.Complete() {
		t.Error("got incomplete, want complete")
	}
	for name, take := range map[string]func(*customer.Address){
		"name": func(a *customer.Address) { a.LastName = "" }, "line": func(a *customer.Address) { a.Line1 = "" },
		"city": func(a *customer.Address) { a.City = "" }, "country": func(a *customer.Address) { a.Country = "" },
	} {
		part := whole
		if take(&part); part.Complete() {
			t.Errorf("without its %s it still counts as complete", name)
		}
	}
}

func TestPrintsNothing(t *testing.T) {
	t.Parallel()
	a := customer.Address{LastName: "Jansen", Line1: "Damrak 1"}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		for _, printed := range []string{fmt.Sprintf(verb, a), fmt.Sprintf(verb, &a), fmt.Sprintf(verb, struct{ A customer.Address }{a})} {
			if strings.Contains(printed, "Jansen") || strings.Contains(printed, "Damrak") || strings.Contains(printed, "4a616e") {
				t.Errorf("%s prints %s", verb, printed)
			}
		}
	}
}
