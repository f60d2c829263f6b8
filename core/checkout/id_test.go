// SPDX-License-Identifier: Apache-2.0

package checkout_test

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/cartage-dev/cartage/core/checkout"
	"github.com/cartage-dev/cartage/core/fault"
)

func TestIDs(t *testing.T) {
	t.Parallel()
	for ulid, uuid := range map[string]string{ // computed by another program
		"01JBST3CP39NF8Z451PB1X9SFP": "0192f3a1-b2c3-4d5e-8f90-a1b2c3d4e5f6",
		"00000000000000000000000000": "00000000-0000-0000-0000-000000000000",
		"7ZZZZZZZZZZZZZZZZZZZZZZZZZ": "ffffffff-ffff-ffff-ffff-ffffffffffff",
	} {
		for _, text := range []string{ulid, strings.ToLower(ulid), uuid, strings.ToUpper(uuid)} {
			if id, err := checkout.ParseID(text); err != nil || id.String() != ulid {
				t.Errorf("%s: got %s, %v; want %s", text, id, err, ulid)
			}
		}
	}
	for _, text := range []string{
		"", "01JBST3CP39NF8Z451PB1X9SF", "01JBST3CP39NF8Z451PB1X9SFPP", "81JBST3CP39NF8Z451PB1X9SFP", "01JBST3CP39NF8Z451PB1X9SFU", "01JBST3CP39NF8Z451PB1X9S P",
		"0192f3a1b2c34d5e8f90a1b2c3d4e5f6", "0192f3a1-b2c3-4d5e-8f90-a1b2c3d4e5fg", "0192f3a1-b2c3-4d5e-8f90a-1b2c3d4e5f6", "{192f3a1-b2c3-4d5e-8f90-a1b2c3d4e5f6", strings.Repeat("-", 36),
		"0192f3a1--b2c-4d5e-8f90-a1b2c3d4e5f6",
	} {
		if id, err := checkout.ParseID(text); err == nil || fault.KindOf(err) != fault.Invalid || id != (checkout.ID{}) {
			t.Errorf("%q: got %s, %v", text, id, err)
		}
	}
}

func TestOneIDTwoSpellings(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var id checkout.ID
		copy(id[:], rapid.SliceOfN(rapid.Byte(), len(id), len(id)).Draw(t, "bytes"))
		h := hex.EncodeToString(id[:])
		for _, text := range []string{id.String(), fmt.Sprintf("%s-%s-%s-%s-%s", h[:8], h[8:12], h[12:16], h[16:20], h[20:])} {
			if again, err := checkout.ParseID(text); err != nil || again != id {
				t.Fatalf("%s: got %s, %v", text, again, err)
			}
		}
	})
}

func FuzzParseID(f *testing.F) {
	for _, seed := range []string{"01JBST3CP39NF8Z451PB1X9SFP", "0192f3a1-b2c3-4d5e-8f90-a1b2c3d4e5f6", "", "é"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		id, err := checkout.ParseID(text)
		if err != nil {
			return
		}
		if again, err := checkout.ParseID(id.String()); err != nil || again != id {
			t.Errorf("%q is %s, which is %s, %v", text, id, again, err)
		}
	})
}
