// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cartage-dev/cartage/core/customer"
	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/money"
	"github.com/cartage-dev/cartage/ports/backend/backendtest"
)

// verifyText is a file that holds text.
func verifyText(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "verify.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestHelpShowsEveryKey reads the file that --help prints: what it shows must be right.
func TestHelpShowsEveryKey(t *testing.T) {
	t.Parallel()
	_, text, _ := strings.Cut(verifyHelp, "YAML or JSON:\n")
	text, _, _ = strings.Cut(text, "\nExit status")
	file, err := readVerifyFile(verifyText(t, text))
	if err != nil {
		t.Fatal(err)
	}
	got, err := file.Sample.sample()
	if err != nil {
		t.Fatal(err)
	}
	want := backendtest.Sample{
		Shop: "demo", OtherShop: "second", Locale: "en-GB", Currency: "GBP", SKUs: []string{"mug-1", "bowl-2"}, Prices: map[string]money.Amount{"mug-1": money.Of(1400, "GBP")},
		UnknownSKU: "no-such-sku", SoldOutSKU: "throw-3", NotForSaleSKU: "jug-4", Limited: backendtest.Limited{SKU: "chair-5", Stock: 3},
		RefusedCurrency: "EUR", PageOrigins: []string{"https://test.acme.example"}, OrderReference: "R-1001", Codes: []string{"TEN", "FIVE"},
		Address: customer.Address{FirstName: "Ada", LastName: "Example", Line1: "1 Test Street", City: "London", PostalCode: "SW1A 1AA", Country: "GB"},
		Email:   "ada@example.com", RefusedCountry: "AQ",
		Customers: []loyalty.CustomerID{"1001", "1002"}, UnknownCustomer: "9999",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("sample (-want +got):\n%s", diff)
	}
	if _, err := backendtest.NewBench(got, backendtest.Options{}); err != nil {
		t.Errorf("the sample of --help is refused: %v", err)
	}
}

func TestAddressKeys(t *testing.T) {
	t.Parallel()
	file, err := readVerifyFile(verifyText(t, `sample:
  address: {first_name: f, last_name: l, company: c, line1: l1, line2: l2, city: t, province: p, postal_code: 01067, country: DE, phone: +49}
  refused_country: NO
`))
	if err != nil {
		t.Fatal(err)
	}
	got, err := file.Sample.sample()
	if err != nil {
		t.Fatal(err)
	}
	want := customer.Address{FirstName: "f", LastName: "l", Company: "c", Line1: "l1", Line2: "l2", City: "t", Province: "p", PostalCode: "01067", Country: "DE", Phone: "+49"}
	if got.Address != want || got.RefusedCountry != "NO" { // and not the number 10679, nor false
		t.Error("a key of the address is read as another, or not at all")
	}
}

// TestAMistakeShowsNoBuyer is because the file may name somebody who lives.
func TestAMistakeShowsNoBuyer(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, text, want string }{
		{"an unknown key", "sample:\n  address: {street: 1 Hidden Street}", "street: unknown key"},
		{"no address at all", "sample:\n  address: 1 Hidden Street", ":2: a value of type str where addressKeys is wanted"},
		{"two cities", "sample:\n  address: {city: [Hidden Street]}", ":2: a value of type seq where string is wanted"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := readVerifyFile(verifyText(t, tt.text))
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "Hidden") {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}
