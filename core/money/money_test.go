// SPDX-License-Identifier: Apache-2.0

package money_test

import (
	"errors"
	"math"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/money"
)

// reporter is what a test, a fuzz target and a rapid property have in common.
type reporter interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

func wantCode(t reporter, err error, code string) {
	t.Helper()
	if code == "" {
		if err != nil {
			t.Errorf("got %v, want no fault", err)
		}
		return
	}
	if f, ok := errors.AsType[*fault.Error](err); !ok || f.Kind != fault.Invalid || f.Code != code {
		t.Errorf("got %v, want invalid %s", err, code)
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, text string
		currency   money.Currency
		want       int64
		code       string
	}{
		{"pence", "12.30", "GBP", 1230, ""},
		{"whole", "12", "GBP", 1200, ""},
		{"one digit behind", "12.3", "GBP", 1230, ""},
		{"more zeros", "12.3000", "GBP", 1230, ""},
		{"below one", "0.05", "GBP", 5, ""},
		{"below zero", "-0.05", "GBP", -5, ""},
		{"minus zero", "-0.00", "GBP", 0, ""},
		{"zeros before", "0012.30", "GBP", 1230, ""},
		{"yen", "1230", "JPY", 1230, ""},
		{"yen with zeros", "1230.00", "JPY", 1230, ""},
		{"dinar", "1.234", "KWD", 1234, ""},
		{"largest", "92233720368547758.07", "GBP", math.MaxInt64, ""},
		{"smallest", "-92233720368547758.08", "GBP", math.MinInt64, ""},
		{"above the largest", "92233720368547758.08", "GBP", 0, "amount_overflow"},
		{"below the smallest", "-92233720368547758.09", "GBP", 0, "amount_overflow"},
		{"far above", strings.Repeat("9", 60), "GBP", 0, "amount_overflow"},
		{"too long to look at", strings.Repeat("0", 65), "GBP", 0, "bad_amount"},
		{"empty", "", "GBP", 0, "bad_amount"},
		{"minus alone", "-", "GBP", 0, "bad_amount"},
		{"two minuses", "--1", "GBP", 0, "bad_amount"},
		{"plus", "+1", "GBP", 0, "bad_amount"},
		{"dot alone", ".", "GBP", 0, "bad_amount"},
		{"nothing before the dot", ".50", "GBP", 0, "bad_amount"},
		{"nothing behind the dot", "12.", "GBP", 0, "bad_amount"},
		{"two dots", "1.2.0", "KWD", 0, "bad_amount"},
		{"minus behind the dot", "1.-2", "GBP", 0, "bad_amount"},
		{"comma", "5,00", "GBP", 0, "bad_amount"},
		{"thousands", "1,000.00", "GBP", 0, "bad_amount"},
		{"exponent", "1e309", "GBP", 0, "bad_amount"},
		{"not a number", "NaN", "GBP", 0, "bad_amount"},
		{"hexadecimal", "0x10", "GBP", 0, "bad_amount"},
		{"space", " 1", "GBP", 0, "bad_amount"},
		{"currency in the text", "GBP 1", "GBP", 0, "bad_amount"},
		{"Arabic digit", "١", "GBP", 0, "bad_amount"},
		{"a tenth of a penny", "0.001", "GBP", 0, "bad_amount"},
		{"half a yen", "0.5", "JPY", 0, "bad_amount"},
		{"unknown currency", "1", "XXX", 0, "unknown_currency"},
		{"lower-case currency", "1", "gbp", 0, "unknown_currency"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := money.Parse(tt.text, tt.currency)
			wantCode(t, err, tt.code)
			want := money.Amount{}
			if tt.code == "" {
				want = money.Of(tt.want, tt.currency)
			}
			if got != want {
				t.Errorf("Parse(%q, %s) = %v, want %v", tt.text, tt.currency, got, want)
			}
		})
	}
}

func TestDecimal(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name         string
		amount       money.Amount
		want, inLogs string
	}{
		{"pounds", money.Of(1230, "GBP"), "12.30", "GBP 12.30"},
		{"nothing", money.Zero("GBP"), "0.00", "GBP 0.00"},
		{"below zero", money.Of(-5, "GBP"), "-0.05", "GBP -0.05"},
		{"yen", money.Of(1230, "JPY"), "1230", "JPY 1230"},
		{"dinar", money.Of(7, "KWD"), "0.007", "KWD 0.007"},
		{"smallest", money.Of(math.MinInt64, "GBP"), "-92233720368547758.08", "GBP -92233720368547758.08"},
		{"smallest yen", money.Of(math.MinInt64, "JPY"), "-9223372036854775808", "JPY -9223372036854775808"},
		{"no currency", money.Amount{}, "0.00", "0.00"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := tt.amount.Decimal(); got != tt.want {
				t.Errorf("Decimal() = %q, want %q", got, tt.want)
			}
			if got := tt.amount.String(); got != tt.inLogs {
				t.Errorf("String() = %q, want %q", got, tt.inLogs)
			}
		})
	}
}

