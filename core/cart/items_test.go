// SPDX-License-Identifier: Apache-2.0

package cart_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/fault"
)

// reporter is what a test, a fuzz target and a rapid property have in common.
type reporter interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

func TestCombine(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		asked []cart.Item
		want  []cart.Item
		paths []string // of the fields that are wrong, with the reason
	}{
		{"one", []cart.Item{{"A", 1}}, []cart.Item{{"A", 1}}, nil},
		{"order of first appearance", []cart.Item{{"B", 1}, {"A", 2}, {"B", 3}}, []cart.Item{{"B", 4}, {"A", 2}}, nil},
		{"trimmed", []cart.Item{{" A\t", 1}, {"A", 1}}, []cart.Item{{"A", 2}}, nil},
		{"case matters", []cart.Item{{"a", 1}, {"A", 1}}, []cart.Item{{"a", 1}, {"A", 1}}, nil},
		{"space inside", []cart.Item{{"A 1", 1}}, []cart.Item{{"A 1", 1}}, nil},
		{"umlauts count once", []cart.Item{{strings.Repeat("ü", 128), 1}}, []cart.Item{{strings.Repeat("ü", 128), 1}}, nil},
		{"most of one", []cart.Item{{"A", 9_998}, {"A", 1}}, []cart.Item{{"A", 9_999}}, nil},
		{"none", nil, nil, []string{"items count"}},
		{"too many", make([]cart.Item, 501), nil, []string{"items count"}},
		{"quantity of nothing", []cart.Item{{"A", 0}}, nil, []string{"items[0].quantity out_of_range"}},
		{"quantity below zero", []cart.Item{{"A", -1}}, nil, []string{"items[0].quantity out_of_range"}},
		{"quantity too high", []cart.Item{{"A", 10_000}}, nil, []string{"items[0].quantity out_of_range"}},
		{"quantity far too high", []cart.Item{{"A", 1<<63 - 1}}, nil, []string{"items[0].quantity out_of_range"}},
		{"sum too high", []cart.Item{{"A", 9_999}, {"A", 1}}, nil, []string{"items[1].quantity out_of_range"}},
		{"no sku", []cart.Item{{"", 1}}, nil, []string{"items[0].sku required"}},
		{"white space for a sku", []cart.Item{{" \u00a0\n", 1}}, nil, []string{"items[0].sku required"}},
		{"sku too long", []cart.Item{{strings.Repeat("a", 129), 1}}, nil, []string{"items[0].sku too_long"}},
		{"line break in a sku", []cart.Item{{"A\r\nB", 1}}, nil, []string{"items[0].sku unprintable"}},
		{"NUL in a sku", []cart.Item{{"A\x00", 1}}, nil, []string{"items[0].sku unprintable"}},
		{"right-to-left override", []cart.Item{{"A\u202eB", 1}}, nil, []string{"items[0].sku unprintable"}},
		{"not UTF-8", []cart.Item{{"A\xff", 1}}, nil, []string{"items[0].sku not_utf8"}},
		{"all at once", []cart.Item{{"", 0}, {"A", 1}, {"B\x00", 1}}, nil, []string{"items[0].sku required", "items[0].quantity out_of_range", "items[2].sku unprintable"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := cart.Combine(tt.asked)
			if diff := cmp.Diff(got, tt.want); diff != "" {
				t.Errorf("Combine() (-got +want):\n%s", diff)
			}
			var paths []string
			if err != nil {
				f, ok := errors.AsType[*fault.Error](err)
				if !ok || f.Kind != fault.Invalid || f.Code != "invalid_items" || f.Source != fault.Caller {
					t.Fatalf("Combine() = %v, want invalid_items by the caller", err)
				}
				for _, field := range f.Fields {
					paths = append(paths, field.Path+" "+field.Reason)
				}
			}
			if diff := cmp.Diff(paths, tt.paths); diff != "" {
				t.Errorf("Combine() names (-got +want):\n%s", diff)
			}
		})
	}
}

func TestCombineLines(t *testing.T) {
	t.Parallel()
	asked := make([]cart.Item, cart.LinesMax)
	for i := range asked {
		asked[i] = cart.Item{SKU: "A", Quantity: 1}
	}
	if got, err := cart.Combine(asked); err != nil || len(got) != 1 || got[0].Quantity != cart.LinesMax {
		t.Errorf("Combine() of %d lines = %v, %v", len(asked), got, err)
	}
}

// combine holds Combine to its promises: nothing lost, nothing twice, in order, in bounds.
func combine(t reporter, asked []cart.Item) []cart.Item {
	t.Helper()
	total, first := map[string]int64{}, []string(nil)
	for _, i := range asked {
		sku := strings.TrimSpace(i.SKU)
		if _, seen := total[sku]; !seen {
			first = append(first, sku)
		}
		total[sku] += i.Quantity
	}
	before := slices.Clone(asked)
	got, err := cart.Combine(asked)
	if !slices.Equal(asked, before) {
		t.Errorf("Combine() changed what it was given")
	}
	if err != nil {
		if got != nil {
			t.Errorf("Combine() = %v with %v", got, err)
		}
		return nil
	}
	if len(got) != len(first) {
		t.Fatalf("Combine() = %d items, want %d", len(got), len(first))
	}
	for i, item := range got {
		if item.SKU != first[i] || item.Quantity != total[item.SKU] {
			t.Errorf("Combine() item %d = %+v, want %d of %q", i, item, total[first[i]], first[i])
		}
		if item.Quantity < 1 || item.Quantity > 9_999 || item.SKU == "" || len([]rune(item.SKU)) > 128 || strings.ContainsAny(item.SKU, "\r\n\x00") {
			t.Errorf("Combine() let %+v through", item)
		}
	}
	if again, err := cart.Combine(got); err != nil || !slices.Equal(again, got) {
		t.Errorf("Combine() of what it returned = %v, %v", again, err)
	}
	return got
}

// someItems are few SKUs in many spellings, so that they meet.
func someItems() *rapid.Generator[[]cart.Item] {
	item := rapid.Custom(func(t *rapid.T) cart.Item {
		return cart.Item{
			SKU:      rapid.SampledFrom([]string{"A", " A", "A ", "a", "B", "C\t", "D E"}).Draw(t, "sku"),
			Quantity: rapid.OneOf(rapid.Int64Range(1, 50), rapid.Int64Range(-1, 10_001)).Draw(t, "quantity"),
		}
	})
	return rapid.SliceOfN(item, 0, 12)
}

func TestCombineKeepsItsPromises(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) { combine(t, someItems().Draw(t, "asked")) })
}

func FuzzCombine(f *testing.F) {
	f.Add("A", int64(1), "A ", int64(9_998))
	f.Add("", int64(0), "\xff", int64(-1))
	f.Add("A\r\n", int64(1<<62), "B", int64(1<<62))
	f.Fuzz(func(t *testing.T, sku1 string, n1 int64, sku2 string, n2 int64) {
		combine(t, []cart.Item{{SKU: sku1, Quantity: n1}, {SKU: sku2, Quantity: n2}, {SKU: sku1, Quantity: n2}})
	})
}
