// SPDX-License-Identifier: Apache-2.0

package money_test

import (
	"encoding/binary"
	"math"
	"math/big"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cartage-dev/cartage/core/money"
)

func TestAllocate(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		minor   int64
		weights []uint32
		want    []int64
	}{
		{"even", 100, []uint32{1, 1}, []int64{50, 50}},
		{"earlier first among equals", 100, []uint32{1, 1, 1}, []int64{34, 33, 33}},
		{"largest remainder first", 10, []uint32{1, 2, 3}, []int64{2, 3, 5}},
		{"below zero", -100, []uint32{1, 1, 1}, []int64{-34, -33, -33}},
		{"nothing", 0, []uint32{1, 2}, []int64{0, 0}},
		{"a weight of nothing", 5, []uint32{0, 1, 0}, []int64{0, 5, 0}},
		{"fewer units than parts", 2, []uint32{1, 1, 1, 1}, []int64{1, 1, 0, 0}},
		{"smallest, whole", math.MinInt64, []uint32{7}, []int64{math.MinInt64}},
		{"smallest, halved", math.MinInt64, []uint32{1, 1}, []int64{-1 << 62, -1 << 62}},
		{"largest", math.MaxInt64, []uint32{math.MaxUint32, math.MaxUint32}, []int64{1 << 62, 1<<62 - 1}},
		{"no weights", 1, nil, nil},
		{"weights of nothing", 1, []uint32{0, 0}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := money.Of(tt.minor, "GBP").Allocate(tt.weights...)
			if tt.want == nil {
				wantCode(t, err, "bad_weights")
				return
			}
			var minors []int64
			for _, p := range got {
				minors = append(minors, p.Minor)
			}
			if diff := cmp.Diff(minors, tt.want); err != nil || diff != "" {
				t.Errorf("Allocate() %v (-got +want):\n%s", err, diff)
			}
		})
	}
}

// share holds an allocation to its promises: nothing lost, each part within one
// unit of its exact share and never beyond zero, and no smaller part for a larger weight.
func share(t reporter, minor int64, weights []uint32) {
	t.Helper()
	var total int64
	for _, w := range weights {
		total += int64(w)
	}
	parts, err := money.Of(minor, "GBP").Allocate(weights...)
	if total == 0 {
		wantCode(t, err, "bad_weights")
		return
	}
	if err != nil || len(parts) != len(weights) {
		t.Fatalf("Allocate() = %d parts, %v", len(parts), err)
	}
	sum := new(big.Int)
	for i, p := range parts {
		sum.Add(sum, big.NewInt(p.Minor))
		// off = p*total - minor*weight, so |off| < total is "within one unit".
		off := new(big.Int).Mul(big.NewInt(p.Minor), big.NewInt(total))
		off.Sub(off, new(big.Int).Mul(big.NewInt(minor), big.NewInt(int64(weights[i]))))
		if off.CmpAbs(big.NewInt(total)) >= 0 || p.Currency != "GBP" || p.Minor != 0 && (p.Minor < 0) != (minor < 0) {
			t.Errorf("%d by %v: part %d is %v", minor, weights, i, p)
		}
		for j := range i {
			bigger, smaller := i, j
			if weights[i] < weights[j] {
				bigger, smaller = j, i
			}
			x, y := new(big.Int).Abs(big.NewInt(parts[bigger].Minor)), new(big.Int).Abs(big.NewInt(parts[smaller].Minor))
			if weights[i] != weights[j] && x.Cmp(y) < 0 || weights[i] == weights[j] && new(big.Int).Sub(x, y).CmpAbs(big.NewInt(1)) > 0 {
				t.Errorf("%d by %v: parts %d and %d are %v and %v", minor, weights, i, j, parts[i], parts[j])
			}
		}
	}
	if sum.Cmp(big.NewInt(minor)) != 0 {
		t.Errorf("%d by %v adds up to %v", minor, weights, sum)
	}
}

func TestAllocateKeepsItsPromises(t *testing.T) {
	t.Parallel()
	weight := rapid.OneOf(rapid.Uint32(), rapid.Uint32Range(0, 4))
	rapid.Check(t, func(rt *rapid.T) {
		minor := rapid.OneOf(rapid.Int64(), rapid.SampledFrom(edges)).Draw(rt, "minor")
		share(rt, minor, rapid.SliceOfN(weight, 0, 12).Draw(rt, "weights"))
	})
}

func FuzzAllocate(f *testing.F) {
	f.Add(int64(100), []byte{0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1})
	f.Add(int64(math.MinInt64), []byte{255, 255, 255, 255, 0, 0, 0, 1})
	f.Add(int64(-7), []byte{0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, minor int64, raw []byte) {
		var weights []uint32
		for ; len(raw) >= 4 && len(weights) < 32; raw = raw[4:] {
			weights = append(weights, binary.BigEndian.Uint32(raw))
		}
		share(t, minor, weights)
	})
}