func TestCurrencies(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		want int // -1 for a code that is none
	}{
		{"GBP", 2}, {"EUR", 2}, {"USD", 2}, {"CHF", 2}, {"PLN", 2}, {"XCG", 2}, {"ZWG", 2}, {"SLE", 2}, {"MRU", 2}, {"MGA", 2}, {"HUF", 2},
		{"JPY", 0}, {"KRW", 0}, {"ISK", 0}, {"CLP", 0}, {"VND", 0}, {"XOF", 0}, {"XPF", 0}, {"UGX", 0}, {"PYG", 0},
		{"KWD", 3}, {"BHD", 3}, {"JOD", 3}, {"OMR", 3}, {"TND", 3}, {"IQD", 3}, {"LYD", 3},
		{"BGN", -1}, {"HRK", -1}, {"ANG", -1}, {"SLL", -1}, {"ZWL", -1}, {"XAU", -1}, {"XXX", -1}, {"XTS", -1}, {"CLF", -1},
		{"", -1}, {"gbp", -1}, {"GB", -1}, {"GBP ", -1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := money.ParseCurrency(tt.name)
			if tt.want < 0 {
				wantCode(t, err, "unknown_currency")
				return
			}
			if err != nil || got.Exponent() != tt.want {
				t.Errorf("ParseCurrency(%q) has exponent %d, %v; want %d", tt.name, got.Exponent(), err, tt.want)
			}
		})
	}
}

func TestMixedCurrencies(t *testing.T) {
	t.Parallel()
	a, b := money.Of(1, "GBP"), money.Of(1, "EUR")
	_, err := a.Add(b)
	wantCode(t, err, "currency_mismatch")
	_, err = a.Sub(b)
	wantCode(t, err, "currency_mismatch")
	_, err = money.Sum("GBP", a, b)
	wantCode(t, err, "currency_mismatch")
	_, err = a.Add(money.Amount{})
	wantCode(t, err, "currency_mismatch")
	if got, err := money.Sum("GBP"); err != nil || got != money.Zero("GBP") {
		t.Errorf("Sum() of nothing = %v, %v", got, err)
	}
}

// edges are where arithmetic on int64 goes wrong.
var edges = []int64{math.MinInt64, math.MinInt64 + 1, -1 << 32, -2, -1, 0, 1, 2, 1 << 32, math.MaxInt64 - 1, math.MaxInt64}

func TestArithmeticAtTheEdges(t *testing.T) {
	t.Parallel()
	for _, a := range edges {
		for _, b := range edges {
			reckon(t, a, b)
		}
	}
}

// reckon holds Add, Sub, Times and Sum to math/big.
func reckon(t reporter, a, b int64) {
	t.Helper()
	x, y := money.Of(a, "GBP"), money.Of(b, "GBP")
	bigA, bigB := big.NewInt(a), big.NewInt(b)
	for _, op := range []struct {
		name string
		got  func() (money.Amount, error)
		want *big.Int
	}{
		{"Add", func() (money.Amount, error) { return x.Add(y) }, new(big.Int).Add(bigA, bigB)},
		{"Sub", func() (money.Amount, error) { return x.Sub(y) }, new(big.Int).Sub(bigA, bigB)},
		{"Times", func() (money.Amount, error) { return x.Times(b) }, new(big.Int).Mul(bigA, bigB)},
		{"Sum", func() (money.Amount, error) { return money.Sum("GBP", x, y) }, new(big.Int).Add(bigA, bigB)},
	} {
		got, err := op.got()
		switch {
		case !op.want.IsInt64():
			wantCode(t, err, "amount_overflow")
		case err != nil || got != money.Of(op.want.Int64(), "GBP"):
			t.Errorf("%d %s %d = %v, %v; want %v", a, op.name, b, got.Minor, err, op.want)
		}
	}
}

func FuzzArithmetic(f *testing.F) {
	for _, a := range edges {
		f.Add(a, int64(-1))
	}
	f.Fuzz(func(t *testing.T, a, b int64) { reckon(t, a, b) })
}

// FuzzParse holds Parse to math/big, and to what Decimal prints of its answer.
func FuzzParse(f *testing.F) {
	for _, text := range []string{"12.30", "-0.05", "1.2.0", "1.-2", "92233720368547758.08", "-92233720368547758.08", "", "-", "1e9", "5,00", "0x1", "1_0"} {
		f.Add(text, "GBP")
		f.Add(text, "JPY")
		f.Add(text, "KWD")
	}
	f.Fuzz(func(t *testing.T, text, code string) {
		c := money.Currency(code)
		a, err := money.Parse(text, c)
		if err != nil {
			if a != (money.Amount{}) {
				t.Errorf("Parse(%q) = %v with %v", text, a, err)
			}
			return
		}
		want, ok := new(big.Rat).SetString(text)
		scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(c.Exponent())), nil)
		if got := new(big.Rat).SetFrac(big.NewInt(a.Minor), scale); !ok || got.Cmp(want) != 0 || strings.ContainsAny(text, "/eE_xX+") {
			t.Errorf("Parse(%q, %s) = %v", text, c, a)
		}
		if again, err := money.Parse(a.Decimal(), c); err != nil || again != a {
			t.Errorf("Parse(%q) = %v, %v; want %v", a.Decimal(), again, err, a)
		}
	})
}

func TestParseDecimalIdentity(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a := money.Of(rapid.Int64().Draw(t, "minor"), rapid.SampledFrom([]money.Currency{"GBP", "JPY", "KWD"}).Draw(t, "currency"))
		if got, err := money.Parse(a.Decimal(), a.Currency); err != nil || got != a {
			t.Errorf("Parse(%q) = %v, %v; want %v", a.Decimal(), got, err, a)
		}
	})
}
