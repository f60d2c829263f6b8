// SPDX-License-Identifier: Apache-2.0

package loyalty_test

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/money"
)

var (
	fiver = loyalty.Offer{ID: "fiver", Kind: loyalty.FlatDiscount, Cost: 1000, Amounts: map[money.Currency]money.Amount{"USD": money.Of(500, "USD"), "GBP": money.Of(400, "GBP")}}
	terms = loyalty.Terms{Shop: "demo", Customer: "1", Currency: "USD", Points: 1000, Gift: "flat 5.00"}
)

func keyring(t testing.TB, numbers ...uint8) loyalty.Keyring {
	t.Helper()
	var keys [][]byte
	for _, n := range numbers {
		keys = append(keys, bytes.Repeat([]byte{n + 1}, loyalty.SigningKeyMin))
	}
	ring, err := loyalty.NewKeyring(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

func TestActionID(t *testing.T) {
	t.Parallel()
	ring := keyring(t, 3)
	id := ring.Mint(fiver.Ref(), terms, noon, [loyalty.NonceBytes]byte{1, 2, 3})
	if !regexp.MustCompile(`^[0-9A-Z]{48}$`).MatchString(string(id)) {
		t.Errorf("got %s: an order's text has room for 64 letters, digits, _ and -", id)
	}
	if m := id.Mark(); len(m) != 5 || !strings.HasSuffix(string(id), string(m)) {
		t.Errorf("got the mark %s of %s", m, id)
	}
	read, ok := id.Read()
	if !ok || read.Offer != fiver.Ref() || !read.At.Equal(noon) || !ring.Signed(read, terms) {
		t.Errorf("got %+v, %t, want what was minted", read, ok)
	}
	if again := ring.Mint(fiver.Ref(), terms, noon, [loyalty.NonceBytes]byte{1, 2, 4}); again == id {
		t.Error("two showings have one id")
	}
	for name, other := range map[string]loyalty.Terms{
		"shop":     {"other", "1", "USD", 1000, "flat 5.00"},
		"customer": {"demo", "2", "USD", 1000, "flat 5.00"},
		"nobody":   {"demo", "", "USD", 1000, "flat 5.00"},
		"currency": {"demo", "1", "GBP", 1000, "flat 5.00"},
		"points":   {"demo", "1", "USD", 999, "flat 5.00"},
		"gift":     {"demo", "1", "USD", 1000, "flat 6.00"},
		"borders":  {"demo1", "", "USD", 1000, "flat 5.00"},
	} {
		if ring.Signed(read, other) {
			t.Errorf("the id holds for another %s", name)
		}
	}
}

func TestMarkOf(t *testing.T) {
	t.Parallel()
	id := keyring(t, 3).Mint(fiver.Ref(), terms, noon, [loyalty.NonceBytes]byte{1})
	if m, ok := loyalty.MarkOf("Five off" + id.Mark().Behind()); !ok || !id.Has(m) {
		t.Errorf("got the mark %q of %s", m, id)
	}
	for _, title := range []string{"", "Five off", " · ", "a · 0K7Q", "a · 00K7Q2", "a · 0k7q2", "a · 0O7Q2", "a- 0K7Q2", "a · 0K7Q2 ", "0K7Q2"} {
		if m, ok := loyalty.MarkOf(title); ok || m != "" {
			t.Errorf("got the mark %q of %q", m, title)
		}
	}
	for _, m := range []loyalty.Mark{"", id.Mark()[1:], loyalty.Mark(id), "00000"} {
		if id.Has(m) {
			t.Errorf("%q is the mark of %s", m, id)
		}
	}
}

// TestEveryBitIsSigned turns each bit of an id over.
func TestEveryBitIsSigned(t *testing.T) {
	t.Parallel()
	const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	ring := keyring(t, 0, 1, 2, 4, 8, 16)
	id := []byte(ring.Mint(fiver.Ref(), terms, noon, [loyalty.NonceBytes]byte{9}))
	for i := range id {
		for _, c := range []byte(alphabet) {
			changed := bytes.Clone(id)
			if changed[i] = c; bytes.Equal(changed, id) {
				continue
			}
			if read, ok := loyalty.ActionID(changed).Read(); ok && ring.Signed(read, terms) {
				t.Fatalf("%s still holds as %s", id, changed)
			}
		}
	}
}

func TestKeyRotation(t *testing.T) {
	t.Parallel()
	old, both, next := keyring(t, 1), keyring(t, 2, 1), keyring(t, 2)
	before, _ := old.Mint(fiver.Ref(), terms, noon, [loyalty.NonceBytes]byte{}).Read()
	after, _ := both.Mint(fiver.Ref(), terms, noon, [loyalty.NonceBytes]byte{}).Read()
	if !both.Signed(before, terms) || !both.Signed(after, terms) || !next.Signed(after, terms) {
		t.Error("an id does not outlive the rotation of its key")
	}
	if next.Signed(before, terms) || old.Signed(after, terms) {
		t.Error("an id holds without its key")
	}
}

func TestBadKeyrings(t *testing.T) {
	t.Parallel()
	good := bytes.Repeat([]byte{1}, loyalty.SigningKeyMin)
	for name, keys := range map[string][][]byte{"none": nil, "a short key": {good[1:]}, "a short key behind a good one": {good, good[1:]}} {
		if _, err := loyalty.NewKeyring(keys...); fault.From(err).Code != "invalid_keyring" {
			t.Errorf("%s: got %v, want invalid_keyring", name, err)
		}
	}
}

// TestKeysOfOneNumber has more keys than there are numbers.
func TestKeysOfOneNumber(t *testing.T) {
	t.Parallel()
	numbers := make([]uint8, 80)
	for i := range numbers {
		numbers[i] = uint8(i)
	}
	all := keyring(t, numbers...)
	for _, n := range numbers {
		if read, _ := keyring(t, n).Mint(fiver.Ref(), terms, noon, [loyalty.NonceBytes]byte{}).Read(); !all.Signed(read, terms) {
			t.Errorf("an id of key %d does not hold among the others", n)
		}
	}
}

func TestNoActionIDs(t *testing.T) {
	t.Parallel()
	id := string(keyring(t, 0).Mint(fiver.Ref(), terms, noon, [loyalty.NonceBytes]byte{}))
	for _, text := range []string{"", "123ABC", id[1:], id + "0", strings.ToLower(id), id[:47] + "I", id[:47] + " ", id[:46] + "é", strings.Repeat("0", 48), strings.Repeat("Z", 48)} {
		if _, ok := loyalty.ActionID(text).Read(); ok {
			t.Errorf("%q is read as an id", text)
		}
	}
}

func FuzzActionID(f *testing.F) {
	f.Add(string(keyring(f, 0).Mint(fiver.Ref(), terms, noon, [loyalty.NonceBytes]byte{})))
	f.Add("123ABC")
	other := keyring(f, 0)
	f.Fuzz(func(t *testing.T, text string) {
		i, ok := loyalty.ActionID(text).Read()
		if !ok {
			return
		}
		if i.At.Before(time.Unix(0, 0)) || i.At.Location() != time.UTC {
			t.Errorf("issued at %s", i.At)
		}
		if other.Signed(i, loyalty.Terms{Shop: "nobody's"}) {
			t.Errorf("%q was signed by nobody", text)
		}
	})
}
